//! What happened to a path on each side since the last run.

use crate::compare::{Compare, Evidence, evidence, is_unchanged};
use crate::entry::{Found, Kind};
use crate::merge::Row;
use crate::side::{Pair, Side};

/// What happened to a path on one side, when both listings of the last run have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// It is as it was.
    Unchanged,
    /// It is another version now.
    Changed,
    /// It is gone.
    Deleted,
}

/// Whether a path is there now, when the last run says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    New,
    /// It is not.
    Absent,
}

/// What happened to a path, on both sides.
///
/// The base is known only when *both* listings have the path: one alone is no agreement, and then nothing may be deleted or
/// overwritten because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta {
    /// Both sides agreed on it once.
    Known(Pair<Edit>),
    /// They never did.
    Unknown(Pair<Presence>),
}

/// How versions are told apart on each side.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Which attributes count.
    pub compare: Compare,
    /// The smallest difference of times that counts on each side, in nanoseconds.
    pub window_ns: Pair<Option<u64>>,
}

/// Returns what happened to the *file* at this path; a directory of the same name counts as no file.
///
/// A base that cannot tell whether a version is the one that it has, because it was written with other options, is no base
/// for that path. One that can tell only by other means than those asked for is renewed: where both sides are as it has them,
/// they are compared.
pub fn file_delta(row: &Row, comparison: &Comparison) -> Delta {
    let Comparison { compare, window_ns } = *comparison;
    let delta = delta(row, Kind::File, |side, prior, now| {
        is_unchanged(&prior.fingerprint, &now.fingerprint, compare, window_ns[side])
    });
    let evidence = Pair::from_fn(|side| match (&row.prior[side], file(row, side)) {
        (Some(prior), Some(now)) => evidence(&prior.fingerprint, &now.fingerprint, compare, window_ns[side]),
        (None, _) | (_, None) => Evidence::Full,
    });
    let is_untouched = delta == Delta::Known(Pair::new(Edit::Unchanged, Edit::Unchanged));
    let is_weak = |evidence| evidence == Evidence::None || (evidence == Evidence::Substitute && is_untouched);
    if matches!(delta, Delta::Known(_)) && (is_weak(evidence.one) || is_weak(evidence.two)) {
        let presence = |side| if file(row, side).is_some() { Presence::New } else { Presence::Absent };
        return Delta::Unknown(Pair::from_fn(presence));
    }
    delta
}

fn file(row: &Row, side: Side) -> Option<&Found> {
    row.present(side).filter(|found| found.kind == Kind::File)
}

/// Returns what happened to the *directory* at this path; a directory has no versions.
pub fn directory_delta(row: &Row) -> Delta {
    delta(row, Kind::Directory, |_, _, _| true)
}

fn delta(row: &Row, kind: Kind, same: impl Fn(Side, &Found, &Found) -> bool) -> Delta {
    let now = Pair::from_fn(|side| row.present(side).filter(|found| found.kind == kind));
    let prior = row.prior.as_ref().map(|prior| prior.as_ref().filter(|found| found.kind == kind));
    match (prior.one, prior.two) {
        (Some(one), Some(two)) => {
            let prior = Pair::new(one, two);
            Delta::Known(Pair::from_fn(|side| match now[side] {
                None => Edit::Deleted,
                Some(found) if same(side, prior[side], found) => Edit::Unchanged,
                Some(_) => Edit::Changed,
            }))
        }
        (None, _) | (_, None) => {
            Delta::Unknown(now.map(|found| if found.is_some() { Presence::New } else { Presence::Absent }))
        }
    }
}
