//! The process.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use reqwest::{Client, Response};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use super::launch::Launch;
use super::silence::Silence;
use super::{failed, failure};
use crate::backend::http::builder;

/// So long rclone may take until it answers.
const STARTS_IN: Duration = Duration::from_secs(30);
/// How often it is looked whether it does.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

/// Runs rclone until it ends, or a line comes, or its own input ends without one: that is when this process has ended, in whatever way, and
/// nobody else removes its directory, and what was on its way there. rclone would wait some seconds for connections on which nothing was
/// asked; it gets a moment to tidy up.
const KEEPER: &str = r#"exec 3<&0
directory=$1; shift
"$@" </dev/null 3<&- & child=$!
(if read -r _ <&3; then is_told=yes; else is_told=; trap '' TERM; fi
kill "$child"; sleep 0.2; kill -9 "$child"
[ -n "$is_told" ] || rm -rf -- "$directory") 2>/dev/null & watcher=$!
wait "$child"; kill "$watcher" 2>/dev/null"#;

/// rclone as a server that only this process can reach.
pub struct Child {
    keeper: Mutex<process::Child>,
    /// The keeper's input: rclone ends with it, or with a line in it.
    input: Mutex<Option<ChildStdin>>,
    client: Client,
    /// So long nothing may come before it is asked whether it is still there, and so long that answer may take.
    patience: Duration,
    /// Where its socket, its log and content on its way are. Nobody else can look into it.
    pub directory: TempDir,
}

impl Child {
    /// Starts rclone, and waits until it answers.
    ///
    /// # Errors
    /// Says how to get it when it is not installed, and repeats what it said when it does not start.
    pub async fn start(launch: &Launch) -> Result<Self, Failure> {
        let broken =
            |what: &str, error: &dyn std::fmt::Display| failed(FailureKind::Other, &format!("{what}: {error}"));
        let program = program()?;
        let directory = TempDir::with_prefix("bisync-").map_err(|error| broken("no temporary directory", &error))?;
        let (socket, log) = (directory.path().join("socket"), directory.path().join("log"));
        let log_file = fs::File::create(&log).map_err(|error| broken("no log of rclone", &error))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", KEEPER, "sh"]).arg(directory.path()).arg(&program);
        command.args(["rcd", "--rc-serve", "--rc-no-auth", "--rc-addr"]).arg(format!("unix://{}", socket.display()));
        // A folder of a remote is opened once, and used as long as the run takes.
        command.args(["--fs-cache-expire-duration", "24h"]);
        // What it answered it would keep for a minute: of a large tree, all of it.
        command.args(["--rc-job-expire-duration", "1s", "--rc-job-expire-interval", "1s"]).args(&launch.arguments);
        launch.prepare(&mut command);
        // What the terminal tells this process, such as to stop, it does not tell the child.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log_file);
        let mut keeper = command.spawn().map_err(|error| broken("rclone cannot be started", &error))?;
        let client = builder().unix_socket(socket).no_proxy().build();
        let client = client.map_err(|error| broken("no connection to rclone", &error))?;
        let input = Mutex::new(keeper.stdin.take());
        let keeper = Mutex::new(keeper);
        let child = Self { keeper, input, client, patience: launch.patience, directory };
        let deadline = Instant::now() + STARTS_IN;
        while child.call("rc/noop", "{}").await.is_err() {
            if Instant::now() > deadline || !child.is_running() {
                let text = fs::read_to_string(&log).unwrap_or_default();
                let said = failure::without_secrets(said(&text), launch.secrets());
                let is_old = ["unknown flag", "unknown command"].iter().any(|words| said.contains(words));
                let hint = if is_old { " (it may be too old: see https://rclone.org/install)" } else { "" };
                return Err(failed(FailureKind::Other, &format!("rclone does not start: {said}{hint}")));
            }
            sleep(LOOKS_EVERY).await;
        }
        Ok(child)
    }

