//! The loop between the engine, which decides, and those who do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bisync_engine::event::Level;
use bisync_engine::options::{Options, Settings};
use bisync_engine::outcome::Outcome;
use bisync_engine::protocol::{CopyFile, Expect, Failure, FailureKind, Reply, Request, RequestId, Staging, Verb};
use bisync_engine::session::StopReason;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::backend::{Sides, perform};
use crate::component::{Conversation, ConversationError};
use crate::report::Reporter;
use crate::report::progress::Counters;
use crate::state::StateStore;
use crate::workers::Lane;

/// A page of a listing has at most so many items.
const PAGE: usize = 10_000;
/// How long something is in use that is in use just now.
const MOMENT: Duration = Duration::from_millis(10);
/// So many replies may wait for the engine before those who answer have to wait.
const REPLIES_WAITING: usize = 1024;

/// How much is done at a time, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many requests at a time, copies apart.
    pub checkers: usize,
    /// So many copies at a time.
    pub transfers: usize,
    /// So many times in all what may work when tried again; at least 1.
    pub tries: u32,
    /// In each of these tries, so many times in all what is in use just now; at least 1.
    pub tries_at_once: u32,
    /// The pause before trying again.
    pub pause: Duration,
}

impl Limits {
    /// Returns what the options ask for, and the settings that follow from them.
    pub fn of(options: &Options, settings: &Settings) -> Self {
        let at_least_one = |name| usize::try_from(options.number(name).unwrap_or(1)).unwrap_or(1).clamp(1, 1024);
        Self {
            checkers: at_least_one("checkers"),
            transfers: at_least_one("transfers"),
            tries: settings.retries,
            tries_at_once: u32::try_from(options.number("low-level-retries").unwrap_or(1).max(1)).unwrap_or(u32::MAX),
            pause: Duration::from_millis(settings.retries_sleep_ms),
        }
    }
}

/// Why a run broke off without an outcome.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The engine failed, or did not accept an answer.
    #[error(transparent)]
    Engine(#[from] ConversationError),
    /// The engine asks for nothing, waits for nothing, and does not end.
    #[error("the engine stands still")]
    Stalled,
}

/// Leads a conversation to its end.
///
/// The first message in `stops` ends the run in good order.
///
/// # Errors
/// Fails when the engine does; files are then as the confirmed requests left them.
pub async fn drive(
    conversation: &mut dyn Conversation,
    sides: Sides,
    state: StateStore,
    limits: Limits,
    reporter: &mut Reporter,
    mut stops: mpsc::UnboundedReceiver<StopReason>,
) -> Result<Outcome, DriveError> {
    let (replies, mut answers) = mpsc::channel(REPLIES_WAITING);
    let mut workers = Workers::new(sides, state, limits, Arc::clone(&reporter.counters), replies);
    let mut open = 0_usize;
    let statistics_every = reporter.statistics_every();
    let mut statistics_next = statistics_every.and_then(|every| Instant::now().checked_add(every));
    loop {
        let turn = conversation.turn()?;
        turn.events.iter().for_each(|event| reporter.event(event));
        reporter.counters.expect(turn.workload);
        if let Some(outcome) = turn.outcome {
            if statistics_every.is_some() {
                reporter.statistics();
            }
            return Ok(outcome);
        }
        open += turn.requests.len();
        let had_more = !(turn.requests.is_empty() && turn.events.is_empty());
        turn.requests.into_iter().for_each(|request| workers.start(request));
        if had_more {
            continue;
        }
        if open == 0 {
            return Err(DriveError::Stalled);
        }
        tokio::select! {
            Some(first) = answers.recv() => {
                let ready = std::iter::once(first).chain(std::iter::from_fn(|| answers.try_recv().ok()));
                for (id, reply) in ready {
                    reporter.counters.see(&reply);
                    open -= usize::from(is_final(&reply));
                    conversation.supply(id, reply)?;
                }
            }
            () = sleep_until(statistics_next.unwrap_or_else(Instant::now)), if statistics_next.is_some() => {
                reporter.statistics();
                statistics_next = statistics_every.and_then(|every| Instant::now().checked_add(every));
            }
            Some(reason) = stops.recv() => {
                let text = match reason {
                    StopReason::Wish => "stopping: what is under way is finished first",
                    StopReason::Time => "the time of --max-duration is over: the next run goes on",
                };
                reporter.say(Level::Notice, "stopping", text.to_owned());
                conversation.stop(reason)?;
                workers.skip_waiting();
            }
        }
    }
}

