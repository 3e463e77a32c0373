//! What can only be waited for while a connection lives.

use tokio::sync::watch;

/// Waits for something while a connection lives; `None` when that ends first.
pub async fn while_alive<T>(alive: &watch::Receiver<()>, waited: impl Future<Output = T>) -> Option<T> {
    let mut alive = alive.clone();
    tokio::select! {
        biased;
        waited = waited => Some(waited),
        // Nothing is ever sent.
        _ = alive.changed() => None,
    }
}
