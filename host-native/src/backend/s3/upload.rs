//! Uploads: small files in one go from memory, larger ones while they are read, very large ones in parts.

use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bisync_engine::entry::Found;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind};
use bytes::Bytes;
use md5::Md5;
use reqwest::Response;
use reqwest::header::ETAG;
use rusty_s3::Method;

use super::S3;
use super::attempts::{Attempts, Expected, Next};
use super::cache::Written;
use super::copy::Copy;
use super::object::{Details, MD5, MTIME, Object, fingerprint, found, from_hexadecimal, md5_of_etag, says_content};
use super::parts::Parts;
use super::request::Request;
use super::times::write_time;
use crate::backend::http::xml::plain_etag;
use crate::backend::http::{feed, hexadecimal, streamed};
use crate::backend::{Content, failed, http};

/// Up to this size, in bytes, a file is read into memory before it is uploaded.
const WHOLE: u64 = 8 << 20;

/// The content of a file, with its MD5.
type Incoming<'a> = http::Incoming<'a, Md5>;

/// A file that has just been uploaded.
struct Uploaded {
    /// What the server calls it.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
}

impl S3 {
    /// Writes a file.
    pub(super) async fn upload(&self, copy: &CopyFile, content: Content) -> Result<Found, Failure> {
        let key = self.folder.key(&copy.target)?;
        let passage = self.transport.passage.file();
        let mut incoming = Incoming::new(content, passage, copy, "md5");
        let cutoff = self.server.settings.upload_cutoff;
        let mut first = Vec::new();
        let least = copy.source.size.unwrap_or(WHOLE).min(WHOLE) + 1;
        let is_in_parts = copy.source.size.is_some_and(|size| size > cutoff);
        let least = if is_in_parts { least.min(self.server.settings.chunk_size) } else { least };
        let goes_on = incoming.fill(&mut first, least).await?;
        let uploaded = match copy.source.size {
            _ if !goes_on && (first.len() as u64 <= cutoff || first.is_empty()) => {
                self.put_whole(copy, &key, first.into(), incoming.hash().into()).await?
            }
            Some(size) if size <= cutoff => self.put_streamed(copy, &key, size, first.into(), &mut incoming).await?,
            Some(_) | None => self.put_parts(copy, &key, first, goes_on, &mut incoming).await?,
        };
        match copy.source.modified {
            Some(modified) if !uploaded.etag.is_empty() => {
                Ok(found(fingerprint(&key, uploaded.size, &uploaded.etag, Some(modified))))
            }
            Some(_) | None => {
                let object = self.server.look(&self.folder.bucket, &key).await?;
                let object = object.ok_or_else(|| failed(FailureKind::Changed, "it is gone again"))?;
                let is_ours =
                    object.size == uploaded.size && (uploaded.etag.is_empty() || object.etag == uploaded.etag);
                if !is_ours {
                    return Err(failed(FailureKind::Changed, "somebody else has replaced it"));
                }
                self.described(&key, &object).await
            }
        }
    }

    async fn put_whole(&self, copy: &CopyFile, key: &str, bytes: Bytes, md5: [u8; 16]) -> Result<Uploaded, Failure> {
        let there = self.check_target(copy, key).await?;
        self.back_up_replaced(copy, key, there.as_ref()).await?;
        let size = bytes.len() as u64;
        let expected = Expected::Found(there.as_ref());
        let mut attempts = Attempts::new(&self.server, &self.folder.bucket, key, expected);
        loop {
            let request = self.making(Method::Put, copy, key).header("content-md5", BASE64_STANDARD.encode(md5));
            let request = self.server.on_condition(request, expected.condition());
            let began = Instant::now();
            let failure = match self.server.ask_once(&request, &bytes).await {
                Ok(response) => return self.uploaded(copy, key, &response, began, size, md5).await,
                Err(failure) => failure,
            };
            let is_done = |now: Option<&Object>| now.is_some_and(|now| is_upload(now, there.as_ref(), copy, size, md5));
            if let Next::Done(Some(object)) = attempts.after(failure, is_done).await? {
                return self.timed(copy, key, object).await;
            }
        }
    }

    /// Uploads a file while it is read. Its last piece is held back until all is known to be well.
    async fn put_streamed(
        &self,
        copy: &CopyFile,
        key: &str,
        size: u64,
        first: Bytes,
        incoming: &mut Incoming<'_>,
    ) -> Result<Uploaded, Failure> {
        // RACE: a server that does not look itself replaces what comes to be there while this is sent. To look once more before
        // the last piece would wait for ever where a server locks what is being written, as rclone's does.
        let there = self.check_target(copy, key).await?;
        self.back_up_replaced(copy, key, there.as_ref()).await?;
        let expected = Expected::Found(there.as_ref());
        let request = self.server.on_condition(self.making(Method::Put, copy, key), expected.condition());
        let (sender, body) = streamed(size);
        let began = Instant::now();
        let answered = self.server.send_streamed(&request, size, body);
        let failure = match feed(&self.server.client, answered, sender, first, incoming).await {
            Ok(response) => return self.uploaded(copy, key, &response, began, size, incoming.hash().into()).await,
            Err(failure) => failure,
        };
        let mut attempts = Attempts::new(&self.server, &self.folder.bucket, key, expected);
        let (is_all_sent, md5) = (incoming.length() == size, incoming.hash().into());
        let is_upload = |now: &Object| is_upload(now, there.as_ref(), copy, size, md5);
        let is_done = |now: Option<&Object>| is_all_sent && now.is_some_and(is_upload);
        match attempts.after(failure.clone(), is_done).await? {
            Next::Done(Some(object)) => self.timed(copy, key, object).await,
            // It is read once more for that.
            Next::Done(None) | Next::Again => Err(failure),
        }
    }

