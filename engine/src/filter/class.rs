//! Character classes, as RE2 reads them: `[a-z_]`, `[^\d]`, `[[:alpha:]]`.

use crate::sorting::sort_by;

use super::fold::fold;

/// The characters between `[` and `]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    negated: bool,
    ranges: Vec<Range>,
}

/// The first and the last code point.
type Range = (u32, u32);

const DIGIT: &[Range] = &[(0x30, 0x39)];
const WORD: &[Range] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
/// `\s` has no vertical tab; `[:space:]` has.
const PERL_SPACE: &[Range] = &[(0x09, 0x0a), (0x0c, 0x0d), (0x20, 0x20)];

const LAST: u32 = char::MAX as u32;
/// No character above this one has another case.
const LAST_WITH_CASE: u32 = 0x1e943;

impl Class {
    /// Reads a class of which the `[` has been read; returns it with what follows its `]`.
    ///
    /// `None` when RE2 would refuse it, and for `\p` and octal escapes. A `]` that comes first is a character, a `-` is
    /// one wherever it cannot make a range, and so is a `[` that begins no name.
    pub(super) fn parse(text: &str, ignore_case: bool) -> Option<(Self, &str)> {
        let (negated, mut rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            if !first && let Some(after) = rest.strip_prefix(']') {
                return Some((Self { negated, ranges }, after));
            }
            first = false;
            if let Some((name, after)) = rest.strip_prefix("[:").and_then(|named| named.split_once(":]")) {
                ranges.extend(named(name, ignore_case)?);
                rest = after;
            } else if let Some((perl, after)) = Self::perl(rest, ignore_case) {
                ranges.extend(perl.ranges);
                rest = after;
            } else {
                let (low, after) = character(rest)?;
                let end = after.strip_prefix('-').filter(|end| !end.starts_with(']'));
                let (high, after) = end.map_or(Some((low, after)), character)?;
                if high < low {
                    return None;
                }
                ranges.extend(folded(&[(low, high)], ignore_case));
                rest = after;
            }
        }
    }

    /// Reads `\d`, `\s`, `\w` or one of their opposites, which hold ASCII characters only.
    pub(super) fn perl(text: &str, ignore_case: bool) -> Option<(Self, &str)> {
        let mut characters = text.strip_prefix('\\')?.chars();
        let letter = characters.next()?;
        let ranges = match letter.to_ascii_lowercase() {
            'd' => DIGIT,
            's' => PERL_SPACE,
            'w' => WORD,
            _ => return None,
        };
        let ranges = signed(!letter.is_ascii_uppercase(), folded(ranges, ignore_case));
        Some((Self { negated: false, ranges }, characters.as_str()))
    }

    /// Returns true when `character` is in the class.
    pub(super) fn contains(&self, character: char) -> bool {
        let code = u32::from(character);
        self.ranges.iter().any(|&(low, high)| (low..=high).contains(&code)) != self.negated
    }

    /// Returns the class in the one form that every regular expression engine reads alike.
    pub(super) fn to_regexp(&self) -> String {
        let mut text = String::from(if self.negated { "[^" } else { "[" });
        for &(low, high) in &self.ranges {
            push_end(&mut text, low);
            text.push('-');
            push_end(&mut text, high);
        }
        text.push(']');
        text
    }
}

/// Writes one end of a range. `regex_lite` takes no escaped letter there when case does not count.
fn push_end(text: &mut String, code: u32) {
    match char::from_u32(code).filter(char::is_ascii_alphanumeric) {
        Some(character) => text.push(character),
        None => text.push_str(&format!("\\x{{{code:x}}}")),
    }
}

/// Reads one character of a class, possibly escaped.
fn character(text: &str) -> Option<(u32, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    if first != '\\' {
        return Some((first.into(), characters.as_str()));
    }
    let escaped = characters.next()?;
    let rest = characters.as_str();
    let code = match escaped {
        'a' => 0x07,
        't' => 0x09,
        'n' => 0x0a,
        'v' => 0x0b,
        'f' => 0x0c,
        'r' => 0x0d,
        'x' => return hexadecimal(rest),
        punctuation if punctuation.is_ascii() && !punctuation.is_ascii_alphanumeric() => punctuation.into(),
        _ => return None,
    };
    Some((code, rest))
}

/// Reads `7F` or `{10FFFF}`.
fn hexadecimal(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at_checked(2)?,
    };
    let code = u32::from_str_radix(digits, 16).ok()?;
    char::from_u32(code).filter(|_| !digits.starts_with('+'))?;
    Some((code, rest))
}

