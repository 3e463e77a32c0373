//! Which spellings of a name are one.

use crate::path::RelPath;
use crate::unicode::composed;

/// Which spellings are one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelling {
    /// Upper and lower case are one.
    pub ignore_case: bool,
    /// Composed and decomposed characters are one.
    pub normalize_unicode: bool,
}

impl Spelling {
    /// Returns true when some other spelling of `path` could mean the same.
    pub fn is_ambiguous(self, path: &RelPath) -> bool {
        let has_letters = || path.as_str().bytes().any(|byte| byte.is_ascii_alphabetic());
        (self.normalize_unicode && !path.as_str().is_ascii())
            || (self.ignore_case && (has_letters() || !path.as_str().is_ascii()))
    }

    /// Returns the path that all spellings of one path share.
    pub fn shared(self, path: &RelPath) -> RelPath {
        let shared = if self.is_ambiguous(path) { RelPath::parse(&self.key(path)).ok() } else { None };
        shared.unwrap_or_else(|| path.clone())
    }

    /// Returns the text that all spellings of one name share.
    pub fn key(self, path: &RelPath) -> String {
        let text = if self.normalize_unicode { composed(path.as_str()) } else { path.as_str().into() };
        if self.ignore_case { text.to_lowercase() } else { text.into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_have_other_spellings() {
        let check = |ignore_case, normalize_unicode, path: &str, expected: bool| {
            let path = RelPath::parse(path).unwrap();
            let spelling = Spelling { ignore_case, normalize_unicode };
            assert_eq!(spelling.is_ambiguous(&path), expected, "{spelling:?} {path}");
        };
        check(false, false, "a", false);
        check(false, false, "\u{e9}", false);
        check(false, true, "a", false);
        check(false, true, "1/\u{e9}", true);
        check(true, false, "1/2-3.4", false);
        check(true, false, "1/a", true);
        check(true, false, "1/\u{e9}", true);
        check(true, true, "1", false);
        check(true, true, "B", true);
    }
}
