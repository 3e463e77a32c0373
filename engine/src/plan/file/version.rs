//! What is at a path, as JSON.

use serde::Serialize;

use crate::entry::{FileId, Fingerprint, Found, Kind};

/// What is at a path.
#[derive(Debug, Clone, Serialize)]
#[serde(into = "Text")]
pub struct Version(Found);

/// The same, as texts and numbers; what a side does not know is left out.
#[derive(Debug, Serialize)]
struct Text {
    kind: KindName,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// 128 bits in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    File,
    Directory,
    Link,
    Special,
    OtherFileSystem,
}

impl From<Found> for Version {
    fn from(found: Found) -> Self {
        Self(found)
    }
}

impl From<Version> for Found {
    fn from(Version(found): Version) -> Self {
        found
    }
}

impl From<Version> for Text {
    fn from(Version(Found { kind, fingerprint }): Version) -> Self {
        let Fingerprint { size, modified, hash, id } = fingerprint;
        Self {
            kind: match kind {
                Kind::File => KindName::File,
                Kind::Directory => KindName::Directory,
                Kind::Link => KindName::Link,
                Kind::Special => KindName::Special,
                Kind::OtherFileSystem => KindName::OtherFileSystem,
            },
            size,
            modified: modified.map(time::text),
            hash: hash.map(|hash| hash.as_str().to_owned()),
            id: id.map(|FileId(id)| format!("{id:032x}")),
        }
    }
}

/// Instants as `2006-01-02T15:04:05.000000000Z`, and those of other years as `@` with the seconds since 1970 and the nanoseconds after these.
pub mod time {
    use serde::Serializer;

    use crate::entry::Instant;
    use crate::listing::time as listed;

    /// Writes an instant.
    pub fn serialize<S: Serializer>(instant: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(*instant))
    }

    /// Returns the text of an instant.
    pub fn text(instant: Instant) -> String {
        let mut bytes = Vec::new();
        listed::write(&mut bytes, Some(instant));
        let text = String::from_utf8_lossy(&bytes).replace("+0000", "Z");
        // Listings have no such years: there they say that a time is not known.
        if parse(&text) == Some(instant) { text } else { format!("@{} {}", instant.seconds, instant.nanoseconds) }
    }

    /// Returns the instant that a text means.
    pub fn parse(text: &str) -> Option<Instant> {
        if let Some((seconds, nanoseconds)) = text.strip_prefix('@').and_then(|text| text.split_once(' ')) {
            let nanoseconds = nanoseconds.parse().ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
            return Some(Instant { seconds: seconds.parse().ok()?, nanoseconds });
        }
        listed::parse(&format!("{}+0000", text.strip_suffix('Z')?)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::time::{parse, text};
    use crate::entry::Instant;

    #[test]
    fn all_times_are_read_as_they_were_written() {
        let check = |seconds, nanoseconds, expected: &str| {
            let instant = Instant { seconds, nanoseconds };
            assert_eq!(text(instant), expected);
            assert_eq!(parse(expected), Some(instant));
        };
        check(0, 5, "1970-01-01T00:00:00.000000005Z");
        check(253_402_300_799, 0, "9999-12-31T23:59:59.000000000Z");
        check(999_999_999_999, 999_999_999, "@999999999999 999999999");
        check(i64::MIN, 0, "@-9223372036854775808 0");
        assert_eq!(parse("@0 1000000000"), None);
        assert_eq!(parse("@0"), None);
    }
}
