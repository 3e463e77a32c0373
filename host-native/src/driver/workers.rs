//! Who carries out which request.

use std::sync::Arc;
use std::thread;

use bisync_engine::protocol::{Failure, FailureKind, Reply, Request, RequestId, Verb};
use bisync_engine::side::Pair;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::lane::{Lane, Together, Work};
use super::limits::Limits;
use super::tries::carry_out;
use crate::backend::{Backend, Pages, Sides, Stopping, perform_together};
use crate::report::progress::Counters;
use crate::state::StateStore;

/// Those who carry out requests: copies, everything else that concerns a side, and the state.
pub struct Workers {
    state: std::sync::mpsc::Sender<Request>,
    checkers: Lane,
    transfers: Lane,
    stopping: Stopping,
    replies: mpsc::Sender<(RequestId, Reply)>,
}

impl Workers {
    /// Makes those who answer to `replies`.
    pub fn new(
        sides: Sides,
        mut store: StateStore,
        limits: Limits,
        counters: Arc<Counters>,
        replies: mpsc::Sender<(RequestId, Reply)>,
    ) -> Self {
        // The state's requests are carried out in the order in which they came.
        let (state, requests) = std::sync::mpsc::channel::<Request>();
        let answers = replies.clone();
        thread::spawn(move || {
            for Request { id, verb } in requests {
                if answers.blocking_send((id, store.perform(&verb))).is_err() {
                    break;
                }
            }
        });
        let stopping = sides.stopping.clone();
        let each = |is: fn(&dyn Backend) -> bool| Pair::from_fn(|side| is(sides.folders[side].as_ref()));
        let of_rclone = each(|folder| folder.as_rclone().is_some());
        let together = if each(|folder| folder.as_local().is_some()) == Pair::new(true, true) {
            Together::Changes
        } else if of_rclone != Pair::new(false, false) {
            Together::OfRclone(of_rclone)
        } else {
            Together::Nothing
        };
        let work: Arc<Work> = {
            let (runtime, replies) = (Handle::current(), replies.clone());
            Arc::new(move |requests| {
                // Unlike the runtime's own `block_on`, this lets what it waits for block the thread.
                let _inside = runtime.enter();
                let verbs: Vec<_> = requests.iter().map(|request| &request.verb).collect();
                let done = pollster::block_on(perform_together(&sides, &verbs));
                let is_several = requests.len() > 1;
                let mut left = Vec::new();
                for (Request { id, verb }, done) in requests.into_iter().zip(done) {
                    if done.is_none() && is_several && matches!(together, Together::OfRclone(_)) {
                        // Other threads help.
                        left.push(Request { id, verb });
                        continue;
                    }
                    counters.begin(&verb);
                    let alone = || {
                        let pages = Pages::of(id, replies.clone());
                        pollster::block_on(carry_out(&sides, &verb, pages, limits))
                    };
                    let reply = done.unwrap_or_else(alone);
                    counters.end(&verb);
                    // Nobody hears it any more when the run broke off.
                    let _ = replies.blocking_send((id, reply));
                }
                left
            })
        };
        let checkers = Lane::new(limits.checkers, together, Arc::clone(&work));
        let transfers = Lane::new(limits.transfers, together, work);
        Self { state, checkers, transfers, stopping, replies }
    }

    /// Begins a request when its turn comes.
    pub fn start(&mut self, request: Request) {
        if StateStore::serves(&request.verb) {
            // The thread lives as long as anybody can hear its answers.
            let _ = self.state.send(request);
        } else if is_copy(&request.verb) {
            self.transfers.add(request);
        } else {
            self.checkers.add(request);
        }
    }

    /// Answers requests that were not begun yet; those that come from now on are begun, and tried once.
    pub fn skip_waiting(&mut self) {
        self.stopping.begin();
        let skipped: Vec<_> = [&self.checkers, &self.transfers].into_iter().flat_map(Lane::take_waiting).collect();
        let replies = self.replies.clone();
        tokio::spawn(async move {
            for Request { id, .. } in skipped {
                let failure = Failure { kind: FailureKind::Stopped, message: "the run was stopped".to_owned() };
                let _ = replies.send((id, Reply::Failed(failure))).await;
            }
        });
    }
}

fn is_copy(verb: &Verb) -> bool {
    matches!(verb, Verb::CopyFile(_))
}
