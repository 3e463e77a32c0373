//! The bodies of requests, which tell how much of them has gone.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// So many pieces wait to be sent.
const WAITING: usize = 2;

/// At most so many bytes go at a time. Who waits sees that something goes.
const FRAME: usize = 64 << 10;

/// How many bytes of a body have gone to the connection.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    /// Returns how many.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The end of a body that is written to. A body whose sender is gone before all its bytes were given breaks the request off.
#[derive(Debug)]
pub struct BodySender {
    /// Takes the pieces.
    pub pieces: mpsc::Sender<Bytes>,
    /// What has gone of them.
    pub sent: Sent,
}

/// A body that comes in pieces.
struct Streamed {
    /// Where pieces come from; `None` when there is one only.
    pieces: Option<mpsc::Receiver<Bytes>>,
    piece: Bytes,
    left: u64,
    sent: Sent,
}

/// Makes a body of this length, in bytes, and the end that fills it.
pub fn streamed(length: u64) -> (BodySender, reqwest::Body) {
    let (sender, pieces) = mpsc::channel(WAITING);
    let sent = Sent::default();
    let body = Streamed { pieces: Some(pieces), piece: Bytes::new(), left: length, sent: sent.clone() };
    (BodySender { pieces: sender, sent }, reqwest::Body::wrap(body))
}

/// Makes a body of bytes that are there already.
pub fn whole(bytes: Bytes, sent: &Sent) -> reqwest::Body {
    if bytes.len() <= FRAME {
        return bytes.into();
    }
    let left = bytes.len() as u64;
    reqwest::Body::wrap(Streamed { pieces: None, piece: bytes, left, sent: sent.clone() })
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        while self.piece.is_empty() {
            let next = match &mut self.pieces {
                Some(pieces) => std::task::ready!(pieces.poll_recv(context)),
                None => None,
            };
            match next {
                Some(piece) => self.piece = piece,
                // What to make of fewer bytes than were promised is not left to the server.
                None if self.left > 0 => return Poll::Ready(Some(Err(BrokenOff))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.piece.len().min(FRAME);
        let frame = self.piece.split_to(length);
        self.left = self.left.saturating_sub(length as u64);
        self.sent.0.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The body ended before it was complete.
#[derive(Debug, thiserror::Error)]
#[error("the content broke off")]
pub struct BrokenOff;
