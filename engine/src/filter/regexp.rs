//! The regular expression that a glob stands for.
//!
//! rclone defines what a glob means by the RE2 expression that it becomes, oddities included, and `{{…}}` is such an
//! expression already. Here it is made the same way, and then brought into the form that means the same to
//! `regex_lite`, whose escapes are ASCII-only as RE2's are.

use std::iter::Peekable;
use std::str::Chars;

use regex_lite::{Regex, RegexBuilder};

use super::class::Class;
use super::fold::fold;
use super::problem::RuleProblem;

/// Returns the RE2 expression of a glob.
///
/// # Errors
/// Says what is wrong with the brackets, braces, stars and escapes of the glob; not whether RE2 can read the result.
pub(super) fn from_glob(glob: &str) -> Result<String, RuleProblem> {
    let (anchor, glob) = glob.strip_prefix('/').map_or(("(^|/)", glob), |rest| ("^", rest));
    let mut text = String::from(anchor);
    let mut depth = 0_u32;
    let mut previous = None;
    let mut characters = glob.chars().peekable();
    while let Some(character) = characters.next() {
        let mut last = character;
        match character {
            '\\' => {
                last = characters.next().ok_or(RuleProblem::LoneEscape)?;
                text.extend(['\\', last]);
            }
            '*' if characters.next_if_eq(&'*').is_none() => text.push_str("[^/]*"),
            '*' if characters.peek() == Some(&'*') => return Err(RuleProblem::TooManyStars),
            '*' => text.push_str(".*"),
            '?' => text.push_str("[^/]"),
            '[' => copy_class(&mut characters, &mut text)?,
            ']' => return Err(RuleProblem::UnopenedClass),
            // The first brace has already been taken for the beginning of alternatives.
            '{' if depth > 0 && previous == Some('{') => {
                copy_regexp(&mut characters, &mut text)?;
                depth -= 1;
                last = '}';
            }
            '{' => {
                text.push('(');
                depth += 1;
            }
            '}' => {
                depth = depth.checked_sub(1).ok_or(RuleProblem::Braces)?;
                text.push(')');
            }
            ',' if depth > 0 => text.push('|'),
            '.' | '+' | '(' | ')' | '|' | '^' | '$' => text.extend(['\\', character]),
            _ => text.push(character),
        }
        previous = Some(last);
    }
    if depth > 0 {
        return Err(RuleProblem::Braces);
    }
    text.push('$');
    Ok(text)
}

/// Copies a class of which the `[` has been read. Brackets count by pairs, escaped or not, as in rclone.
fn copy_class(characters: &mut Peekable<Chars<'_>>, text: &mut String) -> Result<(), RuleProblem> {
    let mut depth = 1;
    text.push('[');
    while depth > 0 {
        let character = characters.next().ok_or(RuleProblem::UnclosedClass)?;
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        text.push(character);
    }
    Ok(())
}

/// Copies a regular expression of which the `{{` has been read, with the `)` that ends it. Of more than two braces at
/// its end, the first ones belong to it.
fn copy_regexp(characters: &mut Peekable<Chars<'_>>, text: &mut String) -> Result<(), RuleProblem> {
    let mut after_brace = false;
    loop {
        match characters.next().ok_or(RuleProblem::UnclosedRegexp)? {
            '}' if after_brace => break,
            '}' => after_brace = true,
            character => {
                if std::mem::take(&mut after_brace) {
                    text.push('}');
                }
                text.push(character);
            }
        }
    }
    while characters.next_if_eq(&'}').is_some() {
        text.push('}');
    }
    text.push(')');
    Ok(())
}

/// Compiles an RE2 expression.
///
/// With `ignore_case` it expects folded text, so that a `(?-i)` in the expression cannot bring case back. A `(?i)` in it
/// concerns ASCII letters only. Unicode classes (`\pL`) and octal escapes are refused.
///
/// # Errors
/// Says why the expression cannot be read.
pub(super) fn compile(regexp: &str, ignore_case: bool) -> Result<Regex, RuleProblem> {
    RegexBuilder::new(&portable(regexp, ignore_case)?)
        .case_insensitive(ignore_case)
        // rclone never sees a line feed in a name: its symbol stands there. Where one comes in, `**` covers it too.
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| RuleProblem::Regexp { regexp: regexp.to_owned(), message: error.to_string() })
}

