//! Uploads: under a temporary name, then renamed.

use bisync_engine::entry::{Found, Instant};
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

/// So many connections may break while a file gets its old time again.
const TRIES_TO_MAKE_OLD: u32 = 3;

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
        let size = match self.fill(connection, copy, &opened, content, None).await {
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
            Expect::Absent => (self.create_in_place(connection, copy, target).await?, None),
            Expect::Exactly(version) => {
                let there = connection.stat(target).await?;
                check(there.as_ref(), &copy.expect)?;
                if let Disposal::Backup(path) = &copy.disposal {
                    if self.back_up_followed(connection, &copy.target, version, path).await? {
                        connection.remove(target).await?;
                    } else {
                        self.back_up(connection, target, path).await?;
                    }
                    (self.create_in_place(connection, copy, target).await?, None)
                } else {
                    let old = there.and_then(|there| there.mtime).map(time);
                    // RACE: a change after the look is lost.
                    (self.empty(connection, target, old.as_ref()).await?, old)
                }
            }
        };
        // From where no times come none is given, and what is whole has that at which it was written.
        let half = copy.source.modified.and(old.clone()).or_else(|| just_before(copy));
        let failure = match self.fill(connection, copy, &opened, content, half.as_ref()).await {
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
            (Expect::Exactly(_), Some(old)) => Err(self.make_old(target, &old, copy.source.size, failure).await),
            (Expect::Exactly(_), None) | (Expect::Absent, _) => {
                self.discard(target).await;
                Err(failure)
            }
        }
    }

    /// Makes a file under its own name.
    async fn create_in_place<'a>(
        &self,
        connection: &'a Connection,
        copy: &CopyFile,
        target: &str,
    ) -> Result<Opened<'a>, Failure> {
        match (self.create(connection, copy, target, false).await, just_before(copy)) {
            // The answer may be lost, and an empty file be there.
            (Err(failure), Some(old)) if failure.kind == FailureKind::Temporary => {
                Err(self.make_old(target, &old, Some(0), failure).await)
            }
            (created, _) => created,
        }
    }

    /// Opens a file that is written anew. It has no content from then on.
    async fn empty<'a>(
        &self,
        connection: &'a Connection,
        target: &str,
        old: Option<&FileAttributes>,
    ) -> Result<Opened<'a>, Failure> {
        match (connection.open_file(target, OpenFlags::WRITE | OpenFlags::TRUNCATE).await, old) {
            (Ok(opened), _) => Ok(opened),
            // The answer may be lost, and the content with it.
            (Err(failure), Some(old)) if failure.kind == FailureKind::Temporary => {
                Err(self.make_old(target, old, Some(0), failure).await)
            }
            (Err(failure), _) => Err(failure),
        }
    }

    /// Gives a file that has lost its content its old time, over whatever connection there is, so that it never counts as newer. Where
    /// that cannot be, the failure says so. What is larger than `most` bytes is somebody else's by now.
    async fn make_old(&self, target: &str, old: &FileAttributes, most: Option<u64>, failure: Failure) -> Failure {
        for _ in 0..TRIES_TO_MAKE_OLD {
            let Ok(connection) = self.server.connection().await else { break };
            match make_old(&connection, target, old, most).await {
                Ok(()) => return failure,
                Err(Failure { kind: FailureKind::Temporary, .. }) => {}
                Err(_) => break,
            }
        }
        let Failure { kind, message } = failure;
        failed(kind, &format!("{message}; what is there now is not whole, and may count as newer"))
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

    /// Sends the content, and returns its size in bytes. With each piece the file gets the time that `half` of it is to have, if there is
    /// one: whatever ends the connection or the program, it does not look new.
    async fn fill(
        &self,
        connection: &Connection,
        copy: &CopyFile,
        opened: &Opened<'_>,
        mut content: Content,
        half: Option<&FileAttributes>,
    ) -> Result<u64, Failure> {
        let passage = self.transport.passage.file();
        let chunk = usize::try_from(self.server.settings.chunk_size).unwrap_or(usize::MAX);
        let mut writing = FuturesUnordered::new();
        let mut offset = 0;
        let mut next = match half {
            // Who cannot do it now may do it at the end.
            Some(half) => join(content.next(), connection.set_opened(opened, half.clone())).await.0,
            None => content.next().await,
        };
        while let Some(bytes) = next? {
            for piece in bytes.chunks(chunk) {
                while writing.len() >= self.server.settings.concurrency.writes {
                    if let Some(written) = writing.next().await {
                        let () = written?;
                    }
                }
                writing.push(write(connection, opened, offset, piece.to_vec(), half));
                offset += piece.len() as u64;
                // It is on its way before the next piece is there.
                if let Some(Some(written)) = writing.next().now_or_never() {
                    let () = written?;
                }
            }
            passage.copied(bytes.len() as u64)?;
            next = content.next().await;
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

/// Gives a file its old time, where it has another one and may be what was written here.
async fn make_old(
    connection: &Connection,
    target: &str,
    old: &FileAttributes,
    most: Option<u64>,
) -> Result<(), Failure> {
    let there = connection.stat(target).await?.filter(|there| there.mtime != old.mtime);
    match there.filter(|there| there.size.zip(most).is_none_or(|(size, most)| size <= most)) {
        Some(_) => connection.set(target, old.clone()).await,
        None => Ok(()),
    }
}

/// Writes a piece of a file, and gives the file a time after it.
async fn write(
    connection: &Connection,
    opened: &Opened<'_>,
    offset: u64,
    piece: Vec<u8>,
    time: Option<&FileAttributes>,
) -> Result<(), Failure> {
    let written = connection.write(opened, offset, piece);
    let Some(time) = time else { return written.await };
    // Both are asked at once. RACE: if the server hears the first and not the second, the file looks new.
    join(written, connection.set_opened(opened, time.clone())).await.0
}

/// Returns the time of a new file as long as it is not whole: older than that of the whole.
fn just_before(copy: &CopyFile) -> Option<FileAttributes> {
    let Instant { seconds, nanoseconds } = copy.source.modified?;
    Some(times(Instant { seconds: seconds - 1, nanoseconds }))
}

/// Returns a time to set.
fn time(seconds: u32) -> FileAttributes {
    FileAttributes { atime: Some(seconds), mtime: Some(seconds), ..FileAttributes::empty() }
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
