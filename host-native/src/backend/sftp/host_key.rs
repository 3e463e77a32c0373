//! Whether a server is who it should be.

use std::path::PathBuf;

use russh::client::Handler;
use russh::keys::{PublicKeyOrCertificate, check_known_hosts_path};
use tokio::sync::watch;

/// What the key of a server is held against.
#[derive(Debug)]
pub struct HostKey {
    /// The server, as the remote names it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The file of known keys; without one any key will do, as in rclone.
    pub known_hosts: Option<PathBuf>,
    /// Ends with the connection, whatever ended that.
    pub _life: watch::Sender<()>,
}

impl Handler for HostKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let Some(file) = &self.known_hosts else { return Ok(true) };
        match key {
            // A key that changed, or a file that cannot be read, is as good as an unknown key.
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                Ok(check_known_hosts_path(&self.host, self.port, key, file).unwrap_or(false))
            }
            PublicKeyOrCertificate::Certificate(_) => Ok(false),
        }
    }
}
