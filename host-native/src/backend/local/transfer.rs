//! Copies the content of an open file into another, by the cheapest way there is.

use std::sync::atomic::{AtomicBool, Ordering};

use bisync_engine::protocol::Failure;
use rustix::fd::OwnedFd;
use rustix::fs::{SeekFrom, ftruncate, seek};
use rustix::io::{Errno, Result as SystemResult, pread, pwrite, read, write};

use super::source::{BLOCK, Opened, Source, changed};
use crate::backend::Transport;
use crate::errno::failure;
use crate::limits::FilePassage;

/// Up to this size, in bytes, a file is read and written in one go.
const SMALL: u64 = 64 * 1024;

/// Copies the content of `source` into the empty file `target`.
///
/// `shares` says whether the file system is still thought to let files share their blocks; it is cleared when not. What
/// is shared is not copied, and limits of bandwidth do not concern it.
pub fn transfer(source: &Source, target: &OwnedFd, shares: &AtomicBool, transport: &Transport) -> Result<(), Failure> {
    let passage = transport.passage.file_here();
    let file = match &source.content {
        Opened::File(file) => file,
        Opened::Link(link) => return write_all(target, link),
    };
    let size = source.size();
    if size <= SMALL {
        transfer_small(file, target, size)?;
        return passage.copied(size);
    }
    if shares.load(Ordering::Relaxed) {
        match system::share(file, target) {
            Ok(()) => {
                passage.count(size);
                return Ok(());
            }
            Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOTTY | Errno::NOSYS) => shares.store(false, Ordering::Relaxed),
            // Something about this file; copying it will tell, if it matters.
            Err(_) => {}
        }
    }
    if source.stat.allocated_bytes >= size {
        return transfer_range(file, target, 0, size, &passage);
    }
    let mut position = 0;
    while let Some((start, end)) = next_data(file, position, size).map_err(failure)? {
        transfer_range(file, target, start, end, &passage)?;
        position = end;
    }
    ftruncate(target, size).map_err(failure)
}

fn transfer_small(source: &OwnedFd, target: &OwnedFd, size: u64) -> Result<(), Failure> {
    let size = usize::try_from(size).unwrap_or(0);
    // One byte more than there should be, to see the end in the same call.
    let mut bytes = Vec::with_capacity(size + 1);
    while read(source, rustix::buffer::spare_capacity(&mut bytes)).map_err(failure)? > 0 && bytes.len() < size {}
    if bytes.len() != size {
        return Err(changed());
    }
    write_all(target, &bytes)
}

/// Writes all bytes at the end of what was written so far.
pub fn write_all(target: &OwnedFd, mut bytes: &[u8]) -> Result<(), Failure> {
    while !bytes.is_empty() {
        let written = write(target, bytes).map_err(failure)?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Returns the next part of a sparse file that has data; `None` after the last one.
fn next_data(file: &OwnedFd, position: u64, size: u64) -> SystemResult<Option<(u64, u64)>> {
    let start = match seek(file, SeekFrom::Data(position)) {
        Ok(start) if start < size => start,
        Ok(_) | Err(Errno::NXIO) => return Ok(None),
        // The file system knows nothing about holes.
        Err(Errno::INVAL) => return Ok((position < size).then_some((position, size))),
        Err(error) => return Err(error),
    };
    Ok(Some((start, seek(file, SeekFrom::Hole(start))?.min(size))))
}

fn transfer_range(
    source: &OwnedFd,
    target: &OwnedFd,
    start: u64,
    end: u64,
    passage: &FilePassage<'_>,
) -> Result<(), Failure> {
    let mut position = start;
    // Whatever the system does not copy by itself is read and written.
    let mut buffer = None;
    while position < end {
        let piece = passage.piece(end - position);
        let copied = match &mut buffer {
            None => system::copy_range(source, target, position, piece).map_err(failure)?,
            Some(buffer) => read_and_write(source, target, position, piece, buffer)?,
        };
        if copied == 0 && buffer.is_some() {
            return Err(changed());
        }
        if copied == 0 {
            buffer = Some(Vec::with_capacity(BLOCK));
        }
        position += copied;
        passage.copied(copied)?;
    }
    Ok(())
}

/// Copies some of the bytes at a position by way of the buffer, and returns how many; none at the end of the file.
fn read_and_write(
    source: &OwnedFd,
    target: &OwnedFd,
    position: u64,
    most: u64,
    buffer: &mut Vec<u8>,
) -> Result<u64, Failure> {
    buffer.clear();
    pread(source, rustix::buffer::spare_capacity(buffer), position).map_err(failure)?;
    buffer.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let mut written = 0;
    while let Some(rest) = buffer.get(written..).filter(|rest| !rest.is_empty()) {
        written += pwrite(target, rest, position + written as u64).map_err(failure)?;
    }
    Ok(written as u64)
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Errno, OwnedFd, SystemResult};
    use rustix::fs::{copy_file_range, ioctl_ficlone};

    pub fn share(source: &OwnedFd, target: &OwnedFd) -> SystemResult<()> {
        ioctl_ficlone(target, source)
    }

    /// Copies at most so many bytes at a position, and returns how many; none where the system does not do it by itself.
    pub fn copy_range(source: &OwnedFd, target: &OwnedFd, position: u64, most: u64) -> SystemResult<u64> {
        let (mut read_at, mut write_at) = (position, position);
        let length = usize::try_from(most).unwrap_or(usize::MAX);
        match copy_file_range(source, Some(&mut read_at), target, Some(&mut write_at), length) {
            Ok(copied) => Ok(copied as u64),
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Errno, OwnedFd, SystemResult};

    pub fn share(_: &OwnedFd, _: &OwnedFd) -> SystemResult<()> {
        Err(Errno::NOSYS)
    }

    pub fn copy_range(_: &OwnedFd, _: &OwnedFd, _: u64, _: u64) -> SystemResult<u64> {
        Ok(0)
    }
}
