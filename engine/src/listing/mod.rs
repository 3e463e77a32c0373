//! rclone bisync's listing format, version 1: bytes <-> entries. Nothing else knows the format.
//!
//! ```text
//! # bisync listing v1 from 2006-01-02T22:04:05.000000000+0000
//! -  3009805 md5:378840336ab14afa9c6b8d887e68a340 - 2006-01-02T22:04:05.000000000+0000 "12 - Wait.mp3"
//! d       -1 - - 2006-01-02T22:04:05.000000000+0000 "a directory"
//! ```
//!
//! The columns: `-` for a file or `d` for a directory; the size in bytes, -1 when it is unknown or meaningless; the hash,
//! `-` when there is none; `-`, reserved; the modification time, 0001-01-01T00:00:00 when it is unknown; the path, quoted
//! as Go does. The lines are sorted by the bytes of the path. What rclone writes is read, and what is written here is what
//! rclone writes, byte for byte.

mod lines;
mod number;
mod quote;
mod reader;
pub(crate) mod time;
mod writer;

pub use quote::QuoteError;
pub use reader::{Field, ListingError, ListingProblem, Reader};
pub use writer::{write_entry, write_header};

/// No line is longer than this, in bytes: whatever is, is no listing.
pub(crate) const LONGEST_LINE: usize = 128 * 1024;

/// What the first line begins with; a time follows.
const HEADER: &str = "# bisync listing v1 from";

#[cfg(test)]
mod tests;
