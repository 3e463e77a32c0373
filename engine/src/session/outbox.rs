//! What the session has to say: requests with what their answers are for, and events.

use crate::event::{Event, Level};
use crate::numbered::Numbered;
use crate::path::RelPath;
use crate::protocol::{Reply, Request, RequestId, Verb};
use crate::side::Side;

use super::ProtocolError;

/// What an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A page of a directory.
    List(Side, u32),
    /// A part of the prior listing.
    Prior(Side),
    /// Whether two files have the same content.
    Compare(u64),
    /// What is at a name that a loser of a conflict could get.
    Probe(RelPath, Side),
    /// A step of a change.
    Step(u64),
    /// A part of what names files that may be half written.
    InPlace(Side),
    /// When metadata was last carried over.
    MetadataBase,
    /// A part of a listing that is being written.
    Write(Side),
    /// A part of a listing that is read again to be folded or checked.
    Reread(Side),
    /// What a listing begins with.
    Identify(Side),
    /// A part of the plan that is being written.
    SavePlan,
    /// A part of the plan that is carried out.
    LoadPlan,
    /// One of a sequence of operations on the state.
    Sequence,
    /// The journal that names the run. Without it nothing is changed.
    Announcement,
    /// Something whose success matters to nobody.
    Courtesy,
}

/// Requests and events that wait to be taken, and requests that wait for an answer.
#[derive(Debug, Default)]
pub struct Outbox {
    pub requests: Vec<Request>,
    pub events: Vec<Event>,
    waiting: Numbered<(Purpose, Shape)>,
    last_id: RequestId,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Page,
    Described,
    Same,
    Done,
    State,
}

impl Outbox {
    /// Asks the host for something.
    pub fn ask(&mut self, verb: Verb, purpose: Purpose) {
        self.last_id += 1;
        self.waiting.insert(self.last_id, (purpose, shape(&verb)));
        self.requests.push(Request { id: self.last_id, verb });
    }

    /// Returns a number that was never given before.
    pub fn number(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Says something.
    pub fn say(&mut self, level: Level, code: &'static str, path: Option<&RelPath>, text: impl Into<String>) {
        self.events.push(Event { level, code: code.into(), path: path.cloned(), text: text.into() });
    }

    /// Returns how many requests wait for an answer.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes back the requests that the host has not seen.
    pub fn withdraw(&mut self) {
        for request in self.requests.drain(..) {
            self.waiting.remove(request.id);
        }
    }

    /// Returns what an answer is for.
    pub fn purpose(&mut self, id: RequestId, reply: &Reply) -> Result<Purpose, ProtocolError> {
        let (_, expected) = self.waiting.get(id).ok_or(ProtocolError::UnknownRequest(id))?;
        let fits = match reply {
            Reply::Page { .. } | Reply::Anew => *expected == Shape::Page,
            Reply::Described(_) => *expected == Shape::Described,
            Reply::Same(_) => *expected == Shape::Same,
            Reply::Done(_) => *expected == Shape::Done,
            Reply::State(_) => *expected == Shape::State,
            Reply::Failed(_) => true,
        };
        if !fits {
            return Err(ProtocolError::WrongReply(id));
        }
        let purpose = if !reply.is_last() {
            self.waiting.get(id).map(|(purpose, _)| purpose.clone())
        } else {
            self.waiting.remove(id).map(|(purpose, _)| purpose)
        };
        purpose.ok_or(ProtocolError::UnknownRequest(id))
    }
}

fn shape(verb: &Verb) -> Shape {
    match verb {
        Verb::ListDirectory { .. } => Shape::Page,
        Verb::Describe { .. } => Shape::Described,
        Verb::SameContent { .. } => Shape::Same,
        Verb::ReadState { .. } => Shape::State,
        Verb::CopyFile(_)
        | Verb::MoveFile(_)
        | Verb::DeleteFile { .. }
        | Verb::MakeDirectory { .. }
        | Verb::RemoveDirectory { .. }
        | Verb::SetTime { .. }
        | Verb::SetMetadata(_)
        | Verb::Flush { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => Shape::Done,
    }
}
