//! A file that is read, and that has to stay the version it is.

use bisync_engine::entry::{Fingerprint, Kind};
use bisync_engine::options::Links;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, openat, readlinkat};
use rustix::io::read;

use super::links::Form;
use super::metadata::{Demand, carry_metadata, carry_owner};
use super::open::Root;
use super::stat::{Stat, look};
use crate::backend::{Producer, failed};
use crate::errno::failure;

/// Opening a pipe must not wait, nor a terminal become ours.
pub const READING: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// How much is read at once, in bytes.
pub const BLOCK: usize = 256 * 1024;

/// An open file and what it was when it was opened.
#[derive(Debug)]
pub struct Source {
    /// Where its content is.
    pub content: Opened,
    /// What it was.
    pub stat: Stat,
}

/// Where the content of a file is.
#[derive(Debug)]
pub enum Opened {
    /// In a file, open for reading.
    File(OwnedFd),
    /// Here: it is what a link leads to.
    Link(Vec<u8>),
}

impl Source {
    /// Opens the file at `path`, which has to be `version`.
    pub fn open(root: &Root, path: &RelPath, version: &Fingerprint) -> Result<Self, Failure> {
        match root.links {
            Links::Skip | Links::Follow => Self::check(root.open_path(path, READING)?, version),
            Links::Translate => {
                let place = root.place(path)?;
                Self::open_at(&place.directory, &place.name, place.form, version)
            }
        }
    }

    /// Opens what a name in a directory stands for, which has to be `version`.
    pub fn open_at(directory: &OwnedFd, name: &[u8], form: Form, version: &Fingerprint) -> Result<Self, Failure> {
        let flags = match form {
            Form::Plain => READING,
            Form::Followed => READING.difference(OFlags::NOFOLLOW),
            Form::Link => return Self::read_link(directory, name, version),
        };
        Self::check(openat(directory, name, flags, Mode::empty()).map_err(failure)?, version)
    }

    fn read_link(directory: &OwnedFd, name: &[u8], version: &Fingerprint) -> Result<Self, Failure> {
        let look = || Form::Link.look(directory, name).map_err(failure);
        let stat = look()?;
        let target = readlinkat(directory, name, Vec::new()).map_err(failure)?;
        // A link keeps its target for life, so it is enough that it is still the same link.
        let is_same = look()?.inode == stat.inode && version.is_still(&stat.fingerprint);
        if is_same { Ok(Self { content: Opened::Link(target.into_bytes()), stat }) } else { Err(changed()) }
    }

    fn check(file: OwnedFd, version: &Fingerprint) -> Result<Self, Failure> {
        let stat = look(&file).map_err(failure)?;
        match stat.kind {
            Kind::File if version.is_still(&stat.fingerprint) => Ok(Self { content: Opened::File(file), stat }),
            Kind::File => Err(changed()),
            Kind::Directory | Kind::Link | Kind::Special | Kind::OtherFileSystem => {
                Err(failed(FailureKind::WrongKind, "it is not a file"))
            }
        }
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.stat.fingerprint.size.unwrap_or(0)
    }

    /// Makes sure, after it was read, that the file is still what it was.
    pub fn verify(&self) -> Result<(), Failure> {
        let Opened::File(file) = &self.content else { return Ok(()) };
        let now = look(file).map_err(failure)?;
        if self.stat.fingerprint.is_still(&now.fingerprint) { Ok(()) } else { Err(changed()) }
    }

    /// Makes sure, after it was carried over, that the metadata is still what it was: the copy would pass for the later change.
    pub fn verify_metadata(&self) -> Result<(), Failure> {
        let Opened::File(file) = &self.content else { return Ok(()) };
        // RACE: a change between this look and the moment when the copy is put in its place is overwritten by the next run.
        let is_same = look(file).map_err(failure)?.changed == self.stat.changed;
        if is_same { Ok(()) } else { Err(changed()) }
    }

    /// Gives the metadata of what is read to `target`.
    pub fn lend_metadata(&self, target: &OwnedFd, demand: Demand) -> Result<(), Failure> {
        match &self.content {
            Opened::File(file) => carry_metadata(file, &self.stat, target, demand),
            // A link has no permissions, and no attributes of the user.
            Opened::Link(_) => carry_owner(&self.stat, target, demand),
        }
    }

    /// Reads all of the content at once, which is right for small files.
    pub fn read_whole(&self) -> Result<Vec<u8>, Failure> {
        let file = match &self.content {
            Opened::File(file) => file,
            Opened::Link(target) => return Ok(target.clone()),
        };
        let size = usize::try_from(self.size()).map_err(|_| changed())?;
        // One more shows that there is more.
        let mut bytes = Vec::with_capacity(size.saturating_add(1));
        while read(file, rustix::buffer::spare_capacity(&mut bytes)).map_err(failure)? > 0 {
            if bytes.len() > size {
                return Err(changed());
            }
        }
        self.verify().map(|()| bytes)
    }

    /// Hands the content to `producer`, piece by piece.
    pub fn send(&self, producer: &Producer) -> Result<(), Failure> {
        let file = match &self.content {
            Opened::File(file) => file,
            Opened::Link(target) => return producer.blocking_send(target.clone()),
        };
        let block = usize::try_from(self.size()).map_or(BLOCK, |size| size.clamp(1, BLOCK));
        loop {
            let mut bytes = Vec::with_capacity(block);
            read(file, rustix::buffer::spare_capacity(&mut bytes)).map_err(failure)?;
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
