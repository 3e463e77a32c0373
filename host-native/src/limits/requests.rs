//! Spreads requests over time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bisync_engine::options::Options;

/// Keeps requests to a rate, all sides together: `--tpslimit` and `--tpslimit-burst`.
#[derive(Debug, Default)]
pub struct Requests {
    /// How long each takes; `None` without a limit.
    each: Option<Duration>,
    /// How much of that may be saved up, for requests that then go at once.
    savings: Duration,
    /// When all that were made so far may have been made.
    paid_until: Mutex<Option<Instant>>,
}

impl Requests {
    /// Makes what the options ask for.
    pub fn new(options: &Options) -> Self {
        let thousandths = options.thousandths("tpslimit").and_then(|limit| u32::try_from(limit).ok());
        let each = thousandths.filter(|limit| *limit > 0).map(|limit| Duration::from_secs(1000) / limit);
        let burst = options.number("tpslimit-burst").and_then(|burst| u32::try_from(burst).ok()).unwrap_or(1);
        let savings = each.unwrap_or_default().saturating_mul(burst.saturating_sub(1));
        Self { each, savings, paid_until: Mutex::default() }
    }

    /// Returns how long to wait before a request is made. It counts as made.
    pub fn wait(&self, now: Instant) -> Duration {
        let Some(each) = self.each else { return Duration::ZERO };
        // Nothing is done with the lock held that could leave a time that is half written.
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = paid_until.map_or(now, |until| until.max(now));
        *paid_until = begin.checked_add(each);
        (begin - now).saturating_sub(self.savings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spread_over_time() {
        let check = |limit: &str, burst: &str, times: &[(u64, u64)]| {
            let given =
                [("tpslimit", limit), ("tpslimit-burst", burst)].map(|(name, value)| (name.into(), value.into()));
            let (requests, begin) = (Requests::new(&Options::parse(&given).unwrap()), Instant::now());
            for (at, expected) in times {
                let waited = requests.wait(begin + Duration::from_millis(*at));
                assert_eq!(waited, Duration::from_millis(*expected), "{limit} {burst} at {at}");
            }
        };
        check("0", "1", &[(0, 0), (0, 0)]);
        check("10", "1", &[(0, 0), (0, 100), (50, 150), (1000, 0), (1000, 100)]);
        check("0.5", "1", &[(0, 0), (0, 2000)]);
        check("10", "3", &[(0, 0), (0, 0), (0, 0), (0, 100), (1000, 0), (1000, 0), (1000, 0), (1000, 100)]);
    }
}
