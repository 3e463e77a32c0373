//! What a server tells of files and directories.

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::protocol::{Expect, Failure, FailureKind};
use russh_sftp::protocol::FileAttributes;

use crate::backend::failed;

/// The bits of a mode that say what it is.
const TYPE: u32 = 0o170_000;
/// The bits of a mode that say who may do what.
const PERMISSIONS: u32 = 0o777;

/// Returns what attributes are of. Where a server does not say, it is a file, as in rclone.
pub fn kind(attributes: &FileAttributes) -> Kind {
    match attributes.permissions.unwrap_or_default() & TYPE {
        0 | 0o100_000 => Kind::File,
        0o040_000 => Kind::Directory,
        0o120_000 => Kind::Link,
        _ => Kind::Special,
    }
}

/// Returns what was found.
pub fn found(attributes: &FileAttributes) -> Found {
    let kind = kind(attributes);
    let modified = attributes.mtime.map(|seconds| Instant { seconds: seconds.into(), nanoseconds: 0 });
    let size = attributes.size.filter(|_| kind == Kind::File);
    Found { kind, fingerprint: Fingerprint { size, modified, ..Fingerprint::default() } }
}

/// Returns who may do what with a file, where that is told.
pub fn permissions(attributes: &FileAttributes) -> Option<u32> {
    attributes.permissions.map(|mode| mode & PERMISSIONS)
}

/// Returns a modification time to set: the nearest that the 32 bits of the protocol can say. Cut off, as rclone does it, 1969 would be 2106,
/// and newer than all else.
pub fn times(modified: Instant) -> FileAttributes {
    let seconds = u32::try_from(modified.seconds.max(0)).unwrap_or(u32::MAX);
    FileAttributes { atime: Some(seconds), mtime: Some(seconds), ..FileAttributes::empty() }
}

/// Makes sure that what is there is what is expected. What is expected to be a file was asked for through links, what is expected
/// to be nothing was not.
///
/// # Errors
/// Refuses when it is something else.
pub fn check(there: Option<&FileAttributes>, expect: &Expect) -> Result<(), Failure> {
    match (there.map(found), expect) {
        (None, Expect::Absent) => Ok(()),
        (Some(found), Expect::Exactly(version)) if found.kind == Kind::File && is_still(version, &found) => Ok(()),
        (None, Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it is not there any more")),
        (Some(_), Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it was changed meanwhile")),
        (Some(found), Expect::Absent) if found.kind == Kind::Directory => {
            Err(failed(FailureKind::WrongKind, "a directory is there"))
        }
        (Some(_), Expect::Absent) => Err(failed(FailureKind::Refused, "something is there already")),
    }
}

/// Says whether a file is still a version of it.
pub fn is_still(version: &Fingerprint, found: &Found) -> bool {
    version.is_still(&found.fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_is_known() {
        let check = |permissions, expected| {
            assert_eq!(kind(&FileAttributes { permissions, ..FileAttributes::empty() }), expected);
        };
        check(None, Kind::File);
        check(Some(0o644), Kind::File);
        check(Some(0o100_644), Kind::File);
        check(Some(0o040_755), Kind::Directory);
        check(Some(0o120_777), Kind::Link);
        check(Some(0o140_777), Kind::Special);
        check(Some(0o010_644), Kind::Special);
    }

    #[test]
    fn times_are_the_nearest_that_can_be_said() {
        let check = |seconds, expected| {
            assert_eq!(times(Instant { seconds, nanoseconds: 999_999_999 }).mtime, Some(expected), "{seconds}");
        };
        check(1_600_000_000, 1_600_000_000);
        check(-1, 0);
        check(1 << 32, u32::MAX);
    }
}
