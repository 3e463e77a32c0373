//! Four sorted streams, the prior and the current listing of both sides, joined into rows of one path each.

use std::cmp::Ordering;

use crate::entry::{Entry, Found};
use crate::metadata::Metadata;
use crate::path::RelPath;
use crate::pull::Pull;
use crate::side::{Pair, Side};
use crate::walk::{Now, Seen};

/// Everything that is known of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The path, as side one names it if it knows it.
    pub path: RelPath,
    /// The path as side two names it, when that differs by case or Unicode form only.
    pub alias: Option<RelPath>,
    /// What the listings of the last run say.
    pub prior: Pair<Option<Found>>,
    /// What is there now.
    pub now: Pair<Now>,
    /// The metadata of that, where it is carried over.
    pub metadata: Pair<Option<Box<Metadata>>>,
}

impl Row {
    /// Makes a row of which nothing is known but its path.
    pub fn at(path: RelPath) -> Self {
        Self { path, alias: None, prior: Pair::default(), now: Pair::default(), metadata: Pair::default() }
    }

    /// Returns the path as `side` names it.
    pub fn path_on(&self, side: Side) -> &RelPath {
        match (side, &self.alias) {
            (Side::Two, Some(alias)) => alias,
            (Side::One | Side::Two, _) => &self.path,
        }
    }

    /// Returns what is on `side` now, if it takes part in the sync.
    pub fn present(&self, side: Side) -> Option<&Found> {
        match &self.now[side] {
            Now::Present(found) => Some(found),
            Now::Absent | Now::Untracked => None,
        }
    }
}

/// One path of one side: what it was, and what it is.
#[derive(Debug)]
struct Sighting {
    path: RelPath,
    prior: Option<Found>,
    now: Now,
    metadata: Option<Box<Metadata>>,
}

/// Joins the streams. It holds at most one entry of each.
#[derive(Debug, Default)]
pub struct Merge {
    sides: Pair<SideMerge>,
    heads: Pair<Option<Sighting>>,
    ended: Pair<bool>,
}

#[derive(Debug, Default)]
struct SideMerge {
    prior: Option<Entry>,
    prior_ended: bool,
    now: Option<Seen>,
    now_ended: bool,
}

/// Where the merge takes its entries from. Both streams of a side are sorted by path, each path once.
pub trait Source {
    /// Why a stream can break off.
    type Error;
    /// Takes the next entry of the prior listing of `side`.
    fn pull_prior(&mut self, side: Side) -> Result<Pull<Entry>, Self::Error>;
    /// Takes the next entry of the current listing of `side`.
    fn pull_now(&mut self, side: Side) -> Result<Pull<Seen>, Self::Error>;
}

impl Merge {
    /// Takes the next row, in path order.
    ///
    /// # Errors
    /// Passes on what the source says.
    pub fn pull<S: Source>(&mut self, source: &mut S) -> Result<Pull<Row>, S::Error> {
        for side in Side::BOTH {
            if self.heads[side].is_none() && !self.ended[side] {
                match self.sides[side].pull(source, side)? {
                    Pull::Item(sighting) => self.heads[side] = Some(sighting),
                    Pull::End => self.ended[side] = true,
                    Pull::Wait => return Ok(Pull::Wait),
                }
            }
        }
        let order = match (&self.heads.one, &self.heads.two) {
            (None, None) => return Ok(Pull::End),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => one.path.cmp(&two.path),
        };
        let one = if order == Ordering::Greater { None } else { self.heads.one.take() };
        let two = if order == Ordering::Less { None } else { self.heads.two.take() };
        Ok(row(one, two).map_or(Pull::End, Pull::Item))
    }
}

fn row(one: Option<Sighting>, two: Option<Sighting>) -> Option<Row> {
    let path = one.as_ref().or(two.as_ref())?.path.clone();
    let (one, two) = (one.map(parts).unwrap_or_default(), two.map(parts).unwrap_or_default());
    let metadata = Pair::new(one.2, two.2);
    Some(Row { path, alias: None, prior: Pair::new(one.0, two.0), now: Pair::new(one.1, two.1), metadata })
}

