//! Puts files in their places, moves and deletes them, keeps backups of them, and sets their times.

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, MoveFile};
use futures_util::future::join3;

use super::connection::Connection;
use super::entry::{check, found, kind, times};
use super::list::is_directory;
use super::{Sftp, below};
use crate::backend::failed;

impl Sftp {
    /// Gives a staged file its name. What is there was looked at just before.
    pub(super) async fn put(
        &self,
        connection: &Connection,
        copy: &CopyFile,
        staged: &str,
        target: &str,
    ) -> Result<(), Failure> {
        // RACE: a change of the target after the look is lost, but for the first case on servers that refuse.
        match (&copy.expect, &copy.disposal) {
            (Expect::Absent, _) => rename_to_nothing(connection, staged, target).await,
            (Expect::Exactly(_), Disposal::Discard) => replace(connection, staged, target).await,
            (Expect::Exactly(version), Disposal::Backup(path))
                if self.back_up_followed(connection, &copy.target, version, path).await? =>
            {
                replace(connection, staged, target).await
            }
            (Expect::Exactly(_), Disposal::Backup(path)) if self.link_backup(connection, target, path).await? => {
                connection.rename_over(staged, target).await
            }
            (Expect::Exactly(_), Disposal::Backup(path)) => {
                let kept = self.back_up(connection, target, path).await?;
                let put = rename_to_nothing(connection, staged, target).await;
                if put.is_err() {
                    connection.rename(&kept, target).await.ok();
                }
                put
            }
        }
    }

    /// Moves a file.
    pub(super) async fn move_within(&self, moved: &MoveFile) -> Result<Found, Failure> {
        let (from, to) = (self.at(&moved.path)?, self.at(&moved.target)?);
        let connection = self.server.connection().await?;
        let asked = join3(connection.stat(&from), connection.lstat(&from), connection.lstat(&to));
        let (source, itself, target) = asked.await;
        let (source, itself, target) = (source?, itself?, target?);
        check(source.as_ref(), &Expect::Exactly(moved.expect.clone()))?;
        check(target.as_ref(), &Expect::Absent)?;
        if itself.is_some_and(|itself| kind(&itself) == Kind::Link) {
            return self.move_followed(&connection, moved).await;
        }
        // RACE: a change of the source after the look is moved along; what is put at the target stays on servers that refuse.
        match rename_to_nothing(&connection, &from, &to).await {
            Err(failure) if failure.kind == FailureKind::NotFound => {
                self.make_parents(&connection, &moved.target).await?;
                rename_to_nothing(&connection, &from, &to).await?;
            }
            result => result?,
        }
        source.as_ref().map(found).ok_or_else(|| failed(FailureKind::Refused, "it is not there any more"))
    }

    /// Deletes a file.
    pub(super) async fn delete(&self, path: &RelPath, expect: Fingerprint, kept: &Disposal) -> Result<(), Failure> {
        self.check_disposal(kept)?;
        let full = self.at(path)?;
        let connection = self.server.connection().await?;
        check(connection.stat(&full).await?.as_ref(), &Expect::Exactly(expect.clone()))?;
        // RACE: a change after the look is lost, or kept as a backup.
        match kept {
            Disposal::Discard => connection.remove(&full).await,
            Disposal::Backup(kept) if self.back_up_followed(&connection, path, &expect, kept).await? => {
                connection.remove(&full).await
            }
            Disposal::Backup(kept) => self.back_up(&connection, &full, kept).await.map(drop),
        }
    }

    /// Sets the time of a file.
    pub(super) async fn set_modified(
        &self,
        path: &RelPath,
        expect: Fingerprint,
        modified: Instant,
    ) -> Result<Found, Failure> {
        let full = self.at(path)?;
        let connection = self.server.connection().await?;
        check(connection.stat(&full).await?.as_ref(), &Expect::Exactly(expect))?;
        connection.set(&full, times(modified)).await?;
        let there = connection.stat(&full).await?;
        there.as_ref().map(found).ok_or_else(|| failed(FailureKind::Refused, "it is not there any more"))
    }

