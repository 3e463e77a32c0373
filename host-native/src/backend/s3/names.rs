//! Keys, and paths in listings.
//!
//! rclone writes a name into a key as it writes it onto a disk, save for bytes that are not UTF-8: a key cannot hold them, so they
//! are quoted, `‛FF`. Control characters, blanks, quotes and everything else go into the key as they are.
//!
//! See <https://rclone.org/s3/#restricted-filename-characters>.

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};

use crate::backend::failed;
use crate::backend::local::{from_disk, to_disk};

const QUOTE: &str = "‛";

/// What a part of a key between two `/` is in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A name that leads back to this key.
    Usable(String),
    /// No path leads to this key: the part is empty, `.` or `..`, or holds a zero. This is what it is called where it is reported.
    Unusable(String),
}

/// Returns the name of a part of a key.
pub fn from_key(part: &str) -> Name {
    match part {
        "" => Name::Unusable("／".to_owned()),
        "." | ".." => Name::Unusable(part.replace('.', "．")),
        _ if part.contains('\0') => Name::Unusable(part.replace('\0', "␀")),
        _ => Name::Usable(from_disk(&unquoted(part))),
    }
}

/// Returns the key of a path below a prefix, which is empty or ends with `/`.
///
/// # Errors
/// Fails when a name has no place in a key, or would be listed as another one.
pub fn to_key(prefix: &str, path: &RelPath) -> Result<String, Failure> {
    let mut key = prefix.to_owned();
    for (index, name) in path.as_str().split('/').enumerate() {
        let part =
            to_part(name).ok_or_else(|| failed(FailureKind::ImpossibleName, "this name is not possible here"))?;
        key.push_str(if index > 0 { "/" } else { "" });
        key.push_str(&part);
    }
    Ok(key)
}

fn to_part(name: &str) -> Option<String> {
    let part = quoted(&to_disk(name)?);
    (from_key(&part) == Name::Usable(name.to_owned())).then_some(part)
}

fn quoted(bytes: &[u8]) -> String {
    let mut part = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        part.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| part.push_str(&format!("{QUOTE}{byte:02X}")));
    }
    part
}

/// Returns the bytes that were quoted; a part that nobody would have quoted that way is what it says.
fn unquoted(part: &str) -> Vec<u8> {
    let mut pieces = part.split(QUOTE);
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(piece.bytes().skip(2));
            }
            None => bytes.extend([QUOTE, piece].concat().bytes()),
        }
    }
    if quoted(&bytes) == part { bytes } else { part.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_rclone() {
        let check = |name: &str, key: &str| {
            assert_eq!(to_part(name).as_deref(), Some(key), "{name:?}");
            assert_eq!(from_key(key), Name::Usable(name.to_owned()), "{key:?}");
        };
        check("plain name.txt", "plain name.txt");
        check(" blanks ", " blanks ");
        check("%41+b&c=d#e?f", "%41+b&c=d#e?f");
        check("back\\slash", "back\\slash");
        check("a␊b", "a\nb");
        check("␡", "\u{7F}");
        check("‛␊", "␊");
        check("a／b", "a／b");
        check("．．", "．．");
        check("‛．", "‛．");
        check("a‛FF", "a‛FF");
        check("‛C3x", "‛C3x");
        check("\u{FFFD}", "\u{FFFD}");
        check("e\u{301}", "e\u{301}");
        // What rclone cannot bring back.
        check("‛E2‛80‛9B", "‛");
        check("‛E2‛80‛9Bx", "‛x");
        check("‛E2‛80‛9Bff", "‛ff");
        check("‛E2‛80‛9B41", "‛41");
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        for (part, name) in [("", "／"), (".", "．"), ("..", "．．"), ("a\0", "a␀")] {
            assert_eq!(from_key(part), Name::Unusable(name.to_owned()));
        }
        // `‛FF` as the name of a file on a disk would be the key of the byte.
        for name in ["a\nb", "‛x", "‛2F", "‛E2‛80‛9BFF"] {
            assert_eq!(to_part(name), None, "{name:?}");
        }
    }

    #[test]
    fn no_two_keys_share_a_name() {
        let parts = ["‛", "F", "f", "8", "E2", "‛80", "‛9B", "␊", "\n", "␀", "／", "．", ".", "a", "é", "‛C3"];
        let mut seen = std::collections::BTreeMap::new();
        for number in 0..parts.len().pow(4) {
            let key: String = (0..4).map(|place| parts[(number >> (4 * place)) & 15]).collect();
            let Name::Usable(name) = from_key(&key) else { continue };
            assert_eq!(to_part(&name).as_deref(), Some(&*key), "{name:?}");
            assert_eq!(seen.entry(name).or_insert_with(|| key.clone()), &key);
        }
    }
}
