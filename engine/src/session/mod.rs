//! The conversation with a host: the only type that holds state.

mod acting;
mod blob;
mod check;
mod counting;
mod deciding;
mod doing;
mod emptying;
mod explaining;
mod finishing;
mod fold;
mod in_place;
mod inquiry;
mod intake;
mod journal;
mod judged;
mod ledger;
mod link_places;
mod metadata;
mod metadata_base;
mod outbox;
mod reading;
mod report;
mod saving;
mod sequence;
mod settling;
mod stages;
mod surroundings;

use std::sync::Arc;

use serde::Serialize;

use crate::entry::Instant;
use crate::event::{Event, Workload};
use crate::filter::{Filter, Limits};
use crate::options::{CheckSync, Options, OptionsError, Settings};
use crate::outcome::Outcome;
use crate::path_map::PathMap;
use crate::plan::Planned;
use crate::protocol::{Capabilities, Reply, Request, RequestId, Verb};
use crate::session_name::StateNames;
use crate::side::Pair;
use crate::temporary::TemporaryNames;

use self::acting::{Acting, Place};
use self::blob::ListingStream;
use self::check::Check;
use self::deciding::Deciding;
use self::explaining::Explaining;
use self::fold::Folds;
use self::journal::Journal;
use self::ledger::{Form, Ledger};
use self::outbox::{Outbox, Purpose};
use self::reading::{Reading, Unreadable};
use self::report::Report;
use self::saving::{Identity, Loading, Saving};
use self::sequence::Sequence;

pub use self::journal::{forget_commit, keep_run};
pub use self::saving::PlanUse;

/// A journal is at most so long.
const JOURNAL_BYTES: u32 = 64 * 1024;

/// What a session needs to know before it begins.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Options as names without dashes and values as text, in the order given: `("max-delete", "10")`. A flag without a
    /// value has the value `true`.
    pub options: Vec<(String, String)>,
    /// Both paths as the state's names are made from them, each with a `/` at its end.
    pub paths: Pair<String>,
    /// What each side can do.
    pub capabilities: Pair<Capabilities>,
    /// The time now.
    pub now: Instant,
    /// The local time zone's offset from UTC in seconds, for dates in names of conflicts.
    pub utc_offset_seconds: i32,
    /// A number that no other run has; temporary names carry it.
    pub run: u64,
    /// What the session has to do with a plan file.
    pub plan: Option<PlanUse>,
}

/// What the engine has to say at one point of the conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Turn {
    /// What is to be done, in any order.
    pub requests: Vec<Request>,
    /// What is to be shown, in this order.
    pub events: Vec<Event>,
    /// What is to be copied in all; how much of it is done the host knows.
    pub workload: Workload,
    /// How the run ended; with it the conversation is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// Why a session cannot be opened: the message for a person and, if the fault lies with one, the option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{message}")]
pub struct OpenError {
    /// The option, without dashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// What is wrong, and what is accepted.
    pub message: String,
}

/// Why a run is to stop before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The person wants it.
    Wish,
    /// The time of `--max-duration` is over.
    Time,
}

/// A host broke the rules of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// No request of this id is waiting for an answer.
    #[error("no request {0} is waiting for an answer")]
    UnknownRequest(RequestId),
    /// The reply does not fit the request.
    #[error("request {0} cannot be answered with such a reply")]
    WrongReply(RequestId),
}

/// A run, from the first listing to the last word.
///
/// Ask for a [`turn`](Self::turn), carry out its requests, hand each answer to [`supply`](Self::supply), and ask again; until
/// a turn has an outcome.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    filter: Arc<Filter>,
    names: StateNames,
    options: Vec<(String, String)>,
    paths: Pair<String>,
    plan_use: Option<PlanUse>,
    /// The first lines of the listings of the last run, where a plan file is used.
    listings: Pair<Option<String>>,
    saving: Option<Saving>,
    explaining: Explaining,
    /// The listings that the run starts from.
    base: Pair<String>,
    now: Instant,
    temporary: TemporaryNames,
    outbox: Outbox,
    stage: Stage,
    journal: Journal,
    reading: Reading,
    deciding: Deciding,
    acting: Acting,
    ledger: Ledger,
    report: Report,
    /// What was decided and is carried out when everything is.
    plan: Vec<Planned>,
    /// Places of paths whose decision waits for an answer.
    asked: PathMap<Place>,
    last_place: Place,
    is_stopping: bool,
    /// Whether a dry run reads listings of a commit that was broken off.
    reads_uncommitted: bool,
    /// Whether it is known if there is a base.
    knows_base: bool,
    /// Whether any step was asked of a side.
    has_acted: bool,
    /// What has to be done before the first change: the journal has to name the run.
    announcing: Sequence,
}

