//! The pause before another attempt to connect. It grows with the number of failures.

use std::time::{Duration, Instant};

use crate::backend::pause;

/// When nothing went wrong for so long, what did before is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// How often in a row connections could not be made, or broke.
#[derive(Debug, Default)]
pub struct Trouble {
    times: u32,
    last: Option<Instant>,
}

impl Trouble {
    /// Takes note of a connection that went wrong.
    pub fn note(&mut self, now: Instant) {
        self.times = if self.is_forgotten(now) { 1 } else { self.times.saturating_add(1) };
        self.last = Some(now);
    }

    /// Returns how long to wait before the next connection is made; `chance` as [`pause::after`] takes it.
    pub fn pause(&self, now: Instant, chance: f64) -> Duration {
        let Some(last) = self.last.filter(|_| !self.is_forgotten(now)) else { return Duration::ZERO };
        (last + pause::after(self.times, chance)).saturating_duration_since(now)
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now.saturating_duration_since(last) > FORGOTTEN_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_trouble_is_forgotten() {
        let (mut trouble, begin) = (Trouble::default(), Instant::now());
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        let mut check = |noted: Option<u64>, now, chance, expected| {
            noted.into_iter().for_each(|noted| trouble.note(at(noted)));
            assert_eq!(trouble.pause(at(now), chance), Duration::from_millis(expected), "{noted:?} {now}");
        };
        check(None, 0, 0.0, 0);
        check(Some(0), 0, 0.0, 100);
        check(None, 0, 1.0, 50);
        check(None, 30, 0.0, 70);
        check(None, 500, 0.0, 0);
        check(Some(500), 500, 0.0, 200);
        check(Some(900), 900, 0.0, 400);
        for expected in [800, 1600, 3200, 5000, 5000] {
            check(Some(1000), 1000, 0.0, expected);
        }
        check(None, 1000, 1.0, 2500);
        check(None, 61_001, 0.0, 0);
        check(Some(61_001), 61_001, 0.0, 100);
    }
}
