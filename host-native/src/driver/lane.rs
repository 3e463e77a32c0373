//! Those who carry out requests: threads that take them from a queue.
//!
//! Each request is carried out from beginning to end on one thread, which may block; those that are taken together may be carried out
//! together. What a local backend does is then a few system calls and nothing else; handing every request to a pool and back costs as much as copying a small file.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Request, Verb};
use bisync_engine::side::{Pair, Side};

/// So many bytes are copied at most by one thread before another may help.
const BYTES_TOGETHER: u64 = 1 << 20;
/// So many requests are taken at most by one thread at once.
const REQUESTS_TOGETHER: usize = 128;
/// So many directories are listed at most by one thread at once.
const LISTINGS_TOGETHER: usize = 32;

/// A queue of requests, and the threads that take from it.
pub struct Lane {
    queue: Arc<Queue>,
    work: Arc<Work>,
}

/// Carries out requests that were taken together, and returns those that are to be carried out by themselves.
pub type Work = dyn Fn(Vec<Request>) -> Vec<Request> + Send + Sync;

/// What one thread takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// One request. Over a network it is the answers that are waited for, the better the more at once.
    Nothing,
    /// Copies of small files of one directory, and listings of the sides that rclone serves: it takes many in one call.
    OfRclone(Pair<bool>),
    /// Every change of small files of one directory: only one at a time can change a directory of a disk, and several would wait for
    /// each other.
    Changes,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    together: Together,
    /// At most so many threads take from it.
    limit: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Those that were not carried out together.
    alone: VecDeque<Request>,
    threads: usize,
    idle: usize,
    is_closed: bool,
}

impl Lane {
    /// Makes a lane without threads; they begin when there is work for them.
    pub fn new(limit: usize, together: Together, work: Arc<Work>) -> Self {
        let queue = Queue { state: Mutex::default(), changed: Condvar::new(), together, limit };
        Self { queue: Arc::new(queue), work }
    }

    /// Adds a request.
    pub fn add(&self, request: Request) {
        let mut state = self.queue.lock();
        state.waiting.push_back(request);
        // Those who are idle were called already when requests that nobody has taken wait for them.
        if state.waiting.len() + state.alone.len() > state.idle && state.threads < self.queue.limit {
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
        let mut state = self.queue.lock();
        let alone = std::mem::take(&mut state.alone);
        alone.into_iter().chain(state.waiting.drain(..)).collect()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
    }
}

impl State {
    /// Takes the next request, and those that are kept together with it. `threads` is how many may take some.
    fn take(&mut self, kept: Together, threads: usize) -> Vec<Request> {
        if let Some(alone) = self.alone.pop_front() {
            return vec![alone];
        }
        let mut together: Vec<Request> = self.waiting.pop_front().into_iter().collect();
        if let Together::OfRclone(sides) = kept
            && let Some(side) = together.first().and_then(listed).filter(|side| sides[*side])
        {
            self.take_listings(side, threads, &mut together);
            return together;
        }
        let change = |request: &Request| match (kept, &request.verb) {
            (Together::OfRclone(_), verb @ Verb::CopyFile(_)) | (Together::Changes, verb) => changed(verb),
            (Together::Nothing | Together::OfRclone(_), _) => None,
        };
        let Some((directory, mut bytes)) = together.first().and_then(change) else {
            return together;
        };
        while let Some((other, more)) = self.waiting.front().and_then(change) {
            bytes = bytes.saturating_add(more);
            if other != directory || bytes > BYTES_TOGETHER || together.len() >= REQUESTS_TOGETHER {
                break;
            }
            together.extend(self.waiting.pop_front());
        }
        together
    }

