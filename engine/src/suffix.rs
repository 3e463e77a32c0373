//! Names of conflict losers: a path and a suffix -> the path with the suffix, as rclone makes it.

use crate::entry::Instant;
use crate::go_time;
use crate::path::{PathError, RelPath};

/// Extensions that count as a part of a longer one, such as `tar` in `.tar.gz`.
///
/// rclone asks the MIME database of the machine, and of two that are common on Linux it takes the one that it finds. These
/// are the extensions that it knows whichever it finds. Fixed, so that names do not depend on the machine.
const KNOWN_EXTENSIONS: &str = include_str!("suffix/extensions.txt");

/// Most file systems hold names of so many bytes.
const LONGEST_NAME: usize = 255;

/// Returns `path` with `suffix` at its end or, to keep the extension, before it.
///
/// A name begins its extension at its last dot, even where that is its first or last character. With
/// `keep_extension`, what stands before the extension is one too if it is well known.
///
/// # Errors
/// Returns what is wrong when the result is no path, because of what the suffix holds.
pub fn suffixed(path: &RelPath, suffix: &str, keep_extension: bool) -> Result<RelPath, PathError> {
    let (base, extensions) = if keep_extension { split_extensions(path.as_str()) } else { (path.as_str(), "") };
    RelPath::parse(&format!("{base}{suffix}{extensions}"))
}

/// Returns the same, but where the name would become too long for most file systems, what stands before the suffix is cut. Other paths may
/// come to the same name then.
///
/// # Errors
/// As [`suffixed`].
pub fn cut_and_suffixed(path: &RelPath, suffix: &str, keep_extension: bool) -> Result<RelPath, PathError> {
    let (base, extensions) = if keep_extension { split_extensions(path.as_str()) } else { (path.as_str(), "") };
    let base = if suffix.contains('/') { base } else { cut(base, path.name().len(), suffix.len()) };
    RelPath::parse(&format!("{base}{suffix}{extensions}"))
}

/// Cuts the beginning of a name of so many bytes, so that so many more fit. Where the name was too long before, or too little would be left,
/// all of it stays.
fn cut(base: &str, name: usize, more: usize) -> &str {
    let excess = (name + more).saturating_sub(LONGEST_NAME);
    let first = base.rfind('/').map_or(0, |slash| slash + 1);
    if name > LONGEST_NAME || excess == 0 || base.len() - first <= excess {
        return base;
    }
    base.get(..base.floor_char_boundary(base.len() - excess)).unwrap_or(base)
}

fn split_extensions(path: &str) -> (&str, &str) {
    let Some(mut base) = without_extension(path) else { return (path, "") };
    while let Some(shorter) = without_extension(base) {
        if !base.get(shorter.len() + 1..).is_some_and(is_known) {
            break;
        }
        base = shorter;
    }
    (base, path.get(base.len()..).unwrap_or_default())
}

fn without_extension(path: &str) -> Option<&str> {
    let dot = path.rfind(['.', '/']).filter(|&last| path.as_bytes().get(last) == Some(&b'.'))?;
    path.get(..dot)
}

fn is_known(extension: &str) -> bool {
    let extension = extension.to_lowercase();
    KNOWN_EXTENSIONS.split_ascii_whitespace().any(|known| known == extension)
}

/// Replaces a date variable, such as `{DateOnly}` or `{2006-01-02}`, by the local date and time.
///
/// The variable reaches from the first `{` to the last `}`, and it is the name of a layout or a layout of Go's `time`
/// package itself. Other places that hold the very same variable are replaced too.
pub fn expand_dates(text: &str, now: Instant, utc_offset_seconds: i32) -> String {
    let (Some(open), Some(close)) = (text.find('{'), text.rfind('}')) else {
        return text.to_owned();
    };
    let Some(variable) = text.get(open..=close) else {
        return text.to_owned();
    };
    let name = variable.trim_matches(['{', '}']);
    text.replace(variable, &go_time::format(layout(name), now, utc_offset_seconds))
}

