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
        Self { purpose, waiting: verbs.into_iter().collect(), is_asked: false, failure: None }
    }

    /// Asks for the next operation.
    pub fn ask(&mut self, outbox: &mut Outbox) {
        if self.is_asked || self.failure.is_some() {
            return;
        }
        if let Some(verb) = self.waiting.pop_front() {
            outbox.ask(verb, self.purpose.clone());
            self.is_asked = true;
        }
    }

    /// Takes the outcome of the operation. A blob that is not there is no failure: it was replaced before.
    pub fn supply(&mut self, result: Result<(), Failure>) {
        self.is_asked = false;
        if let Err(failure) = result
            && failure.kind != FailureKind::NotFound
        {
            self.failure = Some(failure);
        }
    }

    /// Returns true when all is done, or it broke off.
    pub fn is_over(&self) -> bool {
        !self.is_asked && (self.waiting.is_empty() || self.failure.is_some())
    }
}