fn is_final(reply: &Reply) -> bool {
    !matches!(reply, Reply::Page { last: false, .. })
}

/// Those who carry out requests: copies, everything else that concerns a side, and the state.
struct Workers {
    state: std::sync::mpsc::Sender<Request>,
    checkers: Lane,
    transfers: Lane,
    stopping: Arc<AtomicBool>,
    replies: mpsc::Sender<(RequestId, Reply)>,
}

impl Workers {
    fn new(
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
        let stopping = Arc::new(AtomicBool::new(false));
        let work: Arc<dyn Fn(Request) + Send + Sync> = {
            let (runtime, stopping, replies) = (Handle::current(), Arc::clone(&stopping), replies.clone());
            Arc::new(move |Request { id, verb }| {
                counters.begin(&verb);
                // Unlike the runtime's own `block_on`, this lets what it waits for block the thread.
                let _inside = runtime.enter();
                let reply = pollster::block_on(carry_out(&sides, &verb, &stopping, limits));
                counters.end(&verb);
                for reply in in_pages(reply) {
                    // Nobody hears it any more when the run broke off.
                    let _ = replies.blocking_send((id, reply));
                }
            })
        };
        let checkers = Lane::new(limits.checkers, Arc::clone(&work));
        let transfers = Lane::new(limits.transfers, work);
        Self { state, checkers, transfers, stopping, replies }
    }

