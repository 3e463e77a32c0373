//! The root of a side, and how everything below it is reached without ever leaving it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bisync_engine::entry::Fingerprint;
use bisync_engine::options::Links;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::io::{Errno, Result as SystemResult};

use super::links::resolve;
use super::metadata::carry_directory;
use super::names;
use super::place::{Place, nothing_there};
use super::stat::{Stat, look};
use crate::backend::failed;
use crate::errno::{failure, naming_failure};

/// What of a folder is shown, and what of it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sight {
    /// What becomes of symbolic links.
    pub links: Links,
    /// Whether directories of other file systems are left out.
    pub one_file_system: bool,
    /// Whether what comes to it keeps its metadata.
    pub metadata: bool,
    /// Whether directories that are made get the times of those that they mirror.
    pub directory_times: bool,
}

/// What the system takes as one path, with room to spare below `PATH_MAX`.
const LONGEST_PATH: usize = 4000;

/// How a directory is held that is only passed through.
pub const PASSAGE: OFlags = system::PASSAGE.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open directory, and the way to what is below it.
///
/// The root itself may be reached through symbolic links. Below it none is followed, unless that is asked for: one that is
/// put in the place of a directory makes a request fail.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
    /// Whether the system keeps a path below a directory by itself; otherwise it is walked name by name.
    keeps_beneath: bool,
    /// What becomes of the links below it.
    pub links: Links,
    /// The file system beyond which nothing is shown, if there is such a limit.
    pub only_device: Option<u64>,
    /// The directories that were made below it, as paths on the disk, where their times matter at the end.
    made: Option<Mutex<BTreeSet<Vec<u8>>>>,
}

impl Root {
    /// Opens a root.
    pub fn open(path: &Path, sight: Sight) -> Result<Self, Failure> {
        let Sight { links, one_file_system, metadata: _, directory_times } = sight;
        let flags = PASSAGE.difference(OFlags::NOFOLLOW);
        let directory = openat(CWD, path, flags, Mode::empty()).map_err(failure)?;
        let keeps_beneath = links != Links::Follow && system::open_beneath(&directory, b".", PASSAGE).is_ok();
        let only_device =
            one_file_system.then(|| look(&directory)).transpose().map_err(failure)?.map(|stat| stat.device);
        let made = directory_times.then(Mutex::default);
        Ok(Self { directory, keeps_beneath, links, only_device, made })
    }

