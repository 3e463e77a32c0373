//! What there is at a path: its kind and what identifies its version.

use serde::{Serialize, Serializer};

use crate::path::RelPath;

/// What kind of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link that takes no part. It is reported and left alone.
    Link,
    /// A socket, a pipe, a device. It is reported and left alone.
    Special,
    /// A directory of another file system, where those take no part. It is reported and left alone.
    OtherFileSystem,
}

/// A point in time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Instant {
    /// Whole seconds since 1970-01-01T00:00:00Z; negative before.
    pub seconds: i64,
    /// Nanoseconds after that second, below 1 000 000 000.
    pub nanoseconds: u32,
}

impl Instant {
    /// Returns the distance between two instants in nanoseconds.
    pub fn distance_ns(self, other: Self) -> u128 {
        let (early, late) = if self <= other { (self, other) } else { (other, self) };
        let seconds = (i128::from(late.seconds) - i128::from(early.seconds)) * 1_000_000_000;
        let nanoseconds = i128::from(late.nanoseconds) - i128::from(early.nanoseconds);
        (seconds + nanoseconds).unsigned_abs()
    }
}

/// A hash of a file's content with the name of its algorithm, as listings hold it: `md5:378840336ab14afa9c6b8d887e68a340`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Hash(Box<str>);

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a hash is `algorithm:value`")
    }
}

impl Hash {
    /// Makes a hash from the algorithm's name (`md5`) and the value in hexadecimal.
    pub fn new(algorithm: &str, value: &str) -> Self {
        Self(format!("{algorithm}:{value}").into())
    }

    /// Reads `algorithm:value`; `None` when either is missing.
    pub fn parse(text: &str) -> Option<Self> {
        let (algorithm, value) = text.split_once(':')?;
        (!algorithm.is_empty() && !value.is_empty()).then(|| Self(text.into()))
    }

    /// Returns the name of the algorithm.
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// Returns `algorithm:value`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a side itself uses to tell a file from every other, even when it is renamed; opaque, never zero.
///
/// The local file system gives the inode and its birth time. It is never written into a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FileId(#[serde(serialize_with = "hexadecimal")] pub u128);

/// Writes what is more than a number of JSON holds.
fn hexadecimal<S: Serializer>(id: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{id:x}"))
}

/// What identifies a version of a file. `None` wherever a side does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fingerprint {
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Time of the last modification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Instant>,
    /// Hash of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// The side's own identity of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<FileId>,
}

impl Fingerprint {
    /// Returns true when `observed`, seen on the same side, is still the version described here.
    ///
    /// Size, time and id must be the same where both know them. Hashes are not looked at: this is what a host checks
    /// just before it replaces or deletes something, and it must be cheap.
    pub fn is_still(&self, observed: &Self) -> bool {
        fn agree<T: PartialEq>(expected: Option<T>, observed: Option<T>) -> bool {
            match (expected, observed) {
                (Some(expected), Some(observed)) => expected == observed,
                (None, _) | (_, None) => true,
            }
        }
        agree(self.size, observed.size) && agree(self.modified, observed.modified) && agree(self.id, observed.id)
    }
}

/// What was found at a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Found {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Which version it is. For a directory only the time is meaningful.
    pub fingerprint: Fingerprint,
}

/// A path, and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The path below the root of its side.
    pub path: RelPath,
    /// What was found.
    pub found: Found,
}
