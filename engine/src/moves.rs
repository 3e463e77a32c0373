//! Moves: a file that is new on one side and another that was deleted there, with the same content.

use std::collections::BTreeMap;

use crate::compare::{Likeness, likeness};
use crate::entry::{Fingerprint, Instant};
use crate::side::Side;

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

/// Two candidates that look like one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairing {
    /// The side that moved it.
    pub side: Side,
    /// The row of the deleted file.
    pub old: usize,
    /// The row of the new file.
    pub new: usize,
    /// Whether a hash has proved it; otherwise the contents are still to be compared.
    pub is_proved: bool,
}

/// Pairs deleted and new files of one side that have the same size and the same time or hash.
///
/// Files of the same name are paired first, then in path order. Takes n log n steps for n candidates, however many are alike.
pub fn pair_up(side: Side, deleted: &[Candidate<'_>], new: &[Candidate<'_>]) -> Vec<Pairing> {
    let mut groups: BTreeMap<Key<'_>, (Vec<&Candidate<'_>>, Vec<&Candidate<'_>>)> = BTreeMap::new();
    for candidate in deleted {
        if let Some(key) = key(candidate.fingerprint) {
            groups.entry(key).or_default().0.push(candidate);
        }
    }
    for candidate in new {
        if let Some(group) = key(candidate.fingerprint).and_then(|key| groups.get_mut(&key)) {
            group.1.push(candidate);
        }
    }
    let mut pairings = Vec::new();
    for (old, new) in groups.into_values() {
        let mut by_name: BTreeMap<&str, Vec<&Candidate<'_>>> = BTreeMap::new();
        // Reversed, so that the last of a list is the first in path order.
        for candidate in old.iter().rev() {
            by_name.entry(candidate.name).or_default().push(candidate);
        }
        let mut unpaired = Vec::new();
        for candidate in new {
            match by_name.get_mut(candidate.name).and_then(Vec::pop) {
                Some(old) => pairings.extend(pairing(side, old, candidate)),
                None => unpaired.push(candidate),
            }
        }
        let mut rest: Vec<_> = by_name.into_values().flatten().collect();
        rest.sort_by_key(|candidate| candidate.row);
        pairings.extend(rest.into_iter().zip(unpaired).filter_map(|(old, new)| pairing(side, old, new)));
    }
    pairings.sort_by_key(|pairing| pairing.new);
    pairings
}

type Key<'a> = (u64, Option<Instant>, Option<&'a str>);

/// What two candidates must share. `None` when there is nothing but a size to go by.
fn key(fingerprint: &Fingerprint) -> Option<Key<'_>> {
    let size = fingerprint.size?;
    match (&fingerprint.hash, fingerprint.modified) {
        (Some(hash), _) => Some((size, None, Some(hash.as_str()))),
        (None, Some(modified)) => Some((size, Some(modified), None)),
        (None, None) => None,
    }
}

fn pairing(side: Side, old: &Candidate<'_>, new: &Candidate<'_>) -> Option<Pairing> {
    // The other side's file keeps its time when it is moved, so the same content of another time is a copy, not a move.
    if let (Some(old), Some(new)) = (old.fingerprint.modified, new.fingerprint.modified)
        && old != new
    {
        return None;
    }
    let is_proved = match likeness(old.fingerprint, new.fingerprint) {
        Likeness::Same => true,
        Likeness::Unknown => old.fingerprint.size == Some(0),
        Likeness::Different => return None,
    };
    Some(Pairing { side, old: old.row, new: new.row, is_proved })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let found = pair_up(Side::One, &candidates(deleted, &old_versions), &candidates(new, &new_versions));
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
}
