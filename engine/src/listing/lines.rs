//! Bytes in pieces of any length -> whole lines.

use super::LONGEST_LINE;

/// Text that arrives in pieces and is taken line by line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// How much of the buffer was taken.
    taken: usize,
    /// Whether the last piece has arrived.
    complete: bool,
}

/// The next line, if there is one.
pub(super) enum Line<'text> {
    /// A line without its end.
    Whole(&'text [u8]),
    /// Its end has not arrived.
    Wait,
    /// It is longer than any line.
    TooLong,
    /// The text is over, and this is left: a line that has no end, or nothing.
    End(&'text [u8]),
}

impl Lines {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn buffered(&self) -> usize {
        self.buffer.len() - self.taken
    }

    pub(super) fn finish(&mut self) {
        self.complete = true;
    }

    pub(super) fn take(&mut self) -> Line<'_> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        match memchr::memchr(b'\n', rest).and_then(|length| rest.split_at_checked(length)) {
            Some((line, _)) => {
                self.taken += line.len() + 1;
                Line::Whole(line)
            }
            None if rest.len() > LONGEST_LINE => Line::TooLong,
            None if self.complete => Line::End(rest),
            None => Line::Wait,
        }
    }
}
