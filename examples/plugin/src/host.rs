//! Loads the engine into a sandbox, and leads a conversation with it to its end.

use std::path::Path;
use std::{error, fmt};

use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Config, Store, StoreLimits, StoreLimitsBuilder};

use crate::folder::Folder;
use crate::state::State;
use protocol::{
    CapabilitiesOfSides, Event, Failure, FailureKind, Instant, OpenError, Opening, Outcome, Page, ProtocolError, Reply,
    Side, Texts, Turn, Verb,
};

/// The vocabulary of the conversation, made from `wit/engine.wit`.
pub use bindings::exports::bisync::engine::sync as protocol;

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "engine", additional_derives: [PartialEq] });
}

/// What the engine may use. It imports nothing, so this is all that it can take from its host.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How much memory a session may have, in bytes.
    pub memory_bytes: usize,
    /// How much each single call may compute, in units of wasmtime: about one for an instruction.
    pub fuel_per_call: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, fuel_per_call: 10_000_000_000 }
    }
}

/// Two folders and what is remembered of them. Who runs borrows the pair mutably: no two runs share a state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pair {
    /// Path1.
    pub one: Folder,
    /// Path2.
    pub two: Folder,
    /// The listings of the last run.
    pub state: State,
}

/// Which run of a pair it is.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// When it begins.
    pub now: Instant,
    /// A number that no other run has.
    pub number: u64,
}

/// Why a run has no outcome. What was done until then was done wholly, and the next run goes on from there.
#[derive(Debug)]
pub enum RunError {
    /// An option is wrong.
    Options(OpenError),
    /// The engine trapped: it wanted more than its limits, or it has a fault.
    Engine(wasmtime::Error),
    /// The host gave an answer that does not fit.
    Protocol(ProtocolError),
    /// The engine asks for nothing and does not end.
    Stalled,
}

/// The loaded engine, from which any number of runs are started.
pub struct Host {
    component: bindings::EnginePre<StoreLimits>,
}

impl Host {
    /// Compiles the component in this file.
    pub fn load(file: &Path) -> wasmtime::Result<Self> {
        let engine = wasmtime::Engine::new(Config::new().consume_fuel(true))?;
        let component = Component::from_file(&engine, file)?;
        // The linker stays empty: a component that wanted anything from outside would be refused here.
        let linker = Linker::new(&engine);
        Ok(Self { component: bindings::EnginePre::new(linker.instantiate_pre(&component)?)? })
    }

    /// Brings a pair in step. Options are given by their names without dashes.
    pub fn run(
        &self,
        pair: &mut Pair,
        options: &[(&str, &str)],
        limits: Limits,
        run: Run,
        mut say: impl FnMut(&Event),
    ) -> Result<Outcome, RunError> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut session = Session::open(self, limits, &opening(options, run))?;
        loop {
            let turn = session.turn()?;
            turn.events.iter().for_each(&mut say);
            if let Some(outcome) = turn.outcome {
                return Ok(outcome);
            }
            // Every request was answered before this turn was asked for, so there is nothing left to wait for.
            if turn.requests.is_empty() && turn.events.is_empty() {
                return Err(RunError::Stalled);
            }
            for request in turn.requests {
                let reply = pair.perform(request.verb).unwrap_or_else(Reply::Failed);
                session.supply(request.id, &reply)?;
            }
        }
    }
}

/// What the engine is told before it begins.
fn opening(options: Vec<(String, String)>, run: Run) -> Opening {
    Opening {
        options,
        paths: Texts { one: "one/".to_owned(), two: "two/".to_owned() },
        capabilities: CapabilitiesOfSides { one: Folder::capabilities(), two: Folder::capabilities() },
        now: run.now,
        utc_offset_seconds: 0,
        run: run.number,
        plan: None,
    }
}

impl Pair {
    fn side(&mut self, side: Side) -> &mut Folder {
        match side {
            Side::One => &mut self.one,
            Side::Two => &mut self.two,
        }
    }

