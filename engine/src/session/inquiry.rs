//! Questions whose answers a decision needs: whether contents are the same, and which names are free.

use std::collections::{BTreeSet, VecDeque};

use crate::conflict::{Chosen, choose_names};
use crate::merge::Row;
use crate::numbered::Numbered;
use crate::options::Settings;
use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::plan::Reason;
use crate::protocol::Verb;
use crate::side::{Pair, Side};

use super::outbox::{Outbox, Purpose};

/// At most so many questions about contents are open at once.
const OPEN: usize = 128;

/// A decision that waits for an answer.
#[derive(Debug)]
pub enum Inquiry {
    /// Whether both sides' versions of a path have the same content.
    Compare(Box<Row>, Question),
    /// Whether the new file of `side` has the content of the other side's old one.
    Move {
        /// The side that moved it.
        side: Side,
        /// Where it was.
        old: Box<Row>,
        /// Where it is.
        new: Box<Row>,
    },
    /// Names for the losers of a conflict.
    Name(Naming),
}

/// Why it matters whether both sides' versions of a path have the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Each side has a version of its own.
    BothChanged,
    /// This side alone changed it, perhaps only its time.
    Touched(Side),
    /// Neither changed it, but their times differ.
    Refresh,
    /// That of this side may be half written; then it is the beginning of the other's.
    Half(Side),
}

/// A conflict whose losers get names.
#[derive(Debug)]
pub struct Naming {
    /// The path in conflict.
    pub row: Box<Row>,
    /// The sides whose file gets another name.
    pub losers: Pair<bool>,
    /// Why.
    pub kind: NamingKind,
}

/// Why a file gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamingKind {
    /// Both sides have a version of their own; the winner, if there is one.
    Conflict(Option<Side>),
    /// This side's file makes room, and why.
    Aside(Side, Reason),
}

/// A question that was answered.
#[derive(Debug)]
pub enum Answer {
    /// The contents of both sides were compared.
    Compared {
        /// The path.
        row: Box<Row>,
        /// Why it matters.
        question: Question,
        /// Whether they are the same, or why that cannot be said.
        same: Result<bool, String>,
    },
    /// It was a move, or not, or that cannot be said.
    Moved {
        /// The side that moved it.
        side: Side,
        /// Where it was.
        old: Box<Row>,
        /// Where it is.
        new: Box<Row>,
        /// Whether it was a move.
        is_move: bool,
    },
    /// The losers' names, or why there can be none.
    Named(Naming, Result<Pair<Option<RelPath>>, String>),
}

/// All open questions.
#[derive(Debug, Default)]
pub struct Inquiries {
    queue: VecDeque<Inquiry>,
    open: Numbered<Inquiry>,
    answers: Vec<Answer>,
    /// What is known of names that losers could get: for each side whether it is taken.
    names: PathMap<Pair<Option<bool>>>,
    /// Names of which nothing can be said, and why.
    unknown: PathMap<String>,
    claimed: BTreeSet<RelPath>,
    unnamed: Vec<Naming>,
}

impl Inquiries {
    /// Adds a question.
    pub fn add(&mut self, inquiry: Inquiry) {
        self.queue.push_back(inquiry);
    }

