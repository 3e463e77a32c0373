//! What the new listings will say: confirmed results, in path order where they come in that order.

use std::collections::{BTreeSet, VecDeque};

use crate::entry::{Entry, Found, Instant};
use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::plan::{Record, Says};
use crate::side::{Pair, Side};

use super::acting::Place;
use super::blob::ListingWriter;
use super::outbox::{Outbox, Purpose};

/// A result that is so many places behind the first open one is not waited for any longer.
const PLACES_HELD: usize = 16_384;

/// New content of lines of a listing; `None` takes the line out.
pub type Lines = PathMap<Option<Found>>;

/// What listings hold of a version.
#[derive(Debug)]
pub struct Form {
    /// The hash algorithm of each side's listing.
    pub hash: Pair<Option<String>>,
    /// Whether times are compared, and so recorded.
    pub has_times: bool,
}

/// The results so far.
#[derive(Debug)]
pub struct Ledger {
    form: Form,
    /// Lines that differ from the base, or from what was written in order.
    pub lines: Pair<Lines>,
    in_order: Option<InOrder>,
}

/// A place in the order, and the lines that came for it.
type Kept = (Place, RelPath, Option<Vec<(Side, Entry)>>);

/// Listings that are written while results come, because there is no base to fold them into.
#[derive(Debug)]
struct InOrder {
    places: VecDeque<Kept>,
    late: BTreeSet<Place>,
    writers: Pair<ListingWriter>,
}

impl Ledger {
    /// Begins without results.
    pub fn new(form: Form) -> Self {
        Self { form, lines: Pair::default(), in_order: None }
    }

    /// Writes results to these blobs as they come, where they come in path order.
    pub fn write_in_order(&mut self, names: Pair<String>, now: Instant) {
        let writers = names.map(|name| ListingWriter::new(name, now));
        self.in_order = Some(InOrder { places: VecDeque::new(), late: BTreeSet::new(), writers });
    }

    /// Whether results are written as they come.
    pub fn is_in_order(&self) -> bool {
        self.in_order.is_some()
    }

    /// Returns true when no more should be begun before some has been written.
    pub fn is_full(&self) -> bool {
        self.in_order.as_ref().is_some_and(|order| Side::BOTH.iter().any(|side| order.writers[*side].is_full()))
    }

    /// Keeps a place in the order for a path; places are kept in path order.
    pub fn keep_place(&mut self, place: Place, path: &RelPath) {
        if let Some(order) = &mut self.in_order {
            order.places.push_back((place, path.clone(), None));
        }
    }

    /// Records what came of the change at this place; nothing if it failed.
    pub fn record(&mut self, place: Place, records: Vec<Record>, results: &[Option<Found>]) {
        let mut lines: Vec<(Side, RelPath, Option<Found>)> = Vec::with_capacity(records.len());
        for Record { side, path, says } in records {
            let found = match says {
                Says::Nothing => None,
                Says::Version(found) => Some(found),
                Says::Result(step, content) => match results.get(step) {
                    // The content is that of the source, and so is its hash.
                    Some(Some(found)) => Some(with_hash(found.clone(), &content)),
                    Some(None) | None => continue,
                },
            };
            lines.push((side, path, found.map(|found| self.form.apply(side, found))));
        }
        let Some(order) = &mut self.in_order else {
            self.lines.extend(lines);
            return;
        };
        if order.late.remove(&place) {
            self.lines.extend(lines);
            return;
        }
        match order.places.binary_search_by_key(&place, |(place, _, _)| *place) {
            Ok(index) => {
                if let Some((_, path, result)) = order.places.get_mut(index) {
                    let (here, elsewhere): (Vec<_>, Vec<_>) =
                        lines.into_iter().partition(|(_, line, found)| line == path && found.is_some());
                    self.lines.extend(elsewhere);
                    let entries =
                        here.into_iter().filter_map(|(side, path, found)| Some((side, Entry { path, found: found? })));
                    *result = Some(entries.collect());
                }
            }
            Err(_) => self.lines.extend(lines),
        }
        self.advance();
    }

    /// Asks for what is to be written now.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        if let Some(order) = &mut self.in_order {
            for side in Side::BOTH {
                if let Some(verb) = order.writers[side].wants() {
                    outbox.ask(verb, Purpose::Write(side));
                }
            }
        }
    }

    /// A part was written.
    pub fn supply(&mut self, side: Side) {
        if let Some(order) = &mut self.in_order {
            order.writers[side].supply();
        }
    }

    /// No more results come.
    pub fn close(&mut self) {
        self.advance();
        if let Some(order) = &mut self.in_order {
            order.writers.one.close();
            order.writers.two.close();
        }
    }

    /// Returns true when all that was recorded in order was written.
    pub fn is_written(&self) -> bool {
        self.in_order.as_ref().is_none_or(|order| order.writers.one.is_done() && order.writers.two.is_done())
    }

    /// Writes what has come for the first places.
    fn advance(&mut self) {
        let Some(order) = &mut self.in_order else { return };
        loop {
            let is_long = order.places.len() > PLACES_HELD;
            match order.places.front() {
                Some((_, _, Some(_))) => {}
                Some((_, _, None)) if is_long => {}
                Some((_, _, None)) | None => return,
            }
            match order.places.pop_front() {
                Some((_, _, Some(entries))) => {
                    for (side, entry) in entries {
                        order.writers[side].write(&entry);
                    }
                }
                Some((place, _, None)) => {
                    order.late.insert(place);
                }
                None => return,
            }
        }
    }
}

impl Form {
    fn apply(&self, side: Side, mut found: Found) -> Found {
        if !self.has_times {
            found.fingerprint.modified = None;
        }
        found.fingerprint.hash =
            found.fingerprint.hash.filter(|hash| Some(hash.algorithm()) == self.hash[side].as_deref());
        found
    }
}

impl Pair<Lines> {
    fn extend(&mut self, lines: Vec<(Side, RelPath, Option<Found>)>) {
        for (side, path, found) in lines {
            self[side].insert(path, found);
        }
    }
}

fn with_hash(mut found: Found, content: &crate::entry::Fingerprint) -> Found {
    if found.fingerprint.hash.is_none() {
        found.fingerprint.hash.clone_from(&content.hash);
    }
    found
}
