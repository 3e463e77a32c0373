//! Which requests are made again, and when.

use std::time::{Duration, SystemTime};

use bisync_engine::protocol::Failure;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

/// How long is waited before the second try; after that, each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer than this, except one that the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that wants to be left alone for longer than this is not waited for.
const LONGEST_WISH: Duration = Duration::from_secs(120);

/// How often a request is still made again.
pub struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    /// So many in all; at least one.
    pub fn new(tries: u32) -> Self {
        Self { left: tries.max(1), pause: FIRST_PAUSE }
    }

    /// Takes note of an answer, and returns how long to wait before the next try; `None` when there is none.
    pub fn pause_after(&mut self, answer: &Result<reqwest::Result<Response>, Failure>) -> Option<Duration> {
        let wish = match answer {
            Ok(Ok(response)) if is_temporary(response.status()) => wish(response.headers(), SystemTime::now()),
            Ok(Ok(_)) => return None,
            Ok(Err(error)) if error.is_builder() => return None,
            Ok(Err(_)) | Err(_) => None,
        };
        self.pause(wish)
    }

    fn pause(&mut self, wish: Option<Duration>) -> Option<Duration> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || wish.is_some_and(|wish| wish > LONGEST_WISH) {
            return None;
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        Some(wish.map_or(pause, |wish| wish.max(pause)))
    }
}

/// Says whether the same request may be answered otherwise a little later.
pub fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502..=504)
}

/// Returns how long the server wants to be left alone: so many seconds, or until a date.
fn wish(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_servers_are_heard() {
        let check = |tries, wishes: &[Option<u64>], expected: &[Option<u64>]| {
            let mut tries = Tries::new(tries);
            let pauses: Vec<_> = wishes.iter().map(|wish| tries.pause(wish.map(Duration::from_secs))).collect();
            let expected: Vec<_> = expected.iter().map(|pause| pause.map(Duration::from_millis)).collect();
            assert_eq!(pauses, expected, "{wishes:?}");
        };
        check(1, &[None], &[None]);
        check(3, &[None, None, None], &[Some(100), Some(200), None]);
        check(9, &[Some(7), None, Some(0), None], &[Some(7000), Some(200), Some(400), Some(800)]);
        check(9, &[None; 8], &[100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Some));
        check(9, &[Some(3600)], &[None]);
    }

    #[test]
    fn wishes_are_seconds_or_dates() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let check = |text: &'static str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(wish(&headers, now), expected.map(Duration::from_secs), "{text}");
        };
        check("5", Some(5));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(7));
        check("Sun, 06 Nov 1994 08:49:00 GMT", None);
        check("soon", None);
    }
}
