//! Plan files: written by a dry run, carried out by another run.

use crate::event::Level;
use crate::plan::file::{FORMAT, Header, PlanError, PlanLine, PlanReader, write_decision, write_end, write_header};
use crate::plan::{Change, Planned};
use crate::protocol::Verb;
use crate::session_name::{PLAN, PLAN_NEW};
use crate::side::{Pair, Side};
use crate::sorting::sort_by_key;

use super::blob::ListingStream;
use super::outbox::{Outbox, Purpose};
use super::report::{because, is_look, words};
use super::{Session, Stage};

/// How much is read or written at once, in bytes.
const PART: usize = 256 * 1024;
/// The first line of a listing is no longer than this.
const FIRST_LINE: u32 = 128;

/// What a session has to do with a plan file, the blob [`PLAN`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanUse {
    /// Nothing is changed, and the plan is written.
    Write {
        /// Both paths as the host opens them, for who carries the plan out.
        roots: Pair<String>,
    },
    /// The plan is read and carried out, each action only where what it expects is still there.
    Apply,
}

/// A plan that is being written.
#[derive(Debug)]
pub struct Saving {
    buffer: Vec<u8>,
    offset: u64,
    is_asked: bool,
    decisions: u64,
    is_closed: bool,
}

/// A plan that is being read.
#[derive(Debug, Default)]
pub struct Loading {
    reader: PlanReader,
    offset: u64,
    is_asked: bool,
    is_read: bool,
}

/// The first lines of both listings, which tell whether there was a run since.
#[derive(Debug, Default)]
pub struct Identity(Pair<Option<Option<String>>>);

impl Identity {
    /// Asks for the first line of each listing.
    pub fn ask(names: &Pair<String>, outbox: &mut Outbox) {
        for side in Side::BOTH {
            let verb = Verb::ReadState { name: names[side].clone(), offset: 0, length: FIRST_LINE };
            outbox.ask(verb, Purpose::Identify(side));
        }
    }

    /// Takes what a listing begins with.
    pub fn supply(&mut self, side: Side, part: Option<&[u8]>) {
        let line = part.map(|part| String::from_utf8_lossy(part).lines().next().unwrap_or_default().to_owned());
        self.0[side] = Some(line);
    }

    fn lines(&self) -> Option<Pair<Option<String>>> {
        Some(Pair::new(self.0.one.clone()?, self.0.two.clone()?))
    }
}

impl Saving {
    fn new(header: &Header) -> Self {
        let mut buffer = Vec::new();
        write_header(&mut buffer, header);
        Self { buffer, offset: 0, is_asked: false, decisions: 0, is_closed: false }
    }

    /// Adds a decision.
    pub fn write(&mut self, planned: &Planned, change: &Change) {
        self.decisions += 1;
        let does = change.steps.iter().filter(|step| !is_look(step)).map(|step| words(step, true).1).collect();
        write_decision(&mut self.buffer, planned, does, because(change));
    }

    /// Returns true when so much waits to be written that no more should be added.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= 4 * PART
    }

    /// No more decisions come.
    fn close(&mut self) {
        if !self.is_closed {
            self.is_closed = true;
            write_end(&mut self.buffer, self.decisions);
        }
    }

    fn is_done(&self) -> bool {
        self.is_closed && self.buffer.is_empty() && !self.is_asked
    }

    /// Asks for the next part to be written.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        let is_time = self.buffer.len() >= PART || (self.is_closed && !self.buffer.is_empty());
        if !self.is_asked && is_time {
            self.is_asked = true;
            let bytes = std::mem::take(&mut self.buffer);
            let offset = self.offset;
            self.offset += bytes.len() as u64;
            outbox.ask(Verb::WriteState { name: PLAN_NEW.into(), offset, bytes }, Purpose::SavePlan);
        }
    }

    /// A part was written.
    pub fn supply(&mut self) {
        self.is_asked = false;
    }
}

impl Loading {
    fn ask(&mut self, outbox: &mut Outbox) {
        if !self.is_asked && !self.is_read {
            self.is_asked = true;
            let verb = Verb::ReadState { name: PLAN.into(), offset: self.offset, length: PART as u32 };
            outbox.ask(verb, Purpose::LoadPlan);
        }
    }

