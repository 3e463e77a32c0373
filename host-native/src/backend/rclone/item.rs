//! What rclone says of a remote, and of what is on it.

use bisync_engine::compare::times_differ;
use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::protocol::Capabilities;
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// From this precision on, in nanoseconds, a remote keeps no times: rclone says a hundred years.
const NO_TIMES_NS: u64 = 3_000_000_000_000_000_000;

/// What a remote can do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Features {
    precision: u64,
    #[serde(default)]
    hashes: Option<Vec<String>>,
    features: Switches,
    /// Whether files have the time at which they were written, whatever rclone says.
    #[serde(skip)]
    pub has_times_of_its_own: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Switches {
    can_have_empty_directories: bool,
    case_insensitive: bool,
    partial_uploads: bool,
    slow_hash: bool,
    slow_mod_time: bool,
}

impl Features {
    pub fn capabilities(&self) -> Capabilities {
        let keeps_time = self.precision < NO_TIMES_NS;
        Capabilities {
            time_precision_ns: keeps_time.then_some(self.precision.max(1)),
            sets_time: keeps_time && !self.has_times_of_its_own,
            hashes: self.hashes.clone().unwrap_or_default(),
            slow_hashes: self.features.slow_hash,
            case_insensitive: self.features.case_insensitive,
            ..Capabilities::default()
        }
    }

    /// Says whether what is at a path now can be a copy of this version: somebody may have changed it since it was written.
    pub fn can_be_copy(&self, source: &Fingerprint, found: &Fingerprint) -> bool {
        let is_same_size = source.size.is_none() || found.size.is_none() || source.size == found.size;
        let window_ns = self.capabilities().time_precision_ns.filter(|_| !self.has_times_of_its_own);
        is_same_size && !times_differ(source.modified, found.modified, window_ns)
    }

    /// Says whether a directory without files is kept.
    pub fn keeps_empty_directories(&self) -> bool {
        self.features.can_have_empty_directories
    }

    /// Says whether a listing asks the server for the time of each file.
    pub fn tells_times_slowly(&self) -> bool {
        self.features.slow_mod_time
    }

    /// Says whether a file can be seen under its name while it is being written.
    pub fn shows_partial_files(&self) -> bool {
        self.features.partial_uploads
    }
}

/// The answer to a wish for a listing.
#[derive(Debug, Deserialize)]
pub struct Listing {
    pub list: Vec<Listed>,
}

/// The answers to several wishes for a listing.
#[derive(Debug, Deserialize)]
pub struct Batch {
    pub results: Vec<Answered>,
}

/// One of several answers.
#[derive(Debug, Deserialize)]
pub struct Answered {
    /// Nothing where the answer is an error.
    #[serde(default)]
    pub list: Option<Vec<Listed>>,
}

/// The answer to a question about a path.
#[derive(Debug, Deserialize)]
pub struct Stat {
    pub item: Option<Listed>,
}

/// A file or a directory.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    name: String,
    size: i64,
    mod_time: String,
    is_dir: bool,
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
    #[serde(default, rename = "ID")]
    id: String,
}

impl Listed {
    /// Turns it into what the engine takes, with the hash that was asked for.
    pub fn into_item(self, features: &Features, hash: Option<&str>) -> Item {
        let kind = if self.is_dir { Kind::Directory } else { Kind::File };
        let keeps_time = features.capabilities().time_precision_ns.is_some();
        let hash = hash.and_then(|algorithm| {
            let value = self.hashes.get(algorithm).filter(|value| !value.is_empty())?;
            Some(Hash::new(algorithm, value))
        });
        let fingerprint = Fingerprint {
            size: u64::try_from(self.size).ok().filter(|_| !self.is_dir),
            modified: self.mod_time.parse().ok().filter(|_| keeps_time).map(instant),
            hash,
            id: file_id(&self.id).filter(|_| !self.is_dir),
        };
        Item { name: self.name, found: Found { kind, fingerprint }, metadata: None }
    }
}

