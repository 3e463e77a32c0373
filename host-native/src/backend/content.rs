//! The content of a file on its way from one backend to another.

use bisync_engine::protocol::{Failure, FailureKind};
use bisync_engine::side::Side;
use tokio::sync::mpsc;

use super::{failed, stopped};

/// How many pieces may wait to be taken.
const WAITING: usize = 4;

/// The content of a file, piece by piece.
///
/// A content that merely stops is not at its end: whoever produces it says so, after having made sure that the file is
/// still the version that was asked for.
#[derive(Debug)]
pub struct Content(Pieces);

#[derive(Debug)]
enum Pieces {
    /// They come from whoever produces them.
    Produced(mpsc::Receiver<Result<Piece, Failure>>),
    /// All was read in one; nothing is left once that is taken.
    Read(Result<Option<Vec<u8>>, Failure>),
}

/// The end of a [`Content`] that is written to.
#[derive(Debug, Clone)]
pub struct Producer(mpsc::Sender<Result<Piece, Failure>>);

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    End,
}

impl Content {
    /// Makes a content and the end that fills it.
    pub fn channel() -> (Producer, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Producer(sender), Self(Pieces::Produced(receiver)))
    }

    /// Makes a content of what was read already, in a single piece.
    pub fn of(read: Result<Vec<u8>, Failure>) -> Self {
        Self(Pieces::Read(read.map(|bytes| (!bytes.is_empty()).then_some(bytes))))
    }

    /// Makes a content that a task fills and ends.
    pub fn produced<F>(produce: impl FnOnce(Producer) -> F) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (producer, content) = Self::channel();
        let produced = produce(producer.clone());
        tokio::spawn(async move { producer.end(produced.await).await });
        content
    }

    /// Returns the next piece; `None` at the end.
    ///
    /// # Errors
    /// Fails when the file could not be read or was not the version that was asked for.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match &mut self.0 {
            Pieces::Produced(pieces) => received(pieces.recv().await),
            Pieces::Read(read) => taken(read),
        }
    }

    /// Returns the next piece as [`next`](Self::next) does, on a thread that may block.
    ///
    /// # Errors
    /// Fails as [`next`](Self::next) does.
    pub fn blocking_next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match &mut self.0 {
            Pieces::Produced(pieces) => received(pieces.blocking_recv()),
            Pieces::Read(read) => taken(read),
        }
    }
}

fn received(piece: Option<Result<Piece, Failure>>) -> Result<Option<Vec<u8>>, Failure> {
    match piece.ok_or_else(|| failed(FailureKind::Temporary, "reading broke off"))?? {
        Piece::Bytes(bytes) => Ok(Some(bytes)),
        Piece::End => Ok(None),
    }
}

fn taken(read: &mut Result<Option<Vec<u8>>, Failure>) -> Result<Option<Vec<u8>>, Failure> {
    read.as_mut().map(Option::take).map_err(|failure| failure.clone())
}

impl Producer {
    /// Gives the next piece.
    ///
    /// # Errors
    /// Fails when nobody wants it any more.
    pub async fn send(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.0.send(Ok(Piece::Bytes(bytes))).await.map_err(|_| stopped())
    }

    /// Gives the next piece, from a thread that may block.
    ///
    /// # Errors
    /// Fails when nobody wants it any more.
    pub fn blocking_send(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.0.blocking_send(Ok(Piece::Bytes(bytes))).map_err(|_| stopped())
    }

    /// Ends the content, well or not.
    pub async fn end(self, outcome: Result<(), Failure>) {
        // Nobody may be there to hear it, which is as well.
        self.0.send(outcome.map(|()| Piece::End)).await.ok();
    }

    /// Ends the content as [`end`](Self::end) does, from a thread that may block.
    pub fn blocking_end(self, outcome: Result<(), Failure>) {
        self.0.blocking_send(outcome.map(|()| Piece::End)).ok();
    }
}

