//! What the content of every copied file passes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bisync_engine::options::{Options, Timetable};
use bisync_engine::protocol::{Failure, FailureKind};
use jiff::Zoned;

use super::pace::Pace;

/// No more than this goes at once, in bytes, so that what limits and counts is soon asked again.
const MOST: u64 = 16 << 20;
/// Of what may go in a second, so many parts go one after the other.
const PARTS: u64 = 8;
/// Whoever waits looks this often whether the run is stopped.
const NAP: Duration = Duration::from_millis(50);

/// What the content of every copied file passes through: the limits of bandwidth, and who counts it.
#[derive(Debug, Default)]
pub struct Passage {
    limit: Timetable,
    file_limit: Timetable,
    pace: Pace,
    bytes: Arc<AtomicU64>,
    is_closed: AtomicBool,
}

/// What the content of one file passes through.
#[derive(Debug)]
pub struct FilePassage<'a> {
    passage: &'a Passage,
    /// In bytes a second.
    limit: Option<u64>,
    pace: Pace,
}

impl Passage {
    /// Makes what the options ask for; `bytes` is where all that passes is counted.
    pub fn new(options: &Options, bytes: Arc<AtomicU64>) -> Self {
        Self {
            limit: options.bandwidth("bwlimit"),
            file_limit: options.bandwidth("bwlimit-file"),
            pace: Pace::default(),
            bytes,
            is_closed: AtomicBool::new(false),
        }
    }

    /// Lets nothing pass any more: copies under way break off.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Begins a file.
    pub fn file(&self) -> FilePassage<'_> {
        FilePassage { passage: self, limit: now(&self.file_limit), pace: Pace::default() }
    }
}

impl FilePassage<'_> {
    /// Returns how many of the bytes that are left may be copied before they are reported.
    pub fn piece(&self, left: u64) -> u64 {
        let limit = [self.limit, now(&self.passage.limit)].into_iter().flatten().min();
        left.min(limit.map_or(MOST, |limit| (limit / PARTS).clamp(1, MOST)))
    }

    /// Takes note that so many bytes were copied, and waits as long as the limits want it.
    ///
    /// # Errors
    /// Fails when the run was stopped meanwhile.
    pub fn copied(&self, bytes: u64) -> Result<(), Failure> {
        self.count(bytes);
        let at = Instant::now();
        let wait = |pace: &Pace, limit: Option<u64>| limit.map(|limit| pace.wait(bytes, limit, at));
        let waits = [wait(&self.pace, self.limit), wait(&self.passage.pace, now(&self.passage.limit))];
        let end = waits.into_iter().flatten().max().and_then(|longest| at.checked_add(longest));
        loop {
            if self.passage.is_closed.load(Ordering::Relaxed) {
                return Err(Failure { kind: FailureKind::Stopped, message: "the run was stopped".to_owned() });
            }
            let left = end.unwrap_or(at).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(NAP));
        }
    }

    /// Takes note of bytes that both files share now: none of them was copied.
    pub fn count(&self, bytes: u64) {
        self.passage.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Returns the limit between two folders of this machine that holds now.
fn now(timetable: &Timetable) -> Option<u64> {
    if timetable.is_off() {
        return None;
    }
    let now = Zoned::now();
    // None of these is negative.
    let [day, hour, minute] = [now.weekday().to_sunday_zero_offset(), now.hour(), now.minute()].map(i8::unsigned_abs);
    timetable.at((u32::from(day) * 24 + u32::from(hour)) * 60 + u32::from(minute)).within_machine()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(options: &[(&str, &str)]) -> Passage {
        let given: Vec<_> = options.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Passage::new(&Options::parse(&given).unwrap(), Arc::default())
    }

    #[test]
    fn pieces_are_small_where_there_is_a_limit() {
        let check = |options: &[(&str, &str)], left, expected| {
            assert_eq!(passage(options).file().piece(left), expected, "{options:?}");
        };
        check(&[], 5, 5);
        check(&[], u64::MAX, MOST);
        check(&[("bwlimit", "1M")], 5 << 20, 128 << 10);
        check(&[("bwlimit", "1M"), ("bwlimit-file", "512k")], 5 << 20, 64 << 10);
        check(&[("bwlimit", "1M:off")], 5 << 20, 5 << 20);
        check(&[("bwlimit-file", "1B")], 5 << 20, 1);
        check(&[("bwlimit", "100G")], u64::MAX, MOST);
        check(&[("bwlimit", "00:00,1M 12:00,1M")], 5 << 20, 128 << 10);
    }

    #[test]
    fn nothing_passes_what_is_closed() {
        let passage = passage(&[("bwlimit", "1B")]);
        passage.close();
        assert_eq!(passage.file().copied(1 << 30).unwrap_err().kind, FailureKind::Stopped);
    }

    #[test]
    fn every_limit_is_kept() {
        let check = |options: &[(&str, &str)], least: u64| {
            let (passage, begin) = (passage(options), Instant::now());
            let files = [passage.file(), passage.file()];
            for file in &files {
                file.copied(50).unwrap();
            }
            assert!(begin.elapsed() >= Duration::from_millis(least), "{options:?}");
            assert_eq!(passage.bytes.load(Ordering::Relaxed), 100);
        };
        check(&[], 0);
        check(&[("bwlimit", "1000B")], 100);
        check(&[("bwlimit-file", "500B")], 200);
        check(&[("bwlimit", "1000B"), ("bwlimit-file", "1M")], 100);
    }
}
