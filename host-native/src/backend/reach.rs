//! Whether a server can be reached: what one request has found out in vain and long enough, the others do not find out once more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bisync_engine::protocol::{Failure, FailureKind};
use tokio::sync::Notify;

use super::stopping::Stopping;

/// The way to one server, as all know it who ask that server.
///
/// A server is given up when the last try of a request finds that no connection can be made, and nobody has heard of the server since it
/// first found that. That holds for the rest of the run: only the answer to a request that was under way already takes it back.
///
/// A server is doubted when all tries of a request were in vain though there were connections, and nothing was answered well since the
/// first of them. Each request is tried once then, without a pause, until one is answered well: what is wrong may be of one path only.
#[derive(Debug, Default)]
pub struct Reach {
    /// So often the server was heard of.
    heard: AtomicU64,
    /// So often it answered well.
    answered: AtomicU64,
    given_up: Mutex<Option<GivenUp>>,
    /// How often it had answered well when it was doubted.
    doubted: Mutex<Option<u64>>,
    /// Wakes those who wait when the server is given up or doubted.
    woken: Notify,
    stopping: Stopping,
}

/// A server that was given up.
#[derive(Debug)]
struct GivenUp {
    /// How often it had been heard of.
    heard: u64,
    why: Failure,
}

/// How often a server had been heard of, and had answered well, before something was tried.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    heard: u64,
    answered: u64,
}

impl Reach {
    /// Nothing is known yet.
    pub fn new(stopping: Stopping) -> Self {
        Self { stopping, ..Self::default() }
    }

    /// Begins a try.
    ///
    /// # Errors
    /// Fails when the server was given up.
    pub fn begin(&self) -> Result<Before, Failure> {
        let heard = self.heard.load(Ordering::Relaxed);
        match &*self.given_up() {
            Some(given_up) if given_up.heard == heard => Err(given_up.failure()),
            Some(_) | None => Ok(Before { heard, answered: self.answered.load(Ordering::Relaxed) }),
        }
    }

    /// Takes note of an answer, or of a connection that was made.
    pub fn hear(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes note of an answer that says nothing of trouble.
    pub fn hear_well(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.hear();
    }

    /// Doubts the server, unless it has answered well since `before`.
    pub fn doubt(&self, before: Before) {
        if self.answered.load(Ordering::Relaxed) == before.answered {
            *self.doubted() = Some(before.answered);
            self.woken.notify_waiters();
        }
    }

    /// Says whether the server is doubted.
    pub fn is_doubted(&self) -> bool {
        *self.doubted() == Some(self.answered.load(Ordering::Relaxed))
    }

    /// Gives the server up, unless it was heard of since `before`.
    pub fn give_up(&self, before: Before, why: &Failure) {
        if self.heard.load(Ordering::Relaxed) == before.heard {
            *self.given_up() = Some(GivenUp { heard: before.heard, why: why.clone() });
            self.woken.notify_waiters();
        }
    }

    /// Waits for so long before something is tried again, and says whether it still is to be: not when the run is to end. It is not
    /// waited on for a server that is given up or doubted meanwhile.
    pub async fn pause(&self, pause: Duration) -> bool {
        let woken = self.woken.notified();
        if self.begin().is_err() || self.is_doubted() {
            return !self.stopping.has_begun();
        }
        tokio::select! {
            () = woken => !self.stopping.has_begun(),
            goes_on = self.stopping.pause(pause) => goes_on,
        }
    }

    fn doubted(&self) -> MutexGuard<'_, Option<u64>> {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn given_up(&self) -> MutexGuard<'_, Option<GivenUp>> {
        // It is whole at any moment.
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GivenUp {
    /// Returns what it is to those who come later. It is not temporary: another try would come to the same.
    fn failure(&self) -> Failure {
        let message = format!("{}; the server is not tried again in this run", self.why.message);
        Failure { kind: FailureKind::Other, message }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::backend::failed;

    /// Longer than any test waits.
    const FOR_EVER: Duration = Duration::from_secs(1 << 20);

    fn refused() -> Failure {
        failed(FailureKind::Temporary, "connection refused")
    }

    fn within<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn a_server_that_is_given_up_is_not_tried_until_it_is_heard_of() {
        let reach = Reach::default();
        let before = reach.begin().unwrap();
        reach.give_up(before, &refused());
        let failure = reach.begin().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Other);
        assert_eq!(failure.message, "connection refused; the server is not tried again in this run");
        reach.hear();
        assert!(reach.begin().is_ok());
    }

    #[test]
    fn a_server_that_others_hear_of_is_not_given_up() {
        let reach = Reach::default();
        let before = reach.begin().unwrap();
        reach.hear();
        reach.give_up(before, &refused());
        assert!(reach.begin().is_ok());
    }

    #[test]
    fn a_server_is_doubted_until_it_answers_well() {
        let reach = Reach::default();
        let before = reach.begin().unwrap();
        reach.hear();
        reach.doubt(before);
        assert!(reach.is_doubted() && reach.begin().is_ok());
        reach.hear_well();
        assert!(!reach.is_doubted());
        // Others have been answered since.
        reach.doubt(before);
        assert!(!reach.is_doubted());
    }

    #[test]
    fn nobody_waits_for_a_server_that_is_given_up_or_doubted() {
        let check = |loses: fn(&Reach, Before)| {
            within(async {
                let reach = Reach::default();
                let before = reach.begin().unwrap();
                let mut pause = pin!(reach.pause(FOR_EVER));
                assert_eq!(pause.as_mut().now_or_never(), None);
                loses(&reach, before);
                assert!(pause.await);
                assert_eq!(reach.pause(FOR_EVER).now_or_never(), Some(true));
            });
        };
        check(|reach, before| reach.give_up(before, &refused()));
        check(Reach::doubt);
    }

    #[test]
    fn nobody_waits_when_the_run_is_to_end() {
        within(async {
            let stopping = Stopping::default();
            let reach = Reach::new(stopping.clone());
            let mut pause = pin!(reach.pause(FOR_EVER));
            assert_eq!(pause.as_mut().now_or_never(), None);
            stopping.begin();
            assert!(!pause.await);
            assert_eq!(reach.pause(FOR_EVER).now_or_never(), Some(false));
        });
    }
}
