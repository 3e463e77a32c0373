//! `--watch`: one run after the other, whenever something changes in a local folder.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bisync_engine::event::Level;
use bisync_engine::options::Options;
use bisync_engine::outcome::Outcome;
use bisync_engine::side::{Pair, Side};
use jiff::SignedDuration;
use notify::ErrorKind;

use crate::cli::Arguments;
use crate::paths::Root;
use crate::report::Reporter;
use crate::report::progress::Eraser;
use crate::watch::{Waiting, Wake, Watcher, Woken};

use super::ready::filter;
use super::signals::Signals;
use super::{Ended, run_once};

/// Where nobody wants to look but after changes.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Changes wait no longer than this because runs fail.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What failed is tried again at least this often.
const LONGEST_RETRY: Duration = Duration::from_secs(3600);

/// The exit code when nothing was copied.
const NO_TRANSFER: u8 = 9;

/// What all runs have in common.
pub struct Watch {
    waiting: Waiting,
    /// How long nothing may change before a run looks all the same.
    interval: Duration,
    watchers: Pair<Option<Watcher>>,
    /// Of which sides a person was told that they are not watched.
    told: Pair<bool>,
    is_first: bool,
}

impl Watch {
    /// Returns how to go on after a run, if that is wanted. Whoever wants to see something, or to be asked, wants one run.
    pub fn wanted(arguments: &Arguments) -> Option<Self> {
        let options = &arguments.options;
        let is_one_run = arguments.apply.is_some()
            || ["dry-run", "interactive"].iter().any(|name| options.flag(name))
            || ["plan-out", "explain"].iter().any(|name| options.text(name).is_some())
            || options.word("check-sync") == Some("only");
        let interval = options.duration_ns("watch-interval").filter(|interval| *interval > 0);
        (options.flag("watch") && !is_one_run).then(|| Self {
            waiting: Waiting::default(),
            interval: interval.map_or(NEVER, Duration::from_nanos),
            watchers: Pair::default(),
            told: Pair::default(),
            is_first: true,
        })
    }

    /// Runs until the program is asked to end, which is success, until the first run cannot begin, or until nothing would lead to another run.
    pub fn lead(mut self, arguments: &Arguments, signals: &Signals) -> u8 {
        let later = of_later_runs(arguments);
        let mut failed = 0;
        loop {
            let begin = Instant::now();
            let arguments = if self.is_first { arguments } else { &later };
            let Ended { exit_code, has_begun } = run_once(arguments, signals, Some(&mut self));
            if signals.is_asked() {
                return 0;
            }
            if self.is_first && !has_begun {
                return exit_code;
            }
            self.is_first = false;
            failed = if matches!(exit_code, 0 | NO_TRANSFER) { 0 } else { failed + 1 };
            let took = begin.elapsed();
            let pause = took.max(retry_after(failed).min(LONGEST_PAUSE));
            // It works at most half of the time, whatever is asked for.
            let limit = if failed > 0 { self.interval.min(retry_after(failed)) } else { self.interval }.max(took);
            if limit >= NEVER && Side::BOTH.into_iter().all(|side| self.watchers[side].is_none()) {
                return exit_code;
            }
            let waker = self.waiting.waker();
            let end = move || {
                // It waits for this until the program ends.
                let _ = waker.send(Wake::End);
            };
            signals.ask_by(end, Eraser::default());
            match self.waiting.next(limit, pause) {
                Woken::ToEnd => return 0,
                Woken::ByChange | Woken::ByTime => {}
            }
        }
    }

    /// Begins to watch the folders that are not watched, or not as a whole.
    pub fn follow(&mut self, roots: &Pair<Root>, options: &Options, reporter: &mut Reporter) {
        let log = log_below(roots, options);
        for side in Side::BOTH {
            let Some(root) = roots[side].directory() else { continue };
            if self.watchers[side].as_ref().is_some_and(Watcher::is_whole) {
                continue;
            }
            self.watchers[side] = None;
            match Watcher::new(root, filter(options), log.clone(), self.waiting.waker()) {
                Ok(watcher) => {
                    self.watchers[side] = Some(watcher);
                    self.told[side] = false;
                }
                Err(error) if !self.told[side] => {
                    self.told[side] = true;
                    let text = format!("changes of {side} cannot be watched: {}", reason(&error));
                    reporter.say(Level::Notice, "not-watched", text);
                }
                Err(_) => {}
            }
        }
        if self.is_first {
            reporter.say(Level::Notice, "watching", self.words());
        }
    }

    /// Says what the runs wait for.
    fn words(&self) -> String {
        let watched: Vec<_> = Side::BOTH.into_iter().filter(|side| self.watchers[*side].is_some()).collect();
        let interval = SignedDuration::try_from(self.interval).unwrap_or(SignedDuration::MAX);
        let looks = (self.interval < NEVER).then(|| format!("every {interval:#}"));
        let sides = watched.iter().map(Side::to_string).collect::<Vec<_>>().join(" and ");
        match (watched.is_empty(), looks) {
            (false, Some(looks)) => format!("watching {sides} for changes, and looking {looks}; Ctrl-C ends"),
            (false, None) => format!("watching {sides} for changes; Ctrl-C ends"),
            (true, Some(looks)) => format!("looking for changes {looks}; Ctrl-C ends"),
            (true, None) => "nothing can be watched, and `--watch-interval` is off: this is the only run".to_owned(),
        }
    }

    /// Says whether a person wants to know how a run ended: not when all was in step already.
    pub fn is_news(&self, outcome: &Outcome, options: &Options) -> bool {
        let is_all_well = matches!(outcome.exit_code, 0 | NO_TRANSFER) && outcome.conflicts.is_empty();
        self.is_first || options.count("verbose") > 0 || outcome.has_changes() || !is_all_well
    }
}

/// Returns the arguments of the runs after the first: what is done, or allowed, but once is left out.
fn of_later_runs(arguments: &Arguments) -> Arguments {
    let mut given = arguments.given.clone();
    given.retain(|(name, _)| !matches!(name.as_str(), "resync" | "resync-mode" | "force" | "other-disk"));
    let options = Options::parse(&given).expect("what is left of valid options is valid");
    Arguments { given, options, notices: Vec::new(), ..arguments.clone() }
}

/// Returns the path of the log below one of the folders, if it is there. Each run changes it, and the next one would carry that over.
fn log_below(roots: &Pair<Root>, options: &Options) -> Option<PathBuf> {
    let log = std::path::absolute(options.text("log-file")?).ok()?;
    let below = |root: &Root| log.strip_prefix(std::path::absolute(root.directory()?).ok()?).ok().map(Path::to_owned);
    Side::BOTH.into_iter().find_map(|side| below(&roots[side]))
}

/// Says why a folder cannot be watched.
fn reason(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => "the system watches no more directories (see `fs.inotify.max_user_watches`)".into(),
        ErrorKind::Io(error) => crate::failure::reason(error),
        ErrorKind::Generic(_) | ErrorKind::PathNotFound | ErrorKind::WatchNotFound | ErrorKind::InvalidConfig(_) => {
            error.to_string()
        }
    }
}

/// Returns when something is tried again after so many failures in a row.
fn retry_after(failures: u32) -> Duration {
    let seconds = 1_u64.checked_shl(failures).map_or(u64::MAX, |seconds| seconds - 1);
    Duration::from_secs(seconds).min(LONGEST_RETRY)
}
