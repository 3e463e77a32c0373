//! Makes names durable: those of files that were written, moved or deleted, and of directories.
//!
//! The content of a file is durable before it gets its name, see [`Connection::close_durably`]. Names are what their directories
//! hold, which are noted while they are changed, and made durable together at the end.

use std::collections::BTreeSet;

use bisync_engine::protocol::{Failure, FailureKind};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use russh_sftp::protocol::OpenFlags;

use super::Sftp;
use super::connection::Connection;

/// So many directories are made durable at a time.
const AT_ONCE: usize = 16;

impl Sftp {
    /// Makes all names durable that were changed, where the server can do so.
    pub(super) async fn make_durable(&self) -> Result<(), Failure> {
        let changed = self.server.changed.take();
        let made = self.make_these_durable(&changed).await;
        if made.is_err() {
            self.server.changed.put_back(changed);
        }
        made
    }

    async fn make_these_durable(&self, directories: &BTreeSet<String>) -> Result<(), Failure> {
        if directories.is_empty() {
            return Ok(());
        }
        let connection = self.server.connection().await?;
        let made = stream::iter(directories.clone()).map(|directory| {
            let connection = &connection;
            async move { make_durable(connection, &directory).await }
        });
        made.buffer_unordered(AT_ONCE).try_collect().await
    }
}

/// Makes the names in a directory durable. OpenSSH opens a directory as a file for that, as the system below it does. What is announced
/// is for files: where that is not possible, nothing more can be done. A directory may be gone, too.
async fn make_durable(connection: &Connection, directory: &str) -> Result<(), Failure> {
    let opened = match connection.open_file(directory, OpenFlags::READ).await {
        Ok(opened) => opened,
        Err(failure) if is_for_files(&failure) => return Ok(()),
        Err(failure) => return Err(failure),
    };
    match connection.close_durably(opened, None).await {
        // Cygwin says so, which would have to write to it.
        Err(failure) if failure.kind == FailureKind::PermissionDenied => Ok(()),
        closed => closed.map(drop),
    }
}

/// Says whether a directory is gone, or one that this server does not open as a file. Windows denies it, others say what it is.
fn is_for_files(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::NotFound | FailureKind::PermissionDenied)
        || failure.kind == FailureKind::Other && failure.message.contains("directory")
}
