//! The directory `.bisync` of a side, in which files are made, read and removed, and never changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Instant, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, Staging};
use bisync_engine::reserved::RESERVED;
use bisync_engine::side::Side;
use bisync_engine::temporary::{TemporaryNames, run_of};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use super::random::random;
use crate::backend::{Answer, Backend, Content, ListDirectory, failed};

/// So much of a file that should be small is read, in bytes.
const SMALL: usize = 64 * 1024;

/// What was left half written is taken away after this time.
const LEFT_BEHIND: SignedDuration = SignedDuration::from_hours(24);

/// The directory `.bisync` of a side. Its methods wait, and are not called inside the runtime.
#[derive(Clone)]
pub struct Directory {
    /// Whose it is.
    pub side: Side,
    /// What tells the side's folder from every other, copies of it included, as far as anything does.
    pub identity: String,
    backend: Arc<dyn Backend>,
    /// What the side's requests are carried out in: it needs a thread of its own.
    runtime: Handle,
}

impl Directory {
    /// Names the directory of a side. Nothing is made yet.
    pub fn new(side: Side, identity: String, backend: Arc<dyn Backend>, runtime: Handle) -> Self {
        Self { side, identity, backend, runtime }
    }

    /// Whether other machines reach the side's folder as well.
    pub fn is_remote(&self) -> bool {
        self.backend.as_local().is_none()
    }

    /// Returns the names and versions of the files in it; none where it is not there.
    ///
    /// # Errors
    /// Fails when it cannot be listed.
    pub fn list(&self) -> Result<BTreeMap<String, Fingerprint>, Failure> {
        let items = match self.wait(self.backend.list_whole(ListDirectory::plain(path("")?))) {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(BTreeMap::new()),
            listed => listed?,
        };
        let files = items.into_iter().filter(|item| item.found.kind == Kind::File);
        Ok(files.map(|item| (item.name, item.found.fingerprint)).collect())
    }

    /// Makes the directory, where it is not there yet.
    ///
    /// # Errors
    /// Fails when it cannot be made.
    pub fn make(&self) -> Result<(), Failure> {
        self.wait(self.backend.make_directory(path("")?, self.backend.as_ref())).map(drop)
    }

    /// Returns the content of a small file.
    ///
    /// # Errors
    /// Fails when it is not there in that version, cannot be read, or is not small.
    pub fn read(&self, name: &str, version: &Fingerprint) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.fetch(name, version, |piece| {
            bytes.extend_from_slice(piece);
            if bytes.len() > SMALL { Err(failed(FailureKind::Other, "it is far too large")) } else { Ok(()) }
        })?;
        Ok(bytes)
    }

    /// Hands the content of a file to `take`, piece by piece.
    ///
    /// # Errors
    /// Fails when it is not there in that version or cannot be read, or when `take` fails.
    pub fn fetch(
        &self,
        name: &str,
        version: &Fingerprint,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let _inside = self.runtime.enter();
        let mut content = self.backend.read(path(name)?, version.clone());
        while let Some(piece) = pollster::block_on(content.next())? {
            take(&piece)?;
        }
        Ok(())
    }

    /// Makes a small file, where nothing is.
    ///
    /// # Errors
    /// Fails when something is there, or when it cannot be written.
    pub fn create(&self, name: &str, text: &str) -> Result<Fingerprint, Failure> {
        self.put(name, text.len() as u64, || Content::of(Ok(text.as_bytes().to_vec())))
    }

    /// Makes a file of so many bytes, where nothing is.
    ///
    /// # Errors
    /// Fails when something is there, when it cannot be written, or when its content ends badly.
    pub fn put(&self, name: &str, bytes: u64, content: impl FnOnce() -> Content) -> Result<Fingerprint, Failure> {
        let target = path(name)?;
        let now = Timestamp::now();
        let modified = Instant { seconds: now.as_second(), nanoseconds: now.subsec_nanosecond().unsigned_abs() };
        let staged = TemporaryNames { run: random(), suffix: ".partial".to_owned() }.path(&target, 0);
        let copy = CopyFile {
            from: self.side.other(),
            path: target.clone(),
            source: Fingerprint { size: Some(bytes), modified: Some(modified), ..Fingerprint::default() },
            target,
            expect: Expect::Absent,
            disposal: Disposal::Discard,
            staging: Staging::Temporary(staged),
            verify: None,
        };
        let _inside = self.runtime.enter();
        pollster::block_on(self.backend.write(copy, content())).map(|found| found.fingerprint)
    }

    /// Removes a file that is still this version. One that is gone is fine.
    ///
    /// # Errors
    /// Fails when it is another one, or cannot be removed.
    pub fn remove(&self, name: &str, version: &Fingerprint) -> Result<(), Failure> {
        match self.take_away(name, version) {
            Err(Failure { kind: FailureKind::NotFound | FailureKind::Refused, .. })
                if !self.list()?.contains_key(name) =>
            {
                Ok(())
            }
            removed => removed,
        }
    }

    /// Removes a file as [`remove`](Self::remove) does; it has to be there.
    ///
    /// # Errors
    /// Fails when it is gone or another one, or cannot be removed.
    pub fn take_away(&self, name: &str, version: &Fingerprint) -> Result<(), Failure> {
        self.wait(self.backend.delete_file(path(name)?, version.clone(), Disposal::Discard))
    }

    /// Removes what was left half written long ago. What cannot be removed stays.
    pub fn tidy(&self, files: &BTreeMap<String, Fingerprint>) {
        let long_ago = Timestamp::now().checked_sub(LEFT_BEHIND).map_or(i64::MIN, Timestamp::as_second);
        let is_left = |name: &str, version: &Fingerprint| {
            run_of(name).is_some() && version.modified.is_some_and(|modified| modified.seconds < long_ago)
        };
        for (name, version) in files.iter().filter(|(name, version)| is_left(name, version)) {
            let _ = self.remove(name, version);
        }
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// Fails when that cannot be said.
    pub fn flush(&self) -> Result<(), Failure> {
        self.wait(self.backend.flush(self.backend.as_ref()))
    }

    fn wait<T>(&self, answer: Answer<'_, T>) -> Result<T, Failure> {
        // Unlike the runtime's own `block_on`, this lets what it waits for block the thread.
        let _inside = self.runtime.enter();
        pollster::block_on(answer)
    }
}

/// Returns the path of a file in the directory, or of the directory itself.
fn path(name: &str) -> Result<RelPath, Failure> {
    let directory = RelPath::root().join(RESERVED);
    let path = if name.is_empty() { directory } else { directory.and_then(|directory| directory.join(name)) };
    path.map_err(|error| failed(FailureKind::ImpossibleName, &error.to_string()))
}