    /// Opens something below the root, given by its path on the disk. The empty path is the root.
    pub fn open_at(&self, path: &[u8], flags: OFlags) -> SystemResult<OwnedFd> {
        let flags = self.flags(flags);
        let mut passage = None;
        let mut rest = path;
        loop {
            let length = self.piece_length(rest);
            let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, b""));
            let last = after.is_empty();
            let from = passage.as_ref().unwrap_or(&self.directory);
            let piece = if piece.is_empty() { b"." } else { piece };
            let opened = self.open_piece(from, piece, if last { flags } else { self.flags(PASSAGE) })?;
            if last {
                return Ok(opened);
            }
            passage = Some(opened);
            rest = after.get(1..).unwrap_or_default();
        }
    }

    /// Returns how something below the root is opened.
    fn flags(&self, flags: OFlags) -> OFlags {
        let flags = flags | OFlags::CLOEXEC;
        if self.links == Links::Follow { flags.difference(OFlags::NOFOLLOW) } else { flags | OFlags::NOFOLLOW }
    }

    /// Returns how much of a path is opened at once: up to a `/` or to its end.
    fn piece_length(&self, path: &[u8]) -> usize {
        let mut slashes = (0..path.len()).filter(|at| path.get(*at) == Some(&b'/'));
        if !self.keeps_beneath && self.links != Links::Follow {
            return slashes.next().unwrap_or(path.len());
        }
        if path.len() <= LONGEST_PATH {
            return path.len();
        }
        slashes.take_while(|at| *at <= LONGEST_PATH).last().unwrap_or(path.len())
    }

    fn open_piece(&self, directory: &OwnedFd, piece: &[u8], flags: OFlags) -> SystemResult<OwnedFd> {
        if self.keeps_beneath {
            system::open_beneath(directory, piece, flags)
        } else {
            openat(directory, piece, flags, Mode::empty())
        }
    }

    /// Opens something below the root, given by its path in a listing.
    pub fn open_path(&self, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Failure> {
        self.open_at(&disk_path(path)?, flags).map_err(failure)
    }

    /// Returns the place of a path in its open parent.
    pub fn place(&self, path: &RelPath) -> Result<Place, Failure> {
        let path = disk_path(path)?;
        let (parent, name) = split(&path)?;
        let directory = self.open_at(parent, PASSAGE).map_err(failure)?;
        Ok(self.place_in(directory, name, false))
    }

    /// Returns the place of a new path in its open parent, which is made like that of another root when it is missing.
    pub fn place_made(&self, path: &RelPath, like: Option<&Self>) -> Result<Place, Failure> {
        let path = disk_path(path)?;
        let (parent, name) = split(&path)?;
        let directory = self.make_directories(parent, like)?;
        Ok(self.place_in(directory, name, true))
    }

    /// Returns the place of the file at `path`, which is `version`.
    pub fn find(&self, path: &RelPath, version: &Fingerprint) -> Result<(Place, Stat), Failure> {
        let place = self
            .place(path)
            .map_err(|failure| if failure.kind == FailureKind::NotFound { nothing_there() } else { failure })?;
        let stat = place.expect(version)?;
        Ok((place, stat))
    }

    /// Returns whether a directory is the one at `path` or one above it: a link to it would be a circle.
    pub fn is_above(&self, path: &RelPath, directory: &Stat) -> Result<bool, Failure> {
        let path = disk_path(path)?;
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends.chain([0, path.len()]) {
            let above = self.open_at(path.get(..end).unwrap_or_default(), PASSAGE).and_then(look).map_err(failure)?;
            if (above.device, above.inode) == (directory.device, directory.inode) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn place_in(&self, directory: OwnedFd, name: &[u8], is_new: bool) -> Place {
        let (name, form) = resolve(self.links, &directory, name, is_new);
        Place { directory: Arc::new(directory), name, form }
    }

    /// Opens a directory given by its path on the disk; it and its parents are made when they are missing, and get the
    /// metadata of those `like` them.
    pub fn make_directories(&self, path: &[u8], like: Option<&Self>) -> Result<OwnedFd, Failure> {
        match self.open_at(path, PASSAGE) {
            Err(Errno::NOENT) => {}
            opened => return opened.map_err(failure),
        }
        let passage = self.flags(PASSAGE);
        let mut directory = self.open_at(b"", PASSAGE).map_err(failure)?;
        let mut end = 0;
        for name in path.split(|byte| *byte == b'/') {
            end += name.len();
            let opened = match openat(&directory, name, passage, Mode::empty()) {
                Err(Errno::NOENT) => {
                    match mkdirat(&directory, name, Mode::from_raw_mode(0o777)) {
                        Ok(()) => {
                            if let Some(made) = &self.made {
                                let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                                made.insert(path.get(..end).unwrap_or_default().to_vec());
                            }
                            if let Some(like) = like {
                                like.lend_metadata(path.get(..end).unwrap_or_default(), &directory, name)?;
                            }
                        }
                        // Another request may have made it at the same moment.
                        Err(Errno::EXIST) => {}
                        Err(error) => return Err(naming_failure(error)),
                    }
                    openat(&directory, name, passage, Mode::empty())
                }
                opened => opened,
            };
            directory = opened.map_err(failure)?;
            end += 1;
        }
        Ok(directory)
    }

    /// Returns the directories that were made since this was last asked, those below others before them.
    pub fn take_made(&self) -> Vec<Vec<u8>> {
        let Some(made) = &self.made else { return Vec::new() };
        let made = std::mem::take(&mut *made.lock().unwrap_or_else(PoisonError::into_inner));
        made.into_iter().rev().collect()
    }

    /// Gives the metadata of a directory here, if there is one, to the new directory `name`.
    fn lend_metadata(&self, path: &[u8], directory: &OwnedFd, name: &[u8]) -> Result<(), Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(source) = self.open_at(path, flags) else { return Ok(()) };
        let target = openat(directory, name, flags, Mode::empty()).map_err(failure)?;
        carry_directory(&source, &look(&source).map_err(failure)?, &target)
    }
}

/// Returns the path on the disk of a path in a listing.
pub fn disk_path(path: &RelPath) -> Result<Cow<'_, [u8]>, Failure> {
    let impossible = || failed(FailureKind::ImpossibleName, "this name is not possible here");
    names::to_disk(path.as_str()).ok_or_else(impossible)
}

