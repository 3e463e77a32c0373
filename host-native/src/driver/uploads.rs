//! Copies of small files to a server: tasks on the thread of the loop.
//!
//! That is where the answers of servers come in. To hand a small file to another thread, and what becomes of it back, takes longer than
//! to read it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bisync_engine::protocol::Request;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

/// A queue of copies, and the tasks that take from it.
pub struct Uploads {
    waiting: Arc<Mutex<VecDeque<Request>>>,
    slots: Arc<Semaphore>,
    work: Arc<Work>,
}

/// Carries out a request.
pub type Work = dyn Fn(Request) -> BoxFuture<'static, ()> + Send + Sync;

impl Uploads {
    /// Makes a queue from which a request is taken when there is a slot for it.
    pub fn new(slots: Arc<Semaphore>, work: Arc<Work>) -> Self {
        Self { waiting: Arc::default(), slots, work }
    }

    /// Adds a request.
    pub fn add(&self, request: Request) {
        lock(&self.waiting).push_back(request);
        let (waiting, slots, work) = (Arc::clone(&self.waiting), Arc::clone(&self.slots), Arc::clone(&self.work));
        tokio::spawn(async move {
            let _slot = slots.acquire().await;
            // There is none when it was taken back.
            let next = lock(&waiting).pop_front();
            if let Some(request) = next {
                work(request).await;
            }
        });
    }

    /// Takes back the requests that nobody has begun.
    pub fn take_waiting(&self) -> Vec<Request> {
        lock(&self.waiting).drain(..).collect()
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        self.take_waiting();
    }
}

/// The queue stays whole even when a thread that held it has panicked.
fn lock(waiting: &Mutex<VecDeque<Request>>) -> MutexGuard<'_, VecDeque<Request>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bisync_engine::path::RelPath;
    use bisync_engine::protocol::{RequestId, Verb};
    use bisync_engine::side::Side;
    use tokio::sync::mpsc;
    use tokio::task::yield_now;

    use super::*;

    fn request(id: RequestId) -> Request {
        Request { id, verb: Verb::Describe { side: Side::One, path: RelPath::root() } }
    }

    #[test]
    fn no_more_are_begun_than_there_are_slots() {
        let (begin, mut begun) = mpsc::unbounded_channel();
        let ends = Arc::new(Semaphore::new(0));
        let end = Arc::clone(&ends);
        let work = move |Request { id, .. }| -> BoxFuture<'static, ()> {
            begin.send(id).unwrap();
            let end = Arc::clone(&end);
            Box::pin(async move { end.acquire().await.unwrap().forget() })
        };
        let slots = Arc::new(Semaphore::new(3));
        let test = async {
            let uploads = Uploads::new(Arc::clone(&slots), Arc::new(work));
            let elsewhere = slots.acquire().await.unwrap();
            (1..=6).for_each(|id| uploads.add(request(id)));
            let mut begun = async || {
                // Whatever can go on does.
                yield_now().await;
                std::iter::from_fn(|| begun.try_recv().ok()).collect::<Vec<_>>()
            };
            assert_eq!(begun().await, [1, 2]);
            drop(elsewhere);
            assert_eq!(begun().await, [3]);
            ends.add_permits(1);
            yield_now().await;
            assert_eq!(begun().await, [4]);
            let back: Vec<_> = uploads.take_waiting().iter().map(|request| request.id).collect();
            assert_eq!(back, [5, 6]);
            ends.add_permits(3);
            yield_now().await;
            assert_eq!(begun().await, [0; 0]);
            assert_eq!(slots.available_permits(), 3);
        };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
    }
}
