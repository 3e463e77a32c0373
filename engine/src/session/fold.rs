//! A listing and the lines that changed -> the next listing, streamed from one blob to another.

use std::iter::Peekable;

use crate::entry::{Entry, Found, Instant};
use crate::listing::ListingError;
use crate::path_map::InOrder;
use crate::pull::Pull;
use crate::side::{Pair, Side};

use super::blob::{ListingStream, ListingWriter};
use super::ledger::Lines;
use super::outbox::{Outbox, Purpose};

/// Both listings being folded.
#[derive(Debug)]
pub struct Folds(Pair<Fold>);

#[derive(Debug)]
struct Fold {
    source: ListingStream,
    head: Option<Entry>,
    lines: Peekable<InOrder<Option<Found>>>,
    writer: ListingWriter,
    is_over: bool,
}

impl Folds {
    /// Begins to fold `lines` into `sources`; the results are written to `targets`.
    pub fn new(sources: Pair<ListingStream>, lines: Pair<Lines>, targets: Pair<String>, now: Instant) -> Self {
        let fold = |source, lines: Lines, target| Fold {
            source,
            head: None,
            lines: lines.into_iter().peekable(),
            writer: ListingWriter::new(target, now),
            is_over: false,
        };
        Self(Pair { one: fold(sources.one, lines.one, targets.one), two: fold(sources.two, lines.two, targets.two) })
    }

    /// Asks for the next parts to read and to write.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        for side in Side::BOTH {
            let fold = &mut self.0[side];
            if let Some(verb) = fold.source.wants() {
                outbox.ask(verb, Purpose::Reread(side));
            }
            if let Some(verb) = fold.writer.wants() {
                outbox.ask(verb, Purpose::Write(side));
            }
        }
    }

    /// Takes a part of the old listing.
    pub fn supply_part(&mut self, side: Side, part: Option<Vec<u8>>) {
        self.0[side].source.supply(part);
    }

    /// A part of the new listing was written.
    pub fn supply_written(&mut self, side: Side) {
        self.0[side].writer.supply();
    }

    /// Folds what has been read. Returns true when both new listings are written.
    ///
    /// # Errors
    /// Names the listing that is damaged and where.
    pub fn advance(&mut self) -> Result<bool, (Side, ListingError)> {
        for side in Side::BOTH {
            self.0[side].advance().map_err(|error| (side, error))?;
        }
        Ok(self.0.one.is_done() && self.0.two.is_done())
    }
}

impl Fold {
    fn is_done(&self) -> bool {
        self.is_over && self.writer.is_done()
    }

    fn advance(&mut self) -> Result<(), ListingError> {
        while !self.is_over && !self.writer.is_full() {
            if self.head.is_none() {
                match self.source.pull()? {
                    Pull::Item(entry) => self.head = Some(entry),
                    Pull::Wait => return Ok(()),
                    Pull::End => {}
                }
            }
            let changed_first = match (&self.head, self.lines.peek()) {
                (None, None) => {
                    self.is_over = true;
                    self.writer.close();
                    return Ok(());
                }
                (Some(_), None) => false,
                (None, Some(_)) => true,
                (Some(head), Some((path, _))) => *path <= head.path,
            };
            if !changed_first {
                if let Some(entry) = self.head.take() {
                    self.writer.write(&entry);
                }
            } else if let Some((path, found)) = self.lines.next() {
                if self.head.as_ref().is_some_and(|head| head.path == path) {
                    self.head = None;
                }
                if let Some(found) = found {
                    self.writer.write(&Entry { path, found });
                }
            }
        }
        Ok(())
    }
}
