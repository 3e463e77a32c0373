//! The programs under test, and how they are run.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A program that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), output: text(&output.stdout), errors: text(&output.stderr) }
    }
}

impl Ended {
    /// Returns all that it wrote.
    pub fn all(&self) -> String {
        format!("{}{}", self.output, self.errors)
    }
}

/// Returns the path of `bisync`: that of the variable `BISYNC_PROGRAM`, else the one built beside the tests.
///
/// # Panics
/// When it was not built, saying how to build it.
pub fn bisync() -> PathBuf {
    if let Some(program) = std::env::var_os("BISYNC_PROGRAM") {
        return program.into();
    }
    // The tests are in `target/debug/deps`.
    let tests = std::env::current_exe().unwrap_or_else(|error| panic!("the tests do not know where they are: {error}"));
    let found = tests.ancestors().skip(2).take(2).find_map(|directory| {
        let beside = ["bisync", "debug/bisync", "release/bisync"].map(|name| directory.join(name));
        beside.into_iter().find(|program| program.is_file())
    });
    found.unwrap_or_else(|| {
        panic!("the program `bisync` is not built: run `cargo build -p bisync`, or say with BISYNC_PROGRAM where it is")
    })
}

/// Returns the real rclone: that of the variable `BISYNC_RCLONE`, else the one on the path; `None`, with a message, when
/// there is none.
pub fn rclone() -> Option<PathBuf> {
    let program = std::env::var_os("BISYNC_RCLONE").map_or_else(|| PathBuf::from("rclone"), PathBuf::from);
    let works = Command::new(&program).arg("version").output().is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: rclone is not installed, so that there is nothing to compare with");
    }
    works.then_some(program)
}

/// Makes a command that begins in a directory and inherits no settings of rclone's or of bisync's.
pub fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("TZ", "UTC");
    command.env("XDG_STATE_HOME", home.join("state")).env("XDG_CONFIG_HOME", home.join("config"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("RCLONE_") || text.starts_with("BISYNC_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started, or does not end within two minutes: then it is killed.
pub fn run<A: AsRef<OsStr>>(program: &Path, home: &Path, arguments: &[A]) -> Ended {
    run_with_input(program, home, arguments, Path::new("/dev/null"))
}

/// Runs a program to its end; it reads from this file.
///
/// # Panics
/// When the file cannot be opened, or the program cannot be started or does not end within two minutes: then it is killed.
pub fn run_with_input<A: AsRef<OsStr>>(program: &Path, home: &Path, arguments: &[A], input: &Path) -> Ended {
    let input = File::open(input).unwrap_or_else(|error| panic!("cannot open {}: {error}", input.display()));
    let mut command = command(program, home);
    command.args(arguments).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    wait(start(&mut command), &format!("{command:?}"))
}

/// Starts a command.
///
/// # Panics
/// When it cannot be started.
pub fn start(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

/// Waits for the end of a program; `name` is for the message.
///
/// # Panics
/// When it does not end within two minutes: then it is killed.
pub fn wait(child: Child, name: &str) -> Ended {
    let process = Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel();
    // Both streams are read while the program runs, so that it never waits for a full pipe.
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(output) => output.unwrap().into(),
        Err(_) => {
            let _ = kill_process(process, Signal::KILL);
            panic!("it did not end within {PATIENCE:?}: {name}")
        }
    }
}

/// Asks a program that was started to end, and waits until it has.
///
/// # Panics
/// When it cannot be asked.
pub fn interrupt(child: Child, name: &str) -> Ended {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    wait(child, name)
}

/// Waits until a program that runs has done something.
///
/// # Panics
/// When it does not do it.
pub fn wait_until(what: &str, is_done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_done() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
