//! A run from the command line to the exit code.

mod interactive;
mod late;
mod mounted;
mod names;
mod opening;
mod plan_file;
mod ready;
mod signals;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use bisync_engine::event::Level;
use bisync_engine::options::{Options, OptionsError};
use bisync_engine::outcome::Outcome;
use bisync_engine::protocol::Failure;
use bisync_engine::session::{PlanUse, StopReason};
use bisync_engine::side::Side;
use tokio::sync::mpsc;

use crate::cli::{self, Arguments, Command};
use crate::component::OpenError;
use crate::driver::DriveError;
use crate::environment::Environment;
use crate::failure::reason;
use crate::limits::Passage;
use crate::lock::LockError;
use crate::paths::{FileSystem, PathsError};
use crate::report::{LogError, Reporter};
use crate::shared::SharedError;

use interactive::{AskError, Choice};
use plan_file::PlanFileError;
use ready::Ready;
use signals::Signals;
use watch::Watch;

/// The exit code when something was not done and a rerun may do it.
const UNFINISHED: u8 = 1;
/// The exit code for a command line that cannot be understood.
const USAGE: u8 = 2;
/// The exit code when a human is needed.
const CRITICAL: u8 = 7;

/// Why a run could not be begun, or broke off.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error("no home directory is known: say with `--workdir` where the listings are to be kept")]
    NoStateDirectory,
    #[error("cannot make the directory `{}`: {}", path.display(), reason(error))]
    MakeDirectory { path: PathBuf, error: io::Error },
    #[error("cannot use the directory of the listings `{}`: {}", path.display(), reason(error))]
    State { path: PathBuf, error: io::Error },
    #[error("{side} `{path}` cannot be opened: {failure}")]
    Side { side: Side, path: String, failure: Failure },
    #[error(
        "{side} `{path}` is in another file system than in the last run ({now} instead of {before}): is the right disk mounted? Nothing was done; with --other-disk the run goes on, and what is missing there counts as deleted"
    )]
    OtherFileSystem { side: Side, path: String, now: FileSystem, before: FileSystem },
    #[error("the directory `{path}` cannot be opened: {failure}")]
    Reference { path: String, failure: Failure },
    #[error(transparent)]
    PlanFile(#[from] PlanFileError),
    #[error("the plan names {0} `{root}`, and the listings of another directory: a plan is for one pair", root = .1)]
    PlanOfOthers(Side, String),
    #[error(
        "a plan cannot name `{0}`, whose options were given with the path: name the remote in rclone's configuration"
    )]
    PlanWithOptions(String),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Shared(#[from] SharedError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the run broke off: {0}")]
    Drive(#[from] DriveError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("cannot begin: {}", reason(.0))]
    System(#[from] io::Error),
}

/// Runs the program with the arguments of its command line, without its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let code = match cli::parse(arguments, &Environment::of_process()) {
        Ok(Command::Show(text, notices)) => {
            notices.iter().for_each(|notice| eprintln!("bisync: {}", notice.text));
            print(&text)
        }
        Ok(Command::Run(arguments)) => run(&arguments),
        Err(error) => {
            eprintln!("bisync: {error}");
            if error.is_unreadable() { UNFINISHED } else { USAGE }
        }
    };
    ExitCode::from(code)
}

/// Writes to standard output; whoever closed it does not want to see more.
fn print(text: &str) -> u8 {
    let _ = io::stdout().write_all(text.as_bytes());
    0
}

fn run(arguments: &Arguments) -> u8 {
    let signals = match Signals::hear() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("bisync: {}", RunError::System(error));
            return UNFINISHED;
        }
    };
    match Watch::wanted(arguments) {
        Some(watch) => watch.lead(arguments, &signals),
        None => run_once(arguments, &signals, None).exit_code,
    }
}

/// How a run ended.
struct Ended {
    exit_code: u8,
    /// Whether it began at all.
    has_begun: bool,
}

fn run_once(arguments: &Arguments, signals: &Signals, watch: Option<&mut Watch>) -> Ended {
    let options = &arguments.options;
    let mut reporter = match Reporter::new(options) {
        Ok(reporter) => reporter,
        Err(error) => {
            eprintln!("bisync: {error}");
            return Ended { exit_code: UNFINISHED, has_begun: false };
        }
    };
    arguments.notices.iter().for_each(|notice| reporter.event(notice));
    match try_run(arguments, &mut reporter, signals, watch) {
        Ok(exit_code) => Ended { exit_code, has_begun: true },
        Err(error) => {
            // What the engine says when it fails goes on with a trace of its calls.
            let text = error.to_string();
            let (sentence, trace) = text.split_once('\n').unwrap_or((&text, ""));
            reporter.say(Level::Error, "not-run", sentence.to_owned());
            trace.lines().for_each(|line| reporter.say(Level::Debug, "trace", line.to_owned()));
            Ended { exit_code: error.exit_code(options), has_begun: false }
        }
    }
}

