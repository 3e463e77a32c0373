//! Listings in the state store, read and written in parts.

use crate::entry::{Entry, Instant};
use crate::listing::{LONGEST_LINE, ListingError, Reader, write_entry, write_header};
use crate::protocol::Verb;
use crate::pull::Pull;

/// How much is read or written at once, in bytes. A part that is read holds the end of a line, so that the lines in it can be taken.
const PART: usize = 2 * LONGEST_LINE;

/// A listing that is read while it is used.
#[derive(Debug)]
pub struct ListingStream {
    name: String,
    reader: Reader,
    offset: u64,
    is_asked: bool,
    is_read: bool,
    exists: Option<bool>,
}

impl ListingStream {
    /// Begins to read the blob of this name.
    pub fn new(name: String) -> Self {
        Self { name, reader: Reader::default(), offset: 0, is_asked: false, is_read: false, exists: None }
    }

    /// A listing without entries that needs no reading.
    pub fn empty() -> Self {
        Self { is_read: true, exists: Some(false), ..Self::new(String::new()) }
    }

    /// Whether there is such a blob; `None` until the first part came.
    pub fn exists(&self) -> Option<bool> {
        self.exists
    }

    /// Returns the next part to ask for, if it is time.
    pub fn wants(&mut self) -> Option<Verb> {
        if self.is_asked || self.is_read || self.reader.buffered() >= PART {
            return None;
        }
        self.is_asked = true;
        Some(Verb::ReadState { name: self.name.clone(), offset: self.offset, length: PART as u32 })
    }

    /// Takes a part.
    pub fn supply(&mut self, part: Option<Vec<u8>>) {
        self.is_asked = false;
        self.exists.get_or_insert(part.is_some());
        let part = part.unwrap_or_default();
        self.offset += part.len() as u64;
        self.reader.feed(&part);
        if part.len() < PART {
            self.is_read = true;
            self.reader.finish();
        }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// Says which line is damaged.
    pub fn pull(&mut self) -> Result<Pull<Entry>, ListingError> {
        if self.exists == Some(false) {
            return Ok(Pull::End);
        }
        self.reader.pull()
    }
}

/// A listing that is written while its entries are found.
#[derive(Debug)]
pub struct ListingWriter {
    name: String,
    buffer: Vec<u8>,
    offset: u64,
    is_asked: bool,
    is_closed: bool,
}

impl ListingWriter {
    /// Begins a listing in the blob of this name.
    pub fn new(name: String, now: Instant) -> Self {
        let mut buffer = Vec::with_capacity(PART + PART / 4);
        write_header(&mut buffer, now);
        Self { name, buffer, offset: 0, is_asked: false, is_closed: false }
    }

    /// Adds an entry; entries come in path order.
    pub fn write(&mut self, entry: &Entry) {
        write_entry(&mut self.buffer, entry);
    }

    /// Returns true when so much waits to be written that no more should be added.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= 4 * PART
    }

    /// No more entries come.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Returns true when everything was written.
    pub fn is_done(&self) -> bool {
        self.is_closed && self.buffer.is_empty() && !self.is_asked
    }

    /// Returns the next part to write, if it is time.
    pub fn wants(&mut self) -> Option<Verb> {
        let is_time = self.buffer.len() >= PART || (self.is_closed && !self.buffer.is_empty());
        if self.is_asked || !is_time {
            return None;
        }
        self.is_asked = true;
        let bytes = std::mem::take(&mut self.buffer);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Some(Verb::WriteState { name: self.name.clone(), offset, bytes })
    }

    /// The part was written.
    pub fn supply(&mut self) {
        self.is_asked = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_without_an_end_of_line_is_damaged() {
        let mut stream = ListingStream::new("a".into());
        while let Pull::Wait = stream.pull().unwrap_or(Pull::End) {
            assert!(stream.wants().is_some(), "it stands still");
            stream.supply(Some(vec![0; PART]));
        }
    }
}
