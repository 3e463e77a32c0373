//! What is at a path, as JSON.

use serde::{Deserialize, Serialize};

use crate::entry::{FileId, Fingerprint, Found, Hash, Kind};

/// What is at a path.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Version(Found);

/// The same, as texts and numbers; what a side does not know is left out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    kind: KindName,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    hash: Option<String>,
    /// 128 bits in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    id: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    File,
    Directory,
    Link,
    Special,
    OtherFileSystem,
}

/// Why a text is no version.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no {1}")]
struct Malformed(String, &'static str);

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

impl TryFrom<Text> for Version {
    type Error = Malformed;

    fn try_from(Text { kind, size, modified, hash, id }: Text) -> Result<Self, Malformed> {
        let modified = modified.map(|text| time::parse(&text).ok_or(Malformed(text, "time"))).transpose()?;
        let hash = hash.map(|text| Hash::parse(&text).ok_or(Malformed(text, "hash"))).transpose()?;
        let number = |text: String| u128::from_str_radix(&text, 16).map(FileId).map_err(|_| Malformed(text, "id"));
        let id = id.map(number).transpose()?;
        let kind = match kind {
            KindName::File => Kind::File,
            KindName::Directory => Kind::Directory,
            KindName::Link => Kind::Link,
            KindName::Special => Kind::Special,
            KindName::OtherFileSystem => Kind::OtherFileSystem,
        };
        Ok(Self(Found { kind, fingerprint: Fingerprint { size, modified, hash, id } }))
    }
}

/// Instants as `2006-01-02T15:04:05.000000000Z`.
pub mod time {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::entry::Instant;
    use crate::listing::time as listed;

    /// Writes an instant.
    pub fn serialize<S: Serializer>(instant: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(*instant))
    }

    /// Reads an instant.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time")))
    }

    /// Returns the text of an instant.
    pub fn text(instant: Instant) -> String {
        let mut bytes = Vec::new();
        listed::write(&mut bytes, Some(instant));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.replace("+0000", "Z")
    }

    /// Returns the instant that a text means.
    pub fn parse(text: &str) -> Option<Instant> {
        listed::parse(&format!("{}+0000", text.strip_suffix('Z')?)).flatten()
    }
}
