//! What the content of every copied file passes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bisync_engine::options::{Bandwidth, Options, Timetable};
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
///
/// There are three limits, as in rclone: one for all copies, the larger of both that were given; one for what goes to servers; and one
/// for what comes from them. What rclone carries itself it holds to the last two by itself.
#[derive(Debug, Default)]
pub struct Passage {
    limit: Timetable,
    file_limit: Timetable,
    all: Pace,
    up: Pace,
    down: Pace,
    bytes: Arc<AtomicU64>,
    is_closed: AtomicBool,
}

/// What the content of one file passes through.
#[derive(Debug)]
pub struct FilePassage<'a> {
    passage: &'a Passage,
    goes_up: bool,
    /// In bytes a second.
    limit: Option<u64>,
    pace: Pace,
}

/// So many bytes were held to a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// To that for all copies.
    pub all: u64,
    /// To that for what goes to servers.
    pub up: u64,
    /// To that for what comes from servers.
    pub down: u64,
}

impl Passage {
    /// Makes what the options ask for; `bytes` is where all that passes is counted.
    pub fn new(options: &Options, bytes: Arc<AtomicU64>) -> Self {
        Self {
            limit: options.bandwidth("bwlimit"),
            file_limit: options.bandwidth("bwlimit-file"),
            bytes,
            ..Self::default()
        }
    }

    /// Lets nothing pass any more: copies under way break off.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Says whether nothing passes any more.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Begins a file that goes to a server.
    pub fn file(&self) -> FilePassage<'_> {
        FilePassage { goes_up: true, ..self.file_here() }
    }

    /// Begins a file that is written on this machine.
    pub fn file_here(&self) -> FilePassage<'_> {
        FilePassage {
            passage: self,
            goes_up: false,
            limit: now(&self.file_limit).within_machine(),
            pace: Pace::default(),
        }
    }

    /// Says whether anything may be held back.
    pub fn limits_any(&self) -> bool {
        !self.limit.is_off() || !self.file_limit.is_off()
    }

    /// Says whether what comes from servers may be held back.
    pub fn limits_down(&self) -> bool {
        !self.limit.is_off()
    }

    /// Takes note that so many bytes came from a server, and waits as long as the limit for that wants it.
    ///
    /// # Errors
    /// Fails when the run was stopped meanwhile.
    pub async fn received(&self, bytes: u64) -> Result<(), Failure> {
        let at = Instant::now();
        let wait = now(&self.limit).down.map(|limit| self.down.wait(bytes, limit, at));
        let end = wait.and_then(|wait| at.checked_add(wait));
        while let Some(nap) = self.nap(end.unwrap_or(at))? {
            tokio::time::sleep(nap).await;
        }
        Ok(())
    }

    /// Returns how many bytes were held to which limit so far.
    pub fn held(&self) -> Held {
        Held { all: self.all.bytes(), up: self.up.bytes(), down: self.down.bytes() }
    }

    /// Returns how long to sleep before the next look at the time, for who waits until `end`; `None` when that is reached.
    fn nap(&self, end: Instant) -> Result<Option<Duration>, Failure> {
        if self.is_closed() {
            return Err(Failure { kind: FailureKind::Stopped, message: "the run was stopped".to_owned() });
        }
        let left = end.saturating_duration_since(Instant::now());
        Ok((!left.is_zero()).then(|| left.min(NAP)))
    }
}

impl FilePassage<'_> {
    /// Returns how many of the bytes that are left may be copied before they are reported.
    pub fn piece(&self, left: u64) -> u64 {
        let (all, up) = self.limits();
        let limit = [self.limit, all, up].into_iter().flatten().min();
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
        let (all, up) = self.limits();
        let Passage { all: all_pace, up: up_pace, .. } = self.passage;
        let waits = [wait(&self.pace, self.limit), wait(all_pace, all), wait(up_pace, up)];
        let end = waits.into_iter().flatten().max().and_then(|longest| at.checked_add(longest));
        while let Some(nap) = self.passage.nap(end.unwrap_or(at))? {
            thread::sleep(nap);
        }
        Ok(())
    }

    /// Returns the limits that hold now: for all copies, and for what goes to servers.
    fn limits(&self) -> (Option<u64>, Option<u64>) {
        let bandwidth = now(&self.passage.limit);
        (bandwidth.within_machine(), bandwidth.up.filter(|_| self.goes_up))
    }

    /// Takes note of bytes that both files share now: none of them was copied.
    pub fn count(&self, bytes: u64) {
        self.passage.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Returns what holds now.
fn now(timetable: &Timetable) -> Bandwidth {
    if timetable.is_off() {
        return Bandwidth::default();
    }
    let now = Zoned::now();
    // None of these is negative.
    let [day, hour, minute] = [now.weekday().to_sunday_zero_offset(), now.hour(), now.minute()].map(i8::unsigned_abs);
    timetable.at((u32::from(day) * 24 + u32::from(hour)) * 60 + u32::from(minute))
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
            assert_eq!(passage(options).file_here().piece(left), expected, "{options:?}");
        };
        check(&[], 5, 5);
        check(&[], u64::MAX, MOST);
        check(&[("bwlimit", "1M")], 5 << 20, 128 << 10);
        check(&[("bwlimit", "1M"), ("bwlimit-file", "512k")], 5 << 20, 64 << 10);
        check(&[("bwlimit", "1M:off")], 5 << 20, 5 << 20);
        check(&[("bwlimit-file", "1B")], 5 << 20, 1);
        check(&[("bwlimit", "100G")], u64::MAX, MOST);
        check(&[("bwlimit", "00:00,1M 12:00,1M")], 5 << 20, 128 << 10);
        let up = |limit| passage(&[("bwlimit", limit)]).file().piece(5 << 20);
        assert_eq!(["1M:off", "off:1M", "1M:2M"].map(up), [128 << 10, 5 << 20, 128 << 10]);
    }

    #[test]
    fn each_way_has_its_limit() {
        let check = |limit: &str, [all, up, down]: [u64; 3]| {
            let passage = passage(&[("bwlimit", limit)]);
            passage.file().copied(1).unwrap();
            passage.file_here().copied(10).unwrap();
            pollster::block_on(passage.received(100)).unwrap();
            assert_eq!(passage.held(), Held { all, up, down }, "{limit}");
        };
        // In so fast a limit nobody waits.
        check("off", [0, 0, 0]);
        check("999G", [11, 1, 100]);
        check("999G:off", [0, 1, 0]);
        check("off:999G", [0, 0, 100]);
        check("998G:999G", [11, 1, 100]);
    }

    #[test]
    fn nothing_passes_what_is_closed() {
        let passage = passage(&[("bwlimit", "1B")]);
        passage.close();
        assert_eq!(pollster::block_on(passage.received(1 << 30)).unwrap_err().kind, FailureKind::Stopped);
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
