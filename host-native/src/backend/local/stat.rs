//! What the system knows about a file.

use std::os::fd::AsFd;

use bisync_engine::entry::{FileId, Fingerprint, Found, Instant, Kind};
use rustix::fs::{AtFlags, FileType, Mode, RawMode};
use rustix::io::Result;
use rustix::path::Arg;

/// The permission bits of a file that a link becomes; a link has none of its own.
const LINK_PERMISSIONS: u32 = 0o666;

/// What there is at a name.
#[derive(Debug, Clone)]
pub struct Stat {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Which version it is.
    pub fingerprint: Fingerprint,
    /// What kind of thing it is and all its permission bits, as the system keeps them.
    pub mode: u32,
    /// The permission bits, without those for set-user-id and the like.
    pub permissions: u32,
    /// The user and the group that own it.
    pub owner: (u32, u32),
    /// When it was last read, as far as the system keeps that.
    pub accessed: Instant,
    /// When anything about it was last changed.
    pub changed: Instant,
    /// When it was made; `None` where that is not kept.
    pub born: Option<Instant>,
    /// The number that the file system knows it by.
    pub inode: u64,
    /// The number of the file system.
    pub device: u64,
    /// How many names it has: more than one where there are hard links to it.
    pub names: u64,
    /// The bytes that it takes on the disk.
    pub allocated_bytes: u64,
}

impl Stat {
    /// Makes a link a file, where links take part as files.
    pub fn translated(self) -> Self {
        match self.kind {
            Kind::Link => Self { kind: Kind::File, permissions: LINK_PERMISSIONS, ..self },
            Kind::File | Kind::Directory | Kind::Special | Kind::OtherFileSystem => self,
        }
    }

    /// Returns what the engine is told: of a directory only the time, of links and special files nothing.
    pub fn found(self) -> Found {
        let fingerprint = match self.kind {
            Kind::File => self.fingerprint,
            Kind::Directory => Fingerprint { modified: self.fingerprint.modified, ..Fingerprint::default() },
            Kind::Link | Kind::Special | Kind::OtherFileSystem => Fingerprint::default(),
        };
        Found { kind: self.kind, fingerprint }
    }
}

/// Looks at a name in a directory. A symbolic link is not followed.
pub fn look_at(directory: impl AsFd, name: impl Arg) -> Result<Stat> {
    system::stat(directory, name, AtFlags::SYMLINK_NOFOLLOW | system::NO_AUTOMOUNT)
}

/// Looks at a name in a directory, or at what it leads to when it is a symbolic link.
pub fn look_behind(directory: impl AsFd, name: impl Arg) -> Result<Stat> {
    system::stat(directory, name, system::NO_AUTOMOUNT)
}

/// Looks at something that is open.
pub fn look(file: impl AsFd) -> Result<Stat> {
    system::stat_open(file)
}

/// Returns what kind of thing the system means.
pub fn kind_of(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        FileType::Fifo | FileType::Socket | FileType::CharacterDevice | FileType::BlockDevice | FileType::Unknown => {
            Kind::Special
        }
    }
}

/// Returns permission bits as the system takes them: in an integer of its own size.
pub fn mode(bits: u32) -> Mode {
    Mode::from_bits_truncate(bits as RawMode)
}

