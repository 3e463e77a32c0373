//! Lists a directory: the hot path of every run.

use std::ffi::CStr;

use bisync_engine::entry::{Fingerprint, Found, Kind};
use bisync_engine::item::Item;
use bisync_engine::options::Links;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::Failure;
use jiff::tz::TimeZone;
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;

use super::hash::{Algorithm, hash_of};
use super::keys::metadata_of;
use super::links::{Form, listed_name};
use super::names;
use super::open::Root;
use super::stat::{kind_of, look_at};
use crate::backend::Pages;
use crate::errno::failure;

pub use system::each_name;

/// A name as it is listed, and what it stands for.
struct Seen {
    name: String,
    found: Found,
    form: Form,
}

/// Lists a directory.
///
/// With a time zone, the metadata of files and directories is listed too, its times in that zone.
///
/// What vanishes while the directory is read is left out. Anything else that cannot be looked at fails the listing: a
/// listing without it would say that it was deleted.
pub fn list(
    root: &Root,
    path: &RelPath,
    algorithm: Option<Algorithm>,
    zone: Option<&TimeZone>,
    pages: &mut Pages,
) -> Result<(), Failure> {
    let directory = root.open_path(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    each_name(&directory, |name, file_type| {
        let Some(mut seen) = find(&directory, name, file_type)? else { return Ok(()) };
        if seen.found.kind == Kind::Link
            && let Some(shown) = show_link(root, path, &directory, name)?
        {
            seen = shown;
        }
        let Seen { name: listed, mut found, form } = seen;
        if found.kind == Kind::Directory && !is_inside(root, &directory, name, form)? {
            found.kind = Kind::OtherFileSystem;
        }
        if let Some(algorithm) = algorithm.filter(|_| found.kind == Kind::File) {
            found.fingerprint.hash = hash_of(&directory, name.to_bytes(), form, algorithm, &found.fingerprint);
        }
        let metadata = match zone.filter(|_| matches!(found.kind, Kind::File | Kind::Directory)) {
            None => None,
            Some(zone) => match metadata_of(&directory, name.to_bytes(), form, zone) {
                Err(Errno::NOENT) => return Ok(()),
                read => Some(read.map_err(|error| unseen(name, error))?),
            },
        };
        pages.add(Item { name: listed, found, metadata });
        Ok(())
    })
}

/// Says what is at a name; `None` when it has vanished. Only files, and what has no known type, cost a system call.
fn find(directory: &OwnedFd, name: &CStr, file_type: FileType) -> Result<Option<Seen>, Failure> {
    let bare = |kind| Found { kind, fingerprint: Fingerprint::default() };
    let found = match file_type {
        FileType::RegularFile | FileType::Unknown => match look_at(directory, name) {
            Ok(stat) if stat.kind == Kind::File => stat.found(),
            Ok(stat) => bare(stat.kind),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(unseen(name, error)),
        },
        FileType::Directory
        | FileType::Symlink
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice => bare(kind_of(file_type)),
    };
    Ok(Some(Seen { name: names::from_disk(name.to_bytes()), found, form: Form::Plain }))
}

/// Says as what a link takes part, if it does.
fn show_link(root: &Root, path: &RelPath, directory: &OwnedFd, name: &CStr) -> Result<Option<Seen>, Failure> {
    let form = match root.links {
        Links::Skip => return Ok(None),
        Links::Translate => Form::Link,
        Links::Follow => Form::Followed,
    };
    let stat = match form.look(directory, name.to_bytes()) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(unseen(name, error)),
    };
    let is_hidden = match stat.kind {
        Kind::File | Kind::Special | Kind::OtherFileSystem => false,
        Kind::Directory => root.is_above(path, &stat)?,
        Kind::Link => true,
    };
    if is_hidden {
        return Ok(None);
    }
    let name = match form {
        Form::Link => listed_name(directory, name.to_bytes())?,
        Form::Plain | Form::Followed => names::from_disk(name.to_bytes()),
    };
    Ok(Some(Seen { name, found: stat.found(), form }))
}

/// Returns whether a directory is on the file system of the root, where that matters.
fn is_inside(root: &Root, directory: &OwnedFd, name: &CStr, form: Form) -> Result<bool, Failure> {
    let Some(device) = root.only_device else { return Ok(true) };
    match form.look(directory, name.to_bytes()) {
        Ok(stat) => Ok(stat.device == device),
        // It has vanished, which listing it will tell.
        Err(Errno::NOENT) => Ok(true),
        Err(error) => Err(unseen(name, error)),
    }
}

fn unseen(name: &CStr, error: Errno) -> Failure {
    let Failure { kind, message } = failure(error);
    let name = names::from_disk(name.to_bytes());
    Failure { kind, message: format!("cannot look at `{name}`: {message}") }
}

fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

#[cfg(target_os = "linux")]
mod system {
    use super::{CStr, Failure, FileType, OwnedFd, failure, is_dots};
    use rustix::fs::RawDir;

    /// How much of a directory is read at once, in bytes: about a thousand names.
    const BUFFER: usize = 32 * 1024;

    /// Calls `visit` for every name in an open directory.
    pub fn each_name(
        directory: &OwnedFd,
        mut visit: impl FnMut(&CStr, FileType) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut buffer = Vec::with_capacity(BUFFER);
        let mut entries = RawDir::new(directory, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(failure)?;
            if !is_dots(entry.file_name()) {
                visit(entry.file_name(), entry.file_type())?;
            }
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{CStr, Failure, FileType, OwnedFd, failure, is_dots};
    use rustix::fs::Dir;

    /// Calls `visit` for every name in an open directory.
    pub fn each_name(
        directory: &OwnedFd,
        mut visit: impl FnMut(&CStr, FileType) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for entry in Dir::read_from(directory).map_err(failure)? {
            let entry = entry.map_err(failure)?;
            if !is_dots(entry.file_name()) {
                visit(entry.file_name(), entry.file_type())?;
            }
        }
        Ok(())
    }
}
