//! Drives a session against the world in memory.

use std::collections::VecDeque;
use std::env;
use std::path::Path;

use bisync_engine::entry::Instant;
use bisync_engine::event::{Event, Workload};
use bisync_engine::outcome::Outcome;
use bisync_engine::protocol::{Reply, Request, RequestId, Verb};
use bisync_engine::session::{OpenError, Opening, Session, Turn};
use bisync_engine::side::{Pair, Side};

use crate::nature::Nature;
use crate::random::Random;
use crate::record::record;
use crate::schedule::Schedule;
use crate::world::{RUNS_AFTER, World};

/// An engine that a world can talk to, as a library or compiled. It panics where the engine fails.
pub trait Engine {
    /// Returns what is to be done and said now.
    fn turn(&mut self) -> Turn;

    /// Takes the answer to a request.
    fn supply(&mut self, id: RequestId, reply: Reply);
}

impl Engine for Session {
    fn turn(&mut self) -> Turn {
        Self::turn(self)
    }

    fn supply(&mut self, id: RequestId, reply: Reply) {
        Self::supply(self, id, reply).unwrap_or_else(|error| panic!("the session refused an answer: {error}"));
    }
}

/// What a run did and said.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub outcome: Outcome,
    /// What it said.
    pub events: Vec<Event>,
    /// What it asked for, in the order in which it was carried out.
    pub verbs: Vec<Verb>,
    /// What it asked of the sides, in the order in which it was asked.
    pub asked: Vec<Verb>,
    /// How many copies were open at once at most.
    pub most_copies: usize,
}

impl Run {
    /// Returns the events of this code, as `path: text`.
    pub fn said(&self, code: &str) -> Vec<String> {
        let said = self.events.iter().filter(|event| event.code == code);
        said.map(|event| match &event.path {
            Some(path) => format!("{path}: {}", event.text),
            None => event.text.clone(),
        })
        .collect()
    }

    /// Returns the targets of copies, in the order in which they were asked for.
    pub fn copied<'a>(&'a self) -> Vec<&'a str> {
        let target = |verb: &'a Verb| if let Verb::CopyFile(copy) = verb { Some(copy.target.as_str()) } else { None };
        self.asked.iter().filter_map(target).collect()
    }
}

/// Options as the command line would give them: `--max-delete=10 --force`; in a value, `\s` is a space and `\n` ends a line.
pub fn options(text: &str) -> Vec<(String, String)> {
    text.split_whitespace()
        .map(|word| {
            let word = word.trim_start_matches("--");
            let (name, value) = word.split_once('=').unwrap_or((word, "true"));
            (name.to_owned(), value.replace("\\n", "\n").replace("\\s", " "))
        })
        .collect()
}

/// Says what a session must know, for a world in memory.
pub fn opening(options: Vec<(String, String)>, world: &World, run: u64) -> Opening {
    Opening {
        options,
        paths: Pair::new("one/".into(), "two/".into()),
        capabilities: world.natures.as_ref().map(Nature::capabilities),
        now: Instant { seconds: world.clock + RUNS_AFTER, nanoseconds: 0 },
        utc_offset_seconds: 0,
        run,
        plan: None,
    }
}

/// Runs to the end; the seed chooses the order in which requests are carried out.
///
/// # Errors
/// Passes on what is wrong with the options.
///
/// # Panics
/// When the engine waits although nothing was asked.
pub fn run(world: &mut World, text: &str, seed: u64) -> Result<Run, OpenError> {
    Ok(run_some(world, text, seed, usize::MAX)?.unwrap_or_else(|| panic!("the run did not end")))
}

/// Runs like [`run`], but is killed after so many requests: `None` then. Where the variable `BISYNC_RECORD` names a folder, it is
/// recorded there first.
///
/// # Errors
/// Passes on what is wrong with the options.
///
/// # Panics
/// When the engine waits although nothing was asked.
pub fn run_some(world: &mut World, text: &str, seed: u64, requests: usize) -> Result<Option<Run>, OpenError> {
    if let Some(folder) = env::var_os("BISYNC_RECORD") {
        record(Path::new(&folder), world, text, seed);
    }
    let run = Random::new(seed).number();
    let mut session = Session::open(opening(options(text), world, run))?;
    Ok(converse(&mut session, world, seed, requests))
}

/// Runs as a schedule says; `None` when the run dies before its end.
///
/// # Errors
/// Passes on what is wrong with the options.
///
/// # Panics
/// When the engine waits although nothing was asked.
pub fn run_by(world: &mut World, text: &str, schedule: &mut Schedule<'_>) -> Result<Option<Run>, OpenError> {
    let run = schedule.random.number();
    let mut session = Session::open(opening(options(text), world, run))?;
    Ok(converse_by(&mut session, world, schedule))
}

