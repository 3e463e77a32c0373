//! Says while a run is at work that it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bisync_engine::protocol::Failure;
use bisync_engine::session::StopReason;
use bisync_engine::side::Side;
use tokio::sync::mpsc::UnboundedSender;

use super::clock::passed;
use super::lock::{Lease, Lock};

/// Keeps locks alive. When it is dropped they are given up.
pub struct Renewal {
    watched: Arc<Watched>,
    threads: Vec<Ticker>,
}

struct Watched {
    locks: Mutex<Vec<Lock>>,
    /// Since when no lock was renewed; `None` while there is none.
    renewed: Mutex<Option<Duration>>,
    is_lost: AtomicBool,
    wish: Mutex<Option<UnboundedSender<StopReason>>>,
}

impl Renewal {
    /// Keeps the locks alive that will be added.
    pub fn begin(lease: Lease) -> Self {
        let watched = Arc::new(Watched {
            locks: Mutex::default(),
            renewed: Mutex::default(),
            is_lost: AtomicBool::new(false),
            wish: Mutex::default(),
        });
        let pause = (lease.lasts / 30).max(Duration::from_millis(10));
        let (renewing, watching) = (Arc::clone(&watched), Arc::clone(&watched));
        // A request may hang for longer than a lock is sure.
        let threads = vec![
            Ticker::begin(pause, move || renewing.renew()),
            Ticker::begin(pause, move || watching.watch(lease.is_sure_for())),
        ];
        Self { watched, threads }
    }

    /// Adds a lock.
    pub fn add(&self, lock: Lock) {
        let mut locks = locked(&self.watched.locks);
        locks.push(lock);
        self.watched.note(&locks);
    }

    /// Makes sure that no lock was lost; the first one that cannot be asked for is named with what went wrong.
    ///
    /// # Errors
    /// Names the side whose lock cannot be renewed.
    pub fn prove(&self) -> Result<bool, (Side, Failure)> {
        let mut locks = locked(&self.watched.locks);
        for lock in locks.iter_mut() {
            if !lock.prove().map_err(|failure| (lock.side(), failure))? {
                self.watched.lose();
            }
        }
        self.watched.note(&locks);
        Ok(!self.watched.is_lost.load(Ordering::Acquire))
    }

    /// Asks for the run to be stopped when a lock is lost.
    pub fn stop_when_lost(&self, wish: UnboundedSender<StopReason>) {
        *locked(&self.watched.wish) = Some(wish);
        if self.watched.is_lost.load(Ordering::Acquire) {
            self.watched.lose();
        }
    }
}

impl Watched {
    fn renew(&self) {
        let mut locks = locked(&self.locks);
        if !locks.iter_mut().all(Lock::renew) {
            self.lose();
        }
        self.note(&locks);
    }

    fn watch(&self, is_sure_for: Duration) {
        if locked(&self.renewed).is_some_and(|renewed| passed().saturating_sub(renewed) >= is_sure_for) {
            self.lose();
        }
    }

    fn note(&self, locks: &[Lock]) {
        *locked(&self.renewed) = locks.iter().map(|lock| lock.renewed).min();
    }

    fn lose(&self) {
        self.is_lost.store(true, Ordering::Release);
        if let Some(wish) = locked(&self.wish).take() {
            // Nobody hears it when the run is over.
            let _ = wish.send(StopReason::Wish);
        }
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        // Until the run has ended its locks are there, also when one of them was lost.
        self.threads.clear();
        locked(&self.watched.locks).iter().for_each(Lock::release);
    }
}

/// Does something again and again on a thread of its own, until it is dropped.
struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn begin(pause: Duration, mut work: impl FnMut() + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                work();
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::lock::tests::{directory, runtime};
    use super::super::names::Name;
    use super::*;

    const LEASE: Lease = Lease { lasts: Duration::from_millis(300) };

    #[test]
    fn locks_are_renewed_until_they_are_given_up() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let renewal = Renewal::begin(LEASE);
        renewal.add(Lock::claim(&directory, LEASE, &mut |_| {}).unwrap());
        let count = || {
            let names = directory.list().unwrap().into_keys().filter_map(|name| Name::parse(&name));
            names.filter_map(|name| if let Name::Lock { count, .. } = name { Some(count) } else { None }).max()
        };
        while count() < Some(2) {
            thread::yield_now();
        }
        drop(renewal);
        assert_eq!(count(), None);
    }

    #[test]
    fn a_lock_that_is_lost_stops_the_run() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let renewal = Renewal::begin(LEASE);
        renewal.add(Lock::claim(&directory, LEASE, &mut |_| {}).unwrap());
        let (wish, mut stops) = tokio::sync::mpsc::unbounded_channel();
        renewal.stop_when_lost(wish);
        std::fs::remove_dir_all(folder.path().join(".bisync")).unwrap();
        assert_eq!(stops.blocking_recv(), Some(StopReason::Wish));
        assert!(!renewal.prove().unwrap_or(false));
    }

    #[test]
    fn a_request_that_hangs_does_not_keep_a_lock() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let renewal = Renewal::begin(LEASE);
        renewal.add(Lock::claim(&directory, LEASE, &mut |_| {}).unwrap());
        // Nobody can renew anything now.
        let hanging = locked(&renewal.watched.locks);
        let (wish, mut stops) = tokio::sync::mpsc::unbounded_channel();
        renewal.stop_when_lost(wish);
        assert_eq!(stops.blocking_recv(), Some(StopReason::Wish));
        drop(hanging);
    }
}
