//! Backends that serve a kind of remotes without rclone, and how they are opened.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bisync_engine::options::Options;
use bisync_engine::protocol::{Failure, FailureKind};

use super::{Backend, Transport, failed};
use crate::environment::Environment;
use crate::remote::{Remote, RemoteError};

/// What a backend is opened with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The remote, with all its options.
    pub remote: &'a Remote,
    /// The path of the folder on the remote, without `/` at its ends but for one at the beginning where that means something.
    pub path: &'a str,
    /// The path of its backups on the same remote.
    pub backup: Option<&'a str>,
    /// What content passes through.
    pub transport: &'a Transport,
    /// The options of the run.
    pub options: &'a Options,
    /// Where what can be found out again may be kept for later runs. The directory may not be there.
    pub cache: &'a Path,
}

/// Why a folder of a remote is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// The remote wants what only rclone can do.
    #[error("{0} is not served here, but by rclone: `--backend auto`")]
    LeftToRclone(String),
    /// It cannot be opened.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<RemoteError> for Unopened {
    fn from(error: RemoteError) -> Self {
        Self::Failed(failed(FailureKind::Other, &error.to_string()))
    }
}

/// A folder that is being opened.
pub type Opened<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn Backend>, Unopened>> + Send + 'a>>;

/// Who serves a kind of remotes here.
#[derive(Debug, Clone, Copy)]
pub struct Native {
    /// The kind, by rclone's name.
    pub kind: &'static str,
    /// Returns what of a remote only rclone can do; `None` when it is served here.
    pub lacks: fn(&Remote, &Environment) -> Option<String>,
    /// Opens a folder of a remote.
    pub open: for<'a> fn(Opening<'a>) -> Opened<'a>,
}
