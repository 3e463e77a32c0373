//! What failed and may work when it is tried again.

use std::time::Duration;

use bisync_engine::protocol::{FailureKind, Reply, Verb};

use super::limits::Limits;
use crate::backend::{Pages, Sides, perform, rewrites};

/// How long something is in use that is in use just now.
const MOMENT: Duration = Duration::from_millis(10);

/// Carries out a request, more than once where that may help: all that change something check what they expect.
///
/// Pages of a listing before the last go to whom `pages` makes for a request that has some.
pub async fn carry_out(sides: &Sides, verb: &Verb, mut pages: Pages, limits: Limits) -> Reply {
    let mut tries = Tries::new(limits);
    loop {
        let reply = perform(sides, verb.clone(), &mut pages).await;
        let Reply::Failed(failure) = &reply else { return reply };
        let is_rewrite = matches!(verb, Verb::CopyFile(copy) if rewrites(copy));
        let Some(pause) = tries.pause_after(failure.kind).filter(|_| !is_rewrite) else { return reply };
        if !sides.stopping.pause(pause).await {
            return reply;
        }
    }
}

/// How often a request is still made again.
struct Tries {
    limits: Limits,
    left: u32,
    left_at_once: u32,
}

impl Tries {
    fn new(limits: Limits) -> Self {
        Self { limits, left: limits.tries, left_at_once: limits.tries_at_once }
    }

    /// Takes note of a try that failed, and returns how long to wait before the next one; `None` when there is none.
    fn pause_after(&mut self, failure: FailureKind) -> Option<Duration> {
        if failure == FailureKind::Busy && self.left_at_once > 1 {
            self.left_at_once -= 1;
            return Some(MOMENT);
        }
        if !matches!(failure, FailureKind::Busy | FailureKind::Temporary) || self.left <= 1 {
            return None;
        }
        self.left -= 1;
        self.left_at_once = self.limits.tries_at_once;
        Some(self.limits.pause)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use bisync_engine::entry::{Fingerprint, Found, Instant};
    use bisync_engine::path::RelPath;
    use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Failure, MoveFile};
    use bisync_engine::side::{Pair, Side};

    use super::*;
    use crate::backend::{Answer, Backend, Content, ListDirectory, References, Stopping};

    #[test]
    fn what_may_work_is_tried_again() {
        use FailureKind::{Busy, Refused, Temporary};
        let pause = Duration::from_secs(7);
        let check = |tries, tries_at_once, failures: &[FailureKind], expected: &[Option<Duration>]| {
            let mut tries = Tries::new(Limits { checkers: 1, transfers: 1, tries, tries_at_once, pause });
            let pauses: Vec<_> = failures.iter().map(|failure| tries.pause_after(*failure)).collect();
            assert_eq!(pauses, expected, "{failures:?}");
        };
        check(3, 10, &[Temporary, Temporary, Temporary], &[Some(pause), Some(pause), None]);
        check(1, 3, &[Busy, Busy, Busy], &[Some(MOMENT), Some(MOMENT), None]);
        check(2, 2, &[Busy, Busy, Busy, Busy], &[Some(MOMENT), Some(pause), Some(MOMENT), None]);
        check(2, 1, &[Busy, Temporary], &[Some(pause), None]);
        check(3, 10, &[Refused], &[None]);
    }

    /// A side whose listings fail so many times.
    struct Flaky(AtomicU32);

    impl Backend for Flaky {
        fn list_directory<'a>(&'a self, _: ListDirectory, _: &'a mut Pages) -> Answer<'a, ()> {
            let failure = Failure { kind: FailureKind::Temporary, message: "busy".to_owned() };
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            Box::pin(async move { if left > 0 { Err(failure) } else { Ok(()) } })
        }

        fn capabilities(&self) -> Capabilities {
            unreachable!()
        }
        fn describe(&self, _: RelPath) -> Answer<'_, Option<Found>> {
            unreachable!()
        }
        fn read(&self, _: RelPath, _: Fingerprint) -> Content {
            unreachable!()
        }
        fn write(&self, _: CopyFile, _: Content) -> Answer<'_, Found> {
            unreachable!()
        }
        fn move_file(&self, _: MoveFile, _: &dyn Backend) -> Answer<'_, Found> {
            unreachable!()
        }
        fn delete_file(&self, _: RelPath, _: Fingerprint, _: Disposal) -> Answer<'_, ()> {
            unreachable!()
        }
        fn make_directory(&self, _: RelPath, _: &dyn Backend) -> Answer<'_, Found> {
            unreachable!()
        }
        fn remove_directory(&self, _: RelPath, _: Emptiness) -> Answer<'_, ()> {
            unreachable!()
        }
        fn set_time(&self, _: RelPath, _: Fingerprint, _: Instant) -> Answer<'_, Found> {
            unreachable!()
        }
        fn flush(&self, _: &dyn Backend) -> Answer<'_, ()> {
            unreachable!()
        }
    }

    #[test]
    fn a_listing_is_tried_again() {
        let check = |failures, expected: fn(&Reply) -> bool| {
            let folders: Pair<Arc<dyn Backend>> = Pair::from_fn(|_| Arc::new(Flaky(AtomicU32::new(failures))) as _);
            let (references, stopping) = (References::default(), Stopping::default());
            let sides = Sides { folders, references, passage: Arc::default(), stopping };
            let limits = Limits { checkers: 1, transfers: 1, tries: 3, tries_at_once: 1, pause: Duration::ZERO };
            let verb = Verb::ListDirectory { side: Side::One, path: RelPath::root(), hash: None, metadata: false };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let reply = runtime.block_on(carry_out(&sides, &verb, Pages::default(), limits));
            assert!(expected(&reply), "{failures}: {reply:?}");
        };
        check(0, |reply| matches!(reply, Reply::Page { .. }));
        check(2, |reply| matches!(reply, Reply::Page { .. }));
        check(3, |reply| matches!(reply, Reply::Failed(_)));
    }
}
