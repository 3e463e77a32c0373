//! Names on the disk, which are bytes, and names in listings, which are text: rclone's standard encoding.
//!
//! rclone writes control characters as their symbols (`␊`), quotes a name's own symbols with `‛` (`‛␊`), and takes `‛‛`,
//! `‛／` and `‛␀` on a disk as quoted already. Two kinds of names it cannot bring back: bytes that are not UTF-8, which it
//! hands on as they are, and a `‛` that quotes nothing, which it reads as `‛‛` and then does not find. Both become quoted
//! bytes here, `‛FF`, in rclone's notation for encodings that cannot hold them; so every name of a disk comes back byte
//! for byte.
//!
//! See <https://rclone.org/overview/#restricted-filenames>.

use std::borrow::Cow;

const QUOTE: char = '‛';
const SYMBOL_FOR_DELETE: char = '␡';

/// Returns the name that a listing has for a name on the disk.
pub fn from_disk(name: &[u8]) -> String {
    match str::from_utf8(name) {
        Ok(text) if is_plain(text) => text.to_owned(),
        Ok(_) | Err(_) => quote(name),
    }
}

/// Returns the path on the disk of a path in a listing; `None` when it has a name that a disk cannot hold.
///
/// Such a name is one that would be listed differently afterwards: with a raw control character, or quoted needlessly.
pub fn to_disk(path: &str) -> Option<Cow<'_, [u8]>> {
    if is_plain(path) {
        return Some(Cow::Borrowed(path.as_bytes()));
    }
    let mut bytes = Vec::with_capacity(path.len());
    for name in path.split('/') {
        let decoded = unquote(name);
        if quote(&decoded) != name {
            return None;
        }
        bytes.extend_from_slice(&decoded);
        bytes.push(b'/');
    }
    bytes.pop();
    Some(Cow::Owned(bytes))
}

/// Returns true when nothing in a name or path can need quoting: no control character, and nothing that begins with
/// the first byte of `‛` and of the symbols.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != 0x7F && byte != 0xE2)
}

fn quote(name: &[u8]) -> String {
    let mut quoted = String::with_capacity(name.len() + 8);
    let quotes_dots = matches!(str::from_utf8(name), Ok("‛．" | "‛．‛．"));
    for chunk in name.utf8_chunks() {
        let mut rest = chunk.valid().chars();
        while let Some(character) = rest.next() {
            match character {
                QUOTE if quotes_dots => quoted.push(QUOTE),
                QUOTE => match rest.clone().next() {
                    Some(next @ (QUOTE | '／' | '␀')) => {
                        rest.next();
                        quoted.extend([QUOTE, next]);
                    }
                    Some(_) | None => quote_bytes(&mut quoted, QUOTE.encode_utf8(&mut [0; 4]).as_bytes()),
                },
                _ => match symbol_of(character) {
                    Some(symbol) => quoted.push(symbol),
                    None if control_of(character).is_some() => quoted.extend([QUOTE, character]),
                    None => quoted.push(character),
                },
            }
        }
        quote_bytes(&mut quoted, chunk.invalid());
    }
    quoted
}

