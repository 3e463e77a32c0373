//! The engine as it is shipped: a WebAssembly component that imports nothing, in a memory of its own.
//!
//! The component was compiled to machine code when this program was built; to start it is to map that code and to make
//! an empty memory. [`Conversation`] is what it has in common with the engine linked as a library.

mod config;
mod conversation;
mod engine;
mod received;
mod sent;
#[path = "../../../engine/component/src/values.rs"]
mod values;

pub use conversation::{Conversation, ConversationError, OpenError, Trap};
pub use engine::{ComponentSession, DEFAULT_MEMORY_BYTES, Engine};

use bisync_engine::session::Opening;

use bindings::exports::bisync::engine::sync as wit;

mod bindings {
    #![allow(missing_docs, clippy::all, reason = "the generated code is documented by the WIT")]

    wasmtime::component::bindgen!({ path: "../wit", world: "engine" });
}

/// Opens a session in the component that is part of this program.
///
/// # Errors
/// Returns what the engine says about the options, or why it says nothing.
pub fn open(opening: Opening) -> Result<Box<dyn Conversation>, OpenError> {
    Ok(Box::new(Engine::load()?.open(opening)?))
}

#[cfg(test)]
mod tests;
