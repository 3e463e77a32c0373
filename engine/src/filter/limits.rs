//! Limits that are no rules.

use super::partition::Partition;
use crate::entry::{Fingerprint, Instant};

/// Limits of size, age, depth and number, and the files that hide the directory they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The least size of a file, in bytes.
    pub min_size: Option<u64>,
    /// The greatest size of a file, in bytes.
    pub max_size: Option<u64>,
    /// The earliest time of modification: the present less `--max-age`.
    pub oldest: Option<Instant>,
    /// The latest time of modification: the present less `--min-age`.
    pub newest: Option<Instant>,
    /// How many levels of names are looked at: with 1 only what lies in the root itself. 0 is the same as 1, as in
    /// rclone's bisync.
    pub max_depth: Option<u32>,
    /// Names of files; a directory that holds one of them is not looked at and is not in the sync.
    pub exclude_if_present: Vec<String>,
    /// The share of all files that is looked at.
    pub partition: Option<Partition>,
}

/// What keeps a file outside the limits of size and age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It is smaller than `--min-size`.
    TooSmall,
    /// It is larger than `--max-size`.
    TooLarge,
    /// It was modified before `--max-age`.
    TooOld,
    /// It was modified after `--min-age`.
    TooNew,
}

impl Limits {
    /// Returns true when no limit is set that a list of files would override.
    pub(super) fn allow_list(&self) -> bool {
        let Self { min_size, max_size, oldest, newest, max_depth: _, exclude_if_present, partition } = self;
        min_size.is_none()
            && max_size.is_none()
            && oldest.is_none()
            && newest.is_none()
            && exclude_if_present.is_empty()
            && partition.is_none()
    }

    /// Returns true when the size and the time are within the limits, both ends included.
    ///
    /// A size that is unknown counts as less than any other, as in rclone; a time that is unknown is within any limits.
    pub(super) fn include(&self, fingerprint: &Fingerprint) -> bool {
        self.exceeded(fingerprint).is_none()
    }

    /// Returns the first limit that a file is not within.
    pub(super) fn exceeded(&self, fingerprint: &Fingerprint) -> Option<Limit> {
        let Fingerprint { size, modified, .. } = fingerprint;
        if self.min_size.is_some_and(|least| size.is_none_or(|size| size < least)) {
            Some(Limit::TooSmall)
        } else if self.max_size.is_some_and(|most| size.is_some_and(|size| size > most)) {
            Some(Limit::TooLarge)
        } else if self.oldest.is_some_and(|oldest| modified.is_some_and(|modified| modified < oldest)) {
            Some(Limit::TooOld)
        } else if self.newest.is_some_and(|newest| modified.is_some_and(|modified| modified > newest)) {
            Some(Limit::TooNew)
        } else {
            None
        }
    }

    /// Returns true when what lies at `depth`, 1 for the names in the root, may be listed as a directory.
    pub(super) fn allow_descent(&self, depth: usize) -> bool {
        self.max_depth.is_none_or(|most| depth < most as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(seconds: i64) -> Instant {
        Instant { seconds, nanoseconds: 0 }
    }

    fn check(limits: &Limits, size: Option<u64>, seconds: Option<i64>, expected: bool) {
        let fingerprint = Fingerprint { size, modified: seconds.map(instant), ..Fingerprint::default() };
        assert_eq!(limits.include(&fingerprint), expected, "{limits:?} {fingerprint:?}");
    }

    #[test]
    fn both_ends_are_within_the_limits() {
        let sizes = Limits { min_size: Some(2), max_size: Some(4), ..Limits::default() };
        for (size, expected) in [(1, false), (2, true), (4, true), (5, false)] {
            check(&sizes, Some(size), None, expected);
        }
        let ages = Limits { oldest: Some(instant(10)), newest: Some(instant(20)), ..Limits::default() };
        for (seconds, expected) in [(9, false), (10, true), (20, true), (21, false)] {
            check(&ages, None, Some(seconds), expected);
        }
    }

    #[test]
    fn what_is_unknown() {
        check(&Limits { min_size: Some(0), ..Limits::default() }, None, None, false);
        check(&Limits { max_size: Some(0), ..Limits::default() }, None, None, true);
        check(&Limits { newest: Some(instant(0)), ..Limits::default() }, Some(1), None, true);
        check(&Limits::default(), None, None, true);
    }
}
