//! What a person or a program gets to see of a run.
//!
//! The result, and the plan of a dry run, go to standard output; messages go to standard error, or to the file that
//! `--log-file` names, where the result goes too. With `--use-json-log` everything goes where messages go, a line of
//! JSON each, the last one being the result.

pub mod json;
pub mod progress;
pub mod text;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, LineWriter, Stderr, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use bisync_engine::event::{Event, Level};
use bisync_engine::options::{Options, Value};
use bisync_engine::outcome::Outcome;
use bisync_engine::path::RelPath;
use jiff::{Timestamp, Zoned};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::failure::reason;
use progress::{Counters, Eraser, Progress, Statistics};

/// Shows what happens in a run, and how it ended.
#[derive(Debug)]
pub struct Reporter {
    level: Level,
    is_json: bool,
    is_dry_run: bool,
    /// Paths that alone are of interest; empty when all are.
    explained: BTreeSet<String>,
    /// The directory of the last action of a plan that was shown.
    folder: String,
    output: BufWriter<AutoStream<Stdout>>,
    log: Log,
    /// What has been seen and done so far.
    pub counters: Arc<Counters>,
    progress: Option<Progress>,
    statistics: Statistics,
    /// What others tell, who cannot show it.
    told: UnboundedReceiver<Event>,
    teller: UnboundedSender<Event>,
}

/// Where messages go.
#[derive(Debug)]
enum Log {
    Terminal(AutoStream<Stderr>),
    File(LineWriter<File>),
}

/// The log file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the log file `{}`: {}", path.display(), reason(error))]
pub struct LogError {
    path: PathBuf,
    error: io::Error,
}

impl Reporter {
    /// Makes the reporter that the options ask for.
    ///
    /// # Errors
    /// Fails when the log file cannot be opened.
    pub fn new(options: &Options) -> Result<Self, LogError> {
        let level = level(options);
        let is_json = options.flag("use-json-log");
        let log = match options.text("log-file") {
            Some(path) => Log::File(LineWriter::new(open(Path::new(&path))?)),
            None => Log::Terminal(AutoStream::new(io::stderr(), choice(&io::stderr(), options))),
        };
        let counters = Arc::new(Counters::default());
        // It would wipe away the questions.
        let wants_progress = options.flag("progress") && !options.flag("interactive");
        let is_seen = wants_progress && level > Level::Error && !is_json && io::stderr().is_terminal();
        let progress = is_seen.then(|| Progress::start(Arc::clone(&counters)));
        let output = BufWriter::new(AutoStream::new(io::stdout(), choice(&io::stdout(), options)));
        let changes_nothing = ["dry-run", "plan-out", "explain"];
        let is_dry_run = changes_nothing.iter().any(|name| options.flag(name) || options.text(name).is_some());
        let explained = options.all("explain").filter_map(Value::as_text);
        let explained = explained.map(|path| path.trim_end_matches('/').to_owned()).collect();
        let (folder, statistics) = (String::new(), Statistics::new(options));
        let (teller, told) = mpsc::unbounded_channel();
        Ok(Self {
            level,
            is_json,
            is_dry_run,
            explained,
            folder,
            output,
            log,
            counters,
            progress,
            statistics,
            told,
            teller,
        })
    }

    /// Returns what takes the progress away when the process ends at once.
    pub fn eraser(&self) -> Eraser {
        self.progress.as_ref().map(Progress::eraser).unwrap_or_default()
    }

    /// Returns the time between two messages of [`statistics`](Self::statistics), if there are to be any.
    pub fn statistics_every(&self) -> Option<Duration> {
        self.statistics.every
    }

    /// Says how far the run is.
    pub fn statistics(&mut self) {
        let message = self.statistics.message(&self.counters);
        self.event(&message);
    }

    /// Returns what takes events from where there is no reporter. They are shown before the next one.
    pub fn teller(&self) -> &UnboundedSender<Event> {
        &self.teller
    }

    /// Shows what is told, and waits for more until it is dropped.
    pub async fn listen(&mut self) {
        while let Some(event) = self.told.recv().await {
            self.show(&event);
        }
    }

    fn catch_up(&mut self) {
        while let Ok(event) = self.told.try_recv() {
            self.show(&event);
        }
    }

    /// Shows an event, if it is one that is to be shown.
    pub fn event(&mut self, event: &Event) {
        self.catch_up();
        self.show(event);
    }

