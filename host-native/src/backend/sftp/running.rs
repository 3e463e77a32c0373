//! A command that runs on a server, in a channel of its own beside the one that files go through.

use bisync_engine::protocol::Failure;
use russh::client::Msg;
use russh::{Channel, ChannelMsg};
use tokio::sync::watch;

use super::alive::while_alive;
use super::failure::broken;

/// A command that runs on a server.
pub struct Running {
    channel: Channel<Msg>,
    /// Closed when the connection is.
    alive: watch::Receiver<()>,
}

impl Running {
    /// Begins a command in a channel that is of use for nothing else.
    ///
    /// # Errors
    /// Fails when the connection does.
    pub async fn begin(channel: Channel<Msg>, alive: watch::Receiver<()>, command: &str) -> Result<Self, Failure> {
        channel.exec(true, command).await.map_err(|_| broken())?;
        Ok(Self { channel, alive })
    }

    /// Says whether its connection lives.
    pub fn is_connected(&self) -> bool {
        self.alive.has_changed().is_ok()
    }

    /// Gives it something to read.
    ///
    /// # Errors
    /// Fails when the connection does.
    pub async fn say(&self, text: String) -> Result<(), Failure> {
        let said = while_alive(&self.alive, self.channel.data_bytes(text)).await;
        said.is_some_and(|said| said.is_ok()).then_some(()).ok_or_else(broken)
    }

    /// Gives it nothing more to read.
    ///
    /// # Errors
    /// Fails when the connection does.
    pub async fn say_no_more(&self) -> Result<(), Failure> {
        self.channel.eof().await.map_err(|_| broken())
    }

    /// Waits for what it has to say; `None` at its end.
    ///
    /// # Errors
    /// Fails when the connection does.
    pub async fn hear(&mut self) -> Result<Option<ChannelMsg>, Failure> {
        let alive = self.alive.clone();
        while_alive(&alive, self.channel.wait()).await.ok_or_else(broken)
    }

    /// Wants to hear no more of it.
    pub async fn end(self) {
        self.channel.close().await.ok();
    }
}
