//! The content of a file on its way to a server.

use std::future::pending;
use std::pin::pin;

use bisync_engine::entry::Hash;
use bisync_engine::protocol::{CopyFile, Failure, FailureKind};
use bytes::Bytes;
use futures_util::future::{Either, select};
use md5::Digest;
use md5::digest::Output;
use reqwest::Response;

use super::{BodySender, Client};
use crate::backend::{Content, failed};
use crate::limits::FilePassage;

/// The content of a file that is uploaded, which ends well only when it is what it has to be. `D` is the hash that is made on the way.
pub struct Incoming<'a, D> {
    content: Content,
    passage: FilePassage<'a>,
    copy: &'a CopyFile,
    algorithm: &'static str,
    digest: D,
    is_hashed: bool,
    length: u64,
}

impl<'a, D: Digest + Clone> Incoming<'a, D> {
    /// Begins with the first byte. `algorithm` is what listings call the hash.
    pub fn new(content: Content, passage: FilePassage<'a>, copy: &'a CopyFile, algorithm: &'static str) -> Self {
        Self { content, passage, copy, algorithm, digest: D::new(), is_hashed: true, length: 0 }
    }

    /// Makes a hash of what comes from now on only where one was listed, to hold it against that.
    pub fn hash_only_to_verify(&mut self) {
        self.is_hashed = self.expected().is_some();
    }

    /// Returns the next piece; `None` at the end.
    ///
    /// # Errors
    /// Fails when reading does, and when there is more or less than was promised, or something else.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let size = self.copy.source.size;
        if let Some(bytes) = self.content.next().await? {
            self.length += bytes.len() as u64;
            if size.is_some_and(|size| self.length > size) {
                return Err(failed(FailureKind::Temporary, "more was received than the file holds"));
            }
            if self.is_hashed {
                self.digest.update(&bytes);
            }
            self.passage.copied(bytes.len() as u64)?;
            return Ok(Some(bytes.into()));
        }
        if size.is_some_and(|size| self.length != size) {
            return Err(failed(FailureKind::Temporary, "less was received than the file holds"));
        }
        let received = || format!("{}:{}", self.algorithm, hexadecimal(&self.hash()));
        if self.expected().is_some_and(|hash| hash.as_str() != received()) {
            let message = "what was received is not what was listed: its checksum differs";
            return Err(failed(FailureKind::Temporary, message));
        }
        Ok(None)
    }

    /// Appends pieces until there are so many bytes or there is no more, and returns whether there may be more.
    ///
    /// # Errors
    /// Fails as [`next`](Self::next) does.
    pub async fn fill(&mut self, bytes: &mut Vec<u8>, length: u64) -> Result<bool, Failure> {
        while (bytes.len() as u64) < length {
            match self.next().await? {
                Some(piece) if bytes.is_empty() => *bytes = piece.into(),
                Some(piece) => {
                    // To the end at once, which it may pass by less than a piece.
                    let left = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(bytes.len());
                    bytes.reserve_exact(left.saturating_add(piece.len()));
                    bytes.extend_from_slice(&piece);
                }
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn expected(&self) -> Option<&Hash> {
        self.copy.verify.as_ref().filter(|hash| hash.algorithm() == self.algorithm)
    }

    /// Returns the hash of what has come so far, as long as one is made.
    pub fn hash(&self) -> Output<D> {
        self.digest.clone().finalize()
    }

    /// Returns how many bytes have come so far.
    pub fn length(&self) -> u64 {
        self.length
    }
}

/// Feeds a request while it is answered. The last piece is held back until all is known to be well.
///
/// # Errors
/// Fails when the content does, or the server answers before it has everything.
pub async fn feed<D: Digest + Clone>(
    client: &Client,
    answered: impl Future<Output = Result<Response, Failure>>,
    sender: BodySender,
    first: Bytes,
    incoming: &mut Incoming<'_, D>,
) -> Result<Response, Failure> {
    let fed = async {
        let mut held = first;
        while let Some(piece) = incoming.next().await? {
            give(client, &sender, held).await?;
            held = piece;
        }
        give(client, &sender, held).await?;
        // With its sender the body ends.
        Ok(sender.sent)
    };
    match select(pin!(answered), pin!(fed)).await {
        Either::Left((answer, _)) => {
            answer?;
            Err(failed(FailureKind::Temporary, "the server answers before it has everything"))
        }
        Either::Right((fed, answered)) => {
            let sent = fed?;
            client.while_it_goes(&sent, answered).await?
        }
    }
}

async fn give(client: &Client, sender: &BodySender, piece: Bytes) -> Result<(), Failure> {
    if client.while_it_goes(&sender.sent, sender.pieces.send(piece)).await?.is_err() {
        // Nobody wants more: the answer to the request says why.
        pending::<()>().await;
    }
    Ok(())
}

/// Returns bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
