//! The loop between the engine, which decides, and those who do.

mod lane;
mod limits;
mod tries;
mod uploads;
mod workers;

use std::sync::Arc;

use bisync_engine::event::Level;
use bisync_engine::outcome::Outcome;
use bisync_engine::session::StopReason;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::backend::Sides;
use crate::component::{Conversation, ConversationError};
use crate::report::Reporter;
use crate::state::StateStore;
use workers::Workers;

pub use limits::Limits;

/// So many replies may wait for the engine before those who answer have to wait.
const REPLIES_WAITING: usize = 1024;

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
            // Answers come all the time: who wants the run to stop, or to say how far it is, is heard before them.
            biased;
            Some(reason) = stops.recv() => {
                let text = match reason {
                    StopReason::Wish => "stopping: what is under way is finished first",
                    StopReason::Time => "the time of --max-duration is over: the next run goes on",
                };
                reporter.say(Level::Notice, "stopping", text.to_owned());
                conversation.stop(reason)?;
                workers.skip_waiting();
            }
            () = sleep_until(statistics_next.unwrap_or_else(Instant::now)), if statistics_next.is_some() => {
                reporter.statistics();
                statistics_next = statistics_every.and_then(|every| Instant::now().checked_add(every));
            }
            () = reporter.listen() => {}
            Some(first) = answers.recv() => {
                let ready = std::iter::once(first).chain(std::iter::from_fn(|| answers.try_recv().ok()));
                for (id, reply) in ready {
                    reporter.counters.see(&reply);
                    open -= usize::from(reply.is_last());
                    conversation.supply(id, reply)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use bisync_engine::options::Options;
    use bisync_engine::path::RelPath;
    use bisync_engine::protocol::{Reply, Request, RequestId, Verb};
    use bisync_engine::session::Turn;
    use bisync_engine::side::{Pair, Side};

    use super::*;
    use crate::backend::local::{Local, Sight};
    use crate::backend::{Backend, References, Stopping};

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
        let sides = Sides {
            folders: Pair::new(side("one"), side("two")),
            references: References::default(),
            passage: Arc::default(),
            stopping: Stopping::default(),
        };
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
}
