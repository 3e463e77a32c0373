//! Shells on a server that run command after command: one process for each command, and no channel.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bisync_engine::protocol::{Failure, FailureKind};
use russh::ChannelMsg;
use tokio::sync::Semaphore;

use super::connection::Connection;
use super::exec::word;
use super::failure::broken;
use super::running::Running;
use super::server::Server;
use crate::backend::failed;

/// So many shells run at most.
const AT_ONCE: usize = 4;
/// So many commands wait in a shell for their turn.
const AHEAD: usize = 64;
/// A server that lets no further shell run is asked so many times.
const TRIES: u32 = 10;
/// What a shell says first.
const GREETING: &str = "this is a shell for bisync";
/// So much may come without the end of a line, in bytes.
const LONGEST: usize = 64 << 10;

/// The shells of a server.
pub struct Shells {
    there: Mutex<There>,
    at_once: Semaphore,
}

#[derive(Default)]
struct There {
    idle: Vec<Shell>,
    /// Of all shells, those that are busy too.
    count: usize,
}

impl Shells {
    /// Begins a first shell; `None` where there is none.
    ///
    /// # Errors
    /// Fails when the connection does.
    pub async fn open(connection: &Connection) -> Result<Option<Self>, Failure> {
        let Some(shell) = connection.patiently(Shell::open(connection)).await?? else { return Ok(None) };
        let there = Mutex::new(There { idle: vec![shell], count: 1 });
        Ok(Some(Self { there, at_once: Semaphore::new(AT_ONCE) }))
    }

    /// Runs a command with each of these paths, and returns the first word that each prints; nothing where it fails. It has to be one
    /// that leaves the shell as it is.
    ///
    /// # Errors
    /// Fails when a shell ends before it has answered. Another one takes the place of one that ended while it waited.
    pub async fn first_words(&self, server: &Server, command: &str, paths: &[String]) -> Result<Vec<String>, Failure> {
        loop {
            let place = self.at_once.acquire().await.map_err(|_| broken())?;
            let idle = self.there().idlest();
            let is_reused = idle.is_some();
            let mut shell = match idle {
                Some(shell) => shell,
                None => {
                    let connection = server.connection().await?;
                    match connection.patiently(Shell::open(&connection)).await?? {
                        Some(shell) => {
                            self.there().count += 1;
                            shell
                        }
                        None if self.there().count > 0 => {
                            // The server wants no more of them: the next one to be idle is waited for.
                            place.forget();
                            continue;
                        }
                        None => return Err(failed(FailureKind::Temporary, "the server runs no commands any more")),
                    }
                }
            };
            let before = shell.done;
            let words = shell.first_words(command, paths).await;
            if words.is_ok() {
                self.there().idle.push(shell);
                return words;
            }
            // It may be in the middle of anything. One that ended while it waited was of no use from the beginning: there may be others.
            let was_useless = is_reused && shell.done == before;
            self.there().count -= 1;
            shell.running.end().await;
            if !was_useless {
                return words;
            }
        }
    }

    fn there(&self) -> MutexGuard<'_, There> {
        // Nothing is done with the lock held that could leave half of it.
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl There {
    /// Takes a shell that waits. Those whose connection is no more are forgotten.
    fn idlest(&mut self) -> Option<Shell> {
        while let Some(shell) = self.idle.pop() {
            if shell.running.is_connected() {
                return Some(shell);
            }
            self.count -= 1;
        }
        None
    }
}

/// A shell that waits for commands.
struct Shell {
    running: Running,
    /// What it said that is no whole line yet.
    unread: Vec<u8>,
    /// So many commands it has carried out.
    done: usize,
}

impl Shell {
    /// Begins a shell; `None` where there is none that understands what a shell should. What the server says before is not for us.
    async fn open(connection: &Connection) -> Result<Option<Self>, Failure> {
        let Some(running) = connection.begin("sh", TRIES).await? else { return Ok(None) };
        let mut shell = Self { running, unread: Vec::new(), done: 0 };
        let greeting = format!("h=$(printf '%s - -' '{GREETING}' </dev/null); printf '%s\\n' \"${{h%% -*}}\"\n");
        shell.running.say(greeting).await?;
        while let Some(line) = shell.line().await? {
            if line == GREETING {
                return Ok(Some(shell));
            }
        }
        shell.running.end().await;
        Ok(None)
    }

    async fn first_words(&mut self, command: &str, paths: &[String]) -> Result<Vec<String>, Failure> {
        let mut words = Vec::with_capacity(paths.len());
        let mut asked = 0;
        while words.len() < paths.len() {
            let mut script = String::new();
            for path in paths.iter().skip(asked).take(AHEAD - (asked - words.len())) {
                let (path, number) = (word(path), self.done + asked - words.len());
                // What it prints after that may be a name, with any number of lines.
                script.push_str(&format!(
                    "h=$({command} {path} </dev/null 2>/dev/null); printf '%s %s\\n' {number} \"${{h%% *}}\"\n"
                ));
                asked += 1;
            }
            if !script.is_empty() {
                self.running.say(script).await?;
            }
            let line =
                self.line().await?.ok_or_else(|| failed(FailureKind::Temporary, "the shell on the server ended"))?;
            if let Some(word) = line.strip_prefix(&format!("{} ", self.done)) {
                words.push(word.to_owned());
                self.done += 1;
            }
        }
        Ok(words)
    }

    /// Returns the next line; `None` at the end.
    async fn line(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).take(end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            match self.running.hear().await? {
                Some(ChannelMsg::Data { data }) if self.unread.len() <= LONGEST => self.unread.extend(data),
                Some(ChannelMsg::Data { .. } | ChannelMsg::Failure | ChannelMsg::Eof | ChannelMsg::Close) | None => {
                    return Ok(None);
                }
                Some(_) => {}
            }
        }
    }
}
