//! Uploads: under a temporary name, then renamed.

use bisync_engine::entry::Found;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, Staging};
use futures_util::FutureExt;
use futures_util::future::{join, join3};
use futures_util::stream::{FuturesUnordered, StreamExt};
use russh_sftp::protocol::{FileAttributes, OpenFlags};

use super::Sftp;
use super::connection::{Connection, Opened};
use super::entry::{check, found, permissions, times};
use super::read::changed;
use crate::backend::{Content, failed};

impl Sftp {
    /// Writes a file.
    pub(super) async fn upload(&self, copy: &CopyFile, content: Content) -> Result<Found, Failure> {
        self.check_disposal(&copy.disposal)?;
        let target = self.at(&copy.target)?;
        let connection = self.server.connection().await?;
        let staged = match &copy.staging {
            Staging::Temporary(temporary) => self.at(temporary)?,
            Staging::InPlace => return self.upload_in_place(&connection, copy, content, &target).await,
        };
        let outcome = self.stage(&connection, copy, content, &staged, &target).await;
        if outcome.is_err() {
            self.discard(&staged).await;
        }
        outcome
    }

    async fn stage(
        &self,
        connection: &Connection,
        copy: &CopyFile,
        content: Content,
        staged: &str,
        target: &str,
    ) -> Result<Found, Failure> {
        let opened = self.create(connection, copy, staged, true).await?;
        let size = match self.fill(connection, copy, &opened, content).await {
            Ok(size) => size,
            Err(failure) => {
                connection.close(opened).await.ok();
                return Err(failure);
            }
        };
        let there = async {
            match copy.expect {
                Expect::Absent => connection.lstat(target).await,
                Expect::Exactly(_) => connection.stat(target).await,
            }
        };
        let finished = finish(connection, copy, opened, staged, size);
        let (written, there) = match &copy.staging {
            Staging::Temporary(temporary) if self.can_verify(copy) => {
                let written = finished.await?;
                self.verify(copy, temporary).await?;
                (written, there.await?)
            }
            // All of these are asked at once; most servers carry them out in this order.
            Staging::Temporary(_) | Staging::InPlace => {
                let (written, there) = join(finished, there).await;
                (written?, there?)
            }
        };
        check(there.as_ref(), &copy.expect)?;
        if let Some(wanted) = there.as_ref().and_then(permissions)
            && permissions(&written) != Some(wanted)
        {
            // Who may not set them keeps what it has, as with rclone.
            let attributes = FileAttributes { permissions: Some(wanted), ..FileAttributes::empty() };
            connection.set(staged, attributes).await.ok();
        }
        self.put(connection, copy, staged, target).await?;
        Ok(found(&written))
    }

    /// Writes a file under its own name.
    async fn upload_in_place(
        &self,
        connection: &Connection,
        copy: &CopyFile,
        content: Content,
        target: &str,
    ) -> Result<Found, Failure> {
        let (opened, old) = match &copy.expect {
            Expect::Absent => (self.create(connection, copy, target, false).await?, None),
            Expect::Exactly(_) => {
                let there = connection.stat(target).await?;
                check(there.as_ref(), &copy.expect)?;
                if let Disposal::Backup(path) = &copy.disposal {
                    self.back_up(connection, target, path).await?;
                    (self.create(connection, copy, target, false).await?, None)
                } else {
                    // RACE: a change after the look is lost.
                    let opened = connection.open_file(target, OpenFlags::WRITE | OpenFlags::TRUNCATE).await?;
                    (opened, there.and_then(|there| there.mtime))
                }
            }
        };
        let failure = match self.fill(connection, copy, &opened, content).await {
            Ok(size) => {
                let written = finish(connection, copy, opened, target, size).await;
                let verified = if written.is_ok() { self.verify(copy, &copy.target).await } else { Ok(()) };
                match verified.and(written) {
                    Ok(written) => return Ok(found(&written)),
                    Err(failure) => failure,
                }
            }
            Err(failure) => {
                connection.close(opened).await.ok();
                failure
            }
        };
        match (&copy.expect, old) {
            (Expect::Exactly(_), Some(seconds)) => {
                // It has lost its content, and must not count as newer.
                let old = FileAttributes { atime: Some(seconds), mtime: Some(seconds), ..FileAttributes::empty() };
                connection.set(target, old).await.ok();
            }
            (Expect::Exactly(_), None) | (Expect::Absent, _) => self.discard(target).await,
        }
        Err(failure)
    }

