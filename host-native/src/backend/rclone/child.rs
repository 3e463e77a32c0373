//! The process.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::time::Duration;

use bisync_engine::protocol::{Failure, FailureKind};
use reqwest::{Client, Response};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::launch::Launch;
use super::{failed, failure};
use crate::backend::http::builder;

/// So long rclone may take until it answers.
const STARTS_IN: Duration = Duration::from_secs(30);
/// How often it is looked whether it does.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

/// Runs rclone until its own input ends: that is when this process has ended, in whatever way. rclone would wait some seconds for
/// connections on which nothing was asked; it gets a moment to tidy up.
const KEEPER: &str = r#""$@" </dev/null & child=$!; read -r _; kill "$child" 2>/dev/null
(sleep 0.2; kill -9 "$child" 2>/dev/null) & wait "$child""#;

/// rclone as a server that only this process can reach.
pub struct Child {
    keeper: process::Child,
    client: Client,
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
        command.args(["-c", KEEPER, "sh"]).arg(&program);
        command.args(["rcd", "--rc-serve", "--rc-no-auth", "--rc-addr"]).arg(format!("unix://{}", socket.display()));
        // A folder of a remote is opened once, and used as long as the run takes.
        command.args(["--fs-cache-expire-duration", "24h"]).args(&launch.arguments);
        launch.prepare(&mut command);
        // What the terminal tells this process, such as to stop, it does not tell the child.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log_file);
        let keeper = command.spawn().map_err(|error| broken("rclone cannot be started", &error))?;
        let client = builder().unix_socket(socket).no_proxy().build();
        let client = client.map_err(|error| broken("no connection to rclone", &error))?;
        let mut child = Self { keeper, client, directory };
        let deadline = Instant::now() + STARTS_IN;
        while child.call("rc/noop", "{}").await.is_err() {
            let has_ended =
                fs::read_to_string(&log).is_ok_and(|text| text.contains("CRITICAL") || text.contains("Fatal"));
            if has_ended || Instant::now() > deadline || !matches!(child.keeper.try_wait(), Ok(None)) {
                let text = fs::read_to_string(&log).unwrap_or_default();
                let last = text.lines().last().unwrap_or("it says nothing");
                let last = failure::without_secrets(last, launch.secrets());
                return Err(failed(FailureKind::Other, &format!("rclone does not start: {last}")));
            }
            sleep(LOOKS_EVERY).await;
        }
        Ok(child)
    }

    /// Makes a call, and returns the status and the body of the answer.
    pub async fn call(&self, method: &str, body: &str) -> Result<(u16, Vec<u8>), reqwest::Error> {
        let request = self.client.post(format!("http://rclone/{method}"));
        let response = request.header("content-type", "application/json").body(body.to_owned()).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.bytes().await?.to_vec()))
    }

    /// Begins to read a file.
    pub async fn open(&self, url_path: &str) -> Result<Response, reqwest::Error> {
        self.client.get(format!("http://rclone/{url_path}")).send().await
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The end of its input makes the keeper end rclone.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
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
