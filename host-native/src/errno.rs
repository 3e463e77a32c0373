//! What an error of the system means to the engine.

use bisync_engine::protocol::{Failure, FailureKind};
use rustix::io::Errno;

/// Returns the failure that an error of the system is, in its plain words.
pub fn failure(error: Errno) -> Failure {
    Failure { kind: kind(error), message: message(error) }
}

/// Returns the failure that an error is where a name was given to something new.
///
/// Linux says `EINVAL` when a file system cannot hold the characters of the name.
pub fn naming_failure(error: Errno) -> Failure {
    match error {
        Errno::INVAL => Failure { kind: FailureKind::ImpossibleName, message: "this name is not possible here".into() },
        _ => failure(error),
    }
}

fn kind(error: Errno) -> FailureKind {
    match error {
        Errno::ACCESS | Errno::PERM => FailureKind::PermissionDenied,
        Errno::ROFS => FailureKind::ReadOnly,
        Errno::NOSPC | Errno::DQUOT => FailureKind::NoSpace,
        Errno::NAMETOOLONG | Errno::ILSEQ => FailureKind::ImpossibleName,
        Errno::NOENT => FailureKind::NotFound,
        // A parent that became a symbolic link gives `ELOOP`.
        Errno::NOTDIR | Errno::ISDIR | Errno::LOOP => FailureKind::WrongKind,
        Errno::NOTEMPTY => FailureKind::NotEmpty,
        Errno::EXIST => FailureKind::Refused,
        Errno::AGAIN | Errno::BUSY | Errno::INTR | Errno::TXTBSY | Errno::STALE => FailureKind::Busy,
        Errno::IO
        | Errno::NOMEM
        | Errno::MFILE
        | Errno::NFILE
        | Errno::TIMEDOUT
        | Errno::HOSTDOWN
        | Errno::HOSTUNREACH
        | Errno::NETDOWN
        | Errno::NETUNREACH
        | Errno::NOTCONN => FailureKind::Temporary,
        _ => FailureKind::Other,
    }
}

fn message(error: Errno) -> String {
    if error == Errno::LOOP {
        return "a symbolic link is in the way".to_owned();
    }
    let text = std::io::Error::from(error).to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_a_kind_and_plain_words() {
        let check = |error, kind, message: &str| {
            assert_eq!(failure(error), Failure { kind, message: message.to_owned() });
        };
        check(Errno::ACCESS, FailureKind::PermissionDenied, "permission denied");
        check(Errno::PERM, FailureKind::PermissionDenied, "operation not permitted");
        check(Errno::ROFS, FailureKind::ReadOnly, "read-only file system");
        check(Errno::NOSPC, FailureKind::NoSpace, "no space left on device");
        check(Errno::DQUOT, FailureKind::NoSpace, "disk quota exceeded");
        check(Errno::NAMETOOLONG, FailureKind::ImpossibleName, "file name too long");
        check(Errno::NOENT, FailureKind::NotFound, "no such file or directory");
        check(Errno::NOTDIR, FailureKind::WrongKind, "not a directory");
        check(Errno::ISDIR, FailureKind::WrongKind, "is a directory");
        check(Errno::LOOP, FailureKind::WrongKind, "a symbolic link is in the way");
        check(Errno::NOTEMPTY, FailureKind::NotEmpty, "directory not empty");
        check(Errno::EXIST, FailureKind::Refused, "file exists");
        check(Errno::TXTBSY, FailureKind::Busy, "text file busy");
        check(Errno::IO, FailureKind::Temporary, "input/output error");
        check(Errno::XDEV, FailureKind::Other, "invalid cross-device link");
        assert_eq!(naming_failure(Errno::INVAL).kind, FailureKind::ImpossibleName);
        assert_eq!(naming_failure(Errno::IO).kind, FailureKind::Temporary);
    }
}