    /// Uploads a file in parts; `first` is what was read of it already.
    async fn put_parts(
        &self,
        copy: &CopyFile,
        key: &str,
        first: Vec<u8>,
        goes_on: bool,
        incoming: &mut Incoming<'_>,
    ) -> Result<Uploaded, Failure> {
        self.check(key, &copy.expect).await?;
        // Each part has one.
        incoming.hash_only_to_verify();
        let hash = copy.verify.as_ref().and_then(|hash| from_hexadecimal(hash.as_str().strip_prefix("md5:")?));
        let mut request = self.making(Method::Post, copy, key).query("uploads", "");
        if let Some(hash) = hash {
            request = request.header(MD5, BASE64_STANDARD.encode(hash));
        }
        let parts = Parts::begin(&self.server, &self.folder, &request, key).await?;
        let uploaded = async {
            let (made, size) = parts.send(copy.source.size, first, goes_on, incoming).await?;
            let there = self.check(key, &copy.expect).await?;
            self.back_up_replaced(copy, key, there.as_ref()).await?;
            let etag = parts.finish(&made, Expected::Found(there.as_ref()), size).await?;
            Ok(Uploaded { etag, size })
        };
        parts.or_abort(uploaded.await).await
    }

    /// Gives what was uploaded its time, where the server failed before it kept that.
    async fn timed(&self, copy: &CopyFile, key: &str, object: Object) -> Result<Uploaded, Failure> {
        let size = object.size;
        let etag = match copy.source.modified {
            Some(modified) if object.details.modified.is_none() => {
                let (modified, expected) = (Some(write_time(modified)), Expected::Found(Some(&object)));
                self.copy(Copy { key, object: &object, place: &self.folder, target: key, modified, expected }).await?
            }
            Some(_) | None => object.etag,
        };
        Ok(Uploaded { etag, size })
    }

    /// Makes a request that makes an object out of a file.
    pub(super) fn making<'a>(&'a self, method: Method, copy: &CopyFile, key: &'a str) -> Request<'a> {
        let kind = mime_guess::from_path(copy.target.name()).first_raw().unwrap_or("application/octet-stream");
        let request = Request::new(method, &self.folder.bucket, key).header("content-type", kind);
        let modified = copy.source.modified.map(|time| (MTIME, write_time(time)));
        let headers = self.server.settings.headers.iter().cloned().chain(modified);
        headers.fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Keeps what is about to be replaced, where that is wanted, and makes sure that it still is what was kept.
    async fn back_up_replaced(&self, copy: &CopyFile, key: &str, there: Option<&Object>) -> Result<(), Failure> {
        match (&copy.disposal, there) {
            (Disposal::Backup(path), Some(object)) => {
                self.back_up(key, object, path).await?;
                Expected::Found(there).check(&self.server, &self.folder.bucket, key).await
            }
            (Disposal::Backup(_), None) | (Disposal::Discard, _) => Ok(()),
        }
    }

    /// Makes sure that the server has what was sent, and remembers it.
    async fn uploaded(
        &self,
        copy: &CopyFile,
        key: &str,
        response: &Response,
        began: Instant,
        size: u64,
        md5: [u8; 16],
    ) -> Result<Uploaded, Failure> {
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(plain_etag).unwrap_or_default();
        let told = md5_of_etag(etag).filter(|_| says_content(response.headers()));
        if told.is_some_and(|told| told != hexadecimal(&md5)) {
            if copy.expect == Expect::Absent {
                // What is there is of no use to anybody. Whoever has replaced it since keeps what is theirs.
                let there = self.server.look(&self.folder.bucket, key).await.ok().flatten();
                if let Some(damaged) = there.filter(|there| there.etag == etag) {
                    self.delete_object(key, &damaged).await.ok();
                }
            }
            let message = "what the server has is not what was sent: its checksum differs";
            return Err(failed(FailureKind::Temporary, message));
        }
        // Without a tag, what somebody else writes in these seconds could not be told from it.
        if let (Some(modified), Some(written), false) =
            (copy.source.modified, Written::during(response.headers(), began.elapsed()), etag.is_empty())
        {
            let details = Details { modified: Some(modified), md5: Some(hexadecimal(&md5)) };
            self.cache.keep_uploaded(key, etag, size, written, &details);
        }
        Ok(Uploaded { etag: etag.to_owned(), size })
    }
}

/// Says whether what is at the key is what was uploaded, and not what was there before. Its time may not be kept yet: some servers do
/// that after all else.
fn is_upload(now: &Object, there: Option<&Object>, copy: &CopyFile, size: u64, md5: [u8; 16]) -> bool {
    now.size == size
        && now.details.md5.as_deref() == Some(&hexadecimal(&md5))
        && now.details.modified.is_none_or(|time| Some(time) == copy.source.modified)
        && !there.is_some_and(|there| there.is_still(now))
}
