//! Which state two folders are in, from the names that lie beside their data.

use std::collections::{BTreeMap, BTreeSet};

use bisync_engine::entry::Fingerprint;
use bisync_engine::side::{Pair, Side};

use super::names::{Name, Part, Version};

/// The names in the directory of a side, and which version of a file each is.
pub type Files = BTreeMap<String, Fingerprint>;

/// The states that two folders may be in.
#[derive(Debug, PartialEq, Eq)]
pub struct Bases(BTreeSet<Version>);

/// Returns the states with which both folders are marked, and whose listings are there.
pub fn bases(files: &Pair<Files>) -> Bases {
    let marked = |side: Side| {
        let marks = files[side].keys().filter_map(|name| match Name::parse(name)? {
            Name::Mark(version, marked) if marked == side => Some(version),
            Name::Mark(..) | Name::Lock { .. } | Name::Part(..) => None,
        });
        marks.collect::<BTreeSet<_>>()
    };
    let has = |version: Version, listed: Side| {
        let name = Name::Part(version, Part::Listing(listed)).to_string();
        Side::BOTH.into_iter().any(|side| files[side].contains_key(&name))
    };
    let both = &marked(Side::One) & &marked(Side::Two);
    // Two runs that went on from one state knew nothing of each other: neither knows what both folders hold.
    let is_one_of_two = |version: &Version| {
        both.iter().any(|other| other != version && (other.pair, other.number) == (version.pair, version.number))
    };
    let is_whole = |version: &&Version| Side::BOTH.into_iter().all(|side| has(**version, side));
    Bases(both.iter().filter(is_whole).filter(|version| !is_one_of_two(version)).copied().collect())
}

impl Bases {
    /// Whether this is the last state of its pair.
    pub fn first_of(&self, version: Version) -> bool {
        self.versions().find(|other| other.pair == version.pair) == Some(version)
    }

    /// Returns the states, the last one first.
    pub fn versions(&self) -> impl Iterator<Item = Version> {
        self.0.iter().rev().copied()
    }
}

/// Whether a mark was written for this very folder.
pub fn is_of(mark: &[u8], identity: &str) -> bool {
    mark.strip_suffix(b"\n") == Some(identity.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters are states: `a1` is the first of the pair a, with the listings where it stands in capitals.
    fn files(side: Side, text: &str) -> Files {
        let mut names = Files::new();
        for word in text.split_whitespace() {
            let (pair, number) = word.split_at(1);
            let version = version(pair, number);
            names.insert(Name::Mark(version, side).to_string(), Fingerprint::default());
            if pair == pair.to_uppercase() {
                let listings = Side::BOTH.map(|listed| Name::Part(version, Part::Listing(listed)).to_string());
                names.extend(listings.map(|name| (name, Fingerprint::default())));
            }
        }
        names
    }

    fn version(pair: &str, number: &str) -> Version {
        let pair = u64::from(pair.to_lowercase().as_bytes()[0]);
        Version { number: number.parse().unwrap(), pair, run: 7 }
    }

    #[test]
    fn both_folders_have_to_be_in_a_state() {
        let check = |one: &str, two: &str, expected: &str| {
            let bases = bases(&Pair::new(files(Side::One, one), files(Side::Two, two)));
            let expected: Vec<_> = expected.split_whitespace().map(|word| word.split_at(1)).collect();
            let expected: Vec<_> = expected.into_iter().map(|(pair, number)| version(pair, number)).collect();
            assert_eq!(bases.versions().collect::<Vec<_>>(), expected, "{one:?} {two:?}");
        };
        check("", "", "");
        check("a1", "A1", "a1");
        check("A1", "a1", "a1");
        check("a1", "a1", "");
        check("a1", "A2", "");
        // Broken off while the second state was being written, marked, and while the first one was being removed.
        check("a1", "A1 A2", "a1");
        check("a1 a2", "A1 A2", "a2 a1");
        check("a2", "A1 A2", "a2");
        // Several folders share one.
        check("b3", "A9 B3 C1", "b3");
    }

    #[test]
    fn a_state_that_was_followed_counts_no_more() {
        let bases = bases(&Pair::new(files(Side::One, "a1 a2 b1"), files(Side::Two, "A1 A2 B1")));
        assert!(bases.first_of(version("a", "2")));
        assert!(bases.first_of(version("b", "1")));
        assert!(!bases.first_of(version("a", "1")));
        assert!(!bases.first_of(version("c", "1")));
    }

    #[test]
    fn of_two_states_that_followed_one_neither_counts() {
        let other = Version { run: 8, ..version("a", "2") };
        let mut files = Pair::new(files(Side::One, "a1 a2"), files(Side::Two, "A1 A2"));
        for side in Side::BOTH {
            files[side].insert(Name::Mark(other, side).to_string(), Fingerprint::default());
        }
        assert_eq!(bases(&files).versions().collect::<Vec<_>>(), [version("a", "1")]);
    }

    #[test]
    fn a_side_has_to_be_the_one_that_it_was() {
        let swapped = bases(&Pair::new(files(Side::Two, "a1"), files(Side::One, "A1")));
        assert_eq!(swapped.versions().count(), 0);
    }

    #[test]
    fn a_mark_knows_its_folder() {
        assert!(is_of(b"12-34\n", "12-34"));
        assert!(is_of(b"\n", ""));
        for (mark, identity) in [("12-34\n", ""), ("\n", "12-34"), ("12-3", "12-3"), ("", "")] {
            assert!(!is_of(mark.as_bytes(), identity), "{mark:?} {identity:?}");
        }
    }
}
