//! What must hold before the first write. Each check is a function of counters alone.

use std::collections::BTreeSet;

use crate::path::RelPath;
use crate::side::{Pair, Side};

/// What was counted on a side while its listings were read. Files, and directories where those are synchronised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Entries of the prior listing that the filters still include.
    pub prior: u64,
    /// Entries there now.
    pub now: u64,
    /// Entries that are as the prior listing has them, moved ones included.
    pub unchanged: u64,
    /// Entries that are gone, without those that were moved.
    pub deleted: u64,
}

/// Why a run stops before its first write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SafetyStop {
    /// A side that had entries has none.
    #[error(
        "{side} is empty, but had {prior} entries after the last run: is it mounted? Nothing was done; --force goes on, and deletes them on the other side"
    )]
    EmptySide {
        /// The empty side.
        side: Side,
        /// How many entries it had.
        prior: u64,
    },
    /// More was deleted than `--max-delete` allows.
    #[error(
        "too many deletes: {deleted} of {prior} on {side} is more than {limit} %. Nothing was done; --force goes on, --max-delete sets the limit"
    )]
    TooManyDeletes {
        /// The side on which they were deleted.
        side: Side,
        /// How many.
        deleted: u64,
        /// Of how many.
        prior: u64,
        /// The limit in per cent.
        limit: u8,
    },
    /// Nothing is as it was.
    #[error(
        "all {prior} entries of the last run have changed on {side}: was a clock or a time zone changed? Nothing was done; --force goes on"
    )]
    AllChanged {
        /// The side.
        side: Side,
        /// How many entries it had.
        prior: u64,
    },
    /// The files of `--check-access` are not the same on both sides.
    #[error("access check failed: {0}. Nothing was done")]
    AccessCheck(String),
}

impl SafetyStop {
    /// Returns true for what rclone calls critical.
    pub fn is_critical(&self) -> bool {
        match self {
            Self::EmptySide { .. } | Self::AccessCheck(_) => true,
            Self::TooManyDeletes { .. } | Self::AllChanged { .. } => false,
        }
    }

    /// Returns a stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptySide { .. } => "empty-side",
            Self::TooManyDeletes { .. } => "too-many-deletes",
            Self::AllChanged { .. } => "all-changed",
            Self::AccessCheck(_) => "access-check",
        }
    }
}

/// So many entries, or fewer, are often all changed by hand: a pair of one file would be stopped by every edit. rclone stops there too.
const FEW: u64 = 4;

/// Returns what is wrong with the counters of a run that has a base.
pub fn check_counters(counters: &Pair<Counters>, max_delete_percent: u8, force: bool) -> Option<SafetyStop> {
    if force {
        return None;
    }
    let each = |check: &dyn Fn(Side, Counters) -> Option<SafetyStop>| {
        Side::BOTH.into_iter().find_map(|side| check(side, counters[side]))
    };
    each(&|side, count| {
        (count.now == 0 && count.prior > 0).then_some(SafetyStop::EmptySide { side, prior: count.prior })
    })
    .or_else(|| {
        each(&|side, Counters { deleted, prior, .. }| {
            let is_excess = u128::from(deleted) * 100 > u128::from(prior) * u128::from(max_delete_percent);
            is_excess.then_some(SafetyStop::TooManyDeletes { side, deleted, prior, limit: max_delete_percent })
        })
    })
    .or_else(|| {
        each(&|side, Counters { unchanged, prior, .. }| {
            (unchanged == 0 && prior > FEW).then_some(SafetyStop::AllChanged { side, prior })
        })
    })
}

/// Returns what is wrong with the files of `--check-access`: there must be one at least, and the same on both sides.
pub fn check_access(name: &str, found: &Pair<BTreeSet<RelPath>>) -> Option<SafetyStop> {
    let stop = |text| Some(SafetyStop::AccessCheck(text));
    if found.one.is_empty() && found.two.is_empty() {
        return stop(format!("no file named `{name}` was found on either side"));
    }
    if let Some(path) = found.one.iter().find(|path| !found.two.contains(*path)) {
        return stop(format!("`{path}` is on Path1 but not on Path2"));
    }
    if let Some(path) = found.two.iter().find(|path| !found.one.contains(*path)) {
        return stop(format!("`{path}` is on Path2 but not on Path1"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_passed_only_by_more_than_the_percentage() {
        let check = |prior, deleted, expected: Option<&str>| {
            let counters = Counters { prior, now: prior - deleted + 1, unchanged: prior - deleted, deleted };
            let fine = Counters { prior, now: prior, unchanged: prior, deleted: 0 };
            let stop = check_counters(&Pair::new(fine, counters), 50, false);
            assert_eq!(stop.map(|stop| stop.code()), expected, "{deleted} of {prior}");
        };
        check(4, 2, None);
        check(4, 3, Some("too-many-deletes"));
        check(100, 50, None);
        check(100, 51, Some("too-many-deletes"));
    }

    #[test]
    fn an_empty_side_and_a_changed_one_stop_the_run() {
        let fine = Counters { prior: 5, now: 5, unchanged: 5, deleted: 0 };
        let check = |counters, force, expected: Option<&str>| {
            let stop = check_counters(&Pair::new(fine, counters), 100, force);
            assert_eq!(stop.map(|stop| stop.code()), expected);
        };
        check(Counters { prior: 2, now: 0, unchanged: 0, deleted: 2 }, false, Some("empty-side"));
        check(Counters { prior: 5, now: 5, unchanged: 0, deleted: 0 }, false, Some("all-changed"));
        check(Counters { prior: 5, now: 5, unchanged: 0, deleted: 0 }, true, None);
        check(Counters { prior: 4, now: 4, unchanged: 0, deleted: 0 }, false, None);
        check(Counters { prior: 0, now: 2, unchanged: 0, deleted: 0 }, false, None);
    }

    #[test]
    fn access_needs_the_same_files_on_both_sides() {
        let set = |names: &[&str]| names.iter().map(|name| RelPath::parse(name).unwrap()).collect::<BTreeSet<_>>();
        let check = |one: &[&str], two: &[&str], expected: bool| {
            assert_eq!(check_access("T", &Pair::new(set(one), set(two))).is_none(), expected, "{one:?} {two:?}");
        };
        check(&["T"], &["T"], true);
        check(&[], &[], false);
        check(&["T"], &[], false);
        check(&["T"], &["T", "a/T"], false);
    }
}