fn instant(time: Timestamp) -> Instant {
    // Before 1970 the fraction is counted back from the next second.
    let (seconds, fraction) = (time.as_second(), i64::from(time.subsec_nanosecond()));
    let (seconds, fraction) = if fraction < 0 { (seconds - 1, fraction + 1_000_000_000) } else { (seconds, fraction) };
    Instant { seconds, nanoseconds: u32::try_from(fraction).unwrap_or_default() }
}

/// Returns the identity that a remote gives its files, if it gives them any.
fn file_id(id: &str) -> Option<FileId> {
    let bytes = Sha256::digest(id);
    let number = bytes.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    (!id.is_empty()).then_some(FileId(number.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(precision: u64) -> Features {
        let text = format!(
            r#"{{"Precision":{precision},"Hashes":["md5"],"Features":{{"CaseInsensitive":true,"Move":true}},"Name":"x"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn remotes_say_what_they_can() {
        let capabilities = features(1_000_000).capabilities();
        assert_eq!((capabilities.time_precision_ns, capabilities.sets_time), (Some(1_000_000), true));
        assert!(capabilities.case_insensitive && !capabilities.slow_hashes);
        assert_eq!(capabilities.hashes, ["md5"]);
        assert_eq!(features(3_153_600_000_000_000_000).capabilities().time_precision_ns, None);
    }

    #[test]
    fn what_was_changed_since_is_no_copy() {
        let check = |precision, source, found, expected| {
            let version = |(size, seconds, nanoseconds)| Fingerprint {
                size: Some(size),
                modified: Some(Instant { seconds, nanoseconds }),
                ..Fingerprint::default()
            };
            let is_copy = features(precision).can_be_copy(&version(source), &version(found));
            assert_eq!(is_copy, expected, "{precision} {source:?} {found:?}");
        };
        check(1, (3, 5, 123), (3, 5, 123), true);
        check(1, (3, 5, 123), (4, 5, 123), false);
        check(1, (3, 5, 123), (3, 5, 124), false);
        check(1_000_000_000, (3, 5, 123), (3, 5, 0), true);
        check(1_000_000_000, (3, 5, 123), (3, 7, 0), false);
        check(NO_TIMES_NS, (3, 5, 0), (3, 7, 0), true);
        let untimed = Features { has_times_of_its_own: true, ..features(1) };
        let at =
            |seconds| Fingerprint { modified: Some(Instant { seconds, nanoseconds: 0 }), ..Fingerprint::default() };
        assert!(untimed.can_be_copy(&at(5), &at(7)));
        let unknown = Fingerprint::default();
        assert!(features(1).can_be_copy(&unknown, &Fingerprint { size: Some(3), ..Fingerprint::default() }));
    }

    #[test]
    fn files_are_read_as_they_are_told() {
        let check = |text: &str, precision: u64, expected: Fingerprint| {
            let listed: Listed = serde_json::from_str(text).unwrap();
            assert_eq!(listed.into_item(&features(precision), Some("md5")).found.fingerprint, expected, "{text}");
        };
        let file = r#"{"Path":"d/x","Name":"x","Size":3,"ModTime":"1969-12-31T23:59:59.250000000Z","IsDir":false,"Hashes":{"md5":"ab"}}"#;
        let modified = Some(Instant { seconds: -1, nanoseconds: 250_000_000 });
        let hash = Hash::parse("md5:ab");
        check(file, 1, Fingerprint { size: Some(3), modified, hash: hash.clone(), id: None });
        check(file, NO_TIMES_NS, Fingerprint { size: Some(3), modified: None, hash, id: None });
        let unknown =
            r#"{"Path":"x","Name":"x","Size":-1,"ModTime":"2026-11-23T12:00:00+01:00","IsDir":false,"ID":"q"}"#;
        let modified = Some(Instant { seconds: 1_795_431_600, nanoseconds: 0 });
        check(unknown, 1, Fingerprint { size: None, modified, hash: None, id: file_id("q") });
        assert_ne!(file_id("q"), file_id("r"));
    }
}
