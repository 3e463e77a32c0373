//! Large files, of which several ranges are fetched at a time.

use std::ops::Range;

use bisync_engine::options::Options;
use bisync_engine::protocol::{Failure, FailureKind};
use futures_util::stream::{self, Stream, StreamExt};
use tokio_util::task::AbortOnDropHandle;

use crate::backend::failed;

/// The length of a range, in bytes. So much memory is used for each that is on its way.
pub const RANGE: u64 = 4 << 20;

/// Which files are fetched so, and how many ranges of one at a time.
#[derive(Debug, Clone, Copy)]
pub struct Ranges {
    cutoff: u64,
    streams: usize,
}

impl Ranges {
    /// Reads the options of a run.
    pub fn of(options: &Options) -> Self {
        let streams = options.number("multi-thread-streams").and_then(|number| usize::try_from(number).ok());
        let cutoff = options.size("multi-thread-cutoff").unwrap_or(u64::MAX);
        Self { cutoff: cutoff.max(RANGE), streams: streams.unwrap_or_default() }
    }

    /// Says whether a file of this size, in bytes, is fetched in ranges.
    pub fn are_for(self, size: u64) -> bool {
        self.streams > 1 && size > self.cutoff
    }

    /// Fetches a file of this size, in bytes, from a position on. What `fetch` brings is handed on in order; as soon as nobody wants more
    /// of it, nothing more is fetched.
    pub fn fetched<F>(
        self,
        position: u64,
        size: u64,
        fetch: impl Fn(Range<u64>) -> F,
    ) -> impl Stream<Item = Result<Vec<u8>, Failure>>
    where
        F: Future<Output = Result<Vec<u8>, Failure>> + Send + 'static,
    {
        // In a task of its own each goes on while what came before it is being written.
        let under_way = ranges(position, size).map(move |range| AbortOnDropHandle::new(tokio::spawn(fetch(range))));
        let broken = |_| failed(FailureKind::Temporary, "the download broke off");
        stream::iter(under_way).buffered(self.streams).map(move |fetched| fetched.map_err(broken)?)
    }
}

fn ranges(position: u64, size: u64) -> impl Iterator<Item = Range<u64>> {
    (0..size.saturating_sub(position).div_ceil(RANGE)).map(move |index| {
        let start = position + index * RANGE;
        start..(start + RANGE).min(size)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn ranges_cover_everything_once() {
        let check = |position, size, expected: &[Range<u64>]| {
            assert_eq!(ranges(position, size).collect::<Vec<_>>(), expected);
        };
        check(RANGE, RANGE, &[]);
        check(0, RANGE + 1, &[0..RANGE, RANGE..RANGE + 1]);
        check(RANGE, 2 * RANGE + 1, &[RANGE..2 * RANGE, 2 * RANGE..2 * RANGE + 1]);
    }

    #[test]
    fn few_at_a_time_and_in_order() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let fetch = |range: Range<u64>| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // The later ones come first.
                for _ in range.start / RANGE..20 {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(range.start.to_le_bytes().to_vec())
            }
        };
        let ranges = Ranges { cutoff: 0, streams: 3 };
        let came: Vec<_> = runtime.block_on(ranges.fetched(0, 10 * RANGE, fetch).collect());
        let expected: Vec<_> = (0..10).map(|index| Ok((index * RANGE).to_le_bytes().to_vec())).collect();
        assert_eq!((came, most.load(Ordering::SeqCst)), (expected, 3));
    }
}