fn unquote(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.chars();
    while let Some(character) = rest.next() {
        let next = rest.clone().next();
        if character != QUOTE {
            push(&mut bytes, control_of(character).unwrap_or(character));
        } else if let Some(symbol) = next.filter(|next| control_of(*next).is_some()) {
            rest.next();
            push(&mut bytes, symbol);
        } else if let Some(byte) = rest.as_str().get(..2).and_then(quoted_byte) {
            rest.nth(1);
            bytes.push(byte);
        } else {
            push(&mut bytes, QUOTE);
            if next == Some(QUOTE) {
                rest.next();
                push(&mut bytes, QUOTE);
            }
        }
    }
    bytes
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn quote_bytes(quoted: &mut String, bytes: &[u8]) {
    for byte in bytes {
        quoted.push_str(&format!("{QUOTE}{byte:02X}"));
    }
}

/// Reads two hexadecimal digits; ASCII is never quoted that way, least of all `/`.
fn quoted_byte(digits: &str) -> Option<u8> {
    u8::from_str_radix(digits, 16).ok().filter(|byte| !byte.is_ascii())
}

fn symbol_of(character: char) -> Option<char> {
    match character {
        '\u{1}'..='\u{1F}' => char::from_u32(u32::from('␀') + u32::from(character)),
        '\u{7F}' => Some(SYMBOL_FOR_DELETE),
        _ => None,
    }
}

fn control_of(symbol: char) -> Option<char> {
    match symbol {
        '\u{2401}'..='\u{241F}' => char::from_u32(u32::from(symbol) - u32::from('␀')),
        SYMBOL_FOR_DELETE => Some('\u{7F}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rclone() {
        let check = |disk: &[u8], expected: &str| {
            assert_eq!(from_disk(disk), expected, "{disk:?}");
            assert_eq!(to_disk(expected).as_deref(), Some(disk), "{expected:?}");
        };
        check(b"plain name.txt", "plain name.txt");
        check("é…“x”".as_bytes(), "é…“x”");
        // What rclone 1.75.2 lists and finds again.
        check(b"a\nb", "a␊b");
        check(b"\x01\x7F", "␁␡");
        check("␊".as_bytes(), "‛␊");
        check("␡".as_bytes(), "‛␡");
        check("␀x".as_bytes(), "␀x");
        check("a／b".as_bytes(), "a／b");
        check("a‛／b".as_bytes(), "a‛／b");
        check("a‛‛／b".as_bytes(), "a‛‛／b");
        check("‛␀".as_bytes(), "‛␀");
        check("‛‛".as_bytes(), "‛‛");
        check("‛‛80".as_bytes(), "‛‛80");
        check("．".as_bytes(), "．");
        check("．．".as_bytes(), "．．");
        check("‛．".as_bytes(), "‛．");
        check("\u{FFFD}".as_bytes(), "\u{FFFD}");
        // What rclone cannot bring back.
        check(b"a\xFF", "a‛FF");
        check(b"\xC3", "‛C3");
        check(b"\xED\xA0\x80", "‛ED‛A0‛80");
        check("‛".as_bytes(), "‛E2‛80‛9B");
        check("‛FF".as_bytes(), "‛E2‛80‛9BFF");
        check("‛\n".as_bytes(), "‛E2‛80‛9B␊");
        check("‛．．".as_bytes(), "‛E2‛80‛9B．．");
        check(b"\xE2\x80\x9B\xFF", "‛E2‛80‛9B‛FF");
    }

    #[test]
    fn needless_quotes_are_impossible() {
        for name in ["a\nb", "‛", "‛x", "‛2F", "‛2f", "‛00", "‛41", "‛ff", "‛C3‛A9", "‛E2‛80‛9A", "x/‛+F/y"]
        {
            assert_eq!(to_disk(name), None, "{name:?}");
        }
        assert_eq!(to_disk("a/b\u{2401}/‛FF").as_deref(), Some(&b"a/b\x01/\xFF"[..]));
        assert_eq!(to_disk("").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn every_name_comes_back() {
        let parts: [&[u8]; 16] = [
            "‛".as_bytes(),
            "␊".as_bytes(),
            "␀".as_bytes(),
            "／".as_bytes(),
            "．".as_bytes(),
            "␡".as_bytes(),
            b"F",
            b"8",
            b"\n",
            b"\x7F",
            b"\xFF",
            b"\xE2",
            b"\x80",
            b"\x9B",
            b"a",
            "é".as_bytes(),
        ];
        let mut seen = std::collections::BTreeMap::new();
        for number in 0..parts.len().pow(4) {
            let name: Vec<u8> = (0..4).flat_map(|place| parts[(number >> (4 * place)) & 15]).copied().collect();
            let listed = from_disk(&name);
            assert_eq!(to_disk(&listed).as_deref(), Some(&*name), "{listed:?}");
            // The same bytes may be put together from different parts; different bytes never share a name.
            assert_eq!(seen.entry(listed).or_insert_with(|| name.clone()), &name);
        }
    }
}
