//! The pause before a failed request is repeated, for every kind of server. It grows with the number of failures.

use std::time::Duration;

/// How long is waited after the first failure; after that, each time twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// No pause is longer than this.
const LONGEST: Duration = Duration::from_secs(5);

/// Returns the pause after so many failures in a row, of which up to half is taken away by chance, so that those who were turned away
/// together do not come back together. `chance` is from 0 to 1.
pub fn after(failures: u32, chance: f64) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST.saturating_mul(doubled).min(LONGEST).mul_f64(1.0 - chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        let check = |failures, chance, milliseconds| {
            assert_eq!(after(failures, chance), Duration::from_millis(milliseconds), "{failures} {chance}");
        };
        check(1, 0.0, 100);
        check(1, 1.0, 50);
        check(2, 0.0, 200);
        check(6, 0.5, 2400);
        check(7, 0.0, 5000);
        check(u32::MAX, 1.0, 2500);
    }
}