/// Returns the layout of this name; rclone has some that Go has not.
fn layout(name: &str) -> &str {
    match name {
        "MacFriendlyTime" | "macfriendlytime" | "mac" => "2006-01-02 0304PM",
        "YYYYMMDD" => "20060102",
        _ => go_time::named_layout(name).unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, suffix: &str, expected: &str) {
        let path = RelPath::parse(path).unwrap();
        assert_eq!(suffixed(&path, suffix, true).unwrap().as_str(), expected);
        assert_eq!(suffixed(&path, suffix, false).unwrap().as_str(), format!("{path}{suffix}"));
    }

    #[test]
    fn the_extension_is_kept() {
        check("f.txt", ".conflict1", "f.conflict1.txt");
        check("f", ".conflict1", "f.conflict1");
        check("g.tar.gz", ".lost1", "g.lost1.tar.gz");
        check("g.TAR.GZ", ".lost1", "g.lost1.TAR.GZ");
        check("g.tar.zzz", ".lost1", "g.lost1.tar.zzz");
        check("g.zzz.gz", ".lost1", "g.zzz.lost1.gz");
        check("a.pdf.zip.tar.gz", ".c1", "a.c1.pdf.zip.tar.gz");
        check("v1.2.txt", ".c1", "v1.2.c1.txt");
        check("end.", ".conflict2", "end.conflict2.");
        check("..two", ".c1", "..c1.two");
        check(".hidden", ".c1", ".c1.hidden");
        check("dir.tar/.gz", ".c1", "dir.tar/.c1.gz");
        check("dir.tar/plain", ".c1", "dir.tar/plain.c1");
        check("dir.x/é.tar.xz", "..c1", "dir.x/é..c1.tar.xz");
    }

    #[test]
    fn a_name_does_not_become_too_long() {
        let check = |name: &str, suffix: &str, keep: bool, expected: &str| {
            let path = RelPath::parse(&format!("d/{name}")).unwrap();
            assert_eq!(cut_and_suffixed(&path, suffix, keep).unwrap().as_str(), format!("d/{expected}"), "{suffix}");
        };
        let a = |count| "a".repeat(count);
        check(&a(255), ".c1", false, &(a(252) + ".c1"));
        check(&(a(251) + ".txt"), ".c1", false, &(a(251) + "..c1"));
        check(&(a(251) + ".txt"), ".c1", true, &(a(248) + ".c1.txt"));
        check(&(a(248) + ".txt"), ".c1", true, &(a(248) + ".c1.txt"));
        check(&("é".repeat(127) + "a"), ".c1", false, &("é".repeat(126) + ".c1"));
        // What would be left is no name, or names of any length are possible there.
        check(&("a".to_owned() + "." + &"x".repeat(253)), ".c1", true, &("a.c1.".to_owned() + &"x".repeat(253)));
        check(&a(300), ".c1", false, &(a(300) + ".c1"));
        check(&a(255), ".1/2", false, &(a(255) + ".1/2"));
    }

    #[test]
    fn a_suffix_may_not_lead_out() {
        let path = RelPath::parse("a/f.txt").unwrap();
        assert!(suffixed(&path, "./../../x", false).is_err());
        assert!(suffixed(&path, ".a\0", true).is_err());
        assert_eq!(suffixed(&path, ".11/22/26", false).unwrap().as_str(), "a/f.txt.11/22/26");
    }

    #[test]
    fn known_extensions_are_in_lower_case() {
        assert!(KNOWN_EXTENSIONS.split_ascii_whitespace().all(|known| known == known.to_lowercase()));
    }

    #[test]
    fn dates_are_expanded() {
        let now = Instant { seconds: 1_709_247_845, nanoseconds: 123_000_000 };
        let check = |text: &str, expected: &str| assert_eq!(expand_dates(text, now, 19_800), expected);
        check("conflict", "conflict");
        check("lost-{DateOnly}", "lost-2024-03-01");
        check("{MacFriendlyTime}-x", "2024-03-01 0434AM-x");
        check("{mac}", "2024-03-01 0434AM");
        check("{{YYYYMMDD}}", "20240301");
        check("{2006}-{01}", "2024}-{03");
        check("{}", "");
        check("}{", "}{");
        check("{ on 2 Jan }", " on 1 Mar ");
    }
}