    /// Returns true when nothing is open.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.open.is_empty() && self.unnamed.is_empty() && self.answers.is_empty()
    }

    /// Returns how many questions are not answered yet.
    pub fn len(&self) -> usize {
        self.queue.len() + self.open.len() + self.unnamed.len()
    }

    /// Returns true while a file that stands where a directory is needed has no new name yet.
    pub fn has_file_in_the_way(&self) -> bool {
        let is_aside = |naming: &Naming| matches!(naming.kind, NamingKind::Aside(..));
        self.unnamed.iter().any(is_aside)
            || self.queue.iter().any(|inquiry| matches!(inquiry, Inquiry::Name(naming) if is_aside(naming)))
    }

    /// Asks what can be asked now.
    pub fn ask(&mut self, settings: &Settings, outbox: &mut Outbox) {
        // Names are searched for few conflicts at a time: each answer looks at all of them again.
        while self.open.len() + self.unnamed.len() < OPEN {
            let Some(inquiry) = self.queue.pop_front() else { break };
            let verb = match inquiry {
                Inquiry::Name(naming) => {
                    self.unnamed.push(naming);
                    continue;
                }
                Inquiry::Compare(ref row, Question::Half(side)) => same_content(row, row, Some(side)),
                Inquiry::Compare(ref row, _) => same_content(row, row, None),
                Inquiry::Move { side: Side::One, ref old, ref new } => same_content(new, old, None),
                Inquiry::Move { side: Side::Two, ref old, ref new } => same_content(old, new, None),
            };
            let Some(verb) = verb else { continue };
            let number = outbox.number();
            outbox.ask(verb, Purpose::Compare(number));
            self.open.insert(number, inquiry);
        }
        self.name(settings, outbox);
    }

    /// Takes an answer about contents.
    pub fn supply_same(&mut self, number: u64, same: Result<bool, String>) {
        match self.open.remove(number) {
            Some(Inquiry::Compare(row, question)) => self.answers.push(Answer::Compared { row, question, same }),
            Some(Inquiry::Move { side, old, new }) => {
                self.answers.push(Answer::Moved { side, old, new, is_move: same == Ok(true) });
            }
            Some(Inquiry::Name(_)) | None => {}
        }
    }

    /// Takes an answer about a name, or why there is none.
    pub fn supply_probe(&mut self, path: &RelPath, side: Side, is_taken: Result<bool, String>) {
        match is_taken {
            Ok(is_taken) => {
                if let Some(known) = self.names.get_mut(path) {
                    known[side] = Some(is_taken);
                }
            }
            Err(reason) => {
                self.unknown.insert(path.clone(), reason);
            }
        }
    }

    /// Adds an answer that needed no question.
    pub fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
    }

    /// Returns the answers that came since the last time.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }

    /// Drops all questions that were not asked yet.
    pub fn stop(&mut self) {
        self.queue.clear();
        self.unnamed.clear();
    }

    fn name(&mut self, settings: &Settings, outbox: &mut Outbox) {
        for naming in std::mem::take(&mut self.unnamed) {
            let paths = Pair::from_fn(|side| naming.row.path_on(side).clone());
            let is_taken = |path: &RelPath| {
                if self.claimed.contains(path) {
                    return Some(true);
                }
                let known = self.names.get(path)?;
                Some(known.one? | known.two?)
            };
            match choose_names(&settings.conflict.naming, &paths, naming.losers, is_taken) {
                Ok(Chosen::Names(names)) => {
                    self.claimed.extend(names.one.iter().chain(&names.two).cloned());
                    self.answers.push(Answer::Named(naming, Ok(names)));
                }
                Ok(Chosen::Ask(path)) => {
                    if let Some(reason) = self.unknown.get(&path) {
                        let reason = format!("cannot look up `{path}`: {reason}");
                        self.answers.push(Answer::Named(naming, Err(reason)));
                        continue;
                    }
                    if !self.names.contains(&path) {
                        for side in Side::BOTH {
                            outbox.ask(Verb::Describe { side, path: path.clone() }, Purpose::Probe(path.clone(), side));
                        }
                        self.names.insert(path, Pair::default());
                    }
                    self.unnamed.push(naming);
                }
                Err(error) => self.answers.push(Answer::Named(naming, Err(error.to_string()))),
            }
        }
    }
}

fn same_content(one: &Row, two: &Row, half: Option<Side>) -> Option<Verb> {
    let version = |row: &Row, side| Some((row.path_on(side).clone(), row.present(side)?.fingerprint.clone()));
    Some(Verb::SameContent { one: version(one, Side::One)?, two: version(two, Side::Two)?, half })
}
