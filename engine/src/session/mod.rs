//! The conversation with a host: the only type that holds state.

use crate::entry::Instant;
use crate::event::Event;
use crate::outcome::Outcome;
use crate::protocol::{Capabilities, Reply, Request, RequestId};
use crate::side::Pair;

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
}

/// What the engine has to say at one point of the conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// What is to be done, in any order.
    pub requests: Vec<Request>,
    /// What is to be shown, in this order.
    pub events: Vec<Event>,
    /// How the run ended; with it the conversation is over.
    pub outcome: Option<Outcome>,
}

/// Why a session cannot be opened: the message for a person and, if the fault lies with one, the option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    /// The option, without dashes.
    pub option: Option<String>,
    /// What is wrong, and what is accepted.
    pub message: String,
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
/// Ask [`turn`](Self::turn) until it has no more to say, carry out the requests, hand each answer to
/// [`supply`](Self::supply), and ask again; until a turn has an outcome.
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// Checks the options against the capabilities of both sides.
    ///
    /// # Errors
    /// Names the option that is wrong and what is accepted.
    pub fn open(opening: Opening) -> Result<Self, OpenError> {
        let _ = opening;
        Ok(Self {})
    }

    /// Returns what is to be done and said now. Never blocks, never fails; an empty turn means: wait for an answer.
    pub fn turn(&mut self) -> Turn {
        Turn { outcome: Some(Outcome::default()), ..Turn::default() }
    }

    /// Takes the answer to a request. Answers may come in any order.
    ///
    /// # Errors
    /// Returns what the host did wrong; the session is unchanged.
    pub fn supply(&mut self, id: RequestId, reply: Reply) -> Result<(), ProtocolError> {
        let _ = reply;
        Err(ProtocolError::UnknownRequest(id))
    }

    /// The person wants to stop: what is under way is finished and recorded, nothing new is started.
    pub fn stop(&mut self) {}
}
