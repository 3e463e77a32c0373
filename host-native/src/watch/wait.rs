//! When the next run is due.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Changes often come together. A run begins when there was none for so long,
const QUIET: Duration = Duration::from_secs(1);
/// but after so long in any case.
const LONGEST: Duration = Duration::from_secs(30);

/// What wakes whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Something was changed.
    Change,
    /// The program is to end.
    End,
}

/// Why the waiting is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Something was changed.
    ByChange,
    /// It is time to look, changes or not.
    ByTime,
    /// The program is to end.
    ToEnd,
}

/// Waits for changes.
#[derive(Debug)]
pub struct Waiting {
    wakes: Receiver<Wake>,
    waker: Sender<Wake>,
    quiet: Duration,
    longest: Duration,
}

impl Default for Waiting {
    fn default() -> Self {
        Self::new(QUIET, LONGEST)
    }
}

impl Waiting {
    fn new(quiet: Duration, longest: Duration) -> Self {
        let (waker, wakes) = channel();
        Self { wakes, waker, quiet, longest }
    }

    /// Returns what wakes.
    pub fn waker(&self) -> Sender<Wake> {
        self.waker.clone()
    }

    /// Waits until the next run is due: after changes, but not before `pause` is over, or after `interval`, which is no shorter.
    pub fn next(&self, interval: Duration, pause: Duration) -> Woken {
        let begin = Instant::now();
        match self.wake_until(begin + interval) {
            None => return Woken::ByTime,
            Some(Wake::End) => return Woken::ToEnd,
            Some(Wake::Change) => {}
        }
        let first = Instant::now();
        let latest = (first + self.longest).max(begin + pause);
        let due_after = |change: Instant| (change + self.quiet).max(begin + pause).min(latest);
        let mut due = due_after(first);
        loop {
            match self.wake_until(due) {
                None => return Woken::ByChange,
                Some(Wake::End) => return Woken::ToEnd,
                Some(Wake::Change) => due = due_after(Instant::now()),
            }
        }
    }

    fn wake_until(&self, limit: Instant) -> Option<Wake> {
        // There always is a waker: this one has it.
        self.wakes.recv_timeout(limit.saturating_duration_since(Instant::now())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(1);

    fn check(wakes: &[Wake], quiet: Duration, longest: Duration, interval: Duration, expected: Woken) {
        let waiting = Waiting::new(quiet, longest);
        wakes.iter().for_each(|wake| waiting.waker().send(*wake).unwrap());
        assert_eq!(waiting.next(interval, SHORT), expected, "{wakes:?}");
    }

    #[test]
    fn a_run_is_due_after_changes_and_in_time() {
        check(&[], HOUR, HOUR, SHORT, Woken::ByTime);
        check(&[Wake::End], HOUR, HOUR, HOUR, Woken::ToEnd);
        check(&[Wake::Change, Wake::Change], SHORT, HOUR, HOUR, Woken::ByChange);
        check(&[Wake::Change, Wake::End], HOUR, HOUR, HOUR, Woken::ToEnd);
        // Changes that do not end are not waited for.
        check(&[Wake::Change, Wake::Change], HOUR, SHORT, HOUR, Woken::ByChange);
    }

    #[test]
    fn a_pause_is_kept_whatever_changes() {
        let waiting = Waiting::new(SHORT, SHORT);
        waiting.waker().send(Wake::Change).unwrap();
        let (begin, pause) = (Instant::now(), Duration::from_millis(50));
        assert_eq!(waiting.next(HOUR, pause), Woken::ByChange);
        assert!(begin.elapsed() >= pause);
    }
}
