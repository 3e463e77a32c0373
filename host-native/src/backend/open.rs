//! Which backend serves a remote.

use std::sync::Arc;

use bisync_engine::options::Options;

use super::local::Transport;
use super::{Answer, Backend};
use crate::remote::Remote;

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
}

/// Opens a folder of a remote.
pub type Open = for<'a> fn(Opening<'a>) -> Answer<'a, Arc<dyn Backend>>;

/// The kinds of remotes that are served here, by rclone's names; all others are served by rclone itself.
pub const NATIVE: &[(&str, Open)] = &[];

/// Returns who opens a remote of this kind, if it is served here.
pub fn native(kind: &str) -> Option<Open> {
    NATIVE.iter().find(|(name, _)| *name == kind).map(|(_, open)| *open)
}
