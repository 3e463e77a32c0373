//! How much time passes while a machine may sleep.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A clock that goes on while the machine sleeps.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Returns the time since some moment before this process began, that in which the machine slept included.
pub fn passed() -> Duration {
    let time = clock_gettime(CLOCK);
    let part = |part: i64| u64::try_from(part).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}