fn parts(sighting: Sighting) -> (Option<Found>, Now, Option<Box<Metadata>>) {
    (sighting.prior, sighting.now, sighting.metadata)
}

impl SideMerge {
    fn pull<S: Source>(&mut self, source: &mut S, side: Side) -> Result<Pull<Sighting>, S::Error> {
        if self.prior.is_none() && !self.prior_ended {
            match source.pull_prior(side)? {
                Pull::Item(entry) => self.prior = Some(entry),
                Pull::End => self.prior_ended = true,
                Pull::Wait => return Ok(Pull::Wait),
            }
        }
        if self.now.is_none() && !self.now_ended {
            match source.pull_now(side)? {
                Pull::Item(seen) => self.now = Some(seen),
                Pull::End => self.now_ended = true,
                Pull::Wait => return Ok(Pull::Wait),
            }
        }
        let order = match (&self.prior, &self.now) {
            (None, None) => return Ok(Pull::End),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(prior), Some(now)) => prior.path.cmp(&now.path),
        };
        let prior = if order == Ordering::Greater { None } else { self.prior.take() };
        let now = if order == Ordering::Less { None } else { self.now.take() };
        Ok(match (prior, now) {
            (prior, Some(Seen { path, now, metadata })) => {
                Pull::Item(Sighting { path, prior: prior.map(|entry| entry.found), now, metadata })
            }
            (Some(Entry { path, found }), None) => {
                Pull::Item(Sighting { path, prior: Some(found), now: Now::Absent, metadata: None })
            }
            (None, None) => Pull::End,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Fingerprint, Kind};
    use std::collections::VecDeque;
    use std::convert::Infallible;

    fn found(size: u64) -> Found {
        Found { kind: Kind::File, fingerprint: Fingerprint { size: Some(size), ..Fingerprint::default() } }
    }

    struct Fixed {
        prior: Pair<VecDeque<(&'static str, u64)>>,
        now: Pair<VecDeque<(&'static str, u64)>>,
    }

    impl Source for Fixed {
        type Error = Infallible;
        fn pull_prior(&mut self, side: Side) -> Result<Pull<Entry>, Infallible> {
            Ok(self.prior[side].pop_front().map_or(Pull::End, |(path, size)| {
                Pull::Item(Entry { path: RelPath::parse(path).unwrap(), found: found(size) })
            }))
        }
        fn pull_now(&mut self, side: Side) -> Result<Pull<Seen>, Infallible> {
            Ok(self.now[side].pop_front().map_or(Pull::End, |(path, size)| {
                let now = Now::Present(found(size));
                Pull::Item(Seen { path: RelPath::parse(path).unwrap(), now, metadata: None })
            }))
        }
    }

    #[test]
    fn four_streams_become_one_row_for_each_path() {
        let mut source = Fixed {
            prior: Pair::new([("a", 1), ("b", 2)].into(), [("a", 1), ("d", 4)].into()),
            now: Pair::new([("b", 3), ("c", 5)].into(), [("a", 1), ("c", 6)].into()),
        };
        let mut merge = Merge::default();
        let mut seen = Vec::new();
        while let Ok(Pull::Item(row)) = merge.pull(&mut source) {
            let size = |found: Option<&Found>| found.and_then(|found| found.fingerprint.size);
            let prior = row.prior.as_ref().map(|prior| size(prior.as_ref()));
            let now = Pair::from_fn(|side| size(row.present(side)));
            seen.push(format!("{} {:?} {:?} | {:?} {:?}", row.path, prior.one, now.one, prior.two, now.two));
        }
        assert_eq!(
            seen,
            [
                "a Some(1) None | Some(1) Some(1)",
                "b Some(2) Some(3) | None None",
                "c None Some(5) | None Some(6)",
                "d None None | Some(4) None",
            ]
        );
    }
}
