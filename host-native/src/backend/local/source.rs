//! A file that is read, and that has to stay the version it is.

use bisync_engine::entry::{Fingerprint, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::read;
use rustix::path::Arg;

use super::failure::failure;
use super::open::Root;
use super::stat::{Stat, look};
use crate::backend::{Producer, failed};

/// Opening a pipe must not wait, nor a terminal become ours.
const READING: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// How much is read at once, in bytes.
pub const BLOCK: usize = 256 * 1024;

/// An open file and what it was when it was opened.
#[derive(Debug)]
pub struct Source {
    /// The file, open for reading.
    pub file: OwnedFd,
    /// What it was.
    pub stat: Stat,
}

impl Source {
    /// Opens the file at `path`, which has to be `version`.
    pub fn open(root: &Root, path: &RelPath, version: &Fingerprint) -> Result<Self, Failure> {
        Self::check(root.open_path(path, READING)?, version)
    }

    /// Opens the file of that name in a directory, which has to be `version`.
    pub fn open_at(directory: &OwnedFd, name: impl Arg, version: &Fingerprint) -> Result<Self, Failure> {
        let file = openat(directory, name, READING, Mode::empty()).map_err(failure)?;
        Self::check(file, version)
    }

    fn check(file: OwnedFd, version: &Fingerprint) -> Result<Self, Failure> {
        let stat = look(&file).map_err(failure)?;
        match stat.kind {
            Kind::File if version.is_still(&stat.fingerprint) => Ok(Self { file, stat }),
            Kind::File => Err(changed()),
            Kind::Directory | Kind::Link | Kind::Special => Err(failed(FailureKind::WrongKind, "it is not a file")),
        }
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.stat.fingerprint.size.unwrap_or(0)
    }

    /// Makes sure, after it was read, that the file is still what it was.
    pub fn verify(&self) -> Result<(), Failure> {
        let now = look(&self.file).map_err(failure)?;
        if self.stat.fingerprint.is_still(&now.fingerprint) { Ok(()) } else { Err(changed()) }
    }

    /// Hands the content to `producer`, piece by piece.
    pub fn send(&self, producer: &Producer) -> Result<(), Failure> {
        let block = usize::try_from(self.size()).map_or(BLOCK, |size| size.clamp(1, BLOCK));
        loop {
            let mut bytes = Vec::with_capacity(block);
            read(&self.file, rustix::buffer::spare_capacity(&mut bytes)).map_err(failure)?;
            if bytes.is_empty() {
                return self.verify();
            }
            producer.blocking_send(bytes)?;
        }
    }
}

/// The failure of a file that changed while it was read.
pub fn changed() -> Failure {
    failed(FailureKind::Changed, "it changed while it was read")
}
