//! Content: from a remote, to a remote, and between two.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Expect, Failure, FailureKind, Staging};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::super::{Backend, Producer};
use super::carry::{Source, Target};
use super::{Content, Folder, failed, failure, is_still, split};
use crate::failure::reason;

/// Up to this size, in bytes, content is on its way as fast as it is found out whether it is still wanted.
const SMALL: u64 = 1 << 20;

impl Folder {
    pub(super) fn read_content(&self, path: RelPath, version: Fingerprint) -> Content {
        let folder = self.clone();
        Content::produced(|producer| async move { folder.send(&path, &version, &producer).await })
    }

    async fn send(&self, path: &RelPath, version: &Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let expect = Expect::Exactly(version.clone());
        if version.size.is_none_or(|size| size > SMALL) {
            // It is known early when all the work would be for nothing.
            self.check(path, &expect).await.map_err(|_| changed())?;
        }
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let names: Vec<_> = path.as_str().split('/').map(encoded).collect();
        let url = format!("{}/{}", encoded(&format!("[{}]", self.place)), names.join("/"));
        let child = self.rclone.child().await?;
        let mut response = match child.open(&url).await {
            Ok(response) => response,
            Err(silence) => return Err(self.rclone.no_answer(&child, &silence).await),
        };
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let body = response.bytes().await.unwrap_or_default();
            let failure = failure::of_answer(status, &body, self.rclone.launch.secrets());
            return Err(if failure.kind == FailureKind::NotFound { changed() } else { failure });
        }
        let mut length = 0;
        loop {
            let bytes = match child.next(&mut response).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break,
                Err(silence) => return Err(self.rclone.no_answer(&child, &silence).await),
            };
            length += bytes.len() as u64;
            producer.send(bytes).await?;
        }
        self.check(path, &expect).await.map_err(|_| changed())?;
        if version.size.is_some_and(|size| size != length) {
            return Err(failed(FailureKind::Temporary, "less was received than the file holds"));
        }
        Ok(())
    }

    /// Writes content that comes from elsewhere: first to a file of this machine, so that rclone knows its length and can begin again.
    pub(super) async fn write_content(&self, copy: &CopyFile, mut content: Content) -> Result<Found, Failure> {
        let child = self.rclone.child().await?;
        let broken = |error: io::Error| no_temporary_copy(child.directory.path(), &error);
        let mut file = tempfile::NamedTempFile::new_in(child.directory.path()).map_err(broken)?;
        let passage = self.rclone.transport.passage.file_here();
        while let Some(bytes) = content.next().await? {
            file.write_all(&bytes).map_err(broken)?;
            passage.copied(bytes.len() as u64)?;
        }
        let length = file.as_file().metadata().map_err(broken)?.len();
        if copy.source.size.is_some_and(|size| size != length) {
            return Err(failed(FailureKind::Temporary, "less was received than the file holds"));
        }
        if let Some(modified) = copy.source.modified {
            set_modified(file.as_file(), modified).map_err(broken)?;
        }
        let (directory, name) =
            split(file.path()).ok_or_else(|| failed(FailureKind::Other, "the temporary directory has no name"))?;
        let carried = Source { place: directory, name, size: Some(length), is_counted: false };
        self.put(carried, copy, None).await
    }

    /// Has rclone copy from a folder of this machine or of another remote of its own.
    pub(super) async fn copy_file(&self, source: &dyn Backend, place: &str, copy: &CopyFile) -> Result<Found, Failure> {
        check_source(source, copy).await?;
        let carried = Source { place, name: copy.path.as_str(), size: copy.source.size, is_counted: true };
        self.put(carried, copy, Some(source)).await
    }

    /// Puts a file in its place. A source that could change meanwhile is looked at before that has its name, where it has another first.
    async fn put(&self, carried: Source<'_>, copy: &CopyFile, source: Option<&dyn Backend>) -> Result<Found, Failure> {
        // rclone itself refuses a file that changes while it is read; this is about one that was replaced just before.
        let check_uploaded = async || match source {
            Some(source) => check_source(source, copy).await,
            None => Ok(()),
        };
        let _turn = self.rclone.transfers.acquire().await;
        let Some(staged) = self.staged(copy) else {
            self.check(&copy.target, &copy.expect).await?;
            self.keep_replaced(copy).await?;
            self.carry(carried, &copy.target, Target::Looked).await?;
            check_uploaded().await?;
            return self.copied(copy).await;
        };
        if copy.source.size.is_none_or(|size| size > SMALL) {
            // It is known early when all the work would be for nothing.
            self.check(&copy.target, &copy.expect).await?;
        }
        let moved = async {
            self.carry(carried, staged, Target::New).await?;
            check_uploaded().await?;
            match copy.expect {
                Expect::Absent => {
                    self.rename_new(staged, &copy.target).await?;
                    // It keeps its name when something is in its way.
                    let is_left = self.look_for_file(staged).await?.is_some();
                    if is_left { Err(failed(FailureKind::Refused, "something is there already")) } else { Ok(()) }
                }
                Expect::Exactly(_) => {
                    self.check(&copy.target, &copy.expect).await?;
                    self.keep_replaced(copy).await?;
                    self.rename(staged, &self.place, &copy.target).await
                }
            }
        };
        if let Err(failure) = moved.await {
            self.remove_staged(staged).await;
            return Err(failure);
        }
        self.copied(copy).await
    }

    /// Returns what a copy is now. Where somebody replaced it meanwhile, theirs is not taken for it.
    pub(super) async fn copied(&self, copy: &CopyFile) -> Result<Found, Failure> {
        let found = self.result(&copy.target).await?;
        if self.features.can_be_copy(&copy.source, &found.fingerprint) {
            Ok(found)
        } else {
            Err(failed(FailureKind::Refused, "it was changed meanwhile"))
        }
    }

    /// Returns the name under which content is written first. Where a file is complete when it can be seen, there is none.
    pub(super) fn staged<'a>(&self, copy: &'a CopyFile) -> Option<&'a RelPath> {
        match &copy.staging {
            Staging::Temporary(staged) if self.features.shows_partial_files() => Some(staged),
            Staging::Temporary(_) | Staging::InPlace => None,
        }
    }

    /// Removes a file that did not get its name. It may not have come into being.
    pub(super) async fn remove_staged(&self, staged: &RelPath) {
        let leftover = json!({ "fs": self.place, "remote": staged.as_str() });
        self.rclone.order("operations/deletefile", leftover).await.ok();
    }

    async fn keep_replaced(&self, copy: &CopyFile) -> Result<(), Failure> {
        match copy.expect {
            Expect::Absent => Ok(()),
            Expect::Exactly(_) => self.keep(&copy.target, &copy.disposal).await,
        }
    }
}

