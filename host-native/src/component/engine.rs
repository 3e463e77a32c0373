//! Starting the component, and talking to it.

use std::fmt;

use bisync_engine::protocol::{Reply, RequestId};
use bisync_engine::session::{Opening, ProtocolError, StopReason, Turn};
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{ResourceLimiter, Store};

use super::conversation::{Conversation, ConversationError, OpenError, Trap};
use super::values::Malformed;
use super::{bindings, config::config};

/// How much memory a session may have unless it is told otherwise, in bytes: 1 GiB.
pub const DEFAULT_MEMORY_BYTES: usize = 1 << 30;

/// The machine code of the component, made by the build script.
static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bisync_engine.cwasm"));

/// The loaded component, from which sessions are opened.
pub struct Engine {
    component: bindings::EnginePre<MemoryLimit>,
    limit: MemoryLimit,
}

impl Engine {
    /// Loads the component that is part of this program.
    ///
    /// # Errors
    /// Returns why wasmtime refuses it: this processor is not of the kind that the program was built for.
    pub fn load() -> Result<Self, Trap> {
        let load = || {
            let engine = wasmtime::Engine::new(&config())?;
            #[allow(unsafe_code, reason = "the build script compiled these very bytes, and nobody changed them since")]
            let component = unsafe { Component::deserialize(&engine, COMPILED) }?;
            let linker = Linker::new(&engine);
            bindings::EnginePre::new(linker.instantiate_pre(&component)?)
        };
        Ok(Self { component: load().map_err(Trap::Load)?, limit: MemoryLimit { bytes: DEFAULT_MEMORY_BYTES } })
    }

    /// Lets each session have at most so many bytes of memory.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.limit = MemoryLimit { bytes };
        self
    }

    /// Opens a session.
    ///
    /// # Errors
    /// Returns what the engine says about the options, or why it says nothing.
    pub fn open(&self, opening: Opening) -> Result<ComponentSession, OpenError> {
        let mut store = Store::new(self.component.engine(), self.limit);
        store.limiter(|limit| limit);
        let instance = self.component.instantiate(&mut store).map_err(trap)?;
        let answer = instance.bisync_engine_sync().session().call_open(&mut store, &opening.into());
        let session = answer.map_err(trap)?.map_err(bisync_engine::session::OpenError::from)?;
        Ok(ComponentSession { store, instance, session })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// A session in a component of its own. Once a call has trapped, every later call fails too.
pub struct ComponentSession {
    store: Store<MemoryLimit>,
    instance: bindings::Engine,
    session: ResourceAny,
}

impl Conversation for ComponentSession {
    fn turn(&mut self) -> Result<Turn, ConversationError> {
        let turn = self.instance.bisync_engine_sync().session().call_turn(&mut self.store, self.session);
        Ok(turn.map_err(trap)?.try_into().map_err(|Malformed| Trap::Malformed)?)
    }

    fn supply(&mut self, id: RequestId, reply: Reply) -> Result<(), ConversationError> {
        let calls = self.instance.bisync_engine_sync().session();
        let taken = calls.call_supply(&mut self.store, self.session, id, &reply.into());
        Ok(taken.map_err(trap)?.map_err(ProtocolError::from)?)
    }

    fn stop(&mut self, reason: StopReason) -> Result<(), ConversationError> {
        let calls = self.instance.bisync_engine_sync().session();
        let stopped = calls.call_stop(&mut self.store, self.session, reason.into());
        Ok(stopped.map_err(trap)?)
    }
}

impl fmt::Debug for ComponentSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ComponentSession").field("limit", self.store.data()).finish_non_exhaustive()
    }
}

/// How much memory a component may have. To ask for more is an error, so that it is told apart from other failures.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("more than {bytes} bytes of memory are needed")]
struct MemoryLimit {
    bytes: usize,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired <= self.bytes { Ok(true) } else { Err((*self).into()) }
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

fn trap(error: wasmtime::Error) -> Trap {
    match error.downcast_ref::<MemoryLimit>() {
        Some(limit) => Trap::Memory { limit_bytes: limit.bytes },
        None => Trap::Failed(error),
    }
}
