//! How much is done at a time, and how often.

use std::time::Duration;

use bisync_engine::options::{Options, Settings};

/// How much is done at a time, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many requests at a time, copies apart.
    pub checkers: usize,
    /// So many copies at a time.
    pub transfers: usize,
    /// So many times in all what may work when tried again; at least 1.
    pub tries: u32,
    /// In each of these tries, so many times in all what is in use just now; at least 1.
    pub tries_at_once: u32,
    /// The pause before trying again.
    pub pause: Duration,
}

impl Limits {
    /// Returns what the options ask for, and the settings that follow from them.
    pub fn of(options: &Options, settings: &Settings) -> Self {
        let at_least_one = |name| usize::try_from(options.number(name).unwrap_or(1)).unwrap_or(1).clamp(1, 1024);
        Self {
            checkers: at_least_one("checkers"),
            transfers: at_least_one("transfers"),
            tries: settings.retries,
            tries_at_once: u32::try_from(options.number("low-level-retries").unwrap_or(1).max(1)).unwrap_or(u32::MAX),
            pause: Duration::from_millis(settings.retries_sleep_ms),
        }
    }
}