/// Returns whether two contents are the same, byte for byte; that of `half` may also be only the beginning of the other. Stops reading at
/// the first difference.
///
/// # Errors
/// Fails as [`Content::next`] does.
pub async fn same_content(mut one: Content, mut two: Content, half: Option<Side>) -> Result<bool, Failure> {
    let (mut left, mut right) = (Unread::default(), Unread::default());
    loop {
        let (bytes_left, bytes_right) = (left.fill(&mut one).await?, right.fill(&mut two).await?);
        let length = bytes_left.len().min(bytes_right.len());
        if length == 0 {
            return Ok(match half {
                None => bytes_left.len() == bytes_right.len(),
                Some(Side::One) => bytes_left.is_empty(),
                Some(Side::Two) => bytes_right.is_empty(),
            });
        }
        if bytes_left.get(..length) != bytes_right.get(..length) {
            return Ok(false);
        }
        left.taken += length;
        right.taken += length;
    }
}

/// A piece that has been compared up to `taken`.
#[derive(Default)]
struct Unread {
    bytes: Vec<u8>,
    taken: usize,
}

impl Unread {
    /// Returns what is to be compared next, never empty before the end.
    async fn fill(&mut self, content: &mut Content) -> Result<&[u8], Failure> {
        while self.taken == self.bytes.len() {
            let Some(bytes) = content.next().await? else { break };
            *self = Self { bytes, taken: 0 };
        }
        Ok(self.bytes.get(self.taken..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_already_comes_at_once() {
        let failure = failed(FailureKind::NotFound, "it is gone");
        let check = |read, expected: [_; 2]| {
            let mut content = Content::of(read);
            assert_eq!([content.blocking_next(), content.blocking_next()], expected);
        };
        check(Ok(b"abc".to_vec()), [Ok(Some(b"abc".to_vec())), Ok(None)]);
        check(Ok(Vec::new()), [Ok(None), Ok(None)]);
        check(Err(failure.clone()), [Err(failure.clone()), Err(failure)]);
    }

    fn content(pieces: &[&str]) -> Content {
        let (producer, content) = Content::channel();
        for piece in pieces {
            producer.0.try_send(Ok(Piece::Bytes(piece.as_bytes().to_vec()))).unwrap();
        }
        producer.0.try_send(Ok(Piece::End)).unwrap();
        content
    }

    #[test]
    fn pieces_need_not_match() {
        let check = |one: &[&str], two: &[&str], expected| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert_eq!(
                runtime.block_on(same_content(content(one), content(two), None)),
                Ok(expected),
                "{one:?} {two:?}"
            );
        };
        check(&[], &[], true);
        check(&[""], &[], true);
        check(&["abc"], &["a", "", "bc"], true);
        check(&["ab", "c"], &["a", "bc"], true);
        check(&["abc"], &["ab"], false);
        check(&["ab"], &["ab", "c"], false);
        check(&["abc"], &["a", "bd"], false);
    }

    #[test]
    fn half_may_be_shorter() {
        let check = |one: &[&str], two: &[&str], expected: [bool; 2]| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let begins = |half| runtime.block_on(same_content(content(one), content(two), Some(half))).unwrap();
            assert_eq!(Side::BOTH.map(begins), expected, "{one:?} {two:?}");
        };
        check(&["abc"], &["a", "bc"], [true, true]);
        check(&[], &["abc"], [true, false]);
        check(&["ab"], &["a", "bc"], [true, false]);
        check(&["abc", "d"], &["abc"], [false, true]);
        check(&["ax"], &["ab", "c"], [false, false]);
    }

    #[test]
    fn a_content_that_stops_is_not_complete() {
        let (producer, mut content) = Content::channel();
        producer.blocking_send(b"half".to_vec()).unwrap();
        drop(producer);
        assert!(content.blocking_next().is_ok());
        assert_eq!(content.blocking_next().unwrap_err().kind, FailureKind::Temporary);
    }
}
