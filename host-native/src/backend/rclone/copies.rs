//! Content: from a remote, to a remote, and between two.

use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, Staging};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::super::{Backend, Producer};
use super::{Content, Folder, exactly, failed, failure, is_still, split};
use crate::failure::reason;

impl Folder {
    pub(super) fn read_content(&self, path: RelPath, version: Fingerprint) -> Content {
        let folder = self.clone();
        Content::produced(|producer| async move { folder.send(&path, &version, &producer).await })
    }

    async fn send(&self, path: &RelPath, version: &Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let changed = || failed(FailureKind::Changed, "it was changed while it was being read");
        let expect = Expect::Exactly(version.clone());
        self.check(path, &expect).await.map_err(|_| changed())?;
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let names: Vec<_> = path.as_str().split('/').map(encoded).collect();
        let url = format!("{}/{}", encoded(&format!("[{}]", self.place)), names.join("/"));
        let child = self.rclone.child().await?;
        let mut response = child.open(&url).await.map_err(|error| failure::of_transport(&error))?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let body = response.bytes().await.unwrap_or_default();
            return Err(failure::of_answer(status, &body, self.rclone.launch.secrets()));
        }
        let mut length = 0;
        while let Some(bytes) = response.chunk().await.map_err(|error| failure::of_transport(&error))? {
            length += bytes.len() as u64;
            producer.send(bytes.to_vec()).await?;
        }
        if version.size.is_some_and(|size| size != length) {
            return Err(failed(FailureKind::Temporary, "less was received than the file holds"));
        }
        self.check(path, &expect).await.map_err(|_| changed())
    }

    /// Writes content that comes from elsewhere: first to a file of this machine, so that rclone knows its length and can begin again.
    pub(super) async fn write_content(&self, copy: &CopyFile, mut content: Content) -> Result<Found, Failure> {
        let broken = |error: io::Error| failed(FailureKind::Other, &format!("the temporary copy: {}", reason(&error)));
        let child = self.rclone.child().await?;
        let mut file = tempfile::NamedTempFile::new_in(child.directory.path()).map_err(broken)?;
        let passage = self.rclone.transport.passage.file();
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
        self.put(directory, name, copy).await
    }

    /// Has rclone copy from a folder of this machine or of another remote of its own.
    pub(super) async fn copy_file(&self, source: &dyn Backend, place: &str, copy: &CopyFile) -> Result<Found, Failure> {
        let is_source = async || {
            let found = source.describe(copy.path.clone()).await?;
            let is_same = |found: Found| match source.as_rclone() {
                Some(_) => is_still(&copy.source, &found.fingerprint),
                None => copy.source.is_still(&found.fingerprint),
            };
            if found.is_some_and(is_same) {
                return Ok(());
            }
            Err(failed(FailureKind::Changed, "it was changed while it was being read"))
        };
        is_source().await?;
        let found = self.put(place, copy.path.as_str(), copy).await?;
        self.rclone.transport.passage.file().count(copy.source.size.unwrap_or(0));
        // rclone itself refuses a file that changes while it is read; this is about one that was replaced just before.
        is_source().await?;
        Ok(found)
    }

    async fn put(&self, place: &str, name: &str, copy: &CopyFile) -> Result<Found, Failure> {
        self.check(&copy.target, &copy.expect).await?;
        // Elsewhere a file is complete when it can be seen.
        let staged = match &copy.staging {
            Staging::Temporary(staged) if self.features.shows_partial_files() => Some(staged),
            Staging::Temporary(_) | Staging::InPlace => None,
        };
        let replaces = matches!(copy.expect, Expect::Exactly(_));
        let disposal = if replaces { &copy.disposal } else { &Disposal::Discard };
        let Some(staged) = staged else {
            self.keep(&copy.target, disposal).await?;
            self.upload(place, name, &copy.target).await?;
            return self.result(&copy.target).await;
        };
        let moved = async {
            self.upload(place, name, staged).await?;
            self.check(&copy.target, &copy.expect).await?;
            self.keep(&copy.target, disposal).await?;
            self.rename(staged, &self.place, &copy.target).await
        };
        if let Err(failure) = moved.await {
            // It may not have come into being.
            let leftover = json!({ "fs": self.place, "remote": staged.as_str() });
            self.rclone.order("operations/deletefile", leftover).await.ok();
            return Err(failure);
        }
        self.result(&copy.target).await
    }

    async fn upload(&self, place: &str, name: &str, target: &RelPath) -> Result<(), Failure> {
        let input = json!({
            "srcFs": place, "srcRemote": name,
            "dstFs": self.place, "dstRemote": target.as_str(), "_config": exactly(),
        });
        self.rclone.order("operations/copyfile", input).await
    }
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