/// Returns the last name of a path as it is on the disk.
pub fn disk_name(path: &RelPath) -> Result<Vec<u8>, Failure> {
    let path = disk_path(path)?;
    split(&path).map(|(_, name)| name.to_vec())
}

/// Splits a path on the disk into its parent and its name; the root has none.
pub fn split(path: &[u8]) -> Result<(&[u8], &[u8]), Failure> {
    if path.is_empty() {
        return Err(failed(FailureKind::WrongKind, "the root of a side cannot be changed"));
    }
    let slash = path.iter().rposition(|byte| *byte == b'/');
    Ok(slash.and_then(|at| Some((path.get(..at)?, path.get(at + 1..)?))).unwrap_or((b"", path)))
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::fd::OwnedFd;
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Result;

    pub const PASSAGE: OFlags = OFlags::PATH;

    pub fn open_beneath(directory: &OwnedFd, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        openat2(directory, path, flags, Mode::empty(), resolve)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::fd::OwnedFd;
    use rustix::fs::OFlags;
    use rustix::io::{Errno, Result};

    pub const PASSAGE: OFlags = OFlags::RDONLY;

    pub fn open_beneath(_: &OwnedFd, _: &[u8], _: OFlags) -> Result<OwnedFd> {
        Err(Errno::NOSYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn open(path: &Path) -> Root {
        Root::open(path, Sight::default()).unwrap()
    }

    /// A root that relies on the system, and one that walks name by name.
    fn both(path: &Path) -> [Root; 2] {
        let (system, mut walking) = (open(path), open(path));
        walking.keeps_beneath = false;
        [system, walking]
    }

    #[test]
    fn nothing_outside_is_reached() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(inside.path().join("real/deep")).unwrap();
        fs::write(inside.path().join("real/file"), "x").unwrap();
        fs::write(outside.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("out")).unwrap();
        std::os::unix::fs::symlink("real", inside.path().join("in")).unwrap();
        for root in both(inside.path()) {
            let check = |path: &str, expected| {
                let opened = root.open_path(&RelPath::parse(path).unwrap(), OFlags::RDONLY);
                assert_eq!(opened.map(|_| ()).map_err(|failure| failure.kind), expected, "{path} {root:?}");
            };
            check("", Ok(()));
            check("real", Ok(()));
            check("real/deep", Ok(()));
            check("real/file", Ok(()));
            check("real/none", Err(FailureKind::NotFound));
            check("real/file/x", Err(FailureKind::WrongKind));
            check("out", Err(FailureKind::WrongKind));
            check("out/file", Err(FailureKind::WrongKind));
            check("in/file", Err(FailureKind::WrongKind));
        }
    }

    #[test]
    fn deep_paths_work() {
        let directory = tempfile::tempdir().unwrap();
        for (root, letter) in both(directory.path()).into_iter().zip(["a", "b"]) {
            let path = vec![letter.repeat(200); 50].join("/");
            assert!(path.len() > 2 * LONGEST_PATH);
            let place = root.place_made(&RelPath::parse(&format!("{path}/file")).unwrap(), None).unwrap();
            assert!(place.look().unwrap().is_none());
            let again = root.open_path(&RelPath::parse(&path).unwrap(), OFlags::RDONLY | OFlags::DIRECTORY);
            assert!(again.is_ok());
        }
    }

    #[test]
    fn the_root_is_never_a_place() {
        let directory = tempfile::tempdir().unwrap();
        let root = open(directory.path());
        assert_eq!(root.place(&RelPath::root()).unwrap_err().kind, FailureKind::WrongKind);
    }
}
