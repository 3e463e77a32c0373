//! Errors of the standard library in plain words.

use std::io;

use bisync_engine::protocol::{Failure, FailureKind};
use rustix::io::Errno;

use crate::errno;

/// Returns the failure that an error is.
pub fn failure(error: &io::Error) -> Failure {
    let other = || Failure { kind: FailureKind::Other, message: error.to_string() };
    Errno::from_io_error(error).map_or_else(other, errno::failure)
}

/// Returns what went wrong, to follow a colon: `permission denied`.
pub fn reason(error: &io::Error) -> String {
    failure(error).message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_plain() {
        let check = |error: io::Error, expected: &str| assert_eq!(reason(&error), expected);
        check(io::Error::from_raw_os_error(2), "no such file or directory");
        check(io::Error::other("not UTF-8"), "not UTF-8");
    }
}