/// Leads a conversation, with the engine as a library or as a component, until it ends or is killed.
///
/// # Panics
/// When the engine waits although nothing was asked, or fails.
pub fn converse(session: &mut dyn Engine, world: &mut World, seed: u64, requests: usize) -> Option<Run> {
    converse_by(session, world, &mut Schedule::plain(seed, requests))
}

/// Leads a conversation as a schedule says: in what order requests are carried out and answered, and what goes wrong.
///
/// # Panics
/// When the engine waits although nothing was asked, or fails.
pub fn converse_by(session: &mut dyn Engine, world: &mut World, schedule: &mut Schedule<'_>) -> Option<Run> {
    let (mut events, mut verbs): (Vec<Event>, Vec<Verb>) = (Vec::new(), Vec::new());
    let (mut asked, mut most_copies) = (Vec::new(), 0);
    let mut waiting: Vec<Request> = Vec::new();
    let mut answers: Vec<Answer> = Vec::new();
    loop {
        let turn = session.turn();
        events.extend(turn.events);
        asked.extend(
            turn.requests.iter().filter(|request| !is_state(&request.verb)).map(|request| request.verb.clone()),
        );
        waiting.extend(turn.requests);
        let copies = waiting.iter().filter(|request| matches!(request.verb, Verb::CopyFile(_))).count();
        most_copies = most_copies.max(copies + answers.iter().filter(|answer| answer.is_copy).count());
        if let Some(outcome) = turn.outcome {
            assert!(waiting.is_empty() && answers.is_empty(), "the run ended with open requests: {waiting:?}");
            check_workload(turn.workload, &outcome, &asked);
            return Some(Run { outcome, events, verbs, asked, most_copies });
        }
        assert!(
            !waiting.is_empty() || !answers.is_empty(),
            "the session waits, but nothing was asked; it did {verbs:#?}"
        );
        // A host may do several things before it asks the engine again.
        while !waiting.is_empty() || !answers.is_empty() {
            let chosen = schedule.random.below(waiting.len() + answers.len());
            if chosen < waiting.len() {
                if schedule.ends(verbs.len(), &waiting, world) {
                    return None;
                }
                let Request { id, verb } = next(&mut waiting, chosen);
                verbs.push(verb.clone());
                let (is_state, is_copy) = (is_state(&verb), matches!(verb, Verb::CopyFile(_)));
                answers.push(Answer { id, is_state, is_copy, replies: schedule.perform(world, verb).into() });
                continue;
            }
            supply(session, &mut answers, chosen - waiting.len());
            if schedule.random.once_in(2) {
                break;
            }
        }
    }
}

/// What was done, but is not told yet.
struct Answer {
    id: RequestId,
    is_state: bool,
    is_copy: bool,
    replies: VecDeque<Reply>,
}

/// Tells the engine one of the answers; those of the state store stay in order.
fn supply(session: &mut dyn Engine, answers: &mut Vec<Answer>, mut index: usize) {
    if answers[index].is_state {
        index = answers.iter().position(|answer| answer.is_state).unwrap_or(index);
    }
    let answer = &mut answers[index];
    if let Some(reply) = answer.replies.pop_front() {
        session.supply(answer.id, reply);
    }
    if answer.replies.is_empty() {
        answers.remove(index);
    }
}

/// Checks that a run which did all it wanted to do asked for as many copies as it said.
fn check_workload(workload: Workload, outcome: &Outcome, asked: &[Verb]) {
    if outcome.exit_code != 0 {
        return;
    }
    let copies = asked.iter().filter_map(|verb| if let Verb::CopyFile(copy) = verb { Some(copy) } else { None });
    let bytes = copies.clone().filter_map(|copy| copy.source.size).sum();
    assert_eq!(workload, Workload { files: copies.count() as u64, bytes, is_final: true });
}

/// Takes one of the requests; those on the state store stay in order.
fn next(waiting: &mut Vec<Request>, mut index: usize) -> Request {
    if is_state(&waiting[index].verb) {
        index = waiting.iter().position(|request| is_state(&request.verb)).unwrap_or(index);
    }
    waiting.remove(index)
}

/// Whether a request concerns the state store.
pub fn is_state(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::ReadState { .. }
            | Verb::WriteState { .. }
            | Verb::ReplaceState { .. }
            | Verb::KeepState { .. }
            | Verb::RemoveState { .. }
    )
}

/// Whether a request changes a side or what is recorded of it.
pub fn is_changing(verb: &Verb) -> bool {
    !matches!(
        verb,
        Verb::ListDirectory { .. }
            | Verb::Describe { .. }
            | Verb::SameContent { .. }
            | Verb::Flush { .. }
            | Verb::ReadState { .. }
    )
}

/// Lists both sides, one file a line, for comparison.
pub fn show(world: &World) -> String {
    let mut text = String::new();
    for side in Side::BOTH {
        text.push_str(&format!("{side}:\n"));
        for (path, content) in world.contents(side) {
            text.push_str(&format!("  {path} = {content}\n"));
        }
    }
    text
}
