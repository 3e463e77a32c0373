//! Moves: a file that is new on one side and another that was deleted there, with the same content.

use crate::compare::{Likeness, likeness};
use crate::entry::{Fingerprint, Hash, Instant};
use crate::side::Side;
use crate::sorting::sort_by_key;

/// A file that disappeared from a side, or appeared on it.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// Where to find its row again.
    pub row: usize,
    /// Its name without directories.
    pub name: &'a str,
    /// The version: the last known one for a deleted file, the present one for a new file.
    pub fingerprint: &'a Fingerprint,
}

/// What tells that two names are one file. The size always has to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveSigns {
    /// The content: by hash, else by comparing it.
    pub content: bool,
    /// The modification time.
    pub modified: bool,
    /// The name without directories.
    pub name: bool,
}

/// Two candidates that look like one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairing {
    /// The side that moved it.
    pub side: Side,
    /// The row of the deleted file.
    pub old: usize,
    /// The row of the new file.
    pub new: usize,
    /// Whether nothing is left to be asked; otherwise the contents are still to be compared.
    pub is_proved: bool,
}

/// Pairs deleted and new files of one side that have the same signs.
///
/// Files of the same name are paired first, then in path order. Takes n log n steps for n candidates, however many are alike.
pub fn pair_up<'a>(
    side: Side,
    signs: MoveSigns,
    deleted: &'a [Candidate<'a>],
    new: &'a [Candidate<'a>],
) -> Vec<Pairing> {
    let signed = |is_new| move |candidate: &'a Candidate<'a>| Some((key(candidate, signs)?, is_new, candidate));
    let mut left: Vec<Signed<'a>> = deleted.iter().filter_map(signed(false)).collect();
    left.extend(new.iter().filter_map(signed(true)));
    let mut pairings = Vec::new();
    for is_by_name in [true, false] {
        let shared = |&(key, _, candidate): &Signed<'a>| (key, is_by_name.then_some(candidate.name));
        sort_by_key(&mut left, |signed| (shared(signed), signed.1, signed.2.row));
        let mut rest = Vec::new();
        for alike in left.chunk_by(|one, other| shared(one) == shared(other)) {
            let (old, new) = alike.split_at(alike.partition_point(|(_, is_new, _)| !is_new));
            let pairs = old.iter().zip(new);
            pairings.extend(pairs.filter_map(|((.., old), (.., new))| pairing(side, signs, old, new)));
            let paired = old.len().min(new.len());
            rest.extend(old.iter().skip(paired).chain(new.iter().skip(paired)));
        }
        left = rest;
    }
    sort_by_key(&mut pairings, |pairing| pairing.new);
    pairings
}

/// What a candidate must share with another, whether it is a new file, and the candidate.
type Signed<'a> = (Key<'a>, bool, &'a Candidate<'a>);

type Key<'a> = (u64, Option<Instant>, Option<&'a str>, Option<&'a str>);

/// What two candidates must share. `None` when there is nothing but a size to go by.
fn key<'a>(candidate: &Candidate<'a>, signs: MoveSigns) -> Option<Key<'a>> {
    let Candidate { name, fingerprint, .. } = candidate;
    let name = Some(*name).filter(|_| signs.name);
    let hash = fingerprint.hash.as_ref().filter(|_| signs.content).map(Hash::as_str);
    // A content without a hash is compared only where the time says that it may be the same.
    let modified = fingerprint.modified.filter(|_| signs.modified || (signs.content && hash.is_none()));
    let has_sign = hash.is_some() || modified.is_some() || (name.is_some() && !signs.content && !signs.modified);
    has_sign.then_some((fingerprint.size?, modified, hash, name))
}

