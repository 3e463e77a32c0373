//! The names of what lies in the directory `.bisync` of a side. They say all that has to be compared, so that a listing of
//! the directory is enough.
//!
//! `lock-0123456789abcdef-2a` is a run at work, and how often it has said so.
//! `state-0123456789abcdef-0000002a-fedcba9876543210.path1` marks a folder as Path1 of a pair, and of which state of it; where the listings of that state are,
//! they have the same name, followed by `.lst`.

use std::fmt;

use bisync_engine::side::{Pair, Side};

/// What the pair agreed on after a run.
///
/// Ordered by its number within the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Counts the states of the pair, from 1.
    pub number: u32,
    /// Two folders that were brought in step for the first time.
    pub pair: u64,
    /// The run after which it was so: a number that no other run has.
    pub run: u64,
}

/// A part of the state, as it is kept beside the marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The listing of a side.
    Listing(Side),
    /// Since when changes of metadata count.
    Metadata,
}

impl Part {
    /// All parts; the last one may be missing.
    pub const ALL: [Self; 3] = [Self::Listing(Side::One), Self::Listing(Side::Two), Self::Metadata];

    /// Returns what the name of a part ends with.
    fn end(self) -> &'static str {
        match self {
            Self::Listing(Side::One) => ".path1.lst",
            Self::Listing(Side::Two) => ".path2.lst",
            Self::Metadata => ".metadata",
        }
    }
}

/// What a name in the directory says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A run is at work on the folder.
    Lock {
        /// The run: a number that no other has.
        run: u64,
        /// How often it has said so, from 0.
        count: u64,
    },
    /// The folder is this side of a pair, in this state.
    Mark(Version, Side),
    /// A part of a state.
    Part(Version, Part),
}

impl Name {
    /// Reads a name; `None` when it is nobody's here.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(lock) = name.strip_prefix("lock-") {
            let (run, count) = lock.split_once('-')?;
            return Some(Self::Lock { run: hexadecimal(run, 16)?, count: u64::from_str_radix(count, 16).ok()? });
        }
        let (version, end) = name.strip_prefix("state-")?.split_at_checked(16 + 1 + 8 + 1 + 16)?;
        let mut numbers = version.split('-');
        let version = Version {
            pair: hexadecimal(numbers.next()?, 16)?,
            number: u32::try_from(hexadecimal(numbers.next()?, 8)?).ok()?,
            run: hexadecimal(numbers.next()?, 16)?,
        };
        if let Some(side) = Side::BOTH.into_iter().find(|side| end == MARKS[*side]) {
            return Some(Self::Mark(version, side));
        }
        let part = Part::ALL.into_iter().find(|part| end == part.end())?;
        Some(Self::Part(version, part))
    }

    /// Returns the state that the name belongs to, if it belongs to one.
    pub fn version(self) -> Option<Version> {
        match self {
            Self::Lock { .. } => None,
            Self::Mark(version, _) | Self::Part(version, _) => Some(version),
        }
    }
}

/// What the names of marks end with.
const MARKS: Pair<&str> = Pair { one: ".path1", two: ".path2" };

/// Reads a number of so many digits.
fn hexadecimal(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_number { u64::from_str_radix(text, 16).ok() } else { None }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "state-{:016x}-{:08x}-{:016x}", self.pair, self.number, self.run)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock { run, count } => write!(formatter, "lock-{run:016x}-{count:x}"),
            Self::Mark(version, side) => write!(formatter, "{version}{}", MARKS[*side]),
            Self::Part(version, part) => write!(formatter, "{version}{}", part.end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let version = Version { number: 42, pair: 0xabc, run: u64::MAX };
        let marks = Side::BOTH.map(|side| Name::Mark(version, side));
        let parts = Part::ALL.map(|part| Name::Part(version, part));
        for name in marks.into_iter().chain(parts).chain([Name::Lock { run: 7, count: 300 }]) {
            assert_eq!(Name::parse(&name.to_string()), Some(name), "{name}");
        }
        assert_eq!(marks[0].to_string(), "state-0000000000000abc-0000002a-ffffffffffffffff.path1");
    }

    #[test]
    fn other_names_say_nothing() {
        for name in [
            "",
            "lock-",
            "lock-7-1",
            "lock-000000000000000A-1",
            "lock-000000000000000a-",
            "state-0000000000000abc-0000002a-ffffffffffffffff",
            "state-0000000000000abc-0000002a-ffffffffffffffff.path3",
            "state-0000000000000abc-+000002a-ffffffffffffffff.path1",
            "state-0000000000000abc-0000002a-fffffffffffffff\u{e9}.path1",
            ".bisync-0000000000000abc-2a.partial",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }
}