    /// Makes a call, and returns the status and the body of the answer.
    pub async fn call(&self, method: &str, body: &str) -> Result<(u16, Bytes), Silence> {
        let request = self.client.post(format!("http://rclone/{method}"));
        let request = request.header("content-type", "application/json").body(body.to_owned());
        self.while_it_answers(async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok((status, response.bytes().await?))
        })
        .await
    }

    /// Begins to read a file.
    pub async fn open(&self, url_path: &str) -> Result<Response, Silence> {
        self.while_it_answers(self.client.get(format!("http://rclone/{url_path}")).send()).await
    }

    /// Reads on.
    pub async fn next(&self, response: &mut Response) -> Result<Option<Vec<u8>>, Silence> {
        let next = self.while_it_answers(response.chunk()).await?;
        Ok(next.map(Into::into))
    }

    fn is_running(&self) -> bool {
        matches!(self.keeper.lock().unwrap_or_else(PoisonError::into_inner).try_wait(), Ok(None))
    }

    /// Ends it, whatever it is doing.
    pub fn end(&self) {
        if let Some(mut input) = self.input.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Where nobody reads it any more, it has ended.
            input.write_all(b"\n").ok();
        }
    }

    /// Ends it, waits until it has, and removes what is in its directory.
    pub fn close(&self) {
        self.end();
        let _ = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).wait();
        let _ = fs::remove_dir_all(self.directory.path());
    }

    /// Waits for an answer, however long it takes, unless rclone answers nobody any more.
    async fn while_it_answers<T>(&self, answer: impl Future<Output = reqwest::Result<T>>) -> Result<T, Silence> {
        let is_silent = async {
            loop {
                sleep(self.patience).await;
                let noop = self.client.post("http://rclone/rc/noop").send();
                if timeout(self.patience, noop).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            answer = answer => Ok(answer?),
            () = is_silent => Err(Silence::Hangs),
        }
    }
}

/// Returns the line of a log that says why a program ended.
fn said(log: &str) -> &str {
    let is_error = |line: &&str| ["CRITICAL", "Fatal", "Error"].iter().any(|word| line.contains(word));
    log.lines().find(is_error).or(log.lines().last()).unwrap_or("it says nothing")
}

impl Drop for Child {
    fn drop(&mut self) {
        self.close();
    }
}

/// Returns the user's rclone.
///
/// # Errors
/// Says how to get it when there is none.
pub fn program() -> Result<PathBuf, Failure> {
    which::which("rclone").map_err(|_| {
        let text = "rclone serves this kind of remote, and is not installed: see https://rclone.org/install";
        failed(FailureKind::Other, text)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Jobs {
        #[serde(rename = "finishedIds")]
        finished: Option<Vec<i64>>,
    }

    #[test]
    fn what_was_answered_is_not_kept() {
        if program().is_err() {
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let launch = Launch::new(None, &[], [].into_iter(), Duration::from_secs(60));
            let child = Child::start(&launch).await.unwrap();
            // By itself it would keep it twice as long.
            let deadline = Instant::now() + Duration::from_secs(30);
            loop {
                let (_, answer) = child.call("job/list", "{}").await.unwrap();
                let jobs: Jobs = serde_json::from_slice(&answer).unwrap();
                if jobs.finished.is_none_or(|finished| finished.is_empty()) {
                    break;
                }
                assert!(Instant::now() < deadline, "what was answered half a minute ago is still there");
                sleep(Duration::from_millis(2500)).await;
            }
        });
    }

    #[test]
    fn the_line_that_counts_is_repeated() {
        let check = |log: &str, expected: &str| assert_eq!(said(log), expected);
        check("", "it says nothing");
        check("NOTICE: a\nCRITICAL: no config\n", "CRITICAL: no config");
        check(
            "Error: unknown flag: --rc-addr\nUsage:\n  rclone rcd [flags]\n\nunknown flag: --rc-addr\n",
            "Error: unknown flag: --rc-addr",
        );
        check("one\ntwo\n", "two");
    }
}
