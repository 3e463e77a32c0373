//! The lock that keeps two runs of the same pair of paths apart.
//!
//! It is rclone's lock file, with two fields of our own, `Host` and `Boot`, so that `rclone bisync` and this program respect each
//! other. Between runs of this program a kernel lock on that file decides, which ends with its owner whatever happens;
//! the file's content decides about a lock of rclone's, and where the file system has no kernel locks.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::failure::reason;

mod verdict;

use verdict::{Found, KernelLock, Record, Verdict};
pub use verdict::{Machine, Process};

/// rclone's "never": the expiry that a lock has when `--max-lock` is 0.
const FOREVER: Duration = Duration::from_secs(200 * 365 * 24 * 3600);

/// Why the lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("another run of these paths is at work ({owner}): wait for its end; its lock is `{}`", path.display())]
    Held {
        /// Who has it: `process 1234`.
        owner: String,
        /// The lock file.
        path: PathBuf,
    },
    /// The lock file cannot be made, read or written.
    #[error("cannot lock `{}`: {}", path.display(), reason(error))]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
}

/// A lock that this process holds until it is dropped.
#[derive(Debug)]
pub struct Lock {
    claim: Claim,
    renewal: Option<(Sender<()>, JoinHandle<()>)>,
}

/// The locked file and what is written there.
#[derive(Debug)]
struct Claim {
    file: File,
    path: PathBuf,
    session: String,
    valid_for: Duration,
}

impl Lock {
    /// Claims the lock of a session in a directory of the state.
    ///
    /// With `max_lock` the lock expires after that time, and is renewed a minute before. Returns the lock and, when a lock
    /// that nobody holds any more had to be taken over, a sentence that says so.
    ///
    /// # Errors
    /// Returns who has the lock, or the error of the file system.
    pub fn claim(
        directory: &Path,
        session: &str,
        max_lock: Option<Duration>,
    ) -> Result<(Self, Option<String>), LockError> {
        let path = &directory.join(format!("{session}.lck"));
        let session = directory.join(session).to_string_lossy().into_owned();
        let io_error = |error| LockError::Io { path: path.to_owned(), error };
        let (file, notice) = loop {
            let (file, fresh) = open(path).map_err(io_error)?;
            let kernel = match file.try_lock() {
                Ok(()) => KernelLock::Ours,
                Err(TryLockError::WouldBlock) => KernelLock::Theirs,
                Err(TryLockError::Error(_)) => KernelLock::Unsupported,
            };
            // The owner may have removed the file after we opened it: then the name is free or somebody else's.
            if !is_at(&file, path) {
                continue;
            }
            let found = Found { record: read(&file).map_err(io_error)?, fresh, kernel };
            match found.verdict(&Machine::this(), Timestamp::now(), Process::of) {
                Verdict::Held(owner) => return Err(LockError::Held { owner, path: path.to_owned() }),
                Verdict::Free => break (file, None),
                Verdict::Stale(why) => break (file, Some(format!("took over a lock that was left behind: {why}"))),
            }
        };
        let valid_for = max_lock.unwrap_or(FOREVER);
        let claim = Claim { file, path: path.to_owned(), session, valid_for };
        claim.write().map_err(io_error)?;
        let renewal = max_lock.map(|max_lock| claim.renew_every(max_lock)).transpose().map_err(io_error)?;
        Ok((Self { claim, renewal }, notice))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.renewal.take() {
            drop(stop);
            let _ = thread.join();
        }
        // An expired lock may have been taken over by rclone, in the same file: then it is no longer ours to remove.
        if is_at(&self.claim.file, &self.claim.path) && self.claim.is_ours() {
            let _ = fs::remove_file(&self.claim.path);
        }
    }
}

impl Claim {
    fn write(&self) -> io::Result<()> {
        let now = Timestamp::now();
        let expires = now.checked_add(self.valid_for).unwrap_or(Timestamp::MAX);
        let machine = Machine::this();
        let mut text = json!({
            "Session": self.session,
            "PID": std::process::id().to_string(),
            "TimeRenewed": now.to_string(),
            "TimeExpires": expires.to_string(),
            "Host": machine.host,
            "Boot": machine.boot,
        })
        .to_string();
        text.push('\n');
        // Written over what is there and cut afterwards, the file is never seen empty.
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)
    }

    fn is_ours(&self) -> bool {
        match read(&self.file) {
            Ok(Record::Owner(owner)) => owner.process == std::process::id(),
            Ok(Record::Unreadable) | Err(_) => false,
        }
    }

    fn renew_every(&self, max_lock: Duration) -> io::Result<(Sender<()>, JoinHandle<()>)> {
        let claim = Self {
            file: self.file.try_clone()?,
            path: self.path.clone(),
            session: self.session.clone(),
            valid_for: self.valid_for,
        };
        let pause = max_lock.saturating_sub(Duration::from_secs(60)).max(Duration::from_secs(1));
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("lock".into()).spawn(move || {
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                if claim.is_ours() {
                    // What cannot be renewed expires; the kernel lock stays.
                    let _ = claim.write();
                }
            }
        })?;
        Ok((stop, thread))
    }
}

/// Opens the lock file, and says whether it was not there before.
fn open(path: &Path) -> io::Result<(File, bool)> {
    loop {
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (file, true)),
        }
        match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => return result.map(|file| (file, false)),
        }
    }
}

/// Returns true when the open file is what the path names.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn read(file: &File) -> io::Result<Record> {
    let mut bytes = vec![0; 16 * 1024];
    let length = file.read_at(&mut bytes, 0)?;
    Ok(Record::parse(&bytes[..length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(home: &Path) -> Result<(Lock, Option<String>), LockError> {
        Lock::claim(home, "a..b", Some(Duration::from_secs(120)))
    }

    #[test]
    fn one_run_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a..b.lck");
        let (lock, notice) = claim(home.path()).unwrap();
        assert_eq!(notice, None);
        let text = fs::read_to_string(&path).unwrap();
        let session = home.path().join("a..b");
        assert!(text.starts_with(&format!(r#"{{"Session":"{}","PID":""#, session.display())), "{text}");
        let message = claim(home.path()).unwrap_err().to_string();
        assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
        assert!(message.contains(&path.display().to_string()), "{message}");
        drop(lock);
        assert!(!path.exists());
        drop(claim(home.path()).unwrap());
    }

    #[test]
    fn a_lock_left_behind_is_taken_over() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a..b.lck");
        fs::write(&path, "x".repeat(900)).unwrap();
        let (lock, notice) = claim(home.path()).unwrap();
        assert!(notice.unwrap().contains("cannot be read"));
        assert!(matches!(read(&lock.claim.file).unwrap(), Record::Owner(_)));
    }

    #[test]
    fn a_lock_that_became_somebody_elses_stays() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a..b.lck");
        let (lock, _) = claim(home.path()).unwrap();
        fs::write(&path, r#"{"PID":"1"}"#).unwrap();
        drop(lock);
        assert!(path.exists());
    }
}
