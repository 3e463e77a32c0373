//! What a driver needs of a session, whichever way the engine is run.

use bisync_engine::protocol::{Reply, RequestId};
use bisync_engine::session::{ProtocolError, Session, StopReason, Turn};

/// A session, run as a component or linked as a library: see [`Session`] for the meaning of the methods.
pub trait Conversation {
    /// Returns what is to be done and said now.
    ///
    /// # Errors
    /// Returns why the engine does not answer; it never does again.
    fn turn(&mut self) -> Result<Turn, ConversationError>;

    /// Takes the answer to a request.
    ///
    /// # Errors
    /// Returns what the host did wrong, with the session unchanged; or why the engine does not answer.
    fn supply(&mut self, id: RequestId, reply: Reply) -> Result<(), ConversationError>;

    /// Says that the run is to stop.
    ///
    /// # Errors
    /// Returns why the engine does not answer; it never does again.
    fn stop(&mut self, reason: StopReason) -> Result<(), ConversationError>;
}

/// Why a conversation does not begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine does not accept the options.
    #[error(transparent)]
    Options(#[from] bisync_engine::session::OpenError),
    /// The engine does not answer.
    #[error(transparent)]
    Engine(#[from] Trap),
}

/// Why a conversation does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    /// The host broke the rules of the conversation.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The engine does not answer.
    #[error(transparent)]
    Engine(#[from] Trap),
}

/// Why the engine does not answer: an error in the program, or too little memory.
#[derive(Debug, thiserror::Error)]
pub enum Trap {
    /// The component cannot be loaded: this processor is not of the kind that the program was built for.
    #[error("cannot load the engine: {0:#}")]
    Load(wasmtime::Error),
    /// The component wanted more memory than it may have.
    #[error("the engine needs more than the {limit_bytes} bytes of memory that it may have")]
    Memory {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// The component stopped in the middle of a call, or was called again after that.
    #[error("the engine failed: {0:?}")]
    Failed(wasmtime::Error),
    /// The component sent a path or a hash that is none.
    #[error("the engine sent a malformed path or hash")]
    Malformed,
}

impl Conversation for Session {
    fn turn(&mut self) -> Result<Turn, ConversationError> {
        Ok(Self::turn(self))
    }

    fn supply(&mut self, id: RequestId, reply: Reply) -> Result<(), ConversationError> {
        Ok(Self::supply(self, id, reply)?)
    }

    fn stop(&mut self, reason: StopReason) -> Result<(), ConversationError> {
        Self::stop(self, reason);
        Ok(())
    }
}
