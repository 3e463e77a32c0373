//! What is shown on a terminal while a run is at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bisync_engine::entry::Kind;
use bisync_engine::protocol::{Reply, Verb};
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long the display stays as it is.
const TICK: Duration = Duration::from_millis(100);

/// What has been seen and done so far.
#[derive(Debug, Default)]
pub struct Counters {
    /// Directories listed.
    pub directories: AtomicU64,
    /// Files seen in them.
    pub files: AtomicU64,
    /// Files to be copied, as far as is known.
    pub copies: AtomicU64,
    /// Files whose copying has ended, well or not.
    pub copies_ended: AtomicU64,
    /// Bytes to be copied, as far as is known.
    pub bytes: AtomicU64,
    /// Bytes of the files whose copying has ended.
    pub bytes_ended: AtomicU64,
}

impl Counters {
    /// Counts a request that is begun.
    pub fn begin(&self, verb: &Verb) {
        if let Verb::CopyFile(copy) = verb {
            self.copies.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(copy.source.size.unwrap_or_default(), Ordering::Relaxed);
        }
    }

    /// Counts a copy that has ended; `size` is that of its source.
    pub fn end_copy(&self, size: Option<u64>) {
        self.copies_ended.fetch_add(1, Ordering::Relaxed);
        self.bytes_ended.fetch_add(size.unwrap_or_default(), Ordering::Relaxed);
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
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                if counters.copies.load(Ordering::Relaxed) > 0 {
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
    let Some(elapsed) = copying else {
        let (directories, files) = (HumanCount(count(&counters.directories)), HumanCount(count(&counters.files)));
        return format!("Listing: {directories} directories, {files} files");
    };
    let (bytes, ended) = (count(&counters.bytes), count(&counters.bytes_ended));
    let mut line = format!(
        "Copying: {} of {}, {} of {} files",
        HumanBytes(ended),
        HumanBytes(bytes),
        HumanCount(count(&counters.copies_ended)),
        HumanCount(count(&counters.copies)),
    );
    let rate = ended as f64 / elapsed.as_secs_f64().max(0.001);
    if rate >= 1.0 {
        let left = Duration::from_secs((bytes.saturating_sub(ended) as f64 / rate) as u64);
        line.push_str(&format!(", {}/s, {} left", HumanBytes(rate as u64), HumanDuration(left)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_going_on() {
        let counters = Counters::default();
        counters.directories.store(12, Ordering::Relaxed);
        counters.files.store(3456, Ordering::Relaxed);
        assert_eq!(line(&counters, None), "Listing: 12 directories, 3,456 files");
        counters.copies.store(4, Ordering::Relaxed);
        counters.bytes.store(40 << 20, Ordering::Relaxed);
        assert_eq!(line(&counters, Some(Duration::ZERO)), "Copying: 0 B of 40.00 MiB, 0 of 4 files");
        counters.end_copy(Some(10 << 20));
        assert_eq!(
            line(&counters, Some(Duration::from_secs(5))),
            "Copying: 10.00 MiB of 40.00 MiB, 1 of 4 files, 2.00 MiB/s, 15 seconds left"
        );
    }
}
