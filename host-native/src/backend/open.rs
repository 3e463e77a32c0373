//! Which backend serves a remote.

use super::native::Native;
use super::{s3, sftp, webdav};

/// The kinds of remotes that are served here; all others are served by rclone itself.
pub const NATIVE: &[Native] = &[s3::NATIVE, sftp::NATIVE, webdav::NATIVE];

/// Returns who serves a kind of remotes here, if anybody does.
pub fn native(kind: &str) -> Option<Native> {
    NATIVE.iter().find(|native| native.kind == kind).copied()
}
