//! A run from the command line to the exit code.

use std::ffi::OsString;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bisync_engine::entry::Instant;
use bisync_engine::event::Level;
use bisync_engine::options::{Links, Options, OptionsError, Settings};
use bisync_engine::protocol::Failure;
use bisync_engine::session::Opening;
use bisync_engine::session_name::session_name;
use bisync_engine::side::{Pair, Side};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc;

use crate::backend::Backend;
use crate::backend::local::{Local, Sight};
use crate::cli::{self, Arguments, Command, Environment};
use crate::component::{self, OpenError};
use crate::driver::{DriveError, Limits, drive};
use crate::failure::reason;
use crate::lock::{Lock, LockError};
use crate::paths::{self, Beside, Location, PathsError};
use crate::report::progress::Eraser;
use crate::report::{LogError, Reporter};
use crate::state::{StateStore, make_directory};

/// The exit code when something was not done and a rerun may do it.
const UNFINISHED: u8 = 1;
/// The exit code for a command line that cannot be understood.
const USAGE: u8 = 2;
/// The exit code when a human is needed.
const CRITICAL: u8 = 7;
/// The exit code after a second wish to stop.
const INTERRUPTED: i32 = 130;

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
    #[error("{side} `{}` cannot be opened: {failure}", path.display())]
    Side { side: Side, path: PathBuf, failure: Failure },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the run broke off: {0}")]
    Drive(#[from] DriveError),
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
    let options = &arguments.options;
    let mut reporter = match Reporter::new(options) {
        Ok(reporter) => reporter,
        Err(error) => {
            eprintln!("bisync: {error}");
            return UNFINISHED;
        }
    };
    arguments.notices.iter().for_each(|notice| reporter.event(notice));
    match try_run(arguments, &mut reporter) {
        Ok(exit_code) => exit_code,
        Err(error) => {
            // What the engine says when it fails goes on with a trace of its calls.
            let text = error.to_string();
            let (sentence, trace) = text.split_once('\n').unwrap_or((&text, ""));
            reporter.say(Level::Error, "not-run", sentence.to_owned());
            trace.lines().for_each(|line| reporter.say(Level::Debug, "trace", line.to_owned()));
            error.exit_code(options)
        }
    }
}

impl RunError {
    fn exit_code(&self, options: &Options) -> u8 {
        match self {
            Self::Paths(PathsError::Empty(_) | PathsError::Remote(_)) | Self::Options(_) => USAGE,
            Self::Open(OpenError::Options(_)) => USAGE,
            // What rclone calls critical: the paths are not what they were.
            Self::Paths(_) | Self::Side { .. } if options.flag("lockout") => CRITICAL,
            Self::Paths(_)
            | Self::Side { .. }
            | Self::NoStateDirectory
            | Self::MakeDirectory { .. }
            | Self::Lock(_)
            | Self::Log(_)
            | Self::Open(_)
            | Self::Drive(_)
            | Self::System(_) => UNFINISHED,
        }
    }
}

