//! Who carries out which request.

use std::sync::Arc;
use std::thread;

use bisync_engine::protocol::{Failure, FailureKind, Reply, Request, RequestId, Verb};
use bisync_engine::side::Pair;
use futures_util::future::BoxFuture;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, mpsc};

use super::lane::{self, Lane, Together};
use super::limits::Limits;
use super::tries::carry_out;
use super::uploads::Uploads;
use crate::backend::local::Local;
use crate::backend::{Backend, Pages, Sides, Stopping, perform_together};
use crate::paths::FileSystem;
use crate::report::progress::Counters;
use crate::state::StateStore;

/// Files of at most so many bytes are read in less time than it takes to send them.
const SMALL: u64 = 64 << 10;

/// Those who carry out requests: copies, everything else that concerns a side, and the state.
pub struct Workers {
    state: std::sync::mpsc::Sender<Request>,
    checkers: Lane,
    transfers: Lane,
    uploads: Uploads,
    /// The sides whose small files are uploaded.
    uploaded: Pair<bool>,
    stopping: Stopping,
    replies: mpsc::Sender<(RequestId, Reply)>,
}

/// What it takes to carry out a request and to answer it.
struct Work {
    sides: Sides,
    limits: Limits,
    counters: Arc<Counters>,
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
        let uploaded = uploaded(&sides, together);
        let work = Arc::new(Work { sides, limits, counters, replies: replies.clone() });
        let slots = Arc::new(Semaphore::new(limits.transfers));
        let uploads = {
            let work = Arc::clone(&work);
            let upload = move |request| -> BoxFuture<'static, ()> {
                let work = Arc::clone(&work);
                Box::pin(async move { work.alone(request).await })
            };
            Uploads::new(Arc::clone(&slots), Arc::new(upload))
        };
        let runtime = Handle::current();
        let work: Arc<lane::Work> = Arc::new(move |requests| {
            // Unlike the runtime's own `block_on`, this lets what it waits for block the thread.
            let _inside = runtime.enter();
            pollster::block_on(work.together(requests, together))
        });
        let checkers = Lane::new(limits.checkers, together, Arc::clone(&work));
        let transfers = Lane::new(
            limits.transfers,
            together,
            Arc::new(move |requests| {
                let _slot = pollster::block_on(slots.acquire());
                work(requests)
            }),
        );
        Self { state, checkers, transfers, uploads, uploaded, stopping, replies }
    }

    /// Begins a request when its turn comes.
    pub fn start(&mut self, request: Request) {
        if StateStore::serves(&request.verb) {
            // The thread lives as long as anybody can hear its answers.
            let _ = self.state.send(request);
        } else if let Verb::CopyFile(copy) = &request.verb {
            if self.uploaded[copy.from] && copy.source.size.is_some_and(|size| size <= SMALL) {
                self.uploads.add(request);
            } else {
                self.transfers.add(request);
            }
        } else {
            self.checkers.add(request);
        }
    }

    /// Answers requests that were not begun yet; those that come from now on are begun, and tried once.
    pub fn skip_waiting(&mut self) {
        self.stopping.begin();
        let skipped = [&self.checkers, &self.transfers].into_iter().flat_map(Lane::take_waiting);
        let skipped: Vec<_> = skipped.chain(self.uploads.take_waiting()).collect();
        let replies = self.replies.clone();
        tokio::spawn(async move {
            for Request { id, .. } in skipped {
                let failure = Failure { kind: FailureKind::Stopped, message: "the run was stopped".to_owned() };
                let _ = replies.send((id, Reply::Failed(failure))).await;
            }
        });
    }
}

impl Work {
    /// Carries out a request, and answers it.
    async fn alone(&self, Request { id, verb }: Request) {
        self.counters.begin(&verb);
        let pages = Pages::of(id, self.replies.clone());
        let reply = carry_out(&self.sides, &verb, pages, self.limits).await;
        self.end(id, &verb, reply).await;
    }

    /// Carries out requests that were taken together, and returns those that are to be carried out by themselves.
    async fn together(&self, requests: Vec<Request>, together: Together) -> Vec<Request> {
        let verbs: Vec<_> = requests.iter().map(|request| &request.verb).collect();
        let done = perform_together(&self.sides, &verbs).await;
        let is_several = requests.len() > 1;
        let mut left = Vec::new();
        for (request, done) in requests.into_iter().zip(done) {
            match done {
                Some(reply) => {
                    self.counters.begin(&request.verb);
                    self.end(request.id, &request.verb, reply).await;
                }
                // Other threads help.
                None if is_several && matches!(together, Together::OfRclone(_)) => left.push(request),
                None => self.alone(request).await,
            }
        }
        left
    }

    async fn end(&self, id: RequestId, verb: &Verb, reply: Reply) {
        self.counters.end(verb);
        // Nobody hears it any more when the run broke off.
        let _ = self.replies.send((id, reply)).await;
    }
}

/// Returns the sides whose small files are copied to a server on the thread of the loop, where nothing may block for long.
fn uploaded(sides: &Sides, together: Together) -> Pair<bool> {
    let Sides { folders, references, passage, .. } = sides;
    let is_of_disk =
        |folder: &Local| folder.plain_root().and_then(FileSystem::of).is_some_and(|disk| disk.is_of_disk());
    // With several threads locks are renewed on the one that carries out tasks: that waits for no disk.
    let may_read = together == Together::Nothing
        && Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread
        && references.is_empty()
        && !passage.limits_any();
    folders.as_ref().map(|folder| may_read && folder.as_local().is_some_and(is_of_disk))
}
