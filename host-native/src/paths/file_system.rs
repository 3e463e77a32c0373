//! Which file system a directory is in, in words that stay the same when it is mounted again.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// Kinds that are on a disk of this machine, or in its memory. What is read there comes soon, or not at all.
const OF_DISKS: [&str; 9] = ["bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "tmpfs", "xfs", "zfs"];

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Its kind, as the system calls it: `ext4`.
    kind: String,
    /// What no other one has, where that is known: a number made from its UUID, the UUID itself, or what was mounted from a server.
    id: Option<String>,
}

impl FileSystem {
    /// Returns the file system of a directory; `None` where the system does not say, or there is no such directory.
    pub fn of(directory: &Path) -> Option<Self> {
        system::of(directory)
    }

    /// Says whether what is in it is on a disk of this machine, or in its memory.
    pub fn is_of_disk(&self) -> bool {
        OF_DISKS.contains(&self.kind.as_str())
    }

    /// Reads what was written with `to_string`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(' ').map_or((text, None), |(kind, id)| (kind, Some(id.to_owned())));
        (!kind.is_empty()).then(|| Self { kind: kind.to_owned(), id })
    }

    /// Says whether this may be the other one, of which more is known.
    pub fn knows_less_than(&self, other: Option<&Self>) -> bool {
        self.id.is_none() && other.is_some_and(|other| other.kind == self.kind && other.id.is_some())
    }

    /// Says whether this is surely another one. The kind alone may change with the driver.
    pub fn is_other_than(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(other)) => one != other,
            (Some(_) | None, _) => self.kind != other.kind,
        }
    }
}

impl Display for FileSystem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let id = self.id.iter().map(|id| format!(" {id}"));
        write!(f, "{}{}", self.kind, id.collect::<String>())
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::path::Path;

    use procfs::process::Process;
    use rustix::fs::{AtFlags, CWD, StatxFlags, statvfs, statx};

    use super::FileSystem;

    /// Kinds whose number in `statvfs` is made from their UUID, as Linux has it (`uuid_to_fsid`); that of most others is made from the
    /// device, which may be another one the next time.
    const NUMBERED: [&str; 4] = ["ext2", "ext3", "ext4", "btrfs"];

    /// Kinds whose source says what was mounted.
    const NAMED: [&str; 7] = ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "zfs"];

    /// Where the system keeps a link to each disk under its UUID. In containers there is none.
    const DISKS: &str = "/dev/disk/by-uuid";

    pub fn of(directory: &Path) -> Option<FileSystem> {
        let id = statx(CWD, directory, AtFlags::empty(), StatxFlags::MNT_ID).ok()?.stx_mnt_id;
        let mounts = Process::myself().ok()?.mountinfo().ok()?;
        let mount = mounts.into_iter().find(|mount| u64::try_from(mount.mnt_id).is_ok_and(|number| number == id))?;
        let kind = mount.fs_type;
        let id = if NUMBERED.contains(&kind.as_str()) {
            Some(format!("{:016x}", statvfs(directory).ok()?.f_fsid))
        } else {
            mount.mount_source.and_then(|source| identity(&kind, source))
        };
        Some(FileSystem { kind, id })
    }

    /// Returns what tells a file system from others of its kind, given what was mounted.
    pub(super) fn identity(kind: &str, source: String) -> Option<String> {
        if source.starts_with("/dev/") {
            return uuid(Path::new(&source));
        }
        // Of others the source is a word without a meaning, or a list that may grow.
        NAMED.contains(&kind).then(|| source.replace(['\n', '\r'], " "))
    }

    fn uuid(device: &Path) -> Option<String> {
        let device = fs::canonicalize(device).ok()?;
        let mut links = fs::read_dir(DISKS).ok()?.filter_map(Result::ok);
        let link = links.find(|link| fs::canonicalize(link.path()).is_ok_and(|found| found == device))?;
        link.file_name().into_string().ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    use super::FileSystem;

    pub fn of(_: &Path) -> Option<FileSystem> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_disk_is_another_file_system() {
        let check = |now: &str, before: &str, expected: bool| {
            let [now, before] = [now, before].map(|text| FileSystem::parse(text).unwrap());
            assert_eq!(now.is_other_than(&before), expected, "{now} {before}");
            assert_eq!(before.is_other_than(&now), expected, "{before} {now}");
        };
        check("ext4 5f3c", "ext4 5f3c", false);
        check("ext4 5f3c", "ext4 91aa", true);
        check("ext4 5f3c", "vfat 9A1B-2C3D", true);
        // Another driver.
        check("fuseblk 01D5", "ntfs3 01D5", false);
        check("vfat", "vfat 9A1B-2C3D", false);
        check("ext4 5f3c", "vfat", true);
        check("nfs4 nas:/home", "nfs4 nas:/photos", true);
        check("cifs //nas/my photos", "cifs //nas/my photos", false);
    }

    #[test]
    fn what_is_behind_a_server_or_a_program_is_of_no_disk() {
        let check =
            |text: &str, expected| assert_eq!(FileSystem::parse(text).unwrap().is_of_disk(), expected, "{text}");
        check("ext4 5f3c", true);
        check("tmpfs", true);
        check("nfs4 nas:/home", false);
        check("fuse.sshfs me@host:/home", false);
        check("overlay", false);
    }

    #[test]
    fn a_kind_alone_says_less() {
        let check = |now: &str, before: Option<&str>, expected: bool| {
            let [now, before] = [Some(now), before].map(|text| text.and_then(FileSystem::parse));
            assert_eq!(now.unwrap().knows_less_than(before.as_ref()), expected, "{before:?}");
        };
        check("vfat", Some("vfat 9A1B-2C3D"), true);
        check("vfat", Some("vfat"), false);
        check("vfat", Some("ext4 5f3c"), false);
        check("vfat", None, false);
        check("vfat 9A1B-2C3D", Some("vfat 0000-0000"), false);
    }

    #[test]
    fn what_was_written_is_read() {
        for text in ["ext4", "cifs //nas/my photos"] {
            assert_eq!(FileSystem::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(FileSystem::parse(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn directories_of_one_file_system_have_the_same_one() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("below")).unwrap();
        let of = |path: &str| FileSystem::of(&home.path().join(path));
        assert!(of("").is_some());
        assert_eq!(of("below"), of(""));
        assert_eq!(of("missing"), None);
        assert!(FileSystem::of(Path::new("/proc")).unwrap().is_other_than(&of("").unwrap()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_what_means_something_tells_file_systems_apart() {
        let check = |kind: &str, source: &str, expected: Option<&str>| {
            assert_eq!(system::identity(kind, source.to_owned()).as_deref(), expected, "{source}");
        };
        check("nfs4", "nas:/home", Some("nas:/home"));
        check("cifs", "//nas/photos", Some("//nas/photos"));
        check("fuse.sshfs", "me@host:/home", Some("me@host:/home"));
        check("zfs", "pool/home", Some("pool/home"));
        check("tmpfs", "tmpfs", None);
        check("overlay", "none", None);
        check("fuse.mergerfs", "/a:/b", None);
        check("vfat", "/dev/missing", None);
    }
}
