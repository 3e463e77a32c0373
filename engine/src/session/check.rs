//! The check of `--check-sync`: whether both listings say the same.

use crate::compare::{Compare, Likeness, likeness, times_differ};
use crate::entry::{Entry, Kind};
use crate::listing::ListingError;
use crate::pull::Pull;
use crate::side::{Pair, Side};
use crate::sorting::sort_by;
use crate::spelling::Spelling;

use super::blob::ListingStream;
use super::outbox::{Outbox, Purpose};

/// Compares two listings while they are read.
#[derive(Debug)]
pub struct Check {
    streams: Pair<ListingStream>,
    heads: Pair<Option<Entry>>,
    /// Paths that only one listing has; they may be two spellings of one name.
    alone: Pair<Vec<Entry>>,
    /// What was found, sorted by path: the path, and what is wrong.
    pub mismatches: Vec<(Entry, String)>,
}

/// Hosts may take turns on a pair, and some of them set times to the microsecond.
const HOST_PRECISION_NS: u64 = 1_000;

/// How listings are compared.
#[derive(Debug, Clone, Copy)]
pub struct CheckRules {
    /// Which attributes count.
    pub compare: Compare,
    /// The smallest difference of times between the sides that counts.
    pub window_ns: Option<u64>,
    /// Which spellings are one name.
    pub spelling: Spelling,
}

impl Check {
    /// Begins to read both listings.
    pub fn new(names: Pair<String>) -> Self {
        Self {
            streams: names.map(ListingStream::new),
            heads: Pair::default(),
            alone: Pair::default(),
            mismatches: Vec::new(),
        }
    }

    /// Asks for the next parts.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        for side in Side::BOTH {
            if let Some(verb) = self.streams[side].wants() {
                outbox.ask(verb, Purpose::Reread(side));
            }
        }
    }

    /// Takes a part.
    pub fn supply(&mut self, side: Side, part: Option<Vec<u8>>) {
        self.streams[side].supply(part);
    }

    /// Returns the side whose listing does not exist, if that is known of one.
    pub fn missing(&self) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| self.streams[*side].exists() == Some(false))
    }

    /// Compares what has been read. Returns true when the end was reached.
    ///
    /// # Errors
    /// Names the listing that is damaged and where.
    pub fn advance(&mut self, rules: CheckRules) -> Result<bool, (Side, ListingError)> {
        loop {
            for side in Side::BOTH {
                if self.heads[side].is_none() {
                    match self.streams[side].pull().map_err(|error| (side, error))? {
                        Pull::Item(entry) => self.heads[side] = Some(entry),
                        Pull::Wait => return Ok(false),
                        Pull::End => {}
                    }
                }
            }
            match (self.heads.one.take(), self.heads.two.take()) {
                (None, None) => {
                    self.match_spellings(rules);
                    return Ok(true);
                }
                (Some(one), Some(two)) if one.path == two.path => self.compare(&one, &two, rules),
                (Some(one), Some(two)) if one.path < two.path => {
                    self.alone.one.push(one);
                    self.heads.two = Some(two);
                }
                (one, Some(two)) => {
                    self.alone.two.push(two);
                    self.heads.one = one;
                }
                (Some(one), None) => self.alone.one.push(one),
            }
        }
    }

    fn match_spellings(&mut self, rules: CheckRules) {
        let alone = std::mem::take(&mut self.alone);
        let key = |entry: &Entry| rules.spelling.key(&entry.path);
        let sorted = |entries: Vec<Entry>| {
            let mut keyed: Vec<_> = entries.into_iter().map(|entry| (key(&entry), entry)).collect();
            sort_by(&mut keyed, |left, right| left.0.cmp(&right.0));
            keyed.into_iter().map(|(_, entry)| entry).peekable()
        };
        let (mut one, mut two) = (sorted(alone.one), sorted(alone.two));
        while one.peek().is_some() || two.peek().is_some() {
            let order = match (one.peek(), two.peek()) {
                (Some(one), Some(two)) => key(one).cmp(&key(two)),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, _) => std::cmp::Ordering::Greater,
            };
            let left = if order.is_le() { one.next() } else { None };
            let right = if order.is_ge() { two.next() } else { None };
            match (left, right) {
                (Some(left), Some(right)) => self.compare(&left, &right, rules),
                (Some(entry), None) => self.mismatches.push((entry, "is only in the listing of Path1".into())),
                (None, Some(entry)) => self.mismatches.push((entry, "is only in the listing of Path2".into())),
                (None, None) => {}
            }
        }
        sort_by(&mut self.mismatches, |left, right| left.0.path.cmp(&right.0.path));
    }

    fn compare(&mut self, one: &Entry, two: &Entry, rules: CheckRules) {
        if one.found.kind != two.found.kind {
            self.mismatches.push((one.clone(), "is a file in one listing and a directory in the other".into()));
            return;
        }
        if one.found.kind == Kind::Directory {
            return;
        }
        let (left, right) = (&one.found.fingerprint, &two.found.fingerprint);
        let sizes = rules.compare.size && left.size.is_some() && right.size.is_some() && left.size != right.size;
        let window_ns = rules.window_ns.map(|window| window.max(HOST_PRECISION_NS));
        let times = rules.compare.modified && times_differ(left.modified, right.modified, window_ns);
        let hashes = rules.compare.checksum && !sizes && likeness(left, right) == Likeness::Different;
        let differing: Vec<&str> = [(sizes, "size"), (times, "time"), (hashes, "checksum")]
            .into_iter()
            .filter_map(|(differs, what)| differs.then_some(what))
            .collect();
        if !differing.is_empty() {
            self.mismatches.push((one.clone(), format!("differs between the listings in {}", differing.join(" and "))));
        }
    }
}
