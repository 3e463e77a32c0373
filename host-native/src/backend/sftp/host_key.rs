//! Whether a server is who it should be.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use russh::Preferred;
use russh::client::Handler;
use russh::keys::known_hosts::known_host_keys_path;
use russh::keys::{PublicKeyOrCertificate, check_known_hosts_path};
use tokio::sync::watch;

/// Why a server is not who it should be, once that is known.
pub type Doubt = Arc<OnceLock<&'static str>>;

const UNKNOWN: &str = "`known_hosts_file` has no key of this server, so it is not trusted";
const CHANGED: &str = "the key of the server is not the one that `known_hosts_file` has for it: somebody else may answer in its place, so \
                       it is not trusted";

/// What the key of a server is held against.
#[derive(Debug)]
pub struct HostKey {
    /// The server, as the remote names it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The file of known keys; without one any key will do, as in rclone.
    pub known_hosts: Option<PathBuf>,
    /// Says why the key will not do.
    pub doubt: Doubt,
    /// Ends with the connection, whatever ended that.
    pub _life: watch::Sender<()>,
}

/// Returns the algorithms in the order in which they are asked for. A server that has several keys shows that which is known, if any.
pub fn preferred(host: &str, port: u16, known_hosts: Option<&Path>) -> Preferred {
    let known = known_hosts.and_then(|file| known_host_keys_path(host, port, file).ok()).unwrap_or_default();
    let mut preferred = Preferred::default();
    let is_known = |algorithm: &russh::keys::Algorithm| {
        known.iter().any(|(_, key)| match (key.algorithm(), algorithm) {
            (russh::keys::Algorithm::Rsa { .. }, russh::keys::Algorithm::Rsa { .. }) => true,
            (one, other) => one == *other,
        })
    };
    let (first, then): (Vec<_>, Vec<_>) = preferred.key.iter().cloned().partition(is_known);
    preferred.key = Cow::Owned([first, then].concat());
    preferred
}

impl Handler for HostKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let Some(file) = &self.known_hosts else { return Ok(true) };
        match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                let is_known = check_known_hosts_path(&self.host, self.port, key, file);
                let doubt = match is_known {
                    Ok(true) => return Ok(true),
                    Err(russh::keys::Error::KeyChanged { .. }) => CHANGED,
                    // A file that cannot be read is as good as an unknown key.
                    Ok(false) | Err(_) => UNKNOWN,
                };
                self.doubt.set(doubt).ok();
                Ok(false)
            }
            PublicKeyOrCertificate::Certificate(_) => Ok(false),
        }
    }
}
