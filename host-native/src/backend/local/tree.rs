//! What a local backend holds: its root, its backup directory, and what the file system was found to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::open::{Root, Sight};
use super::probe::capabilities;
use super::stat::{Stat, look};
use crate::backend::Transport;
use crate::backend::failed;
use crate::errno::failure;

/// A folder of the local file system.
#[derive(Debug)]
pub struct Tree {
    /// The folder.
    pub root: Root,
    /// Its absolute path, as it was when it was opened.
    pub path: PathBuf,
    /// Whether what comes to it keeps its metadata.
    pub metadata: bool,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Whether files are still thought to be able to share their blocks.
    pub shares: AtomicBool,
    /// How content is copied here.
    pub transport: Transport,
    backup: Option<Backup>,
    /// The device of the root's file system.
    device: u64,
    /// A directory of each other file system, mounted below the root, to which something was written.
    mounted: Mutex<BTreeMap<u64, Arc<OwnedFd>>>,
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
        let device = look(&open_root(&root)?).map_err(failure)?.device;
        let backup = backup.map(|path| Backup { path: path.to_owned(), root: OnceLock::new() });
        let path = std::path::absolute(path).map_err(|error| crate::failure::failure(&error))?;
        Ok(Self {
            root,
            path,
            metadata: sight.metadata,
            capabilities,
            shares: AtomicBool::new(true),
            transport: Transport::default(),
            backup,
            device,
            mounted: Mutex::default(),
        })
    }

    /// Returns what a copy of the folder does not have: its number in the file system and when it was made, where that is kept.
    pub fn identity(&self) -> Option<String> {
        let stat = look(&open_root(&self.root).ok()?).ok()?;
        let born = stat.born.map_or_else(String::new, |born| format!("-{}.{:09}", born.seconds, born.nanoseconds));
        Some(format!("{}{born}", stat.inode))
    }

    /// Takes note that something was written to a directory, which is on this device.
    pub fn written(&self, directory: &Arc<OwnedFd>, device: u64) {
        if device != self.device {
            let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
            mounted.entry(device).or_insert_with(|| Arc::clone(directory));
        }
    }

    /// Returns the directory for backups.
    pub fn backup(&self) -> Result<&Root, Failure> {
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

    /// Makes durable what was written to the file systems of the root, of what is mounted below it, and of the backup
    /// directory.
    pub fn flush(&self) -> Result<(), Failure> {
        sync(&self.root)?;
        let mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.values().try_for_each(|directory| system::sync(directory).map_err(failure))?;
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

fn open_root(root: &Root) -> Result<OwnedFd, Failure> {
    root.open_path(&RelPath::root(), OFlags::RDONLY | OFlags::DIRECTORY)
}

fn sync(root: &Root) -> Result<(), Failure> {
    system::sync(&open_root(root)?).map_err(failure)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mounted_below_the_root_is_made_durable_too() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::open(folder.path(), None, Sight::default()).unwrap();
        let check = |path: &Path, expected: usize| {
            let directory = Arc::new(OwnedFd::from(std::fs::File::open(path).unwrap()));
            tree.written(&directory, look(&directory).unwrap().device);
            assert_eq!(tree.mounted.lock().unwrap().len(), expected, "{}", path.display());
            tree.flush().unwrap();
        };
        check(folder.path(), 0);
        #[cfg(target_os = "linux")]
        [(); 2].iter().for_each(|()| check(Path::new("/proc"), 1));
    }
}
