//! Uploads: small files in one go from memory, larger ones while they are read.

use bisync_engine::entry::{Found, Kind};
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, Staging};
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha1::Sha1;

use super::Webdav;
use super::address::Form;
use super::change::Step;
use super::multistatus::Resource;
use crate::backend::http::{Incoming, feed, hexadecimal, streamed};
use crate::backend::{Content, failed};

/// Up to this size, in bytes, a file is read into memory before it is uploaded.
const WHOLE: u64 = 4 << 20;

impl Webdav {
    /// Writes a file.
    pub(super) async fn upload(&self, copy: &CopyFile, content: Content) -> Result<Found, Failure> {
        let target = self.place(&copy.target);
        let temporary = self.temporary(copy);
        let mut incoming = Incoming::<Sha1>::new(content, self.transport.passage.file(), copy, "sha1");
        let mut first = Vec::new();
        let goes_on = incoming.fill(&mut first, copy.source.size.unwrap_or(WHOLE).min(WHOLE) + 1).await?;
        if goes_on {
            // Nothing large is sent for nothing.
            self.check(&target, &copy.expect).await?;
        }
        self.make_parents(&target).await?;
        let sent = if goes_on {
            self.put_streamed(copy, &temporary, first.into(), &mut incoming).await
        } else {
            self.put_whole(copy, &temporary, first.into(), &incoming).await
        };
        if !matches!(sent, Ok(1)) {
            self.late.add(&temporary);
        }
        let placed = match sent {
            Ok(_) => self.settle(copy, &temporary, &target, &incoming).await,
            Err(failure) => Err(self.without_directory(failure)),
        };
        if placed.is_err()
            && let Ok(url) = self.server.url(&temporary, Form::Plain)
        {
            // RACE: a server that has not noticed yet that the upload broke off may finish it after this: see `late`.
            self.server.ask("DELETE", &url, &HeaderMap::new(), Bytes::new()).await.ok();
        }
        placed
    }

    /// Returns where content is put first. In its own place a server would show half a file.
    fn temporary(&self, copy: &CopyFile) -> String {
        match &copy.staging {
            Staging::Temporary(path) => self.place(path),
            Staging::InPlace => self.place(&self.transport.temporary(&copy.target)),
        }
    }

    /// Uploads a file from memory, and returns how often that was tried.
    async fn put_whole(
        &self,
        copy: &CopyFile,
        temporary: &str,
        bytes: Bytes,
        incoming: &Incoming<'_, Sha1>,
    ) -> Result<u32, Failure> {
        let sha1 = hexadecimal(&incoming.hash());
        let headers = self.put_headers(copy, Some(&sha1));
        self.server.put(&self.server.url(temporary, Form::Plain)?, &headers, bytes).await
    }

    /// Uploads a file while it is read, and returns how often that was tried. Its last piece is held back until all is known to be well.
    async fn put_streamed(
        &self,
        copy: &CopyFile,
        temporary: &str,
        first: Bytes,
        incoming: &mut Incoming<'_, Sha1>,
    ) -> Result<u32, Failure> {
        let unknown = || failed(FailureKind::Other, "its size is not known, and the server wants to know it");
        let size = copy.source.size.ok_or_else(unknown)?;
        let known = copy.source.hash.iter().chain(&copy.verify).find_map(|hash| hash.as_str().strip_prefix("sha1:"));
        let headers = self.put_headers(copy, known);
        let url = self.server.url(temporary, Form::Plain)?;
        let (sender, body) = streamed(size);
        let answered = self.server.put_once(&url, &headers, size, body);
        feed(&self.server.client, answered, sender, first, incoming).await.map(|_| 1)
    }

    fn put_headers(&self, copy: &CopyFile, sha1: Option<&str>) -> HeaderMap {
        let vendor = self.server.settings.vendor;
        let kind = mime_guess::from_path(copy.target.name()).first_raw().unwrap_or("application/octet-stream");
        let modified = copy.source.modified.filter(|_| vendor.keeps_times());
        let checksum = sha1.filter(|_| vendor.takes_checksum()).map(|sha1| format!("SHA1:{sha1}"));
        let headers = [
            (CONTENT_TYPE, Some(kind.to_owned())),
            (HeaderName::from_static("x-oc-mtime"), modified.map(|time| time.seconds.to_string())),
            (HeaderName::from_static("oc-checksum"), checksum),
        ];
        let headers = headers.into_iter();
        headers.filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value?).ok()?))).collect()
    }

    /// Makes sure that the server has what was sent, and moves it to where it belongs.
    async fn settle(
        &self,
        copy: &CopyFile,
        temporary: &str,
        target: &str,
        incoming: &Incoming<'_, Sha1>,
    ) -> Result<Found, Failure> {
        let staged = self.server.look(temporary).await?;
        let staged = staged.filter(|staged| is_whole(staged, copy, incoming)).ok_or_else(|| {
            failed(FailureKind::Temporary, "what the server has is not what was sent: its size or its checksum differs")
        })?;
        // Where nothing may be, the server looks itself: `Overwrite: F`.
        let there = match &copy.expect {
            Expect::Absent => None,
            Expect::Exactly(_) => self.check(target, &copy.expect).await?,
        };
        let place = |there| Step::Move { target, there };
        match (&copy.disposal, &copy.expect) {
            (Disposal::Backup(path), Expect::Exactly(version)) => {
                let kept = self.back_up(target, version, path).await?;
                let placed = self.step(temporary, &staged, place(None)).await;
                if placed.is_err()
                    && let Ok(Some(resource)) = self.server.look(&kept).await
                {
                    // It goes back, unless somebody else has put something there. Otherwise it stays where backups are.
                    self.step(&kept, &resource, Step::Move { target, there: None }).await.ok();
                }
                placed
            }
            (Disposal::Backup(_) | Disposal::Discard, _) => self.step(temporary, &staged, place(there.as_ref())).await,
        }
        .map_err(|failure| self.without_directory(failure))?;
        Ok(self.arrived(target, &staged).await)
    }
}

/// Says whether something on the server is what was sent, as far as the server tells.
fn is_whole(staged: &Resource, copy: &CopyFile, incoming: &Incoming<'_, Sha1>) -> bool {
    let sha1 = format!("sha1:{}", hexadecimal(&incoming.hash()));
    let expected = copy.verify.as_ref().map(|hash| (hash.algorithm(), hash.as_str()));
    staged.found.kind == Kind::File
        && staged.found.fingerprint.size.is_none_or(|size| size == incoming.length())
        && staged.hashes.iter().all(|hash| match hash.algorithm() {
            "sha1" => hash.as_str() == sha1,
            algorithm => expected.is_none_or(|(wanted, value)| wanted != algorithm || value == hash.as_str()),
        })
}
