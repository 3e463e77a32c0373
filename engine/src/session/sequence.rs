//! Operations on the state store and the sides that must happen one after another.

use std::collections::VecDeque;

use crate::protocol::{Failure, FailureKind, Verb};

use super::outbox::{Outbox, Purpose};

/// Operations that are carried out one at a time, until one fails.
#[derive(Debug)]
pub struct Sequence {
    purpose: Purpose,
    waiting: VecDeque<Verb>,
    is_asked: bool,
    /// Whether the operation that was asked for last is done already when its blob is not there.
    may_be_done: bool,
    /// Why it broke off, if it did.
    pub failure: Option<Failure>,
}

impl Sequence {
    /// Makes a sequence of these operations.
    pub fn new(verbs: impl IntoIterator<Item = Verb>) -> Self {
        Self::of(Purpose::Sequence, verbs)
    }

    /// Makes a sequence of these operations, whose answers are for this purpose.
    pub fn of(purpose: Purpose, verbs: impl IntoIterator<Item = Verb>) -> Self {
        Self { purpose, waiting: verbs.into_iter().collect(), is_asked: false, may_be_done: false, failure: None }
    }

    /// Asks for the next operation.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        if self.is_asked || self.failure.is_some() {
            return;
        }
        if let Some(verb) = self.waiting.pop_front() {
            self.may_be_done = self.purpose == Purpose::Sequence && may_be_done(&verb);
            outbox.ask(verb, self.purpose.clone());
            self.is_asked = true;
        }
    }

    /// Takes the outcome of the operation.
    pub fn supply(&mut self, result: Result<(), Failure>) {
        self.is_asked = false;
        self.failure = result.err().filter(|failure| failure.kind != FailureKind::NotFound || !self.may_be_done);
    }

    /// Returns true when all is done, or it broke off.
    pub fn is_over(&self) -> bool {
        !self.is_asked && (self.waiting.is_empty() || self.failure.is_some())
    }
}

/// Whether an operation has nothing left to do where its blob is missing: a run that was killed did it before.
fn may_be_done(verb: &Verb) -> bool {
    match verb {
        Verb::ReplaceState { name, target } => name != target,
        Verb::KeepState { .. } | Verb::RemoveState { .. } => true,
        Verb::ListDirectory { .. }
        | Verb::Describe { .. }
        | Verb::SameContent { .. }
        | Verb::CopyFile(_)
        | Verb::MoveFile(_)
        | Verb::DeleteFile { .. }
        | Verb::MakeDirectory { .. }
        | Verb::RemoveDirectory { .. }
        | Verb::SetTime { .. }
        | Verb::SetMetadata(_)
        | Verb::Flush { .. }
        | Verb::ReadState { .. }
        | Verb::WriteState { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::Side;

    #[test]
    fn only_what_may_be_done_already_may_miss_its_blob() {
        let check = |purpose: Purpose, verb: Verb, goes_on: bool| {
            let words = format!("{purpose:?} {verb:?}");
            let mut sequence = Sequence::of(purpose, [verb]);
            sequence.ask(&mut Outbox::default());
            sequence.supply(Err(Failure { kind: FailureKind::NotFound, message: "it is gone".into() }));
            assert_eq!(sequence.failure.is_none(), goes_on, "{words}");
        };
        let replace = |name: &str, target: &str| Verb::ReplaceState { name: name.into(), target: target.into() };
        check(Purpose::Sequence, replace("new", "listing"), true);
        check(Purpose::Sequence, Verb::RemoveState { name: "part".into() }, true);
        // Whoever makes a blob durable, or saves a folder, must have found it.
        check(Purpose::Sequence, replace("new", "new"), false);
        check(Purpose::Sequence, Verb::Flush { side: Side::One }, false);
        // Nobody has announced this run before.
        check(Purpose::Announcement, replace("new", "journal"), false);
    }
}