fn try_run(arguments: &Arguments, reporter: &mut Reporter) -> Result<u8, RunError> {
    let options = &arguments.options;
    let sight = Sight {
        links: Links::of(options)?,
        one_file_system: options.flag("one-file-system"),
        metadata: options.flag("metadata"),
    };
    if sight.metadata && !rustix::process::geteuid().is_root() {
        let text = "owners are not carried over with `--metadata`: only root can give files away".to_owned();
        reporter.say(Level::Notice, "owners-not-kept", text);
    }
    let one = Location::parse(Side::One, &arguments.paths.one)?;
    let two = Location::parse(Side::Two, &arguments.paths.two)?;
    let locations = if options.is_given("workdir") {
        Pair::new(one, two)
    } else {
        Pair::new(one.with_absolute_name()?, two.with_absolute_name()?)
    };
    let state = match options.text("workdir") {
        Some(directory) => PathBuf::from(directory),
        None => paths::default_state_directory(|name| std::env::var_os(name)).ok_or(RunError::NoStateDirectory)?,
    };
    let backups = Pair::from_fn(|side| backup_directory(options, side));
    let dry_run = options.flag("dry-run");
    let may_be_missing = !dry_run && starts_anew(options);
    let listings = Beside {
        what: "the directory of the listings",
        directory: state.clone(),
        flag: "workdir",
        sides: Side::BOTH.to_vec(),
        may_contain: true,
    };
    let apart: Vec<&Beside> =
        [Some(&listings), backups.one.as_ref(), backups.two.as_ref()].into_iter().flatten().collect();
    paths::check(locations.as_ref(), may_be_missing, &apart)?;
    if may_be_missing {
        let root = &locations.one.root;
        made(root, fs::create_dir_all(root))?;
    }
    let sides = Pair::new(
        open_side(Side::One, &locations.one, backups.one.as_ref(), sight)?,
        open_side(Side::Two, &locations.two, backups.two.as_ref(), sight)?,
    );

    let timestamp = Timestamp::now();
    let now = Instant { seconds: timestamp.as_second(), nanoseconds: timestamp.subsec_nanosecond().unsigned_abs() };
    let utc_offset_seconds = TimeZone::system().to_offset(timestamp).seconds();
    let capabilities = sides.as_ref().map(|side| side.capabilities());
    // The engine says what there is to say about the settings when the session is opened.
    let (settings, _) = Settings::resolve(options, &capabilities, now, utc_offset_seconds)?;

    let stops = stop_signals(reporter.eraser())?;
    let _lock = if dry_run {
        None
    } else {
        made(&state, make_directory(&state))?;
        let session = session_name(&locations.one.state_name, &locations.two.state_name);
        let max_lock = settings.max_lock_ns.map(Duration::from_nanos);
        let (lock, notice) = Lock::claim(&state, &session, max_lock)?;
        if let Some(notice) = notice {
            reporter.say(Level::Notice, "lock-taken-over", notice);
        }
        Some(lock)
    };
    let mut conversation = component::open(Opening {
        options: arguments.given.clone(),
        paths: locations.map(|location| location.state_name),
        capabilities,
        now,
        utc_offset_seconds,
        run: RandomState::new().hash_one(now),
        plan: None,
    })?;
    let limits = limits(options, &settings);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        // A comparison or a copy through memory has two ends, each with a thread of its own.
        .max_blocking_threads(2 * (limits.checkers + limits.transfers) + 4)
        .build()?;
    let driven = drive(conversation.as_mut(), sides, StateStore::new(state), limits, reporter, stops);
    let outcome = runtime.block_on(driven)?;
    reporter.outcome(&outcome);
    Ok(outcome.exit_code)
}

fn starts_anew(options: &Options) -> bool {
    options.flag("resync") || options.word("resync-mode").is_some_and(|mode| mode != "none")
}

/// Returns the directory that keeps what is replaced or deleted on a side.
fn backup_directory(options: &Options, side: Side) -> Option<Beside> {
    let own = match side {
        Side::One => "backup-dir1",
        Side::Two => "backup-dir2",
    };
    let given = [own, "backup-dir"].into_iter().find_map(|name| Some((name, options.text(name)?)));
    given.map(|(flag, directory)| Beside {
        what: "the backup directory",
        directory: directory.into(),
        flag,
        sides: vec![side],
        may_contain: false,
    })
}

fn made(directory: &Path, result: io::Result<()>) -> Result<(), RunError> {
    result.map_err(|error| RunError::MakeDirectory { path: directory.to_owned(), error })
}

fn open_side(
    side: Side,
    location: &Location,
    backup: Option<&Beside>,
    sight: Sight,
) -> Result<Arc<dyn Backend>, RunError> {
    let opened = Local::open(&location.root, backup.map(|backup| backup.directory.as_path()), sight);
    let local = opened.map_err(|failure| RunError::Side { side, path: location.root.clone(), failure })?;
    Ok(Arc::new(local))
}

fn limits(options: &Options, settings: &Settings) -> Limits {
    let at_least_one = |name| usize::try_from(options.number(name).unwrap_or(1)).unwrap_or(1).clamp(1, 1024);
    Limits {
        checkers: at_least_one("checkers"),
        transfers: at_least_one("transfers"),
        tries: settings.retries,
        pause: Duration::from_millis(settings.retries_sleep_ms),
    }
}

/// Turns the first signal into a wish to stop; the second one ends the process at once.
fn stop_signals(eraser: Eraser) -> Result<mpsc::UnboundedReceiver<()>, RunError> {
    let (wish, stops) = mpsc::unbounded_channel();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            if count > 0 {
                eraser.erase();
                // What was being written has a temporary name, which the next run finds in the journal.
                std::process::exit(INTERRUPTED);
            }
            let _ = wish.send(());
        }
    })?;
    Ok(stops)
}