/// Returns the characters of `[:name:]` or `[:^name:]`.
fn named(name: &str, ignore_case: bool) -> Option<Vec<Range>> {
    let opposite = name.strip_prefix('^');
    let ranges: &[Range] = match opposite.unwrap_or(name) {
        "alnum" => &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)],
        "alpha" => &[(0x41, 0x5a), (0x61, 0x7a)],
        "ascii" => &[(0x00, 0x7f)],
        "blank" => &[(0x09, 0x09), (0x20, 0x20)],
        "cntrl" => &[(0x00, 0x1f), (0x7f, 0x7f)],
        "digit" => DIGIT,
        "graph" => &[(0x21, 0x7e)],
        "lower" => &[(0x61, 0x7a)],
        "print" => &[(0x20, 0x7e)],
        "punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
        "space" => &[(0x09, 0x0d), (0x20, 0x20)],
        "upper" => &[(0x41, 0x5a)],
        "word" => WORD,
        "xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    };
    Some(signed(opposite.is_none(), folded(ranges, ignore_case)))
}

/// Returns `ranges`, and what their characters fold to when case does not count.
fn folded(ranges: &[Range], ignore_case: bool) -> Vec<Range> {
    let mut all = ranges.to_vec();
    if ignore_case {
        let codes = ranges.iter().flat_map(|&(low, high)| low..=high.min(LAST_WITH_CASE));
        all.extend(codes.filter_map(char::from_u32).filter(|character| fold(*character) != *character).map(
            |character| {
                let code = fold(character).into();
                (code, code)
            },
        ));
    }
    all
}

/// Returns `ranges`, or else all that they leave out.
fn signed(positive: bool, mut ranges: Vec<Range>) -> Vec<Range> {
    if positive {
        return ranges;
    }
    sort_by(&mut ranges, Range::cmp);
    let mut next = 0;
    let mut gaps = Vec::new();
    for (low, high) in ranges {
        if low > next {
            gaps.push((next, low - 1));
        }
        next = next.max(high + 1);
    }
    gaps.push((next, LAST));
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which of some characters a class holds, and what follows it; `None` when it cannot be read.
    fn check(class: &str, expected: Option<(&str, &str)>) {
        let candidates = "aAbkKzZé05_-]^[!:/ \n\u{b}\\";
        let actual = Class::parse(class.strip_prefix('[').unwrap(), false).map(|(parsed, rest)| {
            (candidates.chars().filter(|candidate| parsed.contains(*candidate)).collect::<String>(), rest)
        });
        assert_eq!(actual.as_ref().map(|(held, rest)| (held.as_str(), *rest)), expected, "{class}");
    }

    #[test]
    fn classes_are_those_of_re2() {
        check("[ab]x", Some(("ab", "x")));
        check("[a-c]", Some(("ab", "")));
        check("[^a-z]", Some(("AKZé05_-]^[!:/ \n\u{b}\\", "")));
        check("[!a]", Some(("a!", "")));
        check("[]a]", Some(("a]", "")));
        check("[^]a]", Some(("AbkKzZé05_-^[!:/ \n\u{b}\\", "")));
        check("[a-]", Some(("a-", "")));
        check("[-a]", Some(("a-", "")));
        check("[a-b-z]", Some(("abz-", "")));
        check("[[a]]", Some(("a[", "]")));
        check(r"[\[\]]", Some(("][", "")));
        check(r"[\d_]", Some(("05_", "")));
        check(r"[^\D]", Some(("05", "")));
        check(r"[\s]", Some((" \n", "")));
        check("[[:space:]]", Some((" \n\u{b}", "")));
        check("[[:^alnum:]]", Some(("é_-]^[!:/ \n\u{b}\\", "")));
        check("[[:alpha:][:digit:]]", Some(("aAbkKzZ05", "")));
        check(r"[\x61\x{e9}\n]", Some(("aé\n", "")));
        check("[[:alpha]", Some(("a[:", "")));
        check("[a--]", None);
        check("[a--b]", None);
        check("[z-a]", None);
        check("[a", None);
        check("[]", None);
        check("[[:beta:]]", None);
        check(r"[\pL]", None);
        check(r"[a-\d]", None);
        check(r"[\q]", None);
        check(r"[\x{110000}]", None);
    }

    #[test]
    fn folded_characters_are_held_when_case_does_not_count() {
        let check = |class: &str, character, expected| {
            let (parsed, _) = Class::parse(class, true).unwrap();
            assert_eq!(parsed.contains(fold(character)), expected, "{class} {character:?}");
        };
        check("A-K]", 'k', true);
        check("É]", 'é', true);
        check("é]", 'É', true);
        check("^É]", 'é', false);
        check("a-j]", 'K', false);
        check("\u{212a}]", 'k', true);
        check("[:upper:]]", 'a', true);
        check("[:^upper:]]", 'a', false);
        check(r"\W]", 's', false);
        check(r"\W]", 'ſ', false);
        check(r"\w]", '\u{212a}', true);
        check("^\u{1}-\u{7f}]", 'é', true);
    }
}
