//! Downloads.

use bisync_engine::entry::Fingerprint;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Expect, Failure, FailureKind};
use futures_util::future::join;
use futures_util::stream::{FuturesOrdered, StreamExt};
use russh_sftp::protocol::OpenFlags;

use super::Sftp;
use super::connection::{Connection, Opened};
use super::entry::check;
use crate::backend::{Content, Producer, failed};

/// So many times in a row a download goes on without having come any further.
const VAIN_TRIES: u32 = 5;

impl Sftp {
    /// Reads the file that is `version`.
    pub(super) fn content(&self, path: RelPath, version: Fingerprint) -> Content {
        let backend = self.clone();
        Content::produced(|producer| async move { backend.send(&path, version, &producer).await })
    }

    /// Hands on the file. Where the connection breaks, another one goes on from there, with the same version.
    async fn send(&self, path: &RelPath, version: Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let (full, expect) = (self.at(path)?, Expect::Exactly(version));
        let (mut position, mut vain_tries) = (0, 0);
        loop {
            let connection = self.server.connection().await?;
            let begin = position;
            let Err(failure) = self.send_rest(&connection, &full, &expect, &mut position, producer).await else {
                return Ok(());
            };
            vain_tries = if position > begin { 0 } else { vain_tries + 1 };
            if failure.kind != FailureKind::Temporary || !connection.is_broken() || vain_tries > VAIN_TRIES {
                return Err(failure);
            }
        }
    }

    /// Hands on what comes after `position`, which moves along.
    async fn send_rest(
        &self,
        connection: &Connection,
        full: &str,
        expect: &Expect,
        position: &mut u64,
        producer: &Producer,
    ) -> Result<(), Failure> {
        let opened = connection.open_file(full, OpenFlags::READ).await.map_err(|failure| match failure.kind {
            FailureKind::NotFound => changed(),
            _ => failure,
        })?;
        let sent = self.send_opened(connection, &opened, expect, position, producer).await;
        let (closed, there) = join(connection.close(opened), connection.stat(full)).await;
        sent.and(closed)?;
        check(there?.as_ref(), expect).map_err(|_| changed())
    }

    async fn send_opened(
        &self,
        connection: &Connection,
        opened: &Opened<'_>,
        expect: &Expect,
        position: &mut u64,
        producer: &Producer,
    ) -> Result<(), Failure> {
        let Expect::Exactly(Fingerprint { size: Some(size), .. }) = *expect else {
            return Err(failed(FailureKind::Other, "the server does not say how large it is"));
        };
        let chunk = self.server.settings.chunk_size;
        // What is open is described together with the first reads.
        let mut described = Box::pin(connection.describe(opened));
        let mut described_yet = false;
        let mut pieces = FuturesOrdered::new();
        let mut offset = *position;
        loop {
            while offset < size && pieces.len() < self.server.settings.concurrency.reads {
                let length = u32::try_from(size - offset).map_or(chunk, |left| left.min(chunk));
                pieces.push_back(whole(connection, opened, offset, length));
                offset += u64::from(length);
            }
            let next = if described_yet {
                pieces.next().await
            } else {
                described_yet = true;
                let (attributes, next) = join(&mut described, pieces.next()).await;
                check(Some(&attributes?), expect).map_err(|_| changed())?;
                next
            };
            let Some(piece) = next.transpose()? else { return Ok(()) };
            let length = piece.len() as u64;
            producer.send(piece).await?;
            *position += length;
        }
    }
}

/// Reads so many bytes, in as many steps as the server likes.
async fn whole(connection: &Connection, opened: &Opened<'_>, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let left = u32::try_from(bytes.len()).map_or(0, |read| length.saturating_sub(read));
        if left == 0 {
            break;
        }
        let piece = connection.read(opened, offset + bytes.len() as u64, left).await?;
        let Some(piece) = piece.filter(|piece| !piece.is_empty()) else {
            return Err(failed(FailureKind::Temporary, "less was received than the file holds"));
        };
        if bytes.is_empty() {
            bytes = piece;
        } else {
            bytes.extend(piece);
        }
    }
    if bytes.len() as u64 > u64::from(length) {
        return Err(failed(FailureKind::Temporary, "more was received than was asked for"));
    }
    Ok(bytes)
}

pub(super) fn changed() -> Failure {
    failed(FailureKind::Changed, "it was changed while it was being read")
}
