//! The metadata of files and directories, and which side's is carried over when only the metadata differs.
//!
//! No listing records the metadata that both sides once had. A time serves as the base: the beginning of the last run that carried
//! metadata. Metadata that a side changed after that time is a change; everything else is left as it is.

use serde::Serialize;

use crate::entry::Instant;
use crate::side::{Pair, Side};

/// Keys and values: `mode` and `100644`.
pub type Pairs = Box<[(String, String)]>;

/// Keys that say what happened to a file rather than what somebody wants it to have; they are never compared.
const HISTORY: [&str; 4] = ["atime", "btime", "mtime", "rdev"];

/// The metadata of a file or a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// What is known.
    pub pairs: Pairs,
    /// When anything about it was last changed, by the clock of the host; `None` where a side cannot tell that from other things,
    /// such as a new name in a directory.
    pub changed: Option<Instant>,
}

/// The parts of metadata that a side keeps as it is told to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Keeps {
    /// Permission bits: of `mode` the last three digits.
    pub permissions: bool,
    /// `uid` and `gid`.
    pub owner: bool,
    /// Attributes that users give: all other keys.
    pub attributes: bool,
}

impl Keeps {
    /// Returns what both keep.
    pub fn and(self, other: Self) -> Self {
        Self {
            permissions: self.permissions && other.permissions,
            owner: self.owner && other.owner,
            attributes: self.attributes && other.attributes,
        }
    }

    /// Returns whether nothing is kept.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Returns whether the target lacks something of what the source has. What only the target has does not count: it stays.
    pub fn lacks(self, target: &[(String, String)], source: &[(String, String)]) -> bool {
        source.iter().any(|(key, value)| {
            let there = target.iter().find(|(other, _)| other == key).map(|(_, value)| value);
            match key.as_str() {
                "mode" => self.permissions && there.map(|there| permissions(there)) != Some(permissions(value)),
                "uid" | "gid" => self.owner && there != Some(value),
                key if is_history(key) => false,
                _ => self.attributes && there != Some(value),
            }
        })
    }

    /// Returns whether both are the same in what counts.
    pub fn are_same(self, one: &[(String, String)], two: &[(String, String)]) -> bool {
        !self.lacks(one, two) && !self.lacks(two, one)
    }
}

/// Returns whether a key is never compared.
pub fn is_history(key: &str) -> bool {
    HISTORY.contains(&key)
}

/// The permission bits of a mode in octal digits, without those for set-user-id and the like.
fn permissions(mode: &str) -> Option<u32> {
    u32::from_str_radix(mode, 8).ok().map(|mode| mode & 0o777)
}

/// What is to be done about the metadata of something that both sides have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it is the same, or what differs is older than the last run.
    InStep,
    /// It differs, and nothing tells which side changed it.
    Unknown,
    /// That of this side is carried to the other.
    Carry {
        /// The side that has what is to be kept.
        from: Side,
        /// Whether the other side changed it too, but earlier.
        is_contested: bool,
    },
}

/// Decides which metadata is carried over. `base` is when the last run began that carried metadata and left nothing undone.
pub fn decide_metadata(metadata: Pair<&Metadata>, base: Option<Instant>, keeps: Keeps) -> Verdict {
    let Pair { one, two } = metadata;
    if keeps.are_same(&one.pairs, &two.pairs) {
        return Verdict::InStep;
    }
    let Some(base) = base else { return Verdict::Unknown };
    let changed = metadata.map(|metadata| metadata.changed.filter(|changed| *changed > base));
    let from = match changed.one.cmp(&changed.two) {
        std::cmp::Ordering::Greater => Side::One,
        std::cmp::Ordering::Less => Side::Two,
        std::cmp::Ordering::Equal => return Verdict::InStep,
    };
    let is_contested = changed[from.other()].is_some();
    if keeps.lacks(&metadata[from.other()].pairs, &metadata[from].pairs) {
        Verdict::Carry { from, is_contested }
    } else {
        Verdict::InStep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Keeps = Keeps { permissions: true, owner: true, attributes: true };

    fn metadata(text: &str, seconds: i64) -> Metadata {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Metadata { pairs, changed: (seconds != 0).then_some(Instant { seconds, nanoseconds: 0 }) }
    }

    #[test]
    fn only_what_is_kept_and_wanted_counts() {
        let check = |keeps, target: &str, source: &str, expected| {
            let (target, source) = (metadata(target, 0), metadata(source, 0));
            assert_eq!(Keeps::lacks(keeps, &target.pairs, &source.pairs), expected, "{target:?} {source:?}");
        };
        check(ALL, "mode=100644", "mode=100644", false);
        check(ALL, "mode=100644", "mode=104644", false);
        check(ALL, "mode=100644", "mode=100600", true);
        check(Keeps { permissions: false, ..ALL }, "mode=100644", "mode=100600", false);
        check(ALL, "uid=1", "uid=2", true);
        check(Keeps { owner: false, ..ALL }, "uid=1 gid=3", "uid=2 gid=4", false);
        check(ALL, "atime=1 btime=1 mtime=1", "atime=2 btime=2 mtime=2", false);
        check(ALL, "color=red", "color=blue", true);
        check(ALL, "", "color=blue", true);
        check(ALL, "color=blue", "", false);
        check(Keeps { attributes: false, ..ALL }, "", "color=blue", false);
    }

    #[test]
    fn the_later_change_since_the_base_is_carried() {
        let check = |one: &str, two: &str, times: [i64; 2], base, expected| {
            let (one, two) = (metadata(one, times[0]), metadata(two, times[1]));
            let base = (base != 0).then_some(Instant { seconds: base, nanoseconds: 0 });
            assert_eq!(decide_metadata(Pair::new(&one, &two), base, ALL), expected, "{one:?} {two:?} {base:?}");
        };
        let carry = |from, is_contested| Verdict::Carry { from, is_contested };
        check("mode=644", "mode=644", [9, 9], 0, Verdict::InStep);
        check("mode=644", "mode=600", [9, 1], 0, Verdict::Unknown);
        check("mode=644", "mode=600", [5, 5], 5, Verdict::InStep);
        check("mode=644", "mode=600", [6, 5], 5, carry(Side::One, false));
        check("mode=644", "mode=600", [0, 6], 5, carry(Side::Two, false));
        check("mode=644", "mode=600", [6, 7], 5, carry(Side::Two, true));
        check("mode=644", "mode=600", [7, 6], 5, carry(Side::One, true));
        check("mode=644", "mode=600", [7, 7], 5, Verdict::InStep);
        check("mode=644", "mode=600", [0, 0], 5, Verdict::InStep);
        // An attribute that is gone from the side that changed stays on the other, as when a file is copied by rclone.
        check("", "color=red", [6, 1], 5, Verdict::InStep);
        check("", "color=red", [6, 7], 5, carry(Side::Two, true));
    }
}
