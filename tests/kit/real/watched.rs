//! Folders that count what is under way at once, and fail for a while.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bisync::backend::local::{Local, Sight};
use bisync::backend::{Answer, Backend, Content, ListDirectory, Pages, References, Sides, Stopping};
use bisync::driver::{Limits, drive};
use bisync::report::Reporter;
use bisync::state::StateStore;
use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::options::{Options, Settings};
use bisync_engine::outcome::Outcome;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Failure, FailureKind, MoveFile};
use bisync_engine::session::{Opening, Session};
use bisync_engine::side::Pair;
use tokio::sync::mpsc;

use bisync_world::host;
use bisync_world::world::World;

/// Who waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);

/// Counts who is inside, and keeps everybody there until enough are.
#[derive(Debug, Default)]
pub struct Gate {
    /// So many have to be inside at once before anybody leaves; if they do not come, all leave after a long while.
    wanted: usize,
    /// How many are inside, and how many were at most.
    counts: Mutex<(usize, usize)>,
    changed: Condvar,
}

impl Gate {
    /// Makes a gate that keeps everybody until so many are inside.
    pub fn new(wanted: usize) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Returns how many were inside at most.
    ///
    /// # Panics
    /// When somebody inside did.
    pub fn most(&self) -> usize {
        self.counts.lock().unwrap().1
    }

    fn pass(&self) {
        let mut counts = self.counts.lock().unwrap();
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        self.changed.notify_all();
        let (mut counts, _) =
            self.changed.wait_timeout_while(counts, PATIENCE, |counts| counts.1 < self.wanted).unwrap();
        counts.0 -= 1;
    }
}

/// What happens in both folders.
#[derive(Debug, Default)]
pub struct Watch {
    /// Those who list a directory below the root.
    pub listing: Gate,
    /// Those who copy.
    pub copying: Gate,
    /// So many copies fail, and may work when tried again.
    pub failures: AtomicU32,
}

struct Watched {
    folder: Local,
    watch: Arc<Watch>,
}

/// Brings `one` and `two` below a directory in step.
///
/// # Panics
/// When the run cannot be begun, or breaks off.
pub fn run(home: &Path, options: &str, watch: &Arc<Watch>) -> Outcome {
    let given = host::options(options);
    let sides: Pair<Arc<dyn Backend>> = Pair::new("one", "two").map(|name| {
        let folder = Local::open(&home.join(name), None, Sight::default()).unwrap();
        Arc::new(Watched { folder, watch: Arc::clone(watch) }) as _
    });
    let capabilities = sides.as_ref().map(|side| side.capabilities());
    let opening = host::opening(given.clone(), &World::default(), 1);
    let options = Options::parse(&given).unwrap();
    let (settings, _) = Settings::resolve(&options, &capabilities, opening.now, 0).unwrap();
    let mut session = Session::open(Opening { capabilities, ..opening }).unwrap();
    let mut reporter = Reporter::new(&Options::parse(&host::options("--quiet")).unwrap()).unwrap();
    let (_wish, stops) = mpsc::unbounded_channel();
    let (state, limits) = (StateStore::new(home.join("work")), Limits::of(&options, &settings));
    let sides = Sides {
        folders: sides,
        references: References::default(),
        passage: Arc::default(),
        stopping: Stopping::default(),
    };
    let driven = drive(&mut session, sides, state, limits, &mut reporter, stops);
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(driven).unwrap()
}

impl Backend for Watched {
    fn capabilities(&self) -> Capabilities {
        self.folder.capabilities()
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        if !list.path.is_root() {
            self.watch.listing.pass();
        }
        self.folder.list_directory(list, pages)
    }

    fn copy_from<'a>(&'a self, source: &'a dyn Backend, copy: &CopyFile) -> Option<Answer<'a, Found>> {
        self.watch.copying.pass();
        let fails = |left: u32| left.checked_sub(1);
        if self.watch.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails).is_ok() {
            let failure = Failure { kind: FailureKind::Temporary, message: "busy".to_owned() };
            return Some(Box::pin(async { Err(failure) }));
        }
        self.folder.copy_from(source, copy)
    }

    fn as_local(&self) -> Option<&Local> {
        Some(&self.folder)
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        self.folder.describe(path)
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        self.folder.read(path, version)
    }

    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found> {
        self.folder.write(copy, content)
    }

    fn move_file(&self, moved: MoveFile, like: &dyn Backend) -> Answer<'_, Found> {
        self.folder.move_file(moved, like)
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        self.folder.delete_file(path, expect, disposal)
    }

    fn make_directory(&self, path: RelPath, like: &dyn Backend) -> Answer<'_, Found> {
        self.folder.make_directory(path, like)
    }

    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()> {
        self.folder.remove_directory(path, emptiness)
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        self.folder.set_time(path, expect, modified)
    }

    fn flush(&self, like: &dyn Backend) -> Answer<'_, ()> {
        self.folder.flush(like)
    }
}