    fn show(&mut self, event: &Event) {
        let is_plan = self.is_dry_run && event.level == Level::Info && self.level > Level::Error;
        let is_of_interest = self.explained.is_empty()
            || event.path.as_ref().is_some_and(|path| self.explained.contains(path.as_str()))
            || event.level == Level::Error;
        if (event.level > self.level && !is_plan) || !is_of_interest {
            return;
        }
        // A broken pipe ends no run: what cannot be shown is not shown.
        if is_plan && !self.is_json {
            let shown =
                if self.explained.is_empty() { self.planned(event) } else { format!("{}\n", text::event(event)) };
            let _ = self.aside(|reporter| reporter.output.write_all(shown.as_bytes()));
            if matches!(self.log, Log::Terminal(_)) {
                return;
            }
        }
        let _ = self.aside(|reporter| reporter.log(event));
    }

    /// Shows what the host itself has to say.
    pub fn say(&mut self, level: Level, code: &'static str, text: String) {
        self.event(&Event { level, code: Cow::Borrowed(code), path: None, text });
    }

    /// An action of a plan, below the name of its directory.
    fn planned(&mut self, event: &Event) -> String {
        let parent = event.path.as_ref().and_then(RelPath::parent).unwrap_or_default();
        let mut shown = String::new();
        if *parent.as_str() != self.folder {
            self.folder = parent.as_str().to_owned();
            if !parent.is_root() {
                shown = text::folder(&self.folder);
            }
        }
        shown + &text::action(event, !parent.is_root())
    }

    /// Shows how the run ended. Nothing is shown afterwards.
    pub fn outcome(&mut self, outcome: &Outcome) {
        self.catch_up();
        self.progress = None;
        if !self.explained.is_empty() && outcome.exit_code == 0 {
            let _ = self.output.flush();
            return;
        }
        let all = self.level >= Level::Info;
        let _ = if self.is_json {
            self.log_text(&json::outcome(&now_utc(), outcome))
        } else if self.level > Level::Error {
            let shown = text::outcome(outcome, all);
            self.log_result(&shown, outcome)
                .and_then(|()| self.output.write_all(shown.as_bytes()))
                .and_then(|()| self.output.flush())
        } else if outcome.exit_code != 0 {
            let shown = text::trouble(outcome);
            match &mut self.log {
                Log::Terminal(terminal) => terminal.write_all(shown.as_bytes()),
                Log::File(_) => self.log_result(&shown, outcome),
            }
        } else {
            Ok(())
        };
    }

    /// Writes while the progress is out of the way.
    fn aside<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        let progress = self.progress.take();
        let result = match &progress {
            Some(progress) => progress.suspend(|| {
                let result = write(self);
                // What stays in the buffer would come out in the middle of the progress.
                let _ = self.output.flush();
                result
            }),
            None => write(self),
        };
        self.progress = progress;
        result
    }

    fn log(&mut self, event: &Event) -> io::Result<()> {
        let line = match (&self.log, self.is_json) {
            (_, true) => json::event(&now_utc(), event),
            (Log::File(_), false) => text::log_line(&now_local(), event),
            (Log::Terminal(_), false) => text::event(event),
        };
        // On a terminal, both streams are one to the eye.
        self.output.flush()?;
        self.log_text(&line)
    }

    fn log_text(&mut self, line: &str) -> io::Result<()> {
        match &mut self.log {
            Log::Terminal(terminal) => writeln!(terminal, "{line}"),
            Log::File(file) => writeln!(file, "{line}"),
        }
    }

    /// Writes the result to the log file, if there is one.
    fn log_result(&mut self, shown: &str, outcome: &Outcome) -> io::Result<()> {
        let Log::File(file) = &mut self.log else { return Ok(()) };
        let level = if outcome.exit_code == 0 { Level::Notice } else { Level::Error };
        let time = now_local();
        for line in anstream::adapter::strip_str(shown).to_string().lines() {
            writeln!(file, "{time} {:<6}: {line}", text::level_name(level))?;
        }
        file.flush()
    }
}

/// Returns the colours that a stream gets.
fn choice(stream: &impl anstream::stream::RawStream, options: &Options) -> ColorChoice {
    match options.word("color") {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => AutoStream::choice(stream),
    }
}

fn level(options: &Options) -> Level {
    match (options.flag("quiet"), options.count("verbose")) {
        (true, _) => Level::Error,
        (false, 0) => match options.word("log-level") {
            Some("DEBUG") => Level::Debug,
            Some("INFO") => Level::Info,
            Some("ERROR") => Level::Error,
            _ => Level::Notice,
        },
        (false, 1) => Level::Info,
        (false, _) => Level::Debug,
    }
}

fn open(path: &Path) -> Result<File, LogError> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| LogError { path: path.to_owned(), error })
}

fn now_utc() -> String {
    format!("{:.6}", Timestamp::now())
}

fn now_local() -> String {
    Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
}
