//! What a local backend holds: its root, its backup directory, and what the file system was found to do.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, Disposal, Failure, FailureKind};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::carry::carry;
use super::failure::{failure, naming_failure};
use super::open::{Root, Sight};
use super::place::Place;
use super::probe::capabilities;
use super::stat::{Stat, look};
use super::transfer::Transport;
use crate::backend::failed;

/// A folder of the local file system.
#[derive(Debug)]
pub struct Tree {
    /// The folder.
    pub root: Root,
    /// Whether what comes to it keeps its metadata.
    pub metadata: bool,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Whether files are still thought to be able to share their blocks.
    pub shares: AtomicBool,
    /// How content is copied here.
    pub transport: Transport,
    backup: Option<Backup>,
}

/// A directory for what is replaced and deleted, made when it is first needed.
#[derive(Debug)]
struct Backup {
    path: PathBuf,
    root: OnceLock<Root>,
}

impl Tree {
    /// Opens a folder, and names the directory where it keeps backups.
    pub fn open(path: &Path, backup: Option<&Path>, sight: Sight) -> Result<Self, Failure> {
        let root = Root::open(path, sight)?;
        let capabilities = capabilities(&root)?;
        let backup = backup.map(|path| Backup { path: path.to_owned(), root: OnceLock::new() });
        Ok(Self {
            root,
            metadata: sight.metadata,
            capabilities,
            shares: AtomicBool::new(true),
            transport: Transport::default(),
            backup,
        })
    }

    /// Makes sure that a disposal is possible at all, before anything is changed.
    pub fn check_disposal(&self, disposal: &Disposal) -> Result<(), Failure> {
        match disposal {
            Disposal::Discard => Ok(()),
            Disposal::Backup(_) => self.backup().map(|_| ()),
        }
    }

    /// Moves the file at `place` to `path` in the backup directory; a file that is there is replaced.
    pub fn back_up(&self, place: &Place, path: &RelPath) -> Result<(), Failure> {
        let target = self.backup()?.place_made(path, None)?;
        let renamed = if place.is_carried_to(&target) { Err(Errno::XDEV) } else { place.rename_over(&target) };
        match renamed {
            Err(Errno::XDEV) => {
                carry(place, &target, true, &self.transport)?;
                place.unlink().map_err(failure)
            }
            renamed => renamed.map_err(naming_failure),
        }
    }

    /// Copies the file at `place` to `path` in the backup directory; a file that is there is replaced.
    pub fn back_up_copy(&self, place: &Place, path: &RelPath) -> Result<(), Failure> {
        carry(place, &self.backup()?.place_made(path, None)?, true, &self.transport)
    }

    fn backup(&self) -> Result<&Root, Failure> {
        let no_backup = || failed(FailureKind::Other, "no backup directory was given");
        let backup = self.backup.as_ref().ok_or_else(no_backup)?;
        if let Some(root) = backup.root.get() {
            return Ok(root);
        }
        std::fs::create_dir_all(&backup.path)
            .map_err(|error| failure(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        // There a link is the file as which it took part: under its own name it could replace another backup.
        let opened = Root::open(&backup.path, Sight::default())?;
        Ok(backup.root.get_or_init(|| opened))
    }

    /// Makes durable what was written to the file systems of the root and of the backup directory.
    pub fn flush(&self) -> Result<(), Failure> {
        sync(&self.root)?;
        self.backup.as_ref().and_then(|backup| backup.root.get()).map_or(Ok(()), sync)
    }

    /// Says what there is at a path; below a file or a link there is nothing.
    pub fn describe(&self, path: &RelPath) -> Result<Option<Stat>, Failure> {
        if path.is_root() {
            let root = self.root.open_path(path, OFlags::RDONLY)?;
            return look(&root).map(Some).map_err(failure);
        }
        match self.root.place(path) {
            Ok(place) => place.look(),
            Err(Failure { kind: FailureKind::NotFound | FailureKind::WrongKind, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

fn sync(root: &Root) -> Result<(), Failure> {
    let directory = root.open_path(&RelPath::root(), OFlags::RDONLY | OFlags::DIRECTORY)?;
    system::sync(&directory).map_err(failure)
}

#[cfg(target_os = "linux")]
mod system {
    pub use rustix::fs::syncfs as sync;
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::fd::OwnedFd;

    pub fn sync(_: &OwnedFd) -> rustix::io::Result<()> {
        rustix::fs::sync();
        Ok(())
    }
}
