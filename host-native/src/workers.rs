//! Those who carry out requests: threads that take them from a queue.
//!
//! Each request is carried out from beginning to end on one thread, which may block. What a local backend does is then a
//! few system calls and nothing else; handing every request to a pool and back costs as much as copying a small file.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use bisync_engine::protocol::Request;

/// A queue of requests, and the threads that take from it.
pub struct Lane {
    queue: Arc<Queue>,
    /// At most so many threads.
    limit: usize,
    work: Arc<dyn Fn(Request) + Send + Sync>,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    threads: usize,
    idle: usize,
    is_closed: bool,
}

impl Lane {
    /// Makes a lane without threads; they begin when there is work for them.
    pub fn new(limit: usize, work: Arc<dyn Fn(Request) + Send + Sync>) -> Self {
        Self { queue: Arc::new(Queue { state: Mutex::default(), changed: Condvar::new() }), limit, work }
    }

    /// Adds a request.
    pub fn add(&self, request: Request) {
        let mut state = self.queue.lock();
        state.waiting.push_back(request);
        if state.idle > 0 {
            drop(state);
            self.queue.changed.notify_one();
        } else if state.threads < self.limit {
            state.threads += 1;
            drop(state);
            let (queue, work) = (Arc::clone(&self.queue), Arc::clone(&self.work));
            thread::spawn(move || queue.serve(&*work));
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

impl Queue {
    fn serve(&self, work: &dyn Fn(Request)) {
        let mut state = self.lock();
        while !state.is_closed {
            if let Some(request) = state.waiting.pop_front() {
                drop(state);
                work(request);
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
