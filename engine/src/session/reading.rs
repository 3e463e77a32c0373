//! The first part of a run: both sides and both prior listings become rows.

use std::sync::Arc;

use crate::entry::Entry;
use crate::filter::Filter;
use crate::listing::ListingError;
use crate::merge::{Merge, Row, Source};
use crate::path::RelPath;
use crate::protocol::{Reply, Verb};
use crate::pull::Pull;
use crate::side::{Pair, Side};
use crate::spelling::Spelling;
use crate::walk::{Blind, Oddity, Seen, Walk};

use super::blob::ListingStream;
use super::outbox::{Outbox, Purpose};

/// Both walks, both prior listings, and their merge.
#[derive(Debug)]
pub struct Reading {
    streams: Streams,
    merge: Merge,
    hash: Pair<Option<String>>,
    /// Whether the filter looks at metadata, or it is carried over.
    metadata: bool,
}

#[derive(Debug)]
struct Streams {
    walks: Pair<Walk>,
    priors: Pair<ListingStream>,
}

/// A prior listing that cannot be used.
#[derive(Debug)]
pub struct Damaged {
    /// Whose listing it is.
    pub side: Side,
    /// What is wrong with it.
    pub error: ListingError,
}

impl Source for Streams {
    type Error = Damaged;

    fn pull_prior(&mut self, side: Side) -> Result<Pull<Entry>, Damaged> {
        self.priors[side].pull().map_err(|error| Damaged { side, error })
    }

    fn pull_now(&mut self, side: Side) -> Result<Pull<Seen>, Damaged> {
        Ok(self.walks[side].pull())
    }
}

/// A directory that could not be listed.
pub struct Unreadable {
    pub path: RelPath,
    pub reason: String,
}

impl Reading {
    /// Begins with the roots of both sides; `hash` says which hashes the listings want, `carries_metadata` whether metadata is
    /// carried over, and `spelling` which spellings of a path are one.
    pub fn new(
        filter: &Arc<Filter>,
        priors: Pair<ListingStream>,
        hash: Pair<Option<String>>,
        carries_metadata: bool,
        spelling: Spelling,
    ) -> Self {
        let walks = Pair::from_fn(|_| Walk::new(Arc::clone(filter), carries_metadata, spelling));
        let metadata = filter.wants_metadata() || carries_metadata;
        Self { streams: Streams { walks, priors }, merge: Merge::default(), hash, metadata }
    }

    /// Asks for what the streams need next.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        for side in Side::BOTH {
            if let Some(verb) = self.streams.priors[side].wants() {
                outbox.ask(verb, Purpose::Prior(side));
            }
            while let Some((slot, path)) = self.streams.walks[side].wants() {
                let hash = self.hash[side].clone();
                let verb = Verb::ListDirectory { side, path, hash, metadata: self.metadata };
                outbox.ask(verb, Purpose::List(side, slot));
            }
        }
    }

    /// Takes a page of a directory, or the news that it cannot be listed.
    pub fn supply_page(&mut self, side: Side, slot: u32, reply: Reply) -> Result<(), Unreadable> {
        let walk = &mut self.streams.walks[side];
        match reply {
            Reply::Page { items, last } => {
                walk.supply(slot, items, last).map_err(|(path, reason)| Unreadable { path, reason })
            }
            Reply::Anew => {
                walk.begin_anew(slot);
                Ok(())
            }
            Reply::Failed(failure) => Err(Unreadable { path: walk.fail(slot), reason: failure.message }),
            Reply::Described(_) | Reply::Same(_) | Reply::Done(_) | Reply::State(_) => Ok(()),
        }
    }

    /// Takes a part of a prior listing.
    pub fn supply_prior(&mut self, side: Side, part: Option<Vec<u8>>) {
        self.streams.priors[side].supply(part);
    }

    /// Whether each prior listing exists; `None` until that is known of both.
    pub fn priors_exist(&self) -> Option<Pair<bool>> {
        let exist = self.streams.priors.as_ref().map(ListingStream::exists);
        Some(Pair::new(exist.one?, exist.two?))
    }

    /// Takes another prior listing, before the first row.
    pub fn replace_prior(&mut self, side: Side, prior: ListingStream) {
        self.streams.priors[side] = prior;
    }

    /// Takes the next row.
    pub fn pull(&mut self) -> Result<Pull<Row>, Damaged> {
        self.merge.pull(&mut self.streams)
    }

    /// Says why nothing is known of `path` on some side, however that side spells it, if that is so.
    pub fn blind_at(&self, path: &RelPath) -> Option<Blind> {
        Side::BOTH.iter().find_map(|side| self.streams.walks[*side].blind_at(path))
    }

    /// Returns what was met that is no entry of the sync.
    pub fn take_oddities(&mut self, side: Side) -> Vec<Oddity> {
        self.streams.walks[side].take_oddities()
    }
}