/// Rewrites what `regex_lite` would read differently: classes, quotations, `\<`, and letters beyond ASCII when case
/// does not count.
fn portable(regexp: &str, ignore_case: bool) -> Result<String, RuleProblem> {
    let mut text = String::new();
    let mut rest = regexp;
    loop {
        let mut characters = rest.chars();
        let Some(character) = characters.next() else { return Ok(text) };
        let after = characters.as_str();
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (quoted, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            text.push_str(&regex_lite::escape(quoted));
            rest = after;
        } else if let Some((class, after)) = Class::perl(rest, ignore_case) {
            text.push_str(&class.to_regexp());
            rest = after;
        } else if character == '[' {
            let (class, after) = Class::parse(after, ignore_case).ok_or(RuleProblem::BadClass)?;
            text.push_str(&class.to_regexp());
            rest = after;
        } else if character == '\\' {
            let escaped = characters.next();
            if !matches!(escaped, Some('<' | '>')) {
                text.push('\\');
            }
            text.extend(escaped);
            rest = characters.as_str();
        } else {
            text.push(if ignore_case && !character.is_ascii() { fold(character) } else { character });
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RuleProblem::{Braces, LoneEscape, TooManyStars, UnclosedClass, UnclosedRegexp, UnopenedClass};
    use super::*;

    fn check(glob: &str, expected: Result<&str, RuleProblem>) {
        assert_eq!(from_glob(glob), expected.map(str::to_owned), "{glob}");
    }

    #[test]
    fn globs_become_the_expressions_of_rclone() {
        check("", Ok("(^|/)$"));
        check("/", Ok("^$"));
        check("name", Ok("(^|/)name$"));
        check("/name", Ok("^name$"));
        check("//name", Ok("^/name$"));
        check("a,b", Ok("(^|/)a,b$"));
        check("a?b", Ok("(^|/)a[^/]b$"));
        check("*.jpg", Ok(r"(^|/)[^/]*\.jpg$"));
        check("a**", Ok("(^|/)a.*$"));
        check("a**/b*", Ok("(^|/)a.*/b[^/]*$"));
        check(".+()|^$", Ok(r"(^|/)\.\+\(\)\|\^\$$"));
        check("{a,b/{c,d}/**}", Ok("(^|/)(a|b/(c|d)/.*)$"));
        check("*{*,b}", Ok("(^|/)[^/]*([^/]*|b)$"));
        check("a[b*?{]c", Ok("(^|/)a[b*?{]c$"));
        check(r"[\[\]]", Ok(r"(^|/)[\[\]]$"));
        check("[[:alpha:]]", Ok("(^|/)[[:alpha:]]$"));
        check("[][]", Ok("(^|/)[][]$"));
        check(r"a\*\\\[\]", Ok(r"(^|/)a\*\\\[\]$"));
        check(r"*\**", Ok(r"(^|/)[^/]*\*[^/]*$"));
        check(r"\d\{a", Ok(r"(^|/)\d\{a$"));
        check("{{.*}}", Ok("(^|/)(.*)$"));
        check("/a{{b*?}}**", Ok("^a(b*?).*$"));
        check(r"{{\d{8}}}", Ok(r"(^|/)(\d{8})$"));
        check(r"{{\}}}", Ok(r"(^|/)(\})$"));
        check("{{a}b}}", Ok("(^|/)(a}b)$"));
        check("{{}}", Ok("(^|/)()$"));
        check(r"\{{{x}}", Ok(r"(^|/)\{(x)$"));
        check(r"\{{x}", Ok(r"(^|/)\{(x)$"));
        check("{a,{{x}},b}", Ok("(^|/)(a|(x)|b)$"));
        check("{a,{{x}}{b,c}}", Ok("(^|/)(a|(x)(b|c))$"));
    }

    #[test]
    fn broken_globs_are_refused() {
        check("***", Err(TooManyStars));
        check("a****b", Err(TooManyStars));
        check("a]b", Err(UnopenedClass));
        check(r"[\]]", Err(UnopenedClass));
        check("a[b", Err(UnclosedClass));
        check("[[a]", Err(UnclosedClass));
        check("{a", Err(Braces));
        check("a}", Err(Braces));
        check("{a}}", Err(Braces));
        check("{a,{{x}}}", Err(Braces));
        check("{{a", Err(UnclosedRegexp));
        check("{{a}", Err(UnclosedRegexp));
        check(r"a\", Err(LoneEscape));
    }

    fn check_match(regexp: &str, ignore_case: bool, text: &str, expected: bool) {
        assert_eq!(compile(regexp, ignore_case).unwrap().is_match(text), expected, "{regexp} {text:?}");
    }

    #[test]
    fn expressions_mean_what_they_mean_to_re2() {
        check_match(r"^\w+$", false, "é", false);
        check_match(r"^\D$", false, "٣", true);
        check_match("^.$", false, "\n", true);
        check_match("^[^a]$", false, "\n", true);
        check_match("^a$", false, "a\n", false);
        check_match("^[[a]]$", false, "[]", true);
        check_match("^[--a]$", false, "A", true);
        check_match("^[a&&b]$", false, "&", true);
        check_match(r"^\<b\>$", false, "<b>", true);
        check_match(r"^\Q[a]\E[b]$", false, "[a]b", true);
        check_match("^ÉA[Ö]$", true, "éaö", true);
        check_match(r"^K\W$", true, "k!", true);
        check_match("^ÉA$", false, "éa", false);
        check_match("^(?i)a$", false, "A", true);
        check_match("^a{2}$", false, "aa", true);
    }

    #[test]
    fn expressions_that_cannot_be_read_are_refused() {
        for regexp in ["^(a$", "a)", r"\pL", r"\q", "*", "a{2,1}"] {
            assert!(matches!(compile(regexp, false), Err(RuleProblem::Regexp { .. })), "{regexp}");
        }
        assert_eq!(compile("[z-a]", false).map(|_| ()), Err(RuleProblem::BadClass));
    }
}
