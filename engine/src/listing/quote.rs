//! Quoted text as Go's `strconv.Quote` writes it and `strconv.Unquote` reads it.

use std::borrow::Cow;

use crate::unicode::is_printed;

/// Why a quoted text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// It does not begin and end with a double quote.
    #[error("path {0:?} is not in double quotes")]
    NotQuoted(String),
    /// There is a double quote inside that is not escaped.
    #[error("path {0:?} has a double quote inside")]
    QuoteInside(String),
    /// A backslash begins nothing that is known.
    #[error("path {0:?} has an unknown escape after a `\\`")]
    UnknownEscape(String),
    /// The bytes that the escapes stand for are not UTF-8.
    #[error("path {0:?} is not UTF-8")]
    NotUtf8(String),
}

/// Writes `text` in double quotes.
pub(super) fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text;
    while let Some(next) = rest.find(needs_escape) {
        let (plain, special) = rest.split_at(next);
        out.extend_from_slice(plain.as_bytes());
        let mut characters = special.chars();
        if let Some(character) = characters.next() {
            escape(out, character);
        }
        rest = characters.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

/// Returns true for what Go does not print as it is.
///
/// A character that is younger than the Unicode version of either program may be escaped by one and not by the other;
/// both read both.
fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\') || !is_printed(character)
}

fn escape(out: &mut Vec<u8>, character: char) {
    let short = match character {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        '"' => b'"',
        '\\' => b'\\',
        '\0'..='\x7f' => return push_hexadecimal(out, b'x', character, 2),
        '\u{80}'..='\u{ffff}' => return push_hexadecimal(out, b'u', character, 4),
        _ => return push_hexadecimal(out, b'U', character, 8),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn push_hexadecimal(out: &mut Vec<u8>, escape: u8, character: char, digits: u32) {
    out.extend_from_slice(&[b'\\', escape]);
    for place in (0..digits).rev() {
        let digit = char::from_digit((u32::from(character) >> (4 * place)) & 0xf, 16);
        out.push(digit.map_or(b'0', |digit| digit as u8));
    }
}

/// Reads a text in double quotes.
pub(super) fn unquote(quoted: &str) -> Result<Cow<'_, str>, QuoteError> {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or_else(|| QuoteError::NotQuoted(quoted.to_owned()))?;
    // Without an early exit the compiler looks at many bytes at once.
    let plain = inner.bytes().fold(true, |plain, byte| plain & (byte != b'"') & (byte != b'\\'));
    if plain {
        return Ok(Cow::Borrowed(inner));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(next) = rest.find(['"', '\\']) {
        let (before, special) = rest.split_at(next);
        bytes.extend_from_slice(before.as_bytes());
        let Some(escape) = special.strip_prefix('\\') else {
            return Err(QuoteError::QuoteInside(quoted.to_owned()));
        };
        rest = unescape(&mut bytes, escape).ok_or_else(|| QuoteError::UnknownEscape(quoted.to_owned()))?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| QuoteError::NotUtf8(quoted.to_owned()))
}

/// Reads what follows a backslash and returns the rest.
fn unescape<'text>(out: &mut Vec<u8>, escape: &'text str) -> Option<&'text str> {
    let kind = escape.chars().next()?;
    let rest = escape.get(kind.len_utf8()..)?;
    let byte = match kind {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        '"' => b'"',
        'x' => return byte_escape(out, rest, 2, 16),
        '0'..='7' => return byte_escape(out, escape, 3, 8),
        'u' => return character_escape(out, rest, 4),
        'U' => return character_escape(out, rest, 8),
        _ => return None,
    };
    out.push(byte);
    Some(rest)
}

fn byte_escape<'text>(out: &mut Vec<u8>, text: &'text str, digits: usize, radix: u32) -> Option<&'text str> {
    let (value, rest) = number(text, digits, radix)?;
    out.push(u8::try_from(value).ok()?);
    Some(rest)
}

fn character_escape<'text>(out: &mut Vec<u8>, text: &'text str, digits: usize) -> Option<&'text str> {
    let (value, rest) = number(text, digits, 16)?;
    out.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

fn number(text: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(digits)?;
    // The parser would take a sign.
    let only_digits = digits.chars().all(|digit| digit.is_digit(radix));
    only_digits.then(|| Some((u32::from_str_radix(digits, radix).ok()?, rest)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut quoted = Vec::new();
        quote(&mut quoted, text);
        assert_eq!(String::from_utf8(quoted).unwrap(), expected);
        assert_eq!(unquote(expected).unwrap(), text);
    }

    fn check_unquote(quoted: &str, expected: Result<&str, fn(String) -> QuoteError>) {
        let expected = expected.map(Cow::Borrowed).map_err(|error| error(quoted.to_owned()));
        assert_eq!(unquote(quoted), expected);
    }

    #[test]
    fn text_is_quoted_as_go_does() {
        check("", r#""""#);
        check("a b/c.txt", r#""a b/c.txt""#);
        check("~`'\"\\", r#""~`'\"\\""#);
        check("\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#);
        check("\0\x01\x1f\x7f", r#""\x00\x01\x1f\x7f""#);
        check("\u{80}\u{9f}\u{a0}¡\u{ad}®ÿ", r#""\u0080\u009f\u00a0¡\u00ad®ÿ""#);
        check("e\u{301} é 漢字 😀", "\"e\u{301} é 漢字 😀\"");
        check(
            "\u{200b}\u{2028}\u{3000}\u{e000}\u{feff}\u{fffd}\u{ffff}",
            "\"\\u200b\\u2028\\u3000\\ue000\\ufeff\u{fffd}\\uffff\"",
        );
        check("\u{e0001}\u{e0100}\u{10ffff}", "\"\\U000e0001\u{e0100}\\U0010ffff\"");
    }

    #[test]
    fn every_escape_of_go_is_read() {
        check_unquote(r#""\x41\101\u0041\U00000041""#, Ok("AAAA"));
        check_unquote(r#""\xc3\xa9\303\251""#, Ok("éé"));
        check_unquote(r#""\xC3\xA9\u00E9""#, Ok("éé"));
        check_unquote("\"a\tb'\"", Ok("a\tb'"));
        check_unquote(r#""é\"é""#, Ok("é\"é"));
    }

    #[test]
    fn damaged_quotes_are_told() {
        check_unquote("", Err(QuoteError::NotQuoted));
        check_unquote("\"", Err(QuoteError::NotQuoted));
        check_unquote("\"a", Err(QuoteError::NotQuoted));
        check_unquote("'a'", Err(QuoteError::NotQuoted));
        check_unquote("\"a\"\r", Err(QuoteError::NotQuoted));
        check_unquote(r#""a"b""#, Err(QuoteError::QuoteInside));
        for escape in ["", "'", "q", "é", "x", "x4", "x+4", "xé", "8", "40", "400", "0é0", "u004", "ud800", "U00110000"]
        {
            check_unquote(&format!("\"\\{escape}\""), Err(QuoteError::UnknownEscape));
        }
        check_unquote(r#""\xff""#, Err(QuoteError::NotUtf8));
        check_unquote(r#""\377""#, Err(QuoteError::NotUtf8));
        check_unquote(r#""é\xa9""#, Err(QuoteError::NotUtf8));
    }
}
