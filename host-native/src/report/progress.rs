//! What is shown on a terminal while a run is at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bisync_engine::entry::Kind;
use bisync_engine::protocol::{Reply, Verb};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

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
    /// Files whose copying has begun.
    pub copies_begun: AtomicU64,
    /// Files whose copying has ended, well or not.
    pub copies_ended: AtomicU64,
    /// Bytes of the files whose copying has ended.
    pub bytes_ended: AtomicU64,
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
        if let Verb::CopyFile(copy) = verb {
            self.copies_ended.fetch_add(1, Ordering::Relaxed);
            self.bytes_ended.fetch_add(copy.source.size.unwrap_or_default(), Ordering::Relaxed);
        }
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
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        let (stop, stopped) = mpsc::channel();
        let drawn = bar.clone();
        let thread = thread::Builder::new().name("progress".into()).spawn(move || {
            let mut wait = PATIENCE;
            let mut copying_since = None;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
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
///
/// How much is still to be copied nobody knows here: the engine asks for copies bit by bit.
fn line(counters: &Counters, copying: Option<Duration>) -> String {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (directories, files) = (HumanCount(count(&counters.directories)), HumanCount(count(&counters.files)));
    let mut line = format!("Listed: {files} files in {directories} directories");
    if let Some(elapsed) = copying {
        let (begun, ended, bytes) =
            (count(&counters.copies_begun), count(&counters.copies_ended), count(&counters.bytes_ended));
        let rate = bytes as f64 / elapsed.as_secs_f64().max(0.001);
        line.push_str(&format!(
            ". Copied: {} files, {}, {}/s; {} under way",
            HumanCount(ended),
            HumanBytes(bytes),
            HumanBytes(rate as u64),
            begun.saturating_sub(ended),
        ));
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
        assert_eq!(line(&counters, None), "Listed: 3,456 files in 12 directories");
        counters.copies_begun.store(5, Ordering::Relaxed);
        counters.copies_ended.store(1, Ordering::Relaxed);
        counters.bytes_ended.store(10 << 20, Ordering::Relaxed);
        assert_eq!(
            line(&counters, Some(Duration::from_secs(5))),
            "Listed: 3,456 files in 12 directories. Copied: 1 files, 10.00 MiB, 2.00 MiB/s; 4 under way"
        );
    }
}