    /// Takes a part.
    pub fn supply(&mut self, part: &[u8]) {
        self.is_asked = false;
        self.offset += part.len() as u64;
        self.is_read = part.len() < PART;
        self.reader.feed(part);
    }
}

impl Session {
    /// Goes on when the last run's end is dealt with: from the listings, or from a plan.
    pub(super) fn first_stage(&mut self) -> Stage {
        match &self.plan_use {
            None => Stage::Reading,
            Some(_) => {
                Identity::ask(&self.base, &mut self.outbox);
                Stage::Identifying(Identity::default())
            }
        }
    }

    /// Both listings are known by their first lines.
    pub(super) fn identify(&mut self) -> bool {
        let Stage::Identifying(identity) = &self.stage else { return false };
        let Some(lines) = identity.lines() else { return false };
        let is_lost = lines.one.is_none() || lines.two.is_none();
        let recovers = self.settings.recover && self.settings.resync.is_none() && self.base == self.names.listing;
        if is_lost && recovers {
            // A plan goes on from what the run would have gone on from, when it is made and when it is carried out.
            self.base = self.names.old.clone();
            for side in Side::BOTH {
                self.reading.replace_prior(side, ListingStream::new(self.base[side].clone()));
            }
            Identity::ask(&self.base, &mut self.outbox);
            self.stage = Stage::Identifying(Identity::default());
            return false;
        }
        self.listings = lines;
        self.stage = match self.plan_use {
            Some(PlanUse::Apply) => Stage::Loading(Box::default()),
            Some(PlanUse::Write { .. }) | None => Stage::Reading,
        };
        true
    }

    /// Begins to write the plan, once it is known whether it goes on from the last run.
    pub(super) fn begin_saving(&mut self) {
        let Some(PlanUse::Write { roots }) = &self.plan_use else { return };
        let header = Header {
            format: FORMAT,
            made: self.now,
            roots: roots.clone(),
            paths: self.paths.clone(),
            options: self.options.clone(),
            listings: self.listings.clone(),
            has_base: self.deciding.has_base,
        };
        self.saving = Some(Saving::new(&header));
    }

    /// Writes the end of the plan. Returns false while it is being written.
    pub(super) fn finish_saving(&mut self) -> bool {
        let Some(saving) = &mut self.saving else { return true };
        saving.close();
        saving.ask(&mut self.outbox);
        saving.is_done()
    }

    /// Reads the plan, and begins to carry it out when all of it was read.
    pub(super) fn load(&mut self) -> bool {
        if !self.know_in_place() {
            return false;
        }
        let Stage::Loading(loading) = &mut self.stage else { return true };
        let result = loop {
            match loading.reader.pull() {
                Ok(Some(PlanLine::Header(header))) => {
                    if header.paths != self.paths {
                        break Err("the plan was made for other paths".to_owned());
                    }
                    if header.listings != self.listings {
                        break Err("there was a run since the plan was made: make a new one".to_owned());
                    }
                    let are_there = self.listings.one.is_some() && self.listings.two.is_some();
                    if header.has_base != (are_there && self.settings.resync.is_none()) {
                        break Err("the plan goes on from other listings than it says".to_owned());
                    }
                    self.deciding.has_base = header.has_base;
                }
                Ok(Some(PlanLine::Decision(planned))) => self.plan.push(*planned),
                Ok(Some(PlanLine::End)) => {}
                Ok(None) if loading.is_read => break loading.reader.finish().map_err(|error| error.to_string()),
                Ok(None) => {
                    loading.ask(&mut self.outbox);
                    return false;
                }
                Err(error) => break Err(PlanError::to_string(&error)),
            }
        };
        if let Err(problem) = result {
            self.plan.clear();
            return self.abort("plan-refused", format!("{problem}. Nothing was done"), false);
        }
        self.outbox.say(Level::Debug, "plan-read", None, format!("{} decisions in the plan", self.plan.len()));
        self.report.carries_out_plan();
        // Stable: within a phase the plan's order is kept.
        sort_by_key(&mut self.plan, |planned| planned.phase);
        self.begin_plan();
        true
    }
}