impl RunError {
    fn exit_code(&self, options: &Options) -> u8 {
        match self {
            Self::Paths(
                PathsError::Empty(_)
                | PathsError::Connection(_)
                | PathsError::Address(..)
                | PathsError::BackupElsewhere { .. },
            )
            | Self::PlanWithOptions(_)
            | Self::Options(_) => USAGE,
            Self::Open(OpenError::Options(_)) | Self::PlanFile(PlanFileError::Taken(_)) => USAGE,
            // What rclone calls critical: the paths are not what they were.
            Self::Paths(_) | Self::Side { .. } | Self::OtherFileSystem { .. } if options.flag("lockout") => CRITICAL,
            Self::Paths(_)
            | Self::Side { .. }
            | Self::OtherFileSystem { .. }
            | Self::NoStateDirectory
            | Self::Reference { .. }
            | Self::PlanFile(_)
            | Self::PlanOfOthers(..)
            | Self::MakeDirectory { .. }
            | Self::State { .. }
            | Self::Lock(_)
            | Self::Shared(_)
            | Self::Log(_)
            | Self::Open(_)
            | Self::Drive(_)
            | Self::Ask(_)
            | Self::System(_) => UNFINISHED,
        }
    }
}

fn try_run(
    arguments: &Arguments,
    reporter: &mut Reporter,
    signals: &Signals,
    mut watch: Option<&mut Watch>,
) -> Result<u8, RunError> {
    let options = &arguments.options;
    let plan_out = options.text("plan-out").map(PathBuf::from).filter(|_| arguments.apply.is_none());
    plan_out.as_deref().map_or(Ok(()), plan_file::check)?;
    let mut ready = Ready::new(arguments, reporter)?;
    if let Some(watch) = &mut watch {
        // What is changed from now on, whether this run sees it or not, leads to another one.
        watch.follow(ready.roots(), options, reporter);
    }
    let lead = |ready: &Ready, plan, reporter: &mut Reporter| lead(ready, plan, options, reporter, signals);
    let mut outcome = if let Some(file) = &arguments.apply {
        lead(&ready, Some((PlanUse::Apply, file.clone())), reporter)?
    } else if let Some(file) = plan_out {
        lead(&ready, Some((ready.writing()?, file)), reporter)?
    } else if options.flag("interactive") && !options.flag("dry-run") {
        let Choice { plan, outcome: planned } = interactive::choose(&ready)?;
        match plan {
            Some(plan) => {
                let outcome = lead(&ready, Some((PlanUse::Apply, plan.to_path_buf())), reporter)?;
                with_failures_of(planned, outcome)
            }
            None => planned,
        }
    } else {
        lead(&ready, None, reporter)?
    };
    if let Err(error) = ready.publish(outcome.exit_code == 0) {
        reporter.say(Level::Error, "not-shared", error.to_string());
        outcome.exit_code = outcome.exit_code.max(UNFINISHED);
    }
    if let Err(error) = ready.remember_mounted(&outcome) {
        reporter.say(Level::Error, "not-remembered", error.to_string());
    }
    if watch.is_none_or(|watch| watch.is_news(&outcome, options)) {
        reporter.outcome(&outcome);
    }
    Ok(outcome.exit_code)
}

/// Adds what could not be planned to the outcome of what was.
fn with_failures_of(planned: Outcome, mut outcome: Outcome) -> Outcome {
    if !planned.failures.is_empty() {
        outcome.exit_code = outcome.exit_code.max(planned.exit_code);
        outcome.failures.splice(..0, planned.failures);
        outcome.failures.sort_by(|left, right| left.path.cmp(&right.path));
    }
    outcome
}

fn lead(
    ready: &Ready,
    plan: Option<(PlanUse, PathBuf)>,
    options: &Options,
    reporter: &mut Reporter,
    signals: &Signals,
) -> Result<Outcome, RunError> {
    let (wish, stops) = mpsc::unbounded_channel();
    let wished = wish.clone();
    let ask = move || {
        // The run may be over.
        let _ = wished.send(StopReason::Wish);
    };
    signals.ask_by(ask, reporter.eraser());
    ready.stop_when_lost(wish.clone());
    let _time = stop_in_time(options, Arc::clone(&ready.passage), wish);
    ready.lead(plan, reporter, stops)
}

/// Stops the run when the time of `--max-duration` is over, unless what this returns is dropped before.
fn stop_in_time(
    options: &Options,
    passage: Arc<Passage>,
    wish: mpsc::UnboundedSender<StopReason>,
) -> Option<std::sync::mpsc::Sender<()>> {
    let duration_ns = options.duration_ns("max-duration").filter(|duration_ns| *duration_ns > 0)?;
    // A file that is written in place would be left half written.
    let breaks_off = options.word("cutoff-mode") == Some("HARD") && !options.flag("inplace");
    let (run, is_over) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        if is_over.recv_timeout(Duration::from_nanos(duration_ns)) == Err(RecvTimeoutError::Timeout) {
            if breaks_off {
                passage.close();
            }
            let _ = wish.send(StopReason::Time);
        }
    });
    Some(run)
}
