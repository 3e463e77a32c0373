//! What is shown on a terminal while a run is at work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bisync_engine::entry::Kind;
use bisync_engine::event::{Event, Level, Workload};
use bisync_engine::options::Options;
use bisync_engine::protocol::{Reply, Verb};
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long files have been copied when the time left can be estimated.
const SETTLED: Duration = Duration::from_secs(2);

/// A file costs about as much as so many bytes, whatever its size.
const FILE_BYTES: f64 = 100_000.0;

/// How long the display stays as it is.
const TICK: Duration = Duration::from_millis(100);

/// What has been seen and done so far.
#[derive(Debug, Default)]
pub struct Counters {
    /// Directories listed.
    pub directories: AtomicU64,
    /// Files seen in them.
    pub files: AtomicU64,
    /// Files whose copying has begun.
    pub copies_begun: AtomicU64,
    /// Files whose copying has ended, well or not.
    pub copies_ended: AtomicU64,
    /// Bytes copied so far, also those of files that are still being copied.
    pub bytes: Arc<AtomicU64>,
    /// What is to be copied in all.
    workload: Mutex<Workload>,
}

impl Counters {
    /// Counts a request that is begun.
    pub fn begin(&self, verb: &Verb) {
        if let Verb::CopyFile(_) = verb {
            self.copies_begun.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request that has ended.
    pub fn end(&self, verb: &Verb) {
        if let Verb::CopyFile(_) = verb {
            self.copies_ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes note of what is to be copied in all.
    pub fn expect(&self, workload: Workload) {
        *self.workload.lock().unwrap_or_else(PoisonError::into_inner) = workload;
    }

    /// Counts what a reply tells.
    pub fn see(&self, reply: &Reply) {
        if let Reply::Page { items, last } = reply {
            let files = items.iter().filter(|item| item.found.kind == Kind::File).count();
            self.files.fetch_add(files as u64, Ordering::Relaxed);
            self.directories.fetch_add(u64::from(*last), Ordering::Relaxed);
        }
    }
}

/// Says in messages how far a run is, as `--stats` asks for.
#[derive(Debug)]
pub struct Statistics {
    /// The time between two messages; `None` for no messages.
    pub every: Option<Duration>,
    level: Level,
    begun: Instant,
}

impl Statistics {
    /// Makes what the options ask for; the time runs from now on.
    pub fn new(options: &Options) -> Self {
        let every = options.duration_ns("stats").filter(|every_ns| *every_ns > 0).map(Duration::from_nanos);
        let level = match options.word("stats-log-level") {
            Some("DEBUG") => Level::Debug,
            Some("INFO") => Level::Info,
            Some("ERROR") => Level::Error,
            _ => Level::Notice,
        };
        Self { every, level, begun: Instant::now() }
    }

    /// Returns the message for now.
    pub fn message(&self, counters: &Counters) -> Event {
        let copying = (counters.copies_begun.load(Ordering::Relaxed) > 0).then(|| self.begun.elapsed());
        Event { level: self.level, code: "stats".into(), path: None, text: line(counters, copying) }
    }
}

/// What takes the line away when the process ends at once.
#[derive(Debug, Clone, Default)]
pub struct Eraser(Option<ProgressBar>);

impl Eraser {
    /// Takes the line away, unless somebody is just writing to the terminal and does not get on.
    pub fn erase(self) {
        let Some(bar) = self.0 else { return };
        let (done, is_done) = mpsc::channel();
        // The terminal may be stopped (^S), and a wish to end at once is not to wait for it.
        let erased = thread::Builder::new().spawn(move || {
            bar.finish_and_clear();
            let _ = done.send(());
        });
        if erased.is_ok() {
            let _ = is_done.recv_timeout(TICK);
        }
    }
}

/// A line on the terminal that lives until this is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to show the counters on standard error, once the run has taken a moment.
    pub fn start(counters: Arc<Counters>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        let (stop, stopped) = mpsc::channel();
        let drawn = bar.clone();
        let thread = thread::Builder::new().name("progress".into()).spawn(move || {
            let mut wait = PATIENCE;
            let mut copying_since = None;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) && !drawn.is_finished() {
                if counters.copies_begun.load(Ordering::Relaxed) > 0 {
                    copying_since.get_or_insert_with(Instant::now);
                }
                drawn.set_message(line(&counters, copying_since.map(|since| since.elapsed())));
                drawn.tick();
                wait = TICK;
            }
            drawn.finish_and_clear();
        });
        // Without a thread there is no progress to see, and nothing else is lost.
        Self { bar, drawing: thread.ok().map(|thread| (stop, thread)) }
    }

    /// Returns what takes the line away for good.
    pub fn eraser(&self) -> Eraser {
        Eraser(Some(self.bar.clone()))
    }

    /// Takes the line away while something else is written.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// Writes the counters; `copying` is how long files have been copied.
fn line(counters: &Counters, copying: Option<Duration>) -> String {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (directories, files) = (HumanCount(count(&counters.directories)), HumanCount(count(&counters.files)));
    let listed = format!("Listed: {files} files in {directories} directories");
    let Some(elapsed) = copying else { return listed };
    let workload = *counters.workload.lock().unwrap_or_else(PoisonError::into_inner);
    // What was begun may be more than what was heard of last.
    let (files, bytes) = (count(&counters.copies_ended), count(&counters.bytes));
    let (all_files, all_bytes) = (workload.files.max(files), workload.bytes.max(bytes));
    let so_far = if workload.is_final { "" } else { " so far" };
    let rate = bytes as f64 / elapsed.as_secs_f64().max(0.001);
    let mut line = format!(
        "Copied: {} of {} files, {} of {}{so_far}, {}/s",
        HumanCount(files),
        HumanCount(all_files),
        HumanBytes(bytes),
        HumanBytes(all_bytes),
        HumanBytes(rate as u64),
    );
    if let Some(left) = time_left(elapsed, effort(files, bytes), effort(all_files, all_bytes), workload.is_final) {
        line.push_str(&format!(", {} left", HumanDuration(left)));
    }
    line
}

/// What files cost, in bytes.
fn effort(files: u64, bytes: u64) -> f64 {
    files as f64 * FILE_BYTES + bytes as f64
}

/// Returns how long it will take when it goes on as it went; `None` as long as nobody can know.
fn time_left(elapsed: Duration, done: f64, all: f64, is_final: bool) -> Option<Duration> {
    let is_known = is_final && done > 0.0 && elapsed >= SETTLED;
    let seconds = elapsed.as_secs_f64() * (all - done).max(0.0) / done;
    is_known.then(|| Duration::try_from_secs_f64(seconds.ceil()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_a_message() {
        let message = |given: &[(&str, &str)]| {
            let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            let statistics = Statistics::new(&Options::parse(&given).unwrap());
            (statistics.every, statistics.message(&Counters::default()).level)
        };
        assert_eq!(message(&[]), (None, Level::Notice));
        assert_eq!(message(&[("stats", "0")]), (None, Level::Notice));
        assert_eq!(
            message(&[("stats", "1m"), ("stats-log-level", "INFO")]),
            (Some(Duration::from_secs(60)), Level::Info)
        );
    }

    #[test]
    fn the_line_says_what_is_going_on() {
        let counters = Counters::default();
        counters.directories.store(12, Ordering::Relaxed);
        counters.files.store(3456, Ordering::Relaxed);
        assert_eq!(line(&counters, None), "Listed: 3,456 files in 12 directories");
        counters.copies_ended.store(1, Ordering::Relaxed);
        counters.bytes.store(10 << 20, Ordering::Relaxed);
        let check = |files, bytes, is_final, seconds, expected: &str| {
            counters.expect(Workload { files, bytes, is_final });
            assert_eq!(line(&counters, Some(Duration::from_secs(seconds))), expected);
        };
        check(2, 20 << 20, false, 5, "Copied: 1 of 2 files, 10.00 MiB of 20.00 MiB so far, 2.00 MiB/s");
        check(2, 20 << 20, true, 1, "Copied: 1 of 2 files, 10.00 MiB of 20.00 MiB, 10.00 MiB/s");
        check(2, 20 << 20, true, 5, "Copied: 1 of 2 files, 10.00 MiB of 20.00 MiB, 2.00 MiB/s, 5 seconds left");
        check(0, 0, false, 5, "Copied: 1 of 1 files, 10.00 MiB of 10.00 MiB so far, 2.00 MiB/s");
    }

    #[test]
    fn small_files_take_time_too() {
        let left = |done, all| time_left(Duration::from_secs(10), done, all, true);
        assert_eq!(left(effort(10, 0), effort(20, 0)), Some(Duration::from_secs(10)));
        assert_eq!(left(effort(0, 0), effort(20, 0)), None);
        assert_eq!(left(effort(20, 5), effort(20, 5)), Some(Duration::ZERO));
    }
}
