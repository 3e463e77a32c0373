//! Entries -> bytes of a listing.

use crate::entry::{Entry, Instant, Kind};

use super::number::push_number;
use super::{HEADER, quote, time};

/// Writes the first line of a listing.
pub fn write_header(out: &mut Vec<u8>, now: Instant) {
    out.extend_from_slice(HEADER.as_bytes());
    out.push(b' ');
    time::write(out, Some(now));
    out.push(b'\n');
}

/// Writes the line of a file or a directory; nothing for any other kind, which a listing cannot hold.
///
/// Entries are to be written in path order, with hashes of one algorithm. A directory has neither size nor hash.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry) {
    let fingerprint = &entry.found.fingerprint;
    let (flags, size, hash) = match entry.found.kind {
        Kind::File => (b'-', fingerprint.size, fingerprint.hash.as_ref()),
        Kind::Directory => (b'd', None, None),
        Kind::Link | Kind::Special | Kind::OtherFileSystem => return,
    };
    out.extend_from_slice(&[flags, b' ']);
    match size {
        Some(size) => push_number(out, size, 8, b' '),
        None => out.extend_from_slice(b"      -1"),
    }
    out.push(b' ');
    out.extend_from_slice(hash.map_or("-", |hash| hash.as_str()).as_bytes());
    out.extend_from_slice(b" - ");
    time::write(out, fingerprint.modified);
    out.push(b' ');
    quote::quote(out, entry.path.as_str());
    out.push(b'\n');
}