fn pairing(side: Side, signs: MoveSigns, old: &Candidate<'_>, new: &Candidate<'_>) -> Option<Pairing> {
    // The other side's file keeps its time when it is moved, so the same content of another time is a copy, not a move.
    if let (Some(old), Some(new)) = (old.fingerprint.modified, new.fingerprint.modified)
        && old != new
    {
        return None;
    }
    let is_proved = match likeness(old.fingerprint, new.fingerprint) {
        Likeness::Same => true,
        Likeness::Unknown => !signs.content || old.fingerprint.size == Some(0),
        Likeness::Different => return None,
    };
    Some(Pairing { side, old: old.row, new: new.row, is_proved })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNS: MoveSigns = MoveSigns { content: true, modified: false, name: false };

    fn version(size: u64, seconds: i64) -> Fingerprint {
        let modified = Some(Instant { seconds, nanoseconds: 0 });
        Fingerprint { size: Some(size), modified, ..Fingerprint::default() }
    }

    fn check(deleted: &[(&str, u64, i64)], new: &[(&str, u64, i64)], expected: &[(usize, usize)]) {
        let versions = |list: &[(&str, u64, i64)]| list.iter().map(|(_, size, time)| version(*size, *time)).collect();
        let (old_versions, new_versions): (Vec<_>, Vec<_>) = (versions(deleted), versions(new));
        fn candidates<'a>(list: &[(&'a str, u64, i64)], versions: &'a [Fingerprint]) -> Vec<Candidate<'a>> {
            list.iter()
                .zip(versions)
                .enumerate()
                .map(|(row, ((name, _, _), fingerprint))| Candidate { row, name, fingerprint })
                .collect()
        }
        let found = pair_up(Side::One, SIGNS, &candidates(deleted, &old_versions), &candidates(new, &new_versions));
        let found: Vec<_> = found.iter().map(|pairing| (pairing.old, pairing.new)).collect();
        assert_eq!(found, expected, "{deleted:?} {new:?}");
    }

    #[test]
    fn the_same_name_is_preferred() {
        check(&[("a", 1, 1)], &[("b", 1, 1)], &[(0, 0)]);
        check(&[("a", 1, 1), ("b", 1, 1)], &[("b", 1, 1), ("a", 1, 1)], &[(1, 0), (0, 1)]);
        check(&[("a", 1, 1), ("b", 1, 1)], &[("c", 1, 1)], &[(0, 0)]);
        check(&[("a", 1, 1)], &[("b", 2, 1), ("c", 1, 2)], &[]);
        check(&[], &[("b", 2, 1)], &[]);
    }

    /// What one deleted file and one new one, `a` and `d/a` or `b`, are taken for.
    #[derive(Debug, PartialEq)]
    enum Taken {
        OneFile,
        ToBeCompared,
        TwoFiles,
    }
    use Taken::{OneFile, ToBeCompared, TwoFiles};

    const CONTENT: MoveSigns = SIGNS;
    const TIME: MoveSigns = MoveSigns { content: false, modified: true, name: false };
    const NAME: MoveSigns = MoveSigns { content: false, modified: false, name: true };
    const NAME_AND_CONTENT: MoveSigns = MoveSigns { content: true, modified: false, name: true };

    /// A version of size 1, unless it is said otherwise: `hash` is `-` for none, `seconds` is `None` for no time.
    fn told(hash: &str, seconds: Option<i64>) -> Fingerprint {
        let modified = seconds.map(|seconds| Instant { seconds, nanoseconds: 0 });
        Fingerprint { size: Some(1), modified, hash: Hash::parse(hash), id: None }
    }

    #[track_caller]
    fn check_signs(signs: MoveSigns, name: &str, old: &Fingerprint, new: &Fingerprint, expected: Taken) {
        let deleted = [Candidate { row: 0, name: "a", fingerprint: old }];
        let new = [Candidate { row: 1, name, fingerprint: new }];
        let taken = match pair_up(Side::Two, signs, &deleted, &new)[..] {
            [] => TwoFiles,
            [Pairing { side: Side::Two, old: 0, new: 1, is_proved: true }] => OneFile,
            [Pairing { side: Side::Two, old: 0, new: 1, is_proved: false }] => ToBeCompared,
            ref other => panic!("{other:?}"),
        };
        assert_eq!(taken, expected);
    }

    #[test]
    fn the_content_tells() {
        let check = |old, new, expected| check_signs(CONTENT, "b", &old, &new, expected);
        check(told("md5:00", Some(1)), told("md5:00", Some(1)), OneFile);
        check(told("md5:00", None), told("md5:00", Some(2)), OneFile);
        check(told("md5:00", Some(1)), told("md5:11", Some(1)), TwoFiles);
        check(told("md5:00", Some(1)), told("-", Some(1)), TwoFiles);
        // A copy keeps the content, but it is another file when its time is another.
        check(told("md5:00", Some(1)), told("md5:00", Some(2)), TwoFiles);
        check(told("-", Some(1)), told("-", Some(1)), ToBeCompared);
        check(told("-", Some(1)), told("-", Some(2)), TwoFiles);
        // Nothing but the size to go by: not every file of one byte is a move.
        check(told("-", None), told("-", None), TwoFiles);
        let empty = Fingerprint { size: Some(0), ..told("-", Some(1)) };
        check(empty.clone(), empty, OneFile);
        let unknown = Fingerprint { size: None, ..told("md5:00", Some(1)) };
        check(unknown.clone(), unknown, TwoFiles);
    }

    #[test]
    fn the_time_tells() {
        let check = |old, new, expected| check_signs(TIME, "b", &old, &new, expected);
        check(told("-", Some(1)), told("-", Some(1)), OneFile);
        check(told("-", Some(1)), told("-", Some(2)), TwoFiles);
        check(told("-", None), told("-", None), TwoFiles);
        check(told("md5:00", Some(1)), told("md5:11", Some(1)), TwoFiles);
        check(told("md5:00", Some(1)), told("-", Some(1)), OneFile);
    }

    #[test]
    fn the_name_tells() {
        let check = |signs, name, expected| {
            let version = told("-", Some(1));
            check_signs(signs, name, &version, &version, expected);
        };
        check(NAME, "a", OneFile);
        check(NAME, "b", TwoFiles);
        check(NAME_AND_CONTENT, "a", ToBeCompared);
        check(NAME_AND_CONTENT, "b", TwoFiles);
        let timeless = told("-", None);
        check_signs(NAME, "a", &timeless, &timeless, OneFile);
        check_signs(NAME_AND_CONTENT, "a", &timeless, &timeless, TwoFiles);
        check_signs(MoveSigns { modified: true, ..NAME }, "a", &timeless, &timeless, TwoFiles);
    }
}