/// Packs an inode and its birth time: inodes alone are used again.
fn file_id(inode: u64, born: Instant) -> Option<FileId> {
    let born_ns = i128::from(born.seconds) * 1_000_000_000 + i128::from(born.nanoseconds);
    let packed = u128::from(inode) << 64 | u128::from(born_ns as u64);
    (born_ns != 0 && packed != 0).then_some(FileId(packed))
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Arg, AsFd, AtFlags, FileType, Fingerprint, Instant, Result, Stat, file_id, kind_of};
    use rustix::fs::{Statx, StatxFlags, StatxTimestamp, statx};

    pub const NO_AUTOMOUNT: AtFlags = AtFlags::NO_AUTOMOUNT;

    pub fn stat(directory: impl AsFd, name: impl Arg, flags: AtFlags) -> Result<Stat> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        Ok(read(&statx(directory, name, flags, wanted)?))
    }

    pub fn stat_open(file: impl AsFd) -> Result<Stat> {
        stat(file, c"", AtFlags::EMPTY_PATH)
    }

    fn read(stat: &Statx) -> Stat {
        let known = StatxFlags::from_bits_retain(stat.stx_mask);
        let born = known.contains(StatxFlags::BTIME).then(|| instant(&stat.stx_btime));
        Stat {
            kind: kind_of(FileType::from_raw_mode(u32::from(stat.stx_mode))),
            fingerprint: Fingerprint {
                size: Some(stat.stx_size),
                modified: Some(instant(&stat.stx_mtime)),
                hash: None,
                id: born.and_then(|born| file_id(stat.stx_ino, born)),
            },
            mode: u32::from(stat.stx_mode),
            permissions: u32::from(stat.stx_mode) & 0o777,
            owner: (stat.stx_uid, stat.stx_gid),
            accessed: instant(&stat.stx_atime),
            changed: instant(&stat.stx_ctime),
            born,
            inode: stat.stx_ino,
            device: u64::from(stat.stx_dev_major) << 32 | u64::from(stat.stx_dev_minor),
            names: u64::from(stat.stx_nlink),
            allocated_bytes: stat.stx_blocks.saturating_mul(512),
        }
    }

    fn instant(time: &StatxTimestamp) -> Instant {
        Instant { seconds: time.tv_sec, nanoseconds: time.tv_nsec }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Arg, AsFd, AtFlags, FileType, Fingerprint, Instant, Result, Stat, file_id, kind_of};

    pub const NO_AUTOMOUNT: AtFlags = AtFlags::empty();

    pub fn stat(directory: impl AsFd, name: impl Arg, flags: AtFlags) -> Result<Stat> {
        Ok(read(&rustix::fs::statat(directory, name, flags)?))
    }

    pub fn stat_open(file: impl AsFd) -> Result<Stat> {
        Ok(read(&rustix::fs::fstat(file)?))
    }

    fn read(stat: &rustix::fs::Stat) -> Stat {
        let born = Instant { seconds: stat.st_birthtime, nanoseconds: stat.st_birthtime_nsec as u32 };
        Stat {
            kind: kind_of(FileType::from_raw_mode(stat.st_mode)),
            fingerprint: Fingerprint {
                size: u64::try_from(stat.st_size).ok(),
                modified: Some(Instant { seconds: stat.st_mtime, nanoseconds: stat.st_mtime_nsec as u32 }),
                hash: None,
                id: file_id(stat.st_ino, born),
            },
            mode: u32::from(stat.st_mode),
            permissions: u32::from(stat.st_mode) & 0o777,
            owner: (stat.st_uid, stat.st_gid),
            accessed: Instant { seconds: stat.st_atime, nanoseconds: stat.st_atime_nsec as u32 },
            changed: Instant { seconds: stat.st_ctime, nanoseconds: stat.st_ctime_nsec as u32 },
            born: Some(born),
            inode: stat.st_ino,
            device: stat.st_dev as u64,
            names: u64::from(stat.st_nlink),
            allocated_bytes: u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inode_that_is_used_again_is_another_file() {
        let born = |seconds, nanoseconds| Instant { seconds, nanoseconds };
        let ids = [(1, born(1, 0)), (1, born(1, 1)), (1, born(2, 0)), (2, born(1, 0)), (1, born(-1, 0))]
            .map(|(inode, born)| file_id(inode, born).unwrap());
        assert_eq!(std::collections::BTreeSet::from(ids).len(), ids.len());
        assert_eq!(file_id(1, born(0, 0)), None);
    }
}
