//! A compiled pattern.

use regex_lite::Regex;

use super::problem::RuleProblem;
use super::regexp;
use super::simple::SimpleGlob;

/// A glob ready to be matched.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Simple(SimpleGlob),
    Regexp(Regex),
}

impl Pattern {
    /// Compiles a glob.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn parse(glob: &str, ignore_case: bool) -> Result<Self, RuleProblem> {
        let regexp = regexp::from_glob(glob)?;
        match SimpleGlob::parse(glob, ignore_case) {
            Some(simple) => Ok(Self::Simple(simple)),
            None => regexp::compile(&regexp, ignore_case).map(Self::Regexp),
        }
    }

    /// Returns true when the glob matches `path`, which is folded when the glob ignores case.
    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Simple(simple) => simple.matches(path),
            Self::Regexp(regexp) => regexp.is_match(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold_text;
    use super::*;

    fn matched(glob: &str, ignore_case: bool, path: &str) -> bool {
        let pattern = Pattern::parse(glob, ignore_case).unwrap();
        let path = &if ignore_case { fold_text(path) } else { path.into() };
        let matches = pattern.matches(path);
        // What is matched directly has to be what the regular expression would match.
        let regexp = regexp::compile(&regexp::from_glob(glob).unwrap(), ignore_case).unwrap();
        assert_eq!(matches, regexp.is_match(path), "{glob} {path:?}");
        matches
    }

    fn check(glob: &str, matching: &[&str], others: &[&str]) {
        let expected = matching.iter().map(|path| (path, true)).chain(others.iter().map(|path| (path, false)));
        for (path, expected) in expected {
            assert_eq!(matched(glob, false, path), expected, "{glob} {path:?}");
        }
    }

    #[test]
    fn patterns_match_names_and_paths() {
        check("a.jpg", &["a.jpg", "d/a.jpg"], &["xa.jpg", "d/xa.jpg", "a.jpgx", "a.jpg/b", "A.jpg", "aXjpg"]);
        check("/a.jpg", &["a.jpg"], &["d/a.jpg"]);
        check("d/a", &["d/a", "x/d/a"], &["a", "xd/a", "d/a/b"]);
        check("/d/a", &["d/a"], &["x/d/a"]);
        check("*", &["a", "d/a", "a\nb"], &[]);
        check("/*", &["a", ".a"], &["d/a"]);
        check("*.jpg", &[".jpg", "d/a.b.jpg"], &["jpg", "a.jpg/b", "a.jpeg"]);
        check("a*", &["a", "ab", "x/ab"], &["ba", "a/b"]);
        check("a*b*c", &["abc", "aXbXc", "abbcc"], &["ac", "ab/c", "abcd"]);
        check("/a*/b", &["a/b", "ax/b"], &["a/x/b", "x/a/b"]);
        check("**", &["a", "d/a", "a\nb"], &[]);
        check("/**", &["a", "d/a", "a\nb"], &[]);
        check("d/**", &["d/a", "d/e/a", "x/d/a"], &["d", "xd/a", "dx/a"]);
        check("/d/**", &["d/a", "d/e/a"], &["x/d/a"]);
        check("**/a", &["d/a", "d/e/a"], &["a", "d/xa"]);
        check("/d/**/a", &["d/e/a", "d//a"], &["d/a"]);
        check("**a**b", &["ab", "xaxbxb", "a/b"], &["ba", "b"]);
        check("a?c", &["abc", "aéc", "x/abc"], &["ac", "a/c", "abbc"]);
        check("*.{jpg,png}", &["a.jpg", "a.png"], &["a.gif", "a.{jpg,png}"]);
        check("{a,b{c,d},}e", &["ae", "bce", "bde", "e"], &["be", "abce"]);
        check("{d/a,e/**}", &["d/a", "x/e/y/z"], &["a", "e"]);
        check("{/a,b}", &["b"], &["a", "x/a"]);
        check("[ab]?", &["a1", "bb"], &["c1", "a", "a/"]);
        check("[^a]b", &["bb", "a/bb"], &["ab", "b"]);
        check("x[^a]b", &["x/b", "d/xbb"], &["xab"]);
        check("*[^x]*b", &["a/cb"], &["b"]);
        check("[!a]", &["!", "a"], &["b"]);
        check(r"\d\w", &["1a", "x/1_"], &["a1", "1é"]);
        check(r"\*\?\[\{\\", &[r"*?[{\"], &["ab"]);
        check("a,b", &["a,b"], &["a", "b"]);
        check("~$*", &["~$a"], &["$a"]);
        check("", &[""], &["a"]);
        check("é*", &["éa", "d/é"], &["e"]);
    }

    #[test]
    fn patterns_that_take_a_regular_expression() {
        check("*.{{jpe?g}}", &["a.jpg", "d/a.jpeg"], &["a.jpeeg"]);
        check("/{{.*\\.jpe?g}}", &["a.jpg", "d/a.jpg"], &["a.jpgx"]);
        check("*.{{(?i)jpg}}", &["a.jpg", "a.JPG"], &["a.png"]);
        check("{{[^/]*}}", &["a", "d/a"], &[]);
        check("**a*b*c*d", &["x/a_b_c_d", "abcd"], &["abc", "a/b/c/d"]);
        check("[[:digit:]]", &["1"], &["a"]);
        check("[[a]]", &["[]", "a]"], &["a"]);
        check("[][]", &["[", "]"], &["[]"]);
        check(r"\x41\t", &["A\t"], &["a"]);
        check(r"{\{{b}}", &["{b"], &["b"]);
    }

    #[test]
    fn case_counts_unless_it_is_ignored() {
        let check = |glob, path, expected| assert_eq!(matched(glob, true, path), expected, "{glob} {path:?}");
        check("Potato", "d/pOTATO", true);
        check("/CAFÉ/*", "café/x", true);
        check("[a-c]X", "Bx", true);
        check("[^a]", "A", false);
        check("[É]", "é", true);
        check("{{É+}}", "éÉ", true);
        check("Straße", "STRAßE", true);
        check("straße", "STRASSE", false);
    }

    /// Random globs match the same paths directly and as regular expressions.
    #[test]
    fn direct_matching_agrees_with_the_regular_expression() {
        const GLOBS: [&str; 20] = [
            "a", "b", "/", "*", "**", "?", "{a,b}", "{,a/b}", "{*,b}", "[ab]", "[^a]", "[^b/]", ".", "é", r"\w", r"\*",
            "aa", "/a", "\n", "A",
        ];
        const NAMES: [&str; 12] = ["a", "b", "/", "aa", "é", "\n", ".", "*", "ab", "/a", "A", "É"];
        let mut state = 7_u64;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % limit
        };
        for _ in 0..3_000 {
            let glob: String = (0..1 + below(6)).map(|_| GLOBS[below(GLOBS.len())]).collect();
            let ignore_case = below(2) == 0;
            if Pattern::parse(&glob, ignore_case).is_ok() {
                for _ in 0..4 {
                    let path: String = (0..1 + below(7)).map(|_| NAMES[below(NAMES.len())]).collect();
                    matched(&glob, ignore_case, &path);
                }
            }
        }
    }
}