    fn start(&mut self, request: Request) {
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
    fn skip_waiting(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
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

/// Carries out a request, more than once where that may help: all that change something check what they expect.
async fn carry_out(sides: &Sides, verb: &Verb, stopping: &AtomicBool, limits: Limits) -> Reply {
    let mut tries = Tries::new(limits);
    loop {
        let reply = perform(sides, verb.clone()).await;
        let Reply::Failed(failure) = &reply else { return reply };
        if rewrites(verb) || stopping.load(Ordering::Relaxed) {
            return reply;
        }
        let Some(pause) = tries.pause_after(failure.kind) else { return reply };
        tokio::time::sleep(pause).await;
    }
}

/// How often a request is still made again.
struct Tries {
    limits: Limits,
    left: u32,
    left_at_once: u32,
}

impl Tries {
    fn new(limits: Limits) -> Self {
        Self { limits, left: limits.tries, left_at_once: limits.tries_at_once }
    }

    /// Takes note of a try that failed, and returns how long to wait before the next one; `None` when there is none.
    fn pause_after(&mut self, failure: FailureKind) -> Option<Duration> {
        if failure == FailureKind::Busy && self.left_at_once > 1 {
            self.left_at_once -= 1;
            return Some(MOMENT);
        }
        if !matches!(failure, FailureKind::Busy | FailureKind::Temporary) || self.left <= 1 {
            return None;
        }
        self.left -= 1;
        self.left_at_once = self.limits.tries_at_once;
        Some(self.limits.pause)
    }
}

/// Says whether a request changes a file where it is. When it fails, the file is not what was expected any more, and a second try would
/// only hide why the first one failed.
fn rewrites(verb: &Verb) -> bool {
    matches!(verb, Verb::CopyFile(CopyFile { staging: Staging::InPlace, expect: Expect::Exactly(_), .. }))
}

fn is_copy(verb: &Verb) -> bool {
    matches!(verb, Verb::CopyFile(_))
}

/// Splits a long listing into pages. They go out when the directory was listed to its end: a second try gives others.
fn in_pages(reply: Reply) -> Vec<Reply> {
    let mut pages = VecDeque::from([reply]);
    while let Some(Reply::Page { items, last }) = pages.front_mut()
        && items.len() > PAGE
    {
        *last = false;
        let rest = Reply::Page { items: items.split_off(PAGE), last: true };
        pages.push_front(rest);
    }
    pages.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::AtomicU32;

    use bisync_engine::entry::{Fingerprint, Found, Instant, Item, Kind};
    use bisync_engine::path::RelPath;
    use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, MoveFile};
    use bisync_engine::session::Turn;
    use bisync_engine::side::{Pair, Side};

    use super::*;
    use crate::backend::local::{Local, Sight};
    use crate::backend::{Answer, Content};
    use crate::backend::{Backend, References};

    /// Says what it was told to say, and remembers what it heard.
    #[derive(Default)]
    struct Script {
        turns: VecDeque<Turn>,
        heard: Vec<(RequestId, Reply)>,
        stopped: bool,
    }

    impl Conversation for Script {
        fn turn(&mut self) -> Result<Turn, ConversationError> {
            // An empty turn lets the driver wait for what it still owes.
            let ends = self.turns.len() == 1 && self.turns[0].outcome.is_some();
            let owes = self.heard.len() < 3;
            Ok(if ends && owes { Turn::default() } else { self.turns.pop_front().unwrap_or_default() })
        }

        fn supply(&mut self, id: RequestId, reply: Reply) -> Result<(), ConversationError> {
            self.heard.push((id, reply));
            Ok(())
        }

        fn stop(&mut self, _: StopReason) -> Result<(), ConversationError> {
            self.stopped = true;
            Ok(())
        }
    }

    fn run(script: &mut Script, home: &Path, stop: bool) -> Result<Outcome, DriveError> {
        let side = |name: &str| -> Arc<dyn Backend> {
            fs::create_dir_all(home.join(name)).unwrap();
            Arc::new(Local::open(&home.join(name), None, Sight::default()).unwrap())
        };
        let limits = Limits { checkers: 2, transfers: 1, tries: 2, tries_at_once: 1, pause: Duration::ZERO };
        let quiet = Options::parse(&[("quiet".to_owned(), "true".to_owned())]).unwrap();
        let mut reporter = Reporter::new(&quiet).unwrap();
        let (wish, stops) = mpsc::unbounded_channel();
        if stop {
            wish.send(StopReason::Wish).unwrap();
        }
        let state = StateStore::new(home.join("state"));
        let sides = Sides { folders: Pair::new(side("one"), side("two")), references: References::default() };
        let driven = drive(script, sides, state, limits, &mut reporter, stops);
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(driven)
    }

    fn requests() -> Vec<Request> {
        let path = RelPath::root();
        vec![
            Request { id: 1, verb: Verb::Describe { side: Side::One, path: path.clone() } },
            Request { id: 2, verb: Verb::ListDirectory { side: Side::Two, path, hash: None, metadata: false } },
            Request { id: 3, verb: Verb::ReadState { name: "nothing".into(), offset: 0, length: 1 } },
        ]
    }

    fn end() -> Turn {
        Turn { outcome: Some(Outcome { exit_code: 1, ..Outcome::default() }), ..Turn::default() }
    }

    #[test]
    fn every_request_gets_its_answer() {
        let home = tempfile::tempdir().unwrap();
        let asking = Turn { requests: requests(), ..Turn::default() };
        let mut script = Script { turns: [asking, end()].into(), ..Script::default() };
        assert_eq!(run(&mut script, home.path(), false).unwrap().exit_code, 1);
        script.heard.sort_by_key(|(id, _)| *id);
        assert!(
            matches!(
                script.heard.as_slice(),
                [(1, Reply::Described(Some(_))), (2, Reply::Page { last: true, .. }), (3, Reply::State(None)),]
            ),
            "{:?}",
            script.heard
        );
    }

    #[test]
    fn what_may_work_is_tried_again() {
        use FailureKind::{Busy, Refused, Temporary};
        let pause = Duration::from_secs(7);
        let check = |tries, tries_at_once, failures: &[FailureKind], expected: &[Option<Duration>]| {
            let mut tries = Tries::new(Limits { checkers: 1, transfers: 1, tries, tries_at_once, pause });
            let pauses: Vec<_> = failures.iter().map(|failure| tries.pause_after(*failure)).collect();
            assert_eq!(pauses, expected, "{failures:?}");
        };
        check(3, 10, &[Temporary, Temporary, Temporary], &[Some(pause), Some(pause), None]);
        check(1, 3, &[Busy, Busy, Busy], &[Some(MOMENT), Some(MOMENT), None]);
        check(2, 2, &[Busy, Busy, Busy, Busy], &[Some(MOMENT), Some(pause), Some(MOMENT), None]);
        check(2, 1, &[Busy, Temporary], &[Some(pause), None]);
        check(3, 10, &[Refused], &[None]);
    }

    #[test]
    fn an_engine_that_asks_for_nothing_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let result = run(&mut Script::default(), home.path(), false);
        assert!(matches!(result, Err(DriveError::Stalled)), "{result:?}");
    }

    #[test]
    fn a_wish_to_stop_reaches_the_engine() {
        let home = tempfile::tempdir().unwrap();
        let asking = Turn { requests: requests(), ..Turn::default() };
        let mut script = Script { turns: [asking, end()].into(), ..Script::default() };
        run(&mut script, home.path(), true).unwrap();
        assert_eq!(script.heard.len(), 3, "{:?}", script.heard);
        assert!(script.stopped);
    }

    fn page(items: usize, last: bool) -> Reply {
        let found = Found { kind: Kind::File, fingerprint: Fingerprint::default() };
        Reply::Page { items: vec![Item { name: "a".into(), found, metadata: None }; items], last }
    }

    #[test]
    fn huge_directories_come_in_pages() {
        let check = |reply: Reply, expected: &[Reply]| assert!(in_pages(reply) == expected);
        check(Reply::Same(true), &[Reply::Same(true)]);
        check(page(0, true), &[page(0, true)]);
        check(page(PAGE, true), &[page(PAGE, true)]);
        check(page(2 * PAGE + 1, true), &[page(PAGE, false), page(PAGE, false), page(1, true)]);
    }

    /// A side whose listings fail so many times.
    struct Flaky(AtomicU32);

    impl Backend for Flaky {
        fn list_directory(&self, _: RelPath, _: Option<String>, _: bool) -> Answer<'_, Vec<Item>> {
            let failure = Failure { kind: FailureKind::Temporary, message: "busy".to_owned() };
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            Box::pin(async move { if left > 0 { Err(failure) } else { Ok(Vec::new()) } })
        }

        fn capabilities(&self) -> Capabilities {
            unreachable!()
        }
        fn describe(&self, _: RelPath) -> Answer<'_, Option<Found>> {
            unreachable!()
        }
        fn read(&self, _: RelPath, _: Fingerprint) -> Content {
            unreachable!()
        }
        fn write(&self, _: CopyFile, _: Content) -> Answer<'_, Found> {
            unreachable!()
        }
        fn move_file(&self, _: MoveFile) -> Answer<'_, Found> {
            unreachable!()
        }
        fn delete_file(&self, _: RelPath, _: Fingerprint, _: Disposal) -> Answer<'_, ()> {
            unreachable!()
        }
        fn make_directory(&self, _: RelPath, _: &dyn Backend) -> Answer<'_, Found> {
            unreachable!()
        }
        fn remove_directory(&self, _: RelPath, _: Emptiness) -> Answer<'_, ()> {
            unreachable!()
        }
        fn set_time(&self, _: RelPath, _: Fingerprint, _: Instant) -> Answer<'_, Found> {
            unreachable!()
        }
        fn flush(&self) -> Answer<'_, ()> {
            unreachable!()
        }
    }

    #[test]
    fn a_listing_is_tried_again() {
        let check = |failures, expected: fn(&Reply) -> bool| {
            let folders: Pair<Arc<dyn Backend>> = Pair::from_fn(|_| Arc::new(Flaky(AtomicU32::new(failures))) as _);
            let sides = Sides { folders, references: References::default() };
            let limits = Limits { checkers: 1, transfers: 1, tries: 3, tries_at_once: 1, pause: Duration::ZERO };
            let verb = Verb::ListDirectory { side: Side::One, path: RelPath::root(), hash: None, metadata: false };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let reply = runtime.block_on(carry_out(&sides, &verb, &AtomicBool::new(false), limits));
            assert!(expected(&reply), "{failures}: {reply:?}");
        };
        check(0, |reply| matches!(reply, Reply::Page { .. }));
        check(2, |reply| matches!(reply, Reply::Page { .. }));
        check(3, |reply| matches!(reply, Reply::Failed(_)));
    }
}
