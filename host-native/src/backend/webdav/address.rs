//! Names, and the addresses that lead to them. As with rclone, a name on a server is the name in a listing.

use bisync_engine::protocol::{Failure, FailureKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;

use crate::backend::failed;

/// What is written as it is in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Whether an address is that of a directory, which ends with `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Of whatever is there.
    Plain,
    /// Of a directory.
    Directory,
}

/// What a name of the server's is in a listing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A name that leads back to the same address.
    Usable(String),
    /// No path leads there. This is what it is called where it is reported.
    Unusable(String),
}

/// Returns the address of a path, counted from where the server's files begin.
///
/// # Errors
/// Fails when no address leads there.
pub fn address(endpoint: &Url, path: &str, form: Form) -> Result<Url, Failure> {
    let impossible = || failed(FailureKind::ImpossibleName, "this name is not possible here");
    if path.is_empty() {
        return Ok(endpoint.clone());
    }
    // An address with such names would be that of something else.
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) || path.contains('\0') {
        return Err(impossible());
    }
    let end = if form == Form::Directory { "/" } else { "" };
    let text = format!("{endpoint}{}{end}", utf8_percent_encode(path, PLAIN));
    text.parse().map_err(|_| impossible())
}

/// Returns the names in an address or in the path of one, as bytes. Some servers write `//` for `/`.
pub fn names_of(href: &str) -> Vec<Vec<u8>> {
    let href = href.trim();
    let path = match href.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.split_once('/').map_or("", |(_, path)| path),
        Some(_) | None => href,
    };
    path.split('/').filter(|name| !name.is_empty()).map(|name| percent_decode_str(name).collect()).collect()
}

/// Returns what a name of the server's is in a listing.
pub fn name_of(bytes: &[u8]) -> Name {
    match std::str::from_utf8(bytes) {
        Ok(name) if !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']) => Name::Usable(name.to_owned()),
        Ok(_) | Err(_) => {
            let name = String::from_utf8_lossy(bytes).replace('/', "／").replace('\0', "␀");
            Name::Unusable(if matches!(name.as_str(), "." | "..") { name.replace('.', "．") } else { name })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_there_and_back() {
        let endpoint: Url = "http://h/da%20v/".parse().unwrap();
        for name in ["a", " a b ", "%41", "a+b&c=d#e?f;g", "é", "e\u{301}", "a:b", "a\nb", "back\\slash", "[x]", "‛／"]
        {
            let url = address(&endpoint, name, Form::Plain).unwrap();
            let names = names_of(url.as_str());
            assert_eq!(names, [b"da v", name.as_bytes()], "{url}");
            assert_eq!(name_of(&names[1]), Name::Usable(name.to_owned()));
            assert_eq!(names_of(url.path()), names);
        }
        assert_eq!(address(&endpoint, "d/e", Form::Directory).unwrap().as_str(), "http://h/da%20v/d/e/");
        assert_eq!(address(&endpoint, "", Form::Plain).unwrap(), endpoint);
    }

    #[test]
    fn what_leads_elsewhere_is_no_address() {
        let endpoint: Url = "http://h/dav/".parse().unwrap();
        for path in [".", "..", "a/../b", "a//b", "/a", "a\0"] {
            assert_eq!(address(&endpoint, path, Form::Plain).unwrap_err().kind, FailureKind::ImpossibleName, "{path}");
        }
        for (bytes, name) in [(&b"a/b"[..], "a／b"), (b"..", "．．"), (b"a\xFF", "a\u{FFFD}"), (b"a\0", "a␀")] {
            assert_eq!(name_of(bytes), Name::Unusable(name.to_owned()));
        }
    }
}
