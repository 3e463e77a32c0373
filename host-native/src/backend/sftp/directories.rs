//! Makes and removes directories.

use bisync_engine::entry::{Found, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Emptiness, Failure, FailureKind};
use russh_sftp::protocol::FileAttributes;

use super::connection::Connection;
use super::entry::{found, kind};
use super::list::{contents, is_damaged, is_directory};
use super::{Sftp, below, name};
use crate::backend::failed;

impl Sftp {
    /// Makes a directory.
    pub(super) async fn make(&self, path: &RelPath) -> Result<Found, Failure> {
        let full = self.at(path)?;
        let connection = self.server.connection().await?;
        let top = if path.is_root() { "" } else { &self.folder };
        make_below(&connection, top, &full).await?;
        match connection.stat(&full).await?.as_ref().map(found) {
            Some(found) if found.kind == Kind::Directory => Ok(found),
            Some(_) => Err(failed(FailureKind::WrongKind, "a file is there")),
            None => Err(failed(FailureKind::Temporary, "it is not there after it was made")),
        }
    }

    /// Makes the directories above a path of this folder. The folder itself is not made again when it is gone.
    pub(super) async fn make_parents(&self, connection: &Connection, path: &RelPath) -> Result<(), Failure> {
        make_below(connection, &self.folder, &self.at(&path.parent().unwrap_or_default())?).await
    }

    /// Makes the directories above a path where backups are.
    pub(super) async fn make_backup_parents(&self, connection: &Connection, path: &RelPath) -> Result<(), Failure> {
        let backup = self.backup.as_deref().unwrap_or_default();
        make_below(connection, "", &below(backup, name(&path.parent().unwrap_or_default())?)).await
    }

    /// Removes a directory.
    pub(super) async fn remove(&self, path: &RelPath, emptiness: Emptiness) -> Result<(), Failure> {
        let full = self.at(path)?;
        let connection = self.server.connection().await?;
        // Those that are left to look into come after the directory that they are in.
        let (mut directories, mut next) = (vec![full], 0);
        while let Some(directory) = directories.get(next).cloned() {
            next += 1;
            // Some servers remove what is not empty.
            let files = match contents(&connection, &directory).await {
                Err(failure) if failure.kind == FailureKind::NotFound && next == 1 => return Ok(()),
                files => files?,
            };
            let goes_deeper = emptiness == Emptiness::NoFiles;
            if files.iter().any(|file| !goes_deeper || !is_directory(&file.attrs) || is_damaged(&file.filename)) {
                return Err(failed(FailureKind::NotEmpty, "it is not empty"));
            }
            directories.extend(files.iter().map(|file| below(&directory, &file.filename)));
        }
        for directory in directories.iter().rev() {
            self.remove_one(&connection, directory).await?;
        }
        Ok(())
    }

    /// Removes a directory that is empty, or a link to one, which counts as that directory: the directory itself stays.
    async fn remove_one(&self, connection: &Connection, directory: &str) -> Result<(), Failure> {
        let Err(failure) = connection.remove_directory(directory).await else { return Ok(()) };
        let is_link = |there: FileAttributes| kind(&there) == Kind::Link;
        if !self.server.settings.skips_links && connection.lstat(directory).await?.is_some_and(is_link) {
            // RACE: what is put into the directory after it was listed stays, but is no longer reached from here.
            return connection.remove(directory).await;
        }
        Err(failure)
    }
}

/// Makes a directory and those above it, but none that is not below `top`.
async fn make_below(connection: &Connection, top: &str, path: &str) -> Result<(), Failure> {
    let mut missing = vec![path];
    while let Some(directory) = missing.last().copied() {
        match connection.make_directory(directory).await {
            Ok(()) => {
                missing.pop();
            }
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let parent = directory.rsplit_once('/').map(|(parent, _)| parent).filter(|parent| !parent.is_empty());
                match parent {
                    Some(parent) if parent != top && missing.len() < path.len() => missing.push(parent),
                    Some(_) | None => return Err(failure),
                }
            }
            // Servers do not say that it is there already.
            Err(failure) => match connection.stat(directory).await? {
                Some(there) if found(&there).kind == Kind::Directory => {
                    missing.pop();
                }
                Some(_) => return Err(failed(FailureKind::WrongKind, "a file is in the place of a directory")),
                None => return Err(failure),
            },
        }
    }
    Ok(())
}
