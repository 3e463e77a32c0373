//! A file that is written under a temporary name and then put in its place.

use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::protocol::{Expect, Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, Uid, chownat, fchmod, futimens, openat, symlinkat,
    utimensat,
};
use rustix::io::{Errno, pread};

use super::hash::Algorithm;
use super::links::Form;
use super::place::{Place, is_unsupported};
use super::source::Source;
use super::stat::{Stat, look, look_at, mode};
use crate::backend::failed;
use crate::errno::{failure, naming_failure};

/// What a link leads to has at most so many bytes.
const LONGEST_TARGET: usize = 4095;

/// The permission bits of a new file.
#[derive(Debug, Clone, Copy)]
pub enum Permissions {
    /// These, without what the user masks out for new files.
    New(u32),
    /// Exactly these: those of the file that is replaced or moved.
    Exact(u32),
}

/// Moves the file at a place to where it is kept.
pub type Keep<'a> = &'a dyn Fn(&Place) -> Result<(), Failure>;

/// A file under its temporary name, which is removed again unless the file was put in its place.
#[derive(Debug)]
pub struct Staged {
    /// The file, open for writing.
    pub file: OwnedFd,
    place: Place,
    placed: bool,
}

impl Staged {
    /// Makes an empty file.
    pub fn create(place: Place, permissions: Permissions) -> Result<Self, Failure> {
        let (Permissions::New(bits) | Permissions::Exact(bits)) = permissions;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&place.directory, &*place.name, flags, mode(bits)).map_err(naming_failure)?;
        let staged = Self { file, place, placed: false };
        if let Permissions::Exact(exact) = permissions {
            // A file system without permissions may refuse; the content matters more.
            fchmod(&staged.file, mode(exact)).ok();
        }
        Ok(staged)
    }

    /// Opens the file at `place`, which is `version`, to be written anew where it is; it stays there whatever happens.
    pub fn open_in_place(place: Place, version: &Fingerprint) -> Result<Self, Failure> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&place.directory, &*place.name, flags, Mode::empty()).map_err(failure)?;
        let staged = Self { file, place, placed: true };
        staged.check_still(version)?;
        Ok(staged)
    }

    /// Returns the directory that the file is in.
    pub fn directory(&self) -> &Arc<OwnedFd> {
        &self.place.directory
    }

    /// Makes sure that the open file is `version`.
    pub fn check_still(&self, version: &Fingerprint) -> Result<(), Failure> {
        let stat = look(&self.file).map_err(failure)?;
        let is_still = stat.kind == Kind::File && version.is_still(&stat.fingerprint);
        if is_still { Ok(()) } else { Err(failed(FailureKind::Refused, "it has changed in the meantime")) }
    }

    /// Makes sure that the finished file has the content of this hash, where the hash can be computed here.
    pub fn verify(&self, found: &Found, hash: &Hash) -> Result<(), Failure> {
        let Ok(algorithm) = Algorithm::parse(hash.algorithm()) else { return Ok(()) };
        let written = Source::open_at(&self.place.directory, &self.place.name, self.place.form, &found.fingerprint)?;
        if algorithm.hash(&written)? == *hash {
            return Ok(());
        }
        Err(failed(FailureKind::Temporary, "what was written is not what was listed: its checksum differs"))
    }

    /// Sets the times of the written file and returns what it now is, wherever it is put.
    pub fn finish(&self, modified: Option<Instant>, accessed: Option<Instant>) -> Result<Stat, Failure> {
        if let Some(modified) = modified {
            let accessed = accessed.map(timespec);
            let times = timestamps(modified);
            let last_access = accessed.unwrap_or(times.last_access);
            futimens(&self.file, &Timestamps { last_access, ..times }).map_err(failure)?;
        }
        look(&self.file).map_err(failure)
    }

    /// Makes the finished file a link to what it holds, where it is to stand for one; `None` where it stays a file.
    pub fn take_form(&mut self) -> Result<Option<Found>, Failure> {
        match self.place.form {
            Form::Plain | Form::Followed => return Ok(None),
            Form::Link => {}
        }
        let written = look(&self.file).map_err(failure)?;
        let mut target = Vec::with_capacity(LONGEST_TARGET + 1);
        pread(&self.file, rustix::buffer::spare_capacity(&mut target), 0).map_err(failure)?;
        if target.is_empty() || target.len() > LONGEST_TARGET || target.contains(&0) {
            return Err(failed(FailureKind::ImpossibleName, "a link cannot lead to what it holds"));
        }
        let Place { directory, name, .. } = &self.place;
        self.place.unlink().map_err(failure)?;
        symlinkat(&*target, directory, &**name).map_err(naming_failure)?;
        self.file = openat(directory, &**name, system::LINK, Mode::empty()).map_err(failure)?;
        if let Some(modified) = written.fingerprint.modified {
            utimensat(directory, &**name, &timestamps(modified), AtFlags::SYMLINK_NOFOLLOW).map_err(failure)?;
        }
        let gone = || failed(FailureKind::Refused, "it is gone");
        if self.place.look()?.ok_or_else(gone)?.owner != written.owner {
            let (user, group) = (Uid::from_raw(written.owner.0), Gid::from_raw(written.owner.1));
            chownat(directory, &**name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW).map_err(failure)?;
        }
        Ok(Some(self.place.look()?.ok_or_else(gone)?.found()))
    }

    /// Puts the file at `target`, when what is there is what is expected.
    ///
    /// What it replaces is given to `keep`, at the place where it then is, or discarded. When that fails, it is put back.
    pub fn put(self, target: &Place, expect: &Expect, keep: Option<Keep<'_>>) -> Result<(), Failure> {
        match expect {
            Expect::Absent => self.settle(|place| place.rename_new(target).map_err(naming_failure)),
            Expect::Exactly(version) => {
                target.expect(version)?;
                self.settle(|place| match place.exchange(target) {
                    Ok(()) => check_exchanged(place, target, version, keep),
                    Err(Errno::NOENT) => Err(failed(FailureKind::Refused, "it is gone")),
                    // RACE: where files cannot be exchanged, a change after the check above is lost.
                    Err(error) if is_unsupported(error) => replace(place, target, keep),
                    Err(error) => Err(naming_failure(error)),
                })
            }
        }
    }

    /// Gives the file to `rename`, which puts it in its place; when that fails, the file is removed.
    pub fn settle(mut self, rename: impl FnOnce(&Place) -> Result<(), Failure>) -> Result<(), Failure> {
        rename(&self.place)?;
        self.placed = true;
        Ok(())
    }
}