/// What a session is at.
#[derive(Debug)]
enum Stage {
    /// The journal is read.
    Opening,
    /// What a killed run had left to do is done.
    Recovering(Sequence),
    /// Only the listings are compared.
    CheckingOnly(Box<Check>),
    /// It is found out which run a plan goes on from.
    Identifying(Identity),
    /// A plan is read.
    Loading(Box<Loading>),
    /// Rows come in.
    Reading,
    /// All rows were read; questions are answered.
    Deciding,
    /// Changes are carried out.
    Acting,
    /// The last listing parts are written.
    Writing,
    /// The listings are folded.
    Folding(Box<Folds>),
    /// The new listings are compared.
    Checking(Box<Check>),
    /// The new listings take the place of the old.
    Committing(Sequence),
    /// The lockout, or a damaged listing, is put in force.
    Condemning(Sequence),
    /// The journal of a run without results is removed, or a plan gets its name.
    Tidying(Sequence),
    /// The run was aborted; what is under way is awaited.
    Draining,
    /// It is over; the outcome was or is to be given.
    Over,
}

impl Session {
    /// Checks the options against the capabilities of both sides.
    ///
    /// # Errors
    /// Names the option that is wrong and what is accepted.
    pub fn open(opening: Opening) -> Result<Self, OpenError> {
        let options = Options::parse(&opening.options)?;
        let (mut settings, notices) =
            Settings::resolve(&options, &opening.capabilities, opening.now, opening.utc_offset_seconds)?;
        if matches!(opening.plan, Some(PlanUse::Write { .. })) {
            settings.dry_run = true;
        }
        let rules = &settings.filter;
        let partition = rules.limits.partition.map(|partition| partition.chosen_by(opening.run));
        let limits = Limits { partition, ..rules.limits.clone() };
        let filter = Filter::new(&rules.sources, limits, rules.ignore_case)
            .map_err(|error| OpenError { option: None, message: error.to_string() })?;
        let filter = Arc::new(filter);
        let explaining = Explaining::new(&settings.explain, opening.utc_offset_seconds);
        let names = StateNames::new(Pair::new(&opening.paths.one, &opening.paths.two));
        let temporary = TemporaryNames { run: opening.run, suffix: settings.partial_suffix.clone() };
        let mut outbox = Outbox::default();
        outbox.events = notices;
        let stage = if settings.check_sync == CheckSync::Only {
            Stage::CheckingOnly(Box::new(Check::new(names.listing.clone())))
        } else {
            outbox.ask(
                Verb::ReadState { name: names.journal.clone(), offset: 0, length: JOURNAL_BYTES },
                Purpose::Sequence,
            );
            Stage::Opening
        };
        let priors = if settings.resync.is_some() {
            Pair::from_fn(|_| ListingStream::empty())
        } else {
            Pair::from_fn(|side| ListingStream::new(names.listing[side].clone()))
        };
        let (hash, spelling) = (settings.listing_hash.clone(), settings.names.spelling());
        let reading = Reading::new(&filter, priors, hash, settings.metadata.is_some(), spelling);
        let form = Form { hash: settings.listing_hash.clone(), has_times: settings.compare.modified };
        Ok(Self {
            deciding: Deciding::new(&settings, opening.capabilities.map(|side| side.sets_time)),
            report: Report::new(settings.dry_run, settings.copying.error_on_no_transfer),
            settings,
            filter,
            base: names.listing.clone(),
            names,
            options: opening.options,
            paths: opening.paths,
            plan_use: opening.plan,
            listings: Pair::default(),
            saving: None,
            explaining,
            now: opening.now,
            temporary,
            outbox,
            stage,
            journal: Journal::default(),
            reading,
            acting: Acting::default(),
            ledger: Ledger::new(form),
            plan: Vec::new(),
            asked: PathMap::default(),
            last_place: 0,
            is_stopping: false,
            reads_uncommitted: false,
            knows_base: false,
            has_acted: false,
            announcing: Sequence::of(Purpose::Announcement, []),
        })
    }

    /// Returns what was decided before the run began.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns what is to be done and said now. Never blocks, never fails; an empty turn means: wait for an answer.
    pub fn turn(&mut self) -> Turn {
        while self.advance() {}
        let outcome = if matches!(self.stage, Stage::Over) { self.report.take_outcome() } else { None };
        Turn {
            requests: std::mem::take(&mut self.outbox.requests),
            events: std::mem::take(&mut self.outbox.events),
            workload: self.workload(),
            outcome,
        }
    }

    fn workload(&self) -> Workload {
        let is_decided =
            !matches!(self.stage, Stage::Opening | Stage::Recovering(_) | Stage::Reading | Stage::Deciding);
        Workload { is_final: is_decided && self.deciding.inquiries.is_empty(), ..self.acting.workload() }
    }

