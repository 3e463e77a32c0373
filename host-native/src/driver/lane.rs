//! Those who carry out requests: threads that take them from a queue.
//!
//! Each request is carried out from beginning to end on one thread, which may block; those that are taken together may be carried out
//! together. What a local backend does is then a few system calls and nothing else; handing every request to a pool and back costs as much as copying a small file.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Request, Verb};
use bisync_engine::side::Side;

/// So many bytes are copied at most by one thread before another may help.
const BYTES_TOGETHER: u64 = 1 << 20;
/// So many requests are taken at most by one thread at once.
const REQUESTS_TOGETHER: usize = 128;

/// A queue of requests, and the threads that take from it.
pub struct Lane {
    queue: Arc<Queue>,
    /// At most so many threads.
    limit: usize,
    work: Arc<dyn Fn(Vec<Request>) + Send + Sync>,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether one thread changes a directory, or several at once.
    keeps_together: bool,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    threads: usize,
    idle: usize,
    is_closed: bool,
}

impl Lane {
    /// Makes a lane without threads; they begin when there is work for them. With `keeps_together` what changes small files of a
    /// directory goes to one thread: only one at a time can change a directory of a disk, and several would wait for each other; and rclone takes many in one call.
    /// Over a network it is the answers that are waited for, the better the more at once.
    pub fn new(limit: usize, keeps_together: bool, work: Arc<dyn Fn(Vec<Request>) + Send + Sync>) -> Self {
        let queue = Queue { state: Mutex::default(), changed: Condvar::new(), keeps_together };
        Self { queue: Arc::new(queue), limit, work }
    }

    /// Adds a request.
    pub fn add(&self, request: Request) {
        let mut state = self.queue.lock();
        state.waiting.push_back(request);
        // Those who are idle were called already when requests that nobody has taken wait for them.
        if state.waiting.len() > state.idle && state.threads < self.limit {
            state.threads += 1;
            drop(state);
            let (queue, work) = (Arc::clone(&self.queue), Arc::clone(&self.work));
            thread::spawn(move || queue.serve(&*work));
        } else if state.idle > 0 {
            drop(state);
            self.queue.changed.notify_one();
        }
    }

    /// Takes back the requests that nobody has begun.
    pub fn take_waiting(&self) -> Vec<Request> {
        self.queue.lock().waiting.drain(..).collect()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
    }
}

impl State {
    /// Takes the next request, and where they are kept together those that follow and change small files of the same directory.
    fn take(&mut self, keeps_together: bool) -> Vec<Request> {
        let mut together: Vec<Request> = self.waiting.pop_front().into_iter().collect();
        let first = together.first().filter(|_| keeps_together);
        let Some((directory, mut bytes)) = first.and_then(|request| changed(&request.verb)) else {
            return together;
        };
        while let Some((other, more)) = self.waiting.front().and_then(|request| changed(&request.verb)) {
            bytes = bytes.saturating_add(more);
            if other != directory || bytes > BYTES_TOGETHER || together.len() >= REQUESTS_TOGETHER {
                break;
            }
            together.extend(self.waiting.pop_front());
        }
        together
    }
}

/// Returns the directory that a request changes, and how many bytes it writes there.
fn changed(verb: &Verb) -> Option<((Side, RelPath), u64)> {
    let (side, path, bytes) = match verb {
        Verb::CopyFile(copy) => (copy.from.other(), &copy.target, copy.source.size.unwrap_or(u64::MAX)),
        Verb::MoveFile(moved) => (moved.side, &moved.target, 0),
        Verb::DeleteFile { side, path, .. } => (*side, path, 0),
        _ => return None,
    };
    Some(((side, path.parent()?), bytes))
}

impl Queue {
    fn serve(&self, work: &dyn Fn(Vec<Request>)) {
        let mut state = self.lock();
        while !state.is_closed {
            let together = state.take(self.keeps_together);
            if !together.is_empty() {
                drop(state);
                work(together);
                state = self.lock();
            } else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }

    /// The state stays whole even when a thread that held it has panicked: no step leaves it half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bisync_engine::entry::Fingerprint;
    use bisync_engine::protocol::{CopyFile, Disposal, Expect, Staging};

    use super::*;

    fn copy(target: &str, size: u64) -> Request {
        let target = RelPath::parse(target).unwrap();
        let source = Fingerprint { size: Some(size), ..Fingerprint::default() };
        let copy = CopyFile {
            from: Side::One,
            path: target.clone(),
            source,
            target,
            expect: Expect::Absent,
            disposal: Disposal::Discard,
            staging: Staging::InPlace,
            verify: None,
        };
        Request { id: 1, verb: Verb::CopyFile(copy) }
    }

    fn check(keeps_together: bool, waiting: &[(&str, u64)], expected: &[usize]) {
        let requests = waiting.iter().map(|(target, size)| copy(target, *size));
        let mut state = State { waiting: requests.collect(), ..State::default() };
        let taken: Vec<usize> =
            std::iter::repeat_with(|| state.take(keeps_together).len()).take_while(|count| *count > 0).collect();
        assert_eq!(taken, expected, "{waiting:?}");
    }

    #[test]
    fn small_files_of_a_directory_stay_together() {
        check(true, &[("a/1", 1), ("a/2", 1), ("b/1", 1)], &[2, 1]);
        check(true, &[("a/1", 1), ("b/1", 1), ("a/2", 1)], &[1, 1, 1]);
        check(true, &[("a/1", 1 << 20), ("a/2", 1)], &[1, 1]);
        check(true, &[("a/1", 1 << 30), ("a/2", 1 << 30)], &[1, 1]);
        check(true, &[("x", 1), ("y", 1)], &[2]);
        check(false, &[("a/1", 1), ("a/2", 1)], &[1, 1]);
    }
}
