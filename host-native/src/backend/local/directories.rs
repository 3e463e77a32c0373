//! Makes and removes directories.

use bisync_engine::entry::{Found, Kind};
use bisync_engine::options::Links;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Emptiness, Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, OFlags, futimens, unlinkat};
use rustix::io::Errno;

use super::list::each_name;
use super::open::{PASSAGE, Root, disk_path, split};
use super::staged::timestamps;
use super::stat::{kind_of, look, look_at};
use crate::backend::failed;
use crate::errno::failure;

/// Makes a directory and its missing parents, `like` those of another root.
pub fn make_directory(root: &Root, path: &RelPath, like: Option<&Root>) -> Result<Found, Failure> {
    let directory = root.make_directories(&disk_path(path)?, like)?;
    Ok(look(&directory).map_err(failure)?.found())
}

/// Gives the directories that were made the times of those `like` them, now that nothing more comes into them.
///
/// One that is gone, or that the other side does not have, stays as it is: no run fails for a time.
pub fn set_times(root: &Root, like: &Root) {
    for path in root.take_made() {
        let Ok(stat) = like.open_at(&path, PASSAGE).and_then(|source| look(&source)) else { continue };
        let Some(modified) = stat.fingerprint.modified else { continue };
        if let Ok(target) = root.open_at(&path, OFlags::RDONLY | OFlags::DIRECTORY) {
            let _ = futimens(&target, &timestamps(modified));
        }
    }
}

/// Removes a directory.
pub fn remove_directory(root: &Root, path: &RelPath, emptiness: Emptiness) -> Result<(), Failure> {
    let path = disk_path(path)?;
    split(&path)?;
    let removed = match emptiness {
        Emptiness::Empty => remove(root, &path),
        Emptiness::NoFiles => remove_all(root, path.into_owned()),
    };
    removed.or_else(|failure| if failure.kind == FailureKind::NotFound { Ok(()) } else { Err(failure) })
}

/// Removes a directory and all below it, after having seen that there is nothing but directories.
fn remove_all(root: &Root, path: Vec<u8>) -> Result<(), Failure> {
    let mut directories = vec![path];
    let mut seen = 0;
    while let Some(path) = directories.get(seen) {
        let mut found = Vec::new();
        let directory = root.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY).map_err(failure)?;
        each_name(&directory, |name, file_type| {
            let is_known = file_type != FileType::Unknown;
            let kind = if is_known { kind_of(file_type) } else { look_at(&directory, name).map_err(failure)?.kind };
            let is_beyond = match root.only_device {
                None => false,
                Some(device) => look_at(&directory, name).map_err(failure)?.device != device,
            };
            if kind != Kind::Directory || is_beyond {
                return Err(failed(FailureKind::NotEmpty, "there are files in it"));
            }
            found.push([path, name.to_bytes()].join(&b'/'));
            Ok(())
        })?;
        directories.append(&mut found);
        seen += 1;
    }
    // RACE: when a file is made in one of them now, that directory and those above it stay; the empty ones below are gone.
    directories.iter().rev().try_for_each(|path| remove(root, path))
}

fn remove(root: &Root, path: &[u8]) -> Result<(), Failure> {
    let (parent, name) = split(path)?;
    let parent = root.open_at(parent, PASSAGE).map_err(failure)?;
    match unlinkat(&parent, name, AtFlags::REMOVEDIR) {
        // Some systems say that the name exists when they mean what is in the directory.
        Err(Errno::EXIST) => Err(failure(Errno::NOTEMPTY)),
        // A link that counts as the directory to which it leads.
        Err(Errno::NOTDIR) if root.links == Links::Follow => remove_link(root, path, &parent, name),
        removed => removed.map_err(failure),
    }
}

/// Removes a link to a directory that is empty; the directory itself stays.
fn remove_link(root: &Root, path: &[u8], parent: &OwnedFd, name: &[u8]) -> Result<(), Failure> {
    // RACE: what is put into the directory after this look stays, but is no longer reached from here.
    let directory = root.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY).map_err(failure)?;
    each_name(&directory, |_, _| Err(failure(Errno::NOTEMPTY)))?;
    match look_at(parent, name).map_err(failure)?.kind {
        Kind::Link => unlinkat(parent, name, AtFlags::empty()).map_err(failure),
        Kind::File | Kind::Directory | Kind::Special | Kind::OtherFileSystem => Err(failure(Errno::NOTDIR)),
    }
}