    /// Makes sure that there is a place for backups where one is needed.
    pub(super) fn check_disposal(&self, disposal: &Disposal) -> Result<(), Failure> {
        match disposal {
            Disposal::Discard => Ok(()),
            Disposal::Backup(path) => self.backup_at(path).map(drop),
        }
    }

    /// Moves a file to where backups are, and returns its new path.
    pub(super) async fn back_up(&self, connection: &Connection, path: &str, kept: &RelPath) -> Result<String, Failure> {
        let to = self.backup_at(kept)?;
        match keep(connection, path, &to).await {
            Err(failure) if failure.kind == FailureKind::NotFound => {
                self.make_backup_parents(connection, kept).await?;
                keep(connection, path, &to).await?;
            }
            // Servers do not say why.
            Err(failure) if failure.kind == FailureKind::Other => {
                let there = connection.lstat(&to).await?;
                return Err(if there.as_ref().is_some_and(is_directory) { in_the_way(kept) } else { failure });
            }
            result => result?,
        }
        Ok(to)
    }

    /// Gives a file that can be replaced in one step a second name where backups are. Says whether the server can do so: some say
    /// that they can, and cannot.
    async fn link_backup(&self, connection: &Connection, path: &str, kept: &RelPath) -> Result<bool, Failure> {
        if !connection.links || !connection.replaces {
            return Ok(false);
        }
        let to = self.backup_at(kept)?;
        let Err(failure) = connection.link(path, &to).await else { return Ok(true) };
        match failure.kind {
            FailureKind::Temporary => return Err(failure),
            FailureKind::NotFound => self.make_backup_parents(connection, kept).await?,
            _ => match connection.lstat(&to).await? {
                Some(there) if is_directory(&there) => return Err(in_the_way(kept)),
                Some(_) => connection.remove(&to).await?,
                None => return Ok(false),
            },
        }
        Ok(connection.link(path, &to).await.is_ok())
    }

    fn backup_at(&self, path: &RelPath) -> Result<String, Failure> {
        let backup = self.backup.as_deref();
        let backup = backup.ok_or_else(|| failed(FailureKind::Other, "no directory for backups was given"))?;
        Ok(below(backup, super::name(path)?))
    }
}

pub(super) fn in_the_way(kept: &RelPath) -> Failure {
    failed(FailureKind::WrongKind, &format!("cannot back up to `{kept}`: a directory is there"))
}

/// Renames a file, and makes sure that the new name is not taken: most servers refuse then, but do not say why.
async fn rename_to_nothing(connection: &Connection, from: &str, to: &str) -> Result<(), Failure> {
    let Err(failure) = connection.rename(from, to).await else { return Ok(()) };
    if failure.kind == FailureKind::Other && connection.lstat(to).await?.is_some() {
        return Err(failed(FailureKind::Refused, "something is there already"));
    }
    Err(failure)
}

/// Gives a staged file the name of another, which is replaced.
async fn replace(connection: &Connection, from: &str, to: &str) -> Result<(), Failure> {
    if connection.replaces {
        return connection.rename_over(from, to).await;
    }
    // What is there stands aside until the other has its name; the name for that time is one of this run's.
    let aside = format!("{from}~");
    connection.rename(to, &aside).await?;
    // RACE: if all ends here, the old file has this name, and the new one is still where it was.
    let renamed = connection.rename(from, to).await;
    if renamed.is_err() {
        connection.rename(&aside, to).await?;
    } else {
        connection.remove(&aside).await.ok();
    }
    renamed
}

/// Moves a file to where backups are, and replaces what is there.
async fn keep(connection: &Connection, from: &str, to: &str) -> Result<(), Failure> {
    if connection.replaces {
        return connection.rename_over(from, to).await;
    }
    match connection.remove(to).await {
        Err(failure) if failure.kind != FailureKind::NotFound => Err(failure),
        Ok(()) | Err(_) => connection.rename(from, to).await,
    }
}
