//! Copies the content of an open file into another, by the cheapest way there is.

use std::sync::atomic::{AtomicBool, Ordering};

use bisync_engine::protocol::Failure;
use rustix::fd::OwnedFd;
use rustix::fs::{SeekFrom, ftruncate, seek};
use rustix::io::{Errno, Result as SystemResult, pread, pwrite, read, write};

use super::failure::failure;
use super::source::{BLOCK, Opened, Source, changed};

/// Up to this size, in bytes, a file is read and written in one go.
const SMALL: u64 = 64 * 1024;

/// Copies the content of `source` into the empty file `target`.
///
/// `shares` says whether the file system is still thought to let files share their blocks; it is cleared when not.
pub fn transfer(source: &Source, target: &OwnedFd, shares: &AtomicBool) -> Result<(), Failure> {
    let file = match &source.content {
        Opened::File(file) => file,
        Opened::Link(link) => return write_all(target, link),
    };
    let size = source.size();
    if size <= SMALL {
        return transfer_small(file, target, size);
    }
    if shares.load(Ordering::Relaxed) {
        match system::share(file, target) {
            Ok(()) => return Ok(()),
            Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOTTY | Errno::NOSYS) => shares.store(false, Ordering::Relaxed),
            // Something about this file; copying it will tell, if it matters.
            Err(_) => {}
        }
    }
    if source.stat.allocated_bytes >= size {
        return transfer_range(file, target, 0, size);
    }
    let mut position = 0;
    while let Some((start, end)) = next_data(file, position, size).map_err(failure)? {
        transfer_range(file, target, start, end)?;
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

fn transfer_range(source: &OwnedFd, target: &OwnedFd, start: u64, end: u64) -> Result<(), Failure> {
    // Whatever the system does not copy by itself is read and written.
    let mut position = system::copy_range(source, target, start, end).map_err(failure)?;
    let mut buffer = Vec::with_capacity(if position < end { BLOCK } else { 0 });
    while position < end {
        buffer.clear();
        pread(source, rustix::buffer::spare_capacity(&mut buffer), position).map_err(failure)?;
        let wanted = usize::try_from(end - position).unwrap_or(usize::MAX);
        buffer.truncate(wanted);
        if buffer.is_empty() {
            return Err(changed());
        }
        let written = pwrite(target, &buffer, position).map_err(failure)?;
        position += written as u64;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Errno, OwnedFd, SystemResult};
    use rustix::fs::{copy_file_range, ioctl_ficlone};

    /// How much is asked for at once, in bytes: all the system takes.
    const MOST: u64 = 1 << 30;

    pub fn share(source: &OwnedFd, target: &OwnedFd) -> SystemResult<()> {
        ioctl_ficlone(target, source)
    }

    /// Copies a range as far as the system does it by itself, and returns where it stopped.
    pub fn copy_range(source: &OwnedFd, target: &OwnedFd, start: u64, end: u64) -> SystemResult<u64> {
        let mut position = start;
        while position < end {
            let (mut read_at, mut write_at) = (position, position);
            let length = usize::try_from((end - position).min(MOST)).unwrap_or(usize::MAX);
            match copy_file_range(source, Some(&mut read_at), target, Some(&mut write_at), length) {
                Ok(0) => break,
                Ok(copied) => position += copied as u64,
                Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(position)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Errno, OwnedFd, SystemResult};

    pub fn share(_: &OwnedFd, _: &OwnedFd) -> SystemResult<()> {
        Err(Errno::NOSYS)
    }

    pub fn copy_range(_: &OwnedFd, _: &OwnedFd, start: u64, _: u64) -> SystemResult<u64> {
        Ok(start)
    }
}
