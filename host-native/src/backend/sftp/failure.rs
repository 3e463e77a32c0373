//! Errors of servers and of connections, as failures.

use bisync_engine::protocol::{Failure, FailureKind};
use russh_sftp::client::error::Error;
use russh_sftp::protocol::{Status, StatusCode};

use crate::backend::failed;

/// So much of what a server says is told.
const LONGEST: usize = 200;

/// Returns the failure that an error of a request is.
pub fn of_request(error: &Error) -> Failure {
    match error {
        Error::Status(status) => of_status(status),
        Error::Timeout => no_answer(),
        // Whatever it is, the connection is of no more use, and another one may be.
        Error::IO(_) | Error::Limited(_) | Error::UnexpectedPacket | Error::UnexpectedBehavior(_) => broken(),
    }
}

/// Says whether a connection can still be used after an error.
pub fn leaves_connection(error: &Error) -> bool {
    matches!(error, Error::Status(status) if !is_lost(status.status_code))
}

/// Returns the failure of a connection that broke.
pub fn broken() -> Failure {
    failed(FailureKind::Temporary, "the connection to the server broke off")
}

/// Returns the failure of a server that says nothing.
pub fn no_answer() -> Failure {
    failed(FailureKind::Temporary, "the server does not answer")
}

fn of_status(status: &Status) -> Failure {
    let said: String = status.error_message.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    let lower = said.to_lowercase();
    let kind = match status.status_code {
        StatusCode::NoSuchFile => return failed(FailureKind::NotFound, "no such file or directory"),
        StatusCode::PermissionDenied => return failed(FailureKind::PermissionDenied, "permission denied"),
        code if is_lost(code) => return broken(),
        _ if lower.contains("no space left") || lower.contains("quota exceeded") => FailureKind::NoSpace,
        _ if lower.contains("read-only") => FailureKind::ReadOnly,
        _ => FailureKind::Other,
    };
    let said = if said.is_empty() { status.status_code.to_string() } else { said };
    failed(kind, &format!("the server says: {}", said.to_lowercase()))
}

fn is_lost(code: StatusCode) -> bool {
    matches!(code, StatusCode::NoConnection | StatusCode::ConnectionLost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_is_understood() {
        let check = |status_code, said: &str, kind, expected: &str| {
            let status = Status { id: 1, status_code, error_message: said.into(), language_tag: String::new() };
            let failure = of_request(&Error::Status(status));
            assert_eq!((failure.kind, &*failure.message), (kind, expected));
        };
        check(StatusCode::NoSuchFile, "x", FailureKind::NotFound, "no such file or directory");
        check(StatusCode::PermissionDenied, "", FailureKind::PermissionDenied, "permission denied");
        check(StatusCode::Failure, "Failure\n", FailureKind::Other, "the server says: failure");
        check(StatusCode::Failure, "No space left", FailureKind::NoSpace, "the server says: no space left");
        check(StatusCode::ConnectionLost, "", FailureKind::Temporary, "the connection to the server broke off");
    }
}
