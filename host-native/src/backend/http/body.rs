//! The body of a request that is made while it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// So many pieces wait to be sent.
const WAITING: usize = 2;

/// The end of a body that is written to. A body whose sender is gone before all its bytes were given breaks the request off.
pub type BodySender = mpsc::Sender<Bytes>;

struct Streamed {
    pieces: mpsc::Receiver<Bytes>,
    left: u64,
}

/// Makes a body of this length, in bytes, and the end that fills it.
pub fn streamed(length: u64) -> (BodySender, reqwest::Body) {
    let (sender, pieces) = mpsc::channel(WAITING);
    (sender, reqwest::Body::wrap(Streamed { pieces, left: length }))
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(piece) => {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            // What to make of fewer bytes than were promised is not left to the server.
            None if self.left > 0 => Some(Err(BrokenOff)),
            None => None,
        })
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
