//! Plans a run over two folders that exist in name only: what the engine and its host cost when nothing has to be listed or copied.
//!
//! `planning FILES STATE` has FILES files a side, and keeps the listings in the directory STATE. The first time makes them, every later
//! time is a run without changes. `planning.mjs` is the same for the npm package.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use bisync::backend::{Answer, Backend, Content, ListDirectory, Pages, References, Sides, Stopping};
use bisync::component;
use bisync::driver::{Limits, drive};
use bisync::report::Reporter;
use bisync::state::StateStore;
use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::options::{Options, Settings};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Failure, FailureKind, MoveFile};
use bisync_engine::session::Opening;
use bisync_engine::side::Pair;

const FILES_IN_A_DIRECTORY: usize = 100;

/// A folder of so many files, in directories of a hundred.
struct Imaginary {
    files: usize,
}

fn found(kind: Kind, number: usize) -> Found {
    let modified = Instant { seconds: 1_700_000_000 + number as i64, nanoseconds: 123_456_789 };
    let file = Fingerprint { size: Some(number as u64), modified: Some(modified), ..Fingerprint::default() };
    Found { kind, fingerprint: if kind == Kind::File { file } else { Fingerprint::default() } }
}

impl Imaginary {
    fn list(&self, path: &RelPath) -> Vec<Item> {
        let item = |name, kind, number| Item { name, found: found(kind, number), metadata: None };
        let Some(directory) = path.as_str().strip_prefix('d') else {
            let directories = self.files.div_ceil(FILES_IN_A_DIRECTORY);
            return (0..directories).map(|number| item(format!("d{number:06}"), Kind::Directory, 0)).collect();
        };
        let first = directory.parse::<usize>().unwrap_or_default() * FILES_IN_A_DIRECTORY;
        let numbers = first..self.files.min(first + FILES_IN_A_DIRECTORY);
        numbers.map(|number| item(format!("file-{number:07}.txt"), Kind::File, number)).collect()
    }
}

/// Nothing is changed here: there is nothing.
fn never<'a, T: 'a>() -> Answer<'a, T> {
    Box::pin(async { Err(Failure { kind: FailureKind::Other, message: "this is not asked for".into() }) })
}

impl Backend for Imaginary {
    fn capabilities(&self) -> Capabilities {
        Capabilities { time_precision_ns: Some(1), sets_time: true, ..Capabilities::default() }
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        Box::pin(async move {
            pages.extend(self.list(&list.path));
            Ok(())
        })
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        Box::pin(async move { Ok(path.is_root().then(|| found(Kind::Directory, 0))) })
    }

    fn read(&self, _: RelPath, _: Fingerprint) -> Content {
        Content::channel().1
    }

    fn write(&self, _: CopyFile, _: Content) -> Answer<'_, Found> {
        never()
    }

    fn move_file(&self, _: MoveFile, _: &dyn Backend) -> Answer<'_, Found> {
        never()
    }

    fn delete_file(&self, _: RelPath, _: Fingerprint, _: Disposal) -> Answer<'_, ()> {
        never()
    }

    fn make_directory(&self, _: RelPath, _: &dyn Backend) -> Answer<'_, Found> {
        never()
    }

    fn remove_directory(&self, _: RelPath, _: Emptiness) -> Answer<'_, ()> {
        never()
    }

    fn set_time(&self, _: RelPath, _: Fingerprint, _: Instant) -> Answer<'_, Found> {
        never()
    }

    fn flush(&self, _: &dyn Backend) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [files, state] = arguments.as_slice() else { return Err("planning FILES STATE".into()) };
    let folder = || -> Result<Arc<dyn Backend>, Box<dyn Error>> { Ok(Arc::new(Imaginary { files: files.parse()? })) };
    let folders = Pair::new(folder()?, folder()?);
    let given = vec![("quiet".to_owned(), "true".to_owned())];
    let options = Options::parse(&given)?;
    let capabilities = folders.as_ref().map(|folder| folder.capabilities());
    let now = Instant { seconds: 1_800_000_000, nanoseconds: 0 };
    let (settings, _) = Settings::resolve(&options, &capabilities, now, 0)?;
    let mut conversation = component::open(Opening {
        options: given,
        paths: Pair::new("one/".to_owned(), "two/".to_owned()),
        capabilities,
        now,
        utc_offset_seconds: 0,
        run: 1,
        plan: None,
    })?;
    let mut reporter = Reporter::new(&options)?;
    let (_, stops) = tokio::sync::mpsc::unbounded_channel();
    let driven = drive(
        conversation.as_mut(),
        Sides { folders, references: References::default(), passage: Arc::default(), stopping: Stopping::default() },
        StateStore::new(PathBuf::from(state)),
        Limits::of(&options, &settings),
        &mut reporter,
        stops,
    );
    let outcome = tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(driven)?;
    if outcome.exit_code != 0 {
        return Err(outcome.headline.into());
    }
    Ok(())
}
