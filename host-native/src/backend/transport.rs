//! Limits and counters that all content and requests pass through, for every backend.

use std::sync::Arc;

use super::http::Dump;
use super::stopping::Stopping;
use crate::limits::{Passage, Requests};

/// What a run's options say of the way of content, the same for all its folders.
#[derive(Debug, Clone, Default)]
pub struct Transport {
    /// The number of the run, which its temporary names carry.
    pub run: u64,
    /// What content passes through.
    pub passage: Arc<Passage>,
    /// What keeps requests to a server to a rate.
    pub requests: Arc<Requests>,
    /// What shows requests to a server, if they are to be shown.
    pub dump: Option<Arc<Dump>>,
    /// Whether the run is to end.
    pub stopping: Stopping,
}
