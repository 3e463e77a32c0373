//! Configuration files that rclone encrypted with a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead;
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// The line that stands before what is encrypted.
const MARK: &str = "RCLONE_ENCRYPT_V0:";
/// What the line of a version to come begins with.
const ANY_MARK: &str = "RCLONE_ENCRYPT_V";
/// So many bytes at the beginning are the nonce.
const NONCE: usize = 24;

/// What a file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed<'a> {
    /// It can be read as it is.
    No,
    /// It is encrypted; this is what has to be opened.
    Yes(&'a str),
    /// It is encrypted in a way that is not known.
    Unknown,
}

/// Says whether the text of a file is encrypted.
pub fn sealed(text: &str) -> Sealed<'_> {
    let mut rest = text;
    loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim();
        if line == MARK {
            return Sealed::Yes(after);
        }
        if line.starts_with(ANY_MARK) {
            return Sealed::Unknown;
        }
        let says_nothing = line.is_empty() || line.starts_with([';', '#']);
        if !says_nothing || after.is_empty() {
            return Sealed::No;
        }
        rest = after;
    }
}

/// Opens what was encrypted; `None` when the password is another one, or the file is damaged.
pub fn open(sealed: &str, password: &str) -> Option<String> {
    let password: String = password.nfkc().collect();
    let key = Sha256::digest(format!("[{password}][rclone-config]"));
    let lines: String = sealed.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(lines).ok()?;
    let (nonce, text) = bytes.split_at_checked(NONCE)?;
    let cipher = XSalsa20Poly1305::new_from_slice(&key).ok()?;
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let text = cipher.decrypt(&nonce.into(), text).ok()?;
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of rclone 1.75.2, with the password `pässword`.
    const FILE: &str = include_str!("encrypted.conf");

    #[test]
    fn a_file_of_rclone_is_opened() {
        let Sealed::Yes(sealed) = sealed(FILE) else { panic!("{:?}", sealed(FILE)) };
        let text = open(sealed, "pässword").unwrap();
        assert!(text.contains("[S3.x]") && text.contains("endpoint = http://q"), "{text}");
        // The same password in another Unicode form.
        assert_eq!(open(sealed, "pa\u{308}ssword").as_deref(), Some(text.as_str()));
        assert_eq!(open(sealed, "password"), None);
        assert_eq!(open(&sealed[..40], "pässword"), None);
    }

    #[test]
    fn an_encrypted_file_is_known_by_its_first_words() {
        let check = |text: &str, expected: Sealed<'_>| assert_eq!(sealed(text), expected, "{text}");
        check("", Sealed::No);
        check("[a]\ntype = s3\n", Sealed::No);
        check("[a]\nRCLONE_ENCRYPT_V0:\nx", Sealed::No);
        check("# c\n\n; d\nRCLONE_ENCRYPT_V0:\nx\n", Sealed::Yes("x\n"));
        check("RCLONE_ENCRYPT_V1:\nx", Sealed::Unknown);
    }
}
