//! Requests that change what is at a key: made again only while what was there before still is.
//!
//! A request whose answer is lost may have been carried out, and while one waits to be made again somebody else may write. So the key is
//! looked at before each further try, whether the server looks itself or not.

use bisync_engine::protocol::{Failure, FailureKind};
use rusty_s3::Bucket;

use super::object::Object;
use super::request::{Condition, Server};
use super::{changed, gone, taken};
use crate::backend::http::Tries;

/// What is expected at the key that is changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected<'a> {
    /// Whatever is there is replaced.
    Anything,
    /// What was found there.
    Found(Option<&'a Object>),
}

/// Tries of one change.
pub(super) struct Attempts<'a> {
    server: &'a Server,
    bucket: &'a Bucket,
    key: &'a str,
    expected: Expected<'a>,
    tries: Tries,
}

/// What a failure comes to.
pub(super) enum Next {
    /// It is done all the same. This is what then is at the key.
    Done(Option<Object>),
    /// It is tried again.
    Again,
}

impl Expected<'_> {
    /// Makes sure that this is what is at a key now.
    ///
    /// # Errors
    /// Refuses what has changed, and fails when the server does not say.
    pub async fn check(&self, server: &Server, bucket: &Bucket, key: &str) -> Result<(), Failure> {
        match self {
            Self::Anything => Ok(()),
            Self::Found(_) => self.met_by(server.look(bucket, key).await?.as_ref()),
        }
    }

    /// Says whether this is met by what is there now.
    fn met_by(&self, now: Option<&Object>) -> Result<(), Failure> {
        match (self, now) {
            (Self::Found(None), Some(_)) => Err(taken()),
            (Self::Found(Some(_)), None) => Err(gone()),
            (Self::Found(Some(before)), Some(now)) if !before.is_still(now) => Err(changed()),
            (Self::Found(_) | Self::Anything, _) => Ok(()),
        }
    }

    /// Returns what a request says of it to a server that looks itself.
    pub fn condition(&self) -> Option<Condition<'_>> {
        match self {
            Self::Anything => None,
            Self::Found(None) => Some(Condition::Absent),
            Self::Found(Some(object)) => Some(Condition::Tag(&object.etag)),
        }
    }
}

impl<'a> Attempts<'a> {
    /// Nothing was tried yet.
    pub fn new(server: &'a Server, bucket: &'a Bucket, key: &'a str, expected: Expected<'a>) -> Self {
        Self { server, bucket, key, expected, tries: server.client.tries() }
    }

    /// Says what a failure comes to. `is_done` tells what the change makes of the key from everything else.
    ///
    /// # Errors
    /// Fails as the request did when another try would be in vain, and when something else is there by now.
    pub async fn after(
        &mut self,
        failure: Failure,
        is_done: impl Fn(Option<&Object>) -> bool,
    ) -> Result<Next, Failure> {
        let may_be_done = matches!(
            failure.kind,
            // The last one too: of a server that is doubted nothing is temporary.
            FailureKind::Refused
                | FailureKind::NotFound
                | FailureKind::Temporary
                | FailureKind::Busy
                | FailureKind::Other
        );
        if !may_be_done {
            return Err(failure);
        }
        // What failed first says more than that this did.
        let Ok(now) = self.server.look(self.bucket, self.key).await else { return Err(failure) };
        if is_done(now.as_ref()) {
            return Ok(Next::Done(now));
        }
        self.expected.met_by(now.as_ref())?;
        let may_work = matches!(failure.kind, FailureKind::Temporary | FailureKind::Busy);
        if may_work && self.tries.another() { Ok(Next::Again) } else { Err(failure) }
    }
}
