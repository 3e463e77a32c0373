//! A disk of its own, for what disks do.

use std::path::PathBuf;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// A small disk, mounted for as long as this lives.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts a disk at a directory; `None` when the user may not, which is said then.
    pub fn mount(path: PathBuf, flags: MountFlags) -> Option<Self> {
        match mount("tmpfs", &path, "tmpfs", flags, c"size=256k") {
            Ok(()) => Some(Self(path)),
            Err(error) => {
                eprintln!("skipped: a disk can only be mounted by root: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}