    /// Carries out what the engine asks for.
    pub fn perform(&mut self, verb: Verb) -> Result<Reply, Failure> {
        let done = |found| Reply::Done(Some(found));
        let gone = |()| Reply::Done(None);
        match verb {
            Verb::ListDirectory(list) => {
                self.side(list.side).list(&list.path).map(|items| Reply::Page(Page { items, last: true }))
            }
            Verb::Describe(place) => Ok(Reply::Described(self.side(place.side).describe(&place.path))),
            Verb::SameContent(files) => {
                let one = self.one.read(&files.one.path, &files.one.fingerprint)?;
                let two = self.two.read(&files.two.path, &files.two.fingerprint)?;
                Ok(Reply::Same(match files.half {
                    None => one.content == two.content,
                    Some(Side::One) => two.content.starts_with(&one.content),
                    Some(Side::Two) => one.content.starts_with(&two.content),
                }))
            }
            Verb::CopyFile(copy) => {
                let (source, target) = match copy.from {
                    Side::One => (&self.one, &mut self.two),
                    Side::Two => (&self.two, &mut self.one),
                };
                let file = source.read(&copy.path, &copy.source)?.clone();
                target.receive(file, &copy).map(done)
            }
            Verb::MoveFile(moved) => self.side(moved.side).move_file(&moved).map(done),
            Verb::DeleteFile(delete) => self.side(delete.side).delete_file(&delete).map(gone),
            Verb::MakeDirectory(place) => self.side(place.side).make_directory(&place.path).map(done),
            Verb::RemoveDirectory(remove) => self.side(remove.side).remove_directory(&remove).map(gone),
            Verb::SetTime(set) => self.side(set.side).set_time(&set).map(done),
            Verb::SetMetadata(_) => Err(failure(FailureKind::Other, "no metadata is kept here")),
            // What is in memory is as durable as it will ever be.
            Verb::Flush(_) => Ok(gone(())),
            Verb::ReadState(part) => Ok(Reply::State(self.state.read(&part))),
            Verb::WriteState(part) => self.state.write(part).map(gone),
            Verb::ReplaceState(names) => self.state.replace(names).map(gone),
            Verb::KeepState(names) => {
                self.state.keep(names);
                Ok(gone(()))
            }
            Verb::RemoveState(name) => {
                self.state.remove(&name);
                Ok(gone(()))
            }
        }
    }
}

/// Makes the reply to a request that was not carried out. Nothing was changed then.
pub fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure { kind, message: message.to_owned() }
}

/// The engine at work, in a memory of its own. After an error it is of no use any more.
struct Session {
    store: Store<StoreLimits>,
    instance: bindings::Engine,
    resource: ResourceAny,
    fuel_per_call: u64,
}

impl Session {
    fn open(host: &Host, limits: Limits, opening: &Opening) -> Result<Self, RunError> {
        // To refuse memory quietly would end in a crash inside; as a trap, the refusal is what is told.
        let memory = StoreLimitsBuilder::new().memory_size(limits.memory_bytes).trap_on_grow_failure(true).build();
        let mut store = Store::new(host.component.engine(), memory);
        store.limiter(|memory| memory);
        store.set_fuel(limits.fuel_per_call)?;
        let instance = host.component.instantiate(&mut store)?;
        let opened = instance.bisync_engine_sync().session().call_open(&mut store, opening)?;
        let resource = opened.map_err(RunError::Options)?;
        Ok(Self { store, instance, resource, fuel_per_call: limits.fuel_per_call })
    }

    fn turn(&mut self) -> Result<Turn, RunError> {
        self.store.set_fuel(self.fuel_per_call)?;
        Ok(self.instance.bisync_engine_sync().session().call_turn(&mut self.store, self.resource)?)
    }

    fn supply(&mut self, id: u64, reply: &Reply) -> Result<(), RunError> {
        self.store.set_fuel(self.fuel_per_call)?;
        let calls = self.instance.bisync_engine_sync().session();
        calls.call_supply(&mut self.store, self.resource, id, reply)?.map_err(RunError::Protocol)
    }
}

impl From<wasmtime::Error> for RunError {
    fn from(error: wasmtime::Error) -> Self {
        Self::Engine(error)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(error) => write!(formatter, "{}", error.message),
            Self::Engine(error) => write!(formatter, "the engine failed: {}", error.root_cause()),
            Self::Protocol(error) => write!(formatter, "the host broke the rules: {error}"),
            Self::Stalled => write!(formatter, "the engine stands still"),
        }
    }
}

impl error::Error for RunError {}
