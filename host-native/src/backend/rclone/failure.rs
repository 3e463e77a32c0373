//! What rclone says when something failed.

use bisync_engine::protocol::{Failure, FailureKind};
use serde::Deserialize;

use super::failed;
use super::silence::Silence;

/// What is said where a call does not exist.
const TOO_OLD: &str = "this rclone is too old, it does not know";

/// The part of an answer that can be repeated: the rest is the request, with all that was in it.
#[derive(Deserialize)]
struct Answer {
    error: String,
}

/// What texts mean, in the order in which they are looked for. Small letters.
const MEANINGS: [(&str, FailureKind); 27] = [
    ("couldn't find method", FailureKind::Other),
    ("directory not found", FailureKind::NotFound),
    ("object not found", FailureKind::NotFound),
    ("bucket does not exist", FailureKind::NotFound),
    ("nosuchbucket", FailureKind::NotFound),
    ("no such file", FailureKind::NotFound),
    ("not empty", FailureKind::NotEmpty),
    ("is a file not a directory", FailureKind::WrongKind),
    ("is a file", FailureKind::WrongKind),
    ("not a directory", FailureKind::WrongKind),
    ("is a directory", FailureKind::WrongKind),
    ("source file is being updated", FailureKind::Changed),
    ("permission denied", FailureKind::PermissionDenied),
    ("access denied", FailureKind::PermissionDenied),
    ("accessdenied", FailureKind::PermissionDenied),
    ("forbidden", FailureKind::PermissionDenied),
    ("read-only", FailureKind::ReadOnly),
    ("no space left", FailureKind::NoSpace),
    ("quota", FailureKind::NoSpace),
    ("insufficient storage", FailureKind::NoSpace),
    ("name too long", FailureKind::ImpossibleName),
    ("timeout", FailureKind::Temporary),
    ("connection", FailureKind::Temporary),
    ("eof", FailureKind::Temporary),
    ("too many requests", FailureKind::Temporary),
    ("temporar", FailureKind::Temporary),
    ("corrupted on transfer", FailureKind::Temporary),
];

/// Returns the failure that an answer is about.
pub fn of_answer(status: u16, body: &[u8], secrets: &[String]) -> Failure {
    let text = serde_json::from_slice(body).map_or_else(|_| String::new(), |answer: Answer| answer.error);
    let words = text.to_lowercase();
    let meaning = MEANINGS.iter().find(|(part, _)| words.contains(part)).map(|(_, kind)| *kind);
    let kind = meaning.unwrap_or(match status {
        404 => FailureKind::NotFound,
        403 => FailureKind::PermissionDenied,
        429 | 502..=504 => FailureKind::Temporary,
        _ => FailureKind::Other,
    });
    let text = text.replace("couldn't find method", TOO_OLD);
    let text = if text.is_empty() { format!("rclone answers with status {status}") } else { text };
    failed(kind, &without_secrets(&text, secrets))
}

/// Says whether a failure is that of a call that this rclone does not know.
pub fn is_of_old_rclone(failure: &Failure) -> bool {
    failure.message.starts_with(TOO_OLD)
}

/// Returns the failure of a call that got no answer. The next one starts rclone again where that is needed.
pub fn of_silence(silence: &Silence) -> Failure {
    failed(
        FailureKind::Temporary,
        &format!("rclone does not answer: {}", silence.to_string().replace("http://rclone/", "")),
    )
}

/// Returns a text in which no secret can be read.
pub fn without_secrets(text: &str, secrets: &[String]) -> String {
    let mut secrets: Vec<_> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    // One may begin with another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let check = |status: u16, body: &str, kind: FailureKind, message: &str| {
            let failure = of_answer(status, body.as_bytes(), &["top secret".to_owned()]);
            assert_eq!((failure.kind, failure.message.as_str()), (kind, message), "{body}");
        };
        let missing = "error in ListJSON: directory not found";
        let answer = r#"{"error":"error in ListJSON: directory not found","input":{"fs":"x"},"path":"operations/list","status":404}"#;
        check(404, answer, FailureKind::NotFound, missing);
        check(
            500,
            r#"{"error":"dial tcp: Connection refused"}"#,
            FailureKind::Temporary,
            "dial tcp: Connection refused",
        );
        check(500, r#"{"error":"wrong key top secret"}"#, FailureKind::Other, "wrong key ***");
        assert_eq!(without_secrets("abcdef abc", &["abc".to_owned(), "abcdef".to_owned()]), "*** ***");
        let older = r#"{"error":"couldn't find method \"operations/stat\""}"#;
        check(404, older, FailureKind::Other, r#"this rclone is too old, it does not know "operations/stat""#);
        check(403, "{}", FailureKind::PermissionDenied, "rclone answers with status 403");
        check(503, "<html>", FailureKind::Temporary, "rclone answers with status 503");
    }
}
