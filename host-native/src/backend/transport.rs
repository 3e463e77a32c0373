//! Limits and counters that all content and requests pass through, for every backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bisync_engine::path::RelPath;
use bisync_engine::temporary::TemporaryNames;

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

impl Transport {
    /// Returns a path in the directory of `target` for a staged copy, one that the engine gives to none. If this run is killed, the next one
    /// knows it by its name.
    pub fn temporary(&self, target: &RelPath) -> RelPath {
        static NUMBER: AtomicU64 = AtomicU64::new(1 << 40);
        let names = TemporaryNames { run: self.run, suffix: ".partial".to_owned() };
        names.path(target, NUMBER.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use bisync_engine::temporary::run_of;

    use super::*;

    #[test]
    fn temporary_paths_are_known_by_their_run() {
        let transport = Transport { run: 42, ..Transport::default() };
        let target = RelPath::parse("a/b").unwrap();
        let paths = [transport.temporary(&target), transport.temporary(&target)];
        assert_ne!(paths[0], paths[1]);
        for path in paths {
            assert_eq!((path.parent(), run_of(path.name())), (target.parent(), Some(42)));
        }
    }
}