/// Looks again at what was swapped out, so that no change can come between a check and the exchange.
fn check_exchanged(
    swapped_out: &Place,
    target: &Place,
    version: &Fingerprint,
    keep: Option<Keep<'_>>,
) -> Result<(), Failure> {
    let disposed = swapped_out.expect(version).and_then(|_| match keep {
        Some(keep) => keep(swapped_out),
        None => swapped_out.unlink().map_err(failure),
    });
    if disposed.is_err() {
        // RACE: what somebody puts at the target between the two exchanges ends up under the temporary name; `drop` sees
        // that it is not ours and leaves it there.
        swapped_out.exchange(target).map_err(failure)?;
    }
    disposed
}

/// Replaces the file at `target` where files cannot be exchanged.
fn replace(staged: &Place, target: &Place, keep: Option<Keep<'_>>) -> Result<(), Failure> {
    let renamed = match keep {
        Some(keep) => {
            keep(target)?;
            staged.rename_new(target)
        }
        None => staged.rename_over(target),
    };
    renamed.map_err(naming_failure)
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.placed && self.is_ours() {
            // Nobody can be told, and the next run removes leftovers of this name.
            self.place.unlink().ok();
        }
    }
}

impl Staged {
    /// Returns whether the temporary name still names the file that was written.
    fn is_ours(&self) -> bool {
        let named = look_at(&self.place.directory, &*self.place.name);
        matches!((look(&self.file), named), (Ok(written), Ok(named)) if written.inode == named.inode)
    }
}

/// Returns the modification time as the system takes it, the time of the last access left alone.
pub fn timestamps(modified: Instant) -> Timestamps {
    Timestamps { last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }, last_modification: timespec(modified) }
}

fn timespec(time: Instant) -> Timespec {
    Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds.into() }
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::fs::OFlags;

    /// How a link itself is opened.
    pub const LINK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::fs::OFlags;

    /// How a link itself is opened: with `O_SYMLINK`.
    pub const LINK: OFlags = OFlags::from_bits_retain(0x0020_0000).union(OFlags::CLOEXEC);
}
