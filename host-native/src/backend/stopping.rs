//! The wish to end a run, as those hear it who wait before they try something again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Whether a run is to end. What is under way is finished then, and nothing is waited for that would only be tried again.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Arc<watch::Sender<bool>>);

impl Stopping {
    /// From now on the run is to end.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Says whether the run is to end.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the run is to end.
    pub async fn begun(&self) {
        // It cannot fail while the sender is held.
        self.0.subscribe().wait_for(|begun| *begun).await.ok();
    }

    /// Waits for so long before something is tried again, and says whether it still is to be.
    pub async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.begun() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }
}