    /// Takes the answer to a request. Answers may come in any order.
    ///
    /// # Errors
    /// Returns what the host did wrong; the session is unchanged.
    pub fn supply(&mut self, id: RequestId, reply: Reply) -> Result<(), ProtocolError> {
        match self.outbox.purpose(id, &reply)? {
            Purpose::List(side, slot) => {
                if let Err(Unreadable { path, reason }) = self.reading.supply_page(side, slot, reply) {
                    self.unreadable(side, &path, &reason);
                }
            }
            Purpose::Prior(side) => match reply {
                Reply::Failed(failure) => {
                    let text = format!("cannot read the listing of {side}: {}", failure.message);
                    self.abort("state-unreadable", text, false);
                }
                reply => self.reading.supply_prior(side, part(reply)),
            },
            Purpose::Compare(number) => {
                let answer = match reply {
                    Reply::Same(same) => Ok(same),
                    Reply::Failed(failure) => Err(failure.message),
                    Reply::Page { .. } | Reply::Anew | Reply::Described(_) | Reply::Done(_) | Reply::State(_) => {
                        Ok(false)
                    }
                };
                self.deciding.inquiries.supply_same(number, answer);
            }
            Purpose::Probe(path, side) => {
                let is_taken = match reply {
                    Reply::Failed(failure) => Err(failure.message),
                    reply => Ok(!matches!(reply, Reply::Described(None))),
                };
                self.deciding.inquiries.supply_probe(&path, side, is_taken);
            }
            Purpose::Step(number) => self.supply_step(number, reply),
            Purpose::Write(side) => {
                if let Reply::Failed(failure) = &reply {
                    let text = format!("cannot write the listing of {side}: {}", failure.message);
                    self.abort("state-unwritable", text, false);
                }
                match &mut self.stage {
                    Stage::Folding(folds) => folds.supply_written(side),
                    _ => self.ledger.supply(side),
                }
            }
            Purpose::Reread(side) => match (&mut self.stage, reply) {
                (_, Reply::Failed(failure)) => {
                    let text = format!("cannot read the listing of {side}: {}", failure.message);
                    self.abort("state-unreadable", text, false);
                }
                (Stage::Folding(folds), reply) => folds.supply_part(side, part(reply)),
                (Stage::Checking(check) | Stage::CheckingOnly(check), reply) => check.supply(side, part(reply)),
                _ => {}
            },
            Purpose::Sequence => self.supply_sequence(reply),
            Purpose::Announcement => self.supply_announcement(reply),
            Purpose::Courtesy => {}
            Purpose::InPlace(side) => self.supply_in_place(side, reply),
            Purpose::MetadataBase => match reply {
                Reply::Failed(failure) => {
                    let text = format!("cannot read when metadata was last carried over: {}", failure.message);
                    self.abort("state-unreadable", text, false);
                }
                reply => self.deciding.metadata.supply(part(reply).as_deref()),
            },
            Purpose::Identify(side) => match (&mut self.stage, reply) {
                (_, Reply::Failed(failure)) => {
                    let text = format!("cannot read the listing of {side}: {}", failure.message);
                    self.abort("state-unreadable", text, false);
                }
                (Stage::Identifying(identity), reply) => identity.supply(side, part(reply).as_deref()),
                _ => {}
            },
            Purpose::SavePlan => {
                if let Some(saving) = &mut self.saving {
                    saving.supply();
                }
                if let Reply::Failed(failure) = reply {
                    self.abort("plan-unwritable", format!("cannot write the plan: {}", failure.message), false);
                }
            }
            Purpose::LoadPlan => match (&mut self.stage, reply) {
                (_, Reply::Failed(failure)) => {
                    self.abort("plan-refused", format!("cannot read the plan: {}", failure.message), false);
                }
                (Stage::Loading(loading), reply) => loading.supply(&part(reply).unwrap_or_default()),
                _ => {}
            },
        }
        Ok(())
    }

    /// The run is to stop: what is under way is finished and recorded, nothing new is started.
    pub fn stop(&mut self, reason: StopReason) {
        if self.is_stopping {
            return;
        }
        self.is_stopping = true;
        self.deciding.inquiries.stop();
        self.acting.stop();
        self.report.stopped(reason);
    }
}

impl From<OptionsError> for OpenError {
    fn from(error: OptionsError) -> Self {
        Self { option: Some(error.option().to_owned()), message: error.to_string() }
    }
}

/// The bytes of a part of a blob; `None` when there is no such blob.
fn part(reply: Reply) -> Option<Vec<u8>> {
    match reply {
        Reply::State(part) => part,
        Reply::Page { .. } | Reply::Anew | Reply::Described(_) | Reply::Same(_) | Reply::Done(_) | Reply::Failed(_) => {
            None
        }
    }
}
