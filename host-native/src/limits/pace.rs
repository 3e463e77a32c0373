//! Spreads bytes over time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keeps those who copy to a rate: whoever has copied something waits until it may have taken that long.
///
/// This is a bucket that holds nothing to begin with, as in rclone: no burst goes before the limit.
#[derive(Debug, Default)]
pub struct Pace {
    /// When all that was copied so far may have been copied.
    paid_until: Mutex<Option<Instant>>,
    /// So much was copied, in bytes.
    bytes: AtomicU64,
}

impl Pace {
    /// Returns how long to wait after `bytes` were copied, of which so many may be copied in a second. Times in which nothing was
    /// copied are lost.
    pub fn wait(&self, bytes: u64, bytes_per_second: u64, now: Instant) -> Duration {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let takes = Duration::try_from_secs_f64(bytes as f64 / bytes_per_second as f64).unwrap_or(Duration::MAX);
        // Nothing is done with the lock held that could leave a time that is half written.
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = paid_until.map_or(now, |until| until.max(now));
        let end = begin.checked_add(takes).unwrap_or(begin);
        *paid_until = Some(end);
        end - now
    }

    /// Returns how much was copied, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_spread_over_time() {
        let (pace, begin) = (Pace::default(), Instant::now());
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        let check = |bytes, now, expected| {
            assert_eq!(pace.wait(bytes, 1000, at(now)), Duration::from_millis(expected), "{bytes} at {now}");
        };
        check(100, 0, 100);
        check(100, 0, 200);
        check(100, 150, 150);
        check(0, 300, 0);
        // What was not used is lost.
        check(500, 5000, 500);
    }
}