/// Makes sure that the file to be copied is the version that was listed.
pub(super) async fn check_source(source: &dyn Backend, copy: &CopyFile) -> Result<(), Failure> {
    let found = source.describe(copy.path.clone()).await?;
    let is_same = |found: Found| match source.as_rclone() {
        Some(_) => is_still(&copy.source, &found.fingerprint),
        None => copy.source.is_still(&found.fingerprint),
    };
    if found.is_some_and(is_same) { Ok(()) } else { Err(changed()) }
}

/// Says why a file that rclone is to copy from this machine cannot be written here. The side itself is as good as it was.
fn no_temporary_copy(directory: &Path, error: &io::Error) -> Failure {
    let above = directory.parent().unwrap_or(directory).display();
    let text = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!(
            "on its way it stands in `{above}`, and there is no room for it (the variable `TMPDIR` names another directory)"
        ),
        _ => format!("on its way it stands in `{above}`: {}", reason(error)),
    };
    failed(FailureKind::Other, &text)
}

fn changed() -> Failure {
    failed(FailureKind::Changed, "it was changed while it was being read")
}

fn set_modified(file: &File, modified: Instant) -> io::Result<()> {
    let seconds = Duration::from_secs(modified.seconds.unsigned_abs());
    let whole = if modified.seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    let time = whole.and_then(|time| time.checked_add(Duration::from_nanos(modified.nanoseconds.into())));
    file.set_modified(time.ok_or(io::ErrorKind::InvalidInput)?)
}
