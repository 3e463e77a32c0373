//! Which requests are made again, and when.

use std::time::{Duration, SystemTime};

use bisync_engine::protocol::Failure;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use crate::backend::pause;

/// A server that wants to be left alone for longer than this is not waited for.
const LONGEST_WISH: Duration = Duration::from_secs(120);

/// What came of a request; a failure where it took too long.
pub type Answered = Result<reqwest::Result<Response>, Failure>;

/// How often something is still tried.
#[derive(Debug)]
pub struct Tries {
    left: u32,
    failures: Failures,
}

impl Tries {
    /// So many in all; at least one.
    pub fn new(tries: u32) -> Self {
        Self { left: tries.max(1), failures: Failures::default() }
    }

    /// Takes note of an answer, and returns how long to wait before the next try; `None` when there is none.
    pub fn pause_after(&mut self, answer: &Answered) -> Option<Duration> {
        let pause = self.failures.pause_after(answer)?;
        self.another().then_some(pause)
    }

    /// Takes note of a try that failed, and says whether there is another one.
    pub fn another(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

/// Failures in a row.
#[derive(Debug, Default)]
pub struct Failures(u32);

impl Failures {
    /// Takes note of an answer, and returns how long to wait before anything is tried again; `None` when that would be in vain.
    pub fn pause_after(&mut self, answer: &Answered) -> Option<Duration> {
        let wish = match answer {
            Ok(Ok(response)) if is_temporary(response.status()) => wish(response.headers(), SystemTime::now()),
            Ok(Ok(_)) => {
                self.0 = 0;
                return None;
            }
            Ok(Err(error)) if error.is_builder() => return None,
            Ok(Err(_)) | Err(_) => None,
        };
        self.pause(wish)
    }

    /// Takes note of a failure, and returns how long to wait after it, given how long the server wants to be left alone.
    pub fn pause(&mut self, wish: Option<Duration>) -> Option<Duration> {
        if wish.is_some_and(|wish| wish > LONGEST_WISH) {
            return None;
        }
        self.0 = self.0.saturating_add(1);
        let pause = pause::after(self.0, fastrand::f64());
        Some(wish.map_or(pause, |wish| wish + pause))
    }
}

/// Says whether the same request may be answered otherwise a little later.
pub fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502..=504)
}

/// Says whether nothing was answered, or nothing but that the server has trouble, without a word of when that will be over.
pub fn is_in_vain(answer: &Answered) -> bool {
    match answer {
        Ok(Ok(response)) => {
            matches!(response.status().as_u16(), 500 | 502..=504) && !response.headers().contains_key(RETRY_AFTER)
        }
        Ok(Err(error)) => !error.is_builder(),
        Err(_) => true,
    }
}

/// Says whether a server that gives this answer is waited for, as far as it says how long it wants to be left alone.
pub fn is_waited_for(headers: &HeaderMap) -> bool {
    wish(headers, SystemTime::now()).is_none_or(|wish| wish <= LONGEST_WISH)
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
        let check = |wishes: &[Option<u64>], expected: &[Option<(u64, u64)>]| {
            let mut failures = Failures::default();
            for (wish, expected) in wishes.iter().zip(expected) {
                let pause = failures.pause(wish.map(Duration::from_secs));
                let range = expected.map(|(least, most)| Duration::from_millis(least)..=Duration::from_millis(most));
                assert_eq!(pause.is_some(), range.is_some(), "{wishes:?}");
                assert!(pause.zip(range).is_none_or(|(pause, range)| range.contains(&pause)), "{pause:?} {expected:?}");
            }
        };
        check(&[None; 3], &[Some((50, 100)), Some((100, 200)), Some((200, 400))]);
        check(&[Some(7), None, Some(0)], &[Some((7050, 7100)), Some((100, 200)), Some((200, 400))]);
        check(&[None; 40], &[Some((50, 5000)); 40]);
        check(&[Some(3600)], &[None]);
    }

    #[test]
    fn tries_come_to_an_end() {
        for (tries, expected) in [(0, 0), (1, 0), (3, 2)] {
            let mut tries = Tries::new(tries);
            assert_eq!((0..9).filter(|_| tries.another()).count(), expected);
        }
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