    /// Takes the share of one thread of the listings of a side, which may be in any order: as many are asked for at the same moment as
    /// when each were taken by itself.
    fn take_listings(&mut self, side: Side, threads: usize, together: &mut Vec<Request>) {
        let is_same = |request: &Request| listed(request) == Some(side);
        let waiting = self.waiting.iter().filter(|request| is_same(request)).count();
        let most = LISTINGS_TOGETHER.min(1 + waiting / threads.max(1));
        let (mut place, mut left) = (0, waiting);
        while left > 0 && together.len() < most {
            if self.waiting.get(place).is_some_and(is_same) {
                together.extend(self.waiting.remove(place));
                left -= 1;
            } else {
                place += 1;
            }
        }
    }
}

/// Returns the side of which a request lists a directory.
fn listed(request: &Request) -> Option<Side> {
    if let Verb::ListDirectory { side, .. } = request.verb { Some(side) } else { None }
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
    fn serve(&self, work: &Work) {
        let mut state = self.lock();
        while !state.is_closed {
            let together = state.take(self.together, self.limit);
            if !together.is_empty() {
                drop(state);
                let alone = work(together);
                state = self.lock();
                if !alone.is_empty() {
                    state.alone.extend(alone);
                    self.changed.notify_all();
                }
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

    fn check(together: Together, waiting: &[(&str, u64)], expected: &[usize]) {
        let requests = waiting.iter().map(|(target, size)| copy(target, *size));
        let mut state = State { waiting: requests.collect(), ..State::default() };
        let taken: Vec<usize> =
            std::iter::repeat_with(|| state.take(together, 8).len()).take_while(|count| *count > 0).collect();
        assert_eq!(taken, expected, "{waiting:?}");
    }

    #[test]
    fn small_files_of_a_directory_stay_together() {
        for together in [Together::OfRclone(Pair::new(true, false)), Together::Changes] {
            check(together, &[("a/1", 1), ("a/2", 1), ("b/1", 1)], &[2, 1]);
            check(together, &[("a/1", 1), ("b/1", 1), ("a/2", 1)], &[1, 1, 1]);
            check(together, &[("a/1", 1 << 20), ("a/2", 1)], &[1, 1]);
            check(together, &[("a/1", 1 << 30), ("a/2", 1 << 30)], &[1, 1]);
            check(together, &[("x", 1), ("y", 1)], &[2]);
        }
        check(Together::Nothing, &[("a/1", 1), ("a/2", 1)], &[1, 1]);
    }

    #[test]
    fn only_copies_are_carried_out_together_by_rclone() {
        let delete = |name: &str| Request {
            id: 1,
            verb: Verb::DeleteFile {
                side: Side::Two,
                path: RelPath::parse(name).unwrap(),
                expect: Fingerprint::default(),
                disposal: Disposal::Discard,
            },
        };
        for (together, expected) in [(Together::OfRclone(Pair::new(true, true)), 1), (Together::Changes, 2)] {
            let mut state = State { waiting: [delete("a/1"), delete("a/2")].into(), ..State::default() };
            assert_eq!(state.take(together, 8).len(), expected, "{together:?}");
        }
    }

    #[test]
    fn what_was_not_carried_out_together_is_taken_by_itself() {
        let alone = [copy("a/1", 1), copy("a/2", 1)].into();
        let mut state = State { waiting: [copy("a/3", 1), copy("a/4", 1)].into(), alone, ..State::default() };
        let taken = [(); 4].map(|()| state.take(Together::OfRclone(Pair::new(true, true)), 8).len());
        assert_eq!(taken, [1, 1, 2, 0]);
    }

    #[test]
    fn listings_of_rclone_are_shared_among_the_threads() {
        let list = |side| Request {
            id: 1,
            verb: Verb::ListDirectory { side, path: RelPath::root(), hash: None, metadata: false },
        };
        let check = |threads, waiting: &[(Side, usize)], expected: &[(Side, usize)]| {
            let requests = waiting.iter().flat_map(|(side, count)| std::iter::repeat_n(list(*side), *count));
            let mut state = State { waiting: requests.collect(), ..State::default() };
            let together = Together::OfRclone(Pair::new(false, true));
            let taken = std::iter::repeat_with(|| state.take(together, threads));
            let taken: Vec<_> = taken
                .map_while(|taken| Some((listed(taken.first()?)?, taken)))
                .map(|(side, taken)| {
                    assert!(taken.iter().all(|request| listed(request) == Some(side)));
                    (side, taken.len())
                })
                .collect();
            assert_eq!(taken, expected, "{threads} {waiting:?}");
        };
        let (here, there) = (Side::One, Side::Two);
        check(2, &[(there, 8)], &[(there, 4), (there, 2), (there, 1), (there, 1)]);
        check(8, &[(there, 3)], &[(there, 1); 3]);
        check(2, &[(there, 2), (here, 2), (there, 3)], &[(there, 3), (here, 1), (here, 1), (there, 1), (there, 1)]);
        check(1, &[(there, 100)], &[(there, 32), (there, 32), (there, 32), (there, 4)]);
    }
}