    /// Removes what was made and is of no use; when that does not work, it is left for the next run to find.
    async fn discard(&self, path: &str) {
        if let Ok(connection) = self.server.connection().await {
            connection.remove(path).await.ok();
        }
    }

    /// Makes a file that is not there, with the directories that it needs. `is_ours` says that what has its name may go.
    async fn create<'a>(
        &self,
        connection: &'a Connection,
        copy: &CopyFile,
        path: &str,
        is_ours: bool,
    ) -> Result<Opened<'a>, Failure> {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
        let failure = match connection.open_file(path, flags).await {
            Ok(opened) => return Ok(opened),
            Err(failure) => failure,
        };
        match (failure.kind, &copy.expect) {
            (FailureKind::NotFound, Expect::Absent) => self.make_parents(connection, &copy.target).await?,
            (FailureKind::NotFound, Expect::Exactly(_)) => check(None, &copy.expect)?,
            (FailureKind::Temporary, _) => return Err(failure),
            // A try that broke off may have left it behind.
            _ if is_ours => connection.remove(path).await.map_err(|_| failure)?,
            _ => {
                check(connection.lstat(path).await?.as_ref(), &Expect::Absent)?;
                return Err(failure);
            }
        }
        connection.open_file(path, flags).await
    }

    /// Sends the content, and returns its size in bytes.
    async fn fill(
        &self,
        connection: &Connection,
        copy: &CopyFile,
        opened: &Opened<'_>,
        mut content: Content,
    ) -> Result<u64, Failure> {
        let passage = self.transport.passage.file();
        let chunk = usize::try_from(self.server.settings.chunk_size).unwrap_or(usize::MAX);
        let mut writing = FuturesUnordered::new();
        let mut offset = 0;
        while let Some(bytes) = content.next().await? {
            for piece in bytes.chunks(chunk) {
                while writing.len() >= self.server.settings.concurrency.writes {
                    if let Some(written) = writing.next().await {
                        let () = written?;
                    }
                }
                writing.push(connection.write(opened, offset, piece.to_vec()));
                offset += piece.len() as u64;
                // It is on its way before the next piece is there.
                if let Some(Some(written)) = writing.next().now_or_never() {
                    let () = written?;
                }
            }
            passage.copied(bytes.len() as u64)?;
        }
        while let Some(written) = writing.next().await {
            written?;
        }
        if copy.source.size.is_some_and(|expected| expected != offset) {
            return Err(changed());
        }
        Ok(offset)
    }
}

/// Closes a file, durable where the server can do so, and sets its time, and returns what it then is.
async fn finish(
    connection: &Connection,
    copy: &CopyFile,
    opened: Opened<'_>,
    path: &str,
    size: u64,
) -> Result<FileAttributes, Failure> {
    let wanted = copy.source.modified.map(times);
    let set = || async {
        match &wanted {
            Some(times) => connection.set(path, times.clone()).await,
            None => Ok(()),
        }
    };
    let (timed, there) = if connection.syncs {
        // A loss of power must not leave less under the final name than was written.
        let (timed, there) = join(connection.close_durably(opened, wanted.clone()), connection.stat(path)).await;
        (timed?, there)
    } else {
        let (closed, timed, there) = join3(connection.close(opened), set(), connection.stat(path)).await;
        closed?;
        (timed, there)
    };
    let is_right = |there: &FileAttributes| {
        there.size.is_none_or(|there| there == size) && wanted.as_ref().is_none_or(|wanted| there.mtime == wanted.mtime)
    };
    let there = match (timed, there) {
        (Ok(()), Ok(Some(there))) if is_right(&there) => there,
        // A server that does not do one thing after the other is asked again, one thing after the other.
        _ => {
            set().await?;
            connection.stat(path).await?.ok_or_else(unwritten)?
        }
    };
    if there.size.is_some_and(|there| there != size) {
        return Err(unwritten());
    }
    Ok(there)
}

fn unwritten() -> Failure {
    failed(FailureKind::Temporary, "the server does not have all that was sent")
}
