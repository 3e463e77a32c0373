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
#[derive(Debug, Default)]
pub struct Reach {
    /// So often the server was heard of.
    heard: AtomicU64,
    given_up: Mutex<Option<GivenUp>>,
    /// Wakes those who wait when the server is given up.
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

/// How often a server had been heard of before something was tried.
#[derive(Debug, Clone, Copy)]
pub struct Before(u64);

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
            Some(_) | None => Ok(Before(heard)),
        }
    }

    /// Takes note of an answer, or of a connection that was made.
    pub fn hear(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives the server up, unless it was heard of since `before`.
    pub fn give_up(&self, before: Before, why: &Failure) {
        if self.heard.load(Ordering::Relaxed) == before.0 {
            *self.given_up() = Some(GivenUp { heard: before.0, why: why.clone() });
            self.woken.notify_waiters();
        }
    }

    /// Waits for so long before something is tried again, and says whether it still is to be: not when the run is to end. It is not
    /// waited on for a server that is given up meanwhile.
    pub async fn pause(&self, pause: Duration) -> bool {
        let woken = self.woken.notified();
        if self.begin().is_err() {
            return !self.stopping.has_begun();
        }
        tokio::select! {
            () = woken => !self.stopping.has_begun(),
            goes_on = self.stopping.pause(pause) => goes_on,
        }
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
    fn nobody_waits_for_a_server_that_is_given_up() {
        within(async {
            let reach = Reach::default();
            let before = reach.begin().unwrap();
            let mut pause = pin!(reach.pause(FOR_EVER));
            assert_eq!(pause.as_mut().now_or_never(), None);
            reach.give_up(before, &refused());
            assert!(pause.await);
            assert_eq!(reach.pause(FOR_EVER).now_or_never(), Some(true));
        });
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
