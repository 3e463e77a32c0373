//! Finds out what a file system does, without writing anything.

use bisync_engine::metadata::Keeps;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, Failure};
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, OFlags, flistxattr_query};
use rustix::io::{Errno, Result as SystemResult};
use rustix::process::geteuid;

use super::hash::Algorithm;
use super::open::Root;
use super::stat::look_at;
use crate::errno::failure;

/// Returns what a folder can do.
pub fn capabilities(root: &Root) -> Result<Capabilities, Failure> {
    let directory = root.open_path(&RelPath::root(), OFlags::RDONLY | OFlags::DIRECTORY)?;
    Ok(Capabilities {
        time_precision_ns: Some(system::time_precision_ns(&directory)),
        sets_time: true,
        hashes: Algorithm::names(),
        slow_hashes: true,
        case_insensitive: match finds_other_case(&directory).map_err(failure)? {
            Some(finds) => finds,
            None => system::folds_case(&directory),
        },
        keeps: keeps(&directory),
    })
}

/// Returns which metadata is kept. Only root can give files away, so for others the owner is nothing that they set.
fn keeps(directory: &OwnedFd) -> Keeps {
    let permissions = system::keeps_permissions(directory);
    Keeps {
        permissions,
        owner: permissions && geteuid().is_root(),
        attributes: !matches!(flistxattr_query(directory), Err(Errno::OPNOTSUPP | Errno::NOSYS)),
    }
}

/// Looks up a name of the directory in the other case; `None` when it has no name with letters.
fn finds_other_case(directory: &OwnedFd) -> SystemResult<Option<bool>> {
    let mut other_case = None;
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name.iter().any(u8::is_ascii_alphabetic) {
            other_case = Some((swap_case(&name), look_at(directory, &*name)));
            break;
        }
    }
    let Some((name, stat)) = other_case else { return Ok(None) };
    match (stat, look_at(directory, &*name)) {
        (Ok(listed), Ok(found)) if listed.inode == found.inode => {
            // Two names of one file, both listed, are hard links.
            let mut entries = Dir::read_from(directory)?;
            let listed = entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_bytes() == name));
            Ok(Some(!listed))
        }
        (Ok(_), Ok(_) | Err(Errno::NOENT)) => Ok(Some(false)),
        (Err(_), _) | (_, Err(_)) => Ok(None),
    }
}

fn swap_case(name: &[u8]) -> Vec<u8> {
    let swap =
        |byte: &u8| if byte.is_ascii_lowercase() { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
    name.iter().map(swap).collect()
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::fd::OwnedFd;
    use rustix::fs::{fstatfs, ioctl_getflags};

    /// `FS_CASEFOLD_FL` of `linux/fs.h`.
    const FOLDS_CASE: u32 = 0x4000_0000;

    /// HFS+.
    const HFS_PLUS: u64 = 0x482b;

    /// File systems by the numbers of `linux/magic.h`: the precision of their times in nanoseconds, and whether case does
    /// not matter to them unless they are told otherwise.
    const KNOWN: [(u64, u64, bool); 7] = [
        (0x4d44, 2_000_000_000, true),   // FAT
        (0x2011_bab0, 10_000_000, true), // exFAT
        (HFS_PLUS, 1_000_000_000, true),
        (0x7366_746e, 100, false), // NTFS
        (0x5346_544e, 100, false), // NTFS, the older driver
        (0xff53_4d42, 100, false), // CIFS
        (0xfe53_4d42, 100, false), // SMB
    ];

    pub fn time_precision_ns(directory: &OwnedFd) -> u64 {
        known(directory).map_or(1, |(_, precision, _)| precision)
    }

    /// Those of other systems make permissions up, for a whole mount.
    pub fn keeps_permissions(directory: &OwnedFd) -> bool {
        known(directory).is_none_or(|(magic, _, _)| magic == HFS_PLUS)
    }

    pub fn folds_case(directory: &OwnedFd) -> bool {
        let flagged = ioctl_getflags(directory).is_ok_and(|flags| flags.bits() & FOLDS_CASE != 0);
        flagged || known(directory).is_some_and(|(_, _, folds)| folds)
    }

    fn known(directory: &OwnedFd) -> Option<(u64, u64, bool)> {
        // The type is a number of 32 bits, with or without a sign.
        let number = u64::from(fstatfs(directory).ok()?.f_type as u32);
        KNOWN.into_iter().find(|(magic, _, _)| *magic == number)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::fd::OwnedFd;

    /// APFS keeps nanoseconds.
    pub fn time_precision_ns(_: &OwnedFd) -> u64 {
        1
    }

    /// What systems other than Linux mount keeps them.
    pub fn keeps_permissions(_: &OwnedFd) -> bool {
        true
    }

    /// What macOS does unless told otherwise.
    pub fn folds_case(_: &OwnedFd) -> bool {
        cfg!(target_os = "macos")
    }
}
