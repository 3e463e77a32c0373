//! Says while a run is at work that it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bisync_engine::session::StopReason;
use tokio::sync::mpsc::UnboundedSender;

use super::lock::{Lease, Lock};

/// A thread that keeps locks alive. When it is dropped the locks are given up.
pub struct Renewal {
    shared: Arc<Watched>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Watched {
    is_lost: AtomicBool,
    wish: Mutex<Option<UnboundedSender<StopReason>>>,
}

impl Renewal {
    /// Keeps these locks alive.
    pub fn begin(mut locks: Vec<Lock>, lease: Lease) -> Self {
        let shared = Arc::new(Watched::default());
        let (stop, stopped) = mpsc::channel();
        let watched = Arc::clone(&shared);
        let pause = (lease.lasts / 30).max(Duration::from_millis(10));
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                if !locks.iter_mut().all(Lock::renew) {
                    watched.lose();
                    break;
                }
            }
            locks.iter().for_each(Lock::release);
        });
        Self { shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Whether a lock was lost.
    pub fn is_lost(&self) -> bool {
        self.shared.is_lost.load(Ordering::Acquire)
    }

    /// Asks for the run to be stopped when a lock is lost.
    pub fn stop_when_lost(&self, wish: UnboundedSender<StopReason>) {
        *self.shared.wish.lock().unwrap_or_else(PoisonError::into_inner) = Some(wish);
        if self.is_lost() {
            self.shared.lose();
        }
    }
}

impl Watched {
    fn lose(&self) {
        self.is_lost.store(true, Ordering::Release);
        if let Some(wish) = &*self.wish.lock().unwrap_or_else(PoisonError::into_inner) {
            // Nobody hears it when the run is over.
            let _ = wish.send(StopReason::Wish);
        }
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
