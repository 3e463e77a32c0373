//! Every verb on two real folders, and what each of them refuses.

mod changing;
mod copying;
mod listing;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{
    Capabilities, CopyFile, Disposal, Emptiness, Failure, FailureKind, MoveFile, Reply, Staging, Verb,
};
use bisync_engine::side::{Pair, Side};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{Local, Sight};
use crate::backend::{Answer, Backend, Content, ListDirectory, Pages, References, Sides, Stopping, perform};

/// Two folders, each with a backup directory that does not exist yet.
struct World {
    folders: Pair<TempDir>,
    backups: TempDir,
    sides: Pair<Arc<dyn Backend>>,
    runtime: Runtime,
}

impl World {
    /// Two local backends, which copy from each other directly.
    fn new() -> Self {
        Self::with(|local| Arc::new(local))
    }

    /// Two local backends that know each other only by what all backends can do.
    fn streamed() -> Self {
        Self::with(|local| Arc::new(Streamed(local)))
    }

    fn with(wrap: impl Fn(Local) -> Arc<dyn Backend>) -> Self {
        let folders = Pair::from_fn(|_| tempfile::tempdir().unwrap());
        let backups = tempfile::tempdir().unwrap();
        let sides = Pair::from_fn(|side: Side| {
            let backup = backups.path().join(format!("made/{side}"));
            wrap(Local::open(folders[side].path(), Some(&backup), Sight::default()).unwrap())
        });
        let runtime = Builder::new_current_thread().build().unwrap();
        Self { folders, backups, sides, runtime }
    }

    fn at(&self, side: Side, path: impl AsRef<Path>) -> PathBuf {
        self.folders[side].path().join(path)
    }

    /// Writes a file with its missing parents.
    fn write(&self, side: Side, path: &str, content: impl AsRef<[u8]>) -> Fingerprint {
        let at = self.at(side, path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, content).unwrap();
        self.version(side, path)
    }

    fn version(&self, side: Side, path: &str) -> Fingerprint {
        self.describe(side, path).unwrap_or_else(|| panic!("nothing at {path:?}")).fingerprint
    }

    fn describe(&self, side: Side, path: &str) -> Option<Found> {
        let reply = self.run(Verb::Describe { side, path: rel(path) });
        let Reply::Described(found) = reply else { panic!("{reply:?}") };
        found
    }

    fn run(&self, verb: Verb) -> Reply {
        let _inside = self.runtime.enter();
        let sides = Sides {
            folders: self.sides.clone(),
            references: References::default(),
            passage: Arc::default(),
            stopping: Stopping::default(),
        };
        pollster::block_on(perform(&sides, verb, &mut Pages::default()))
    }

    fn list(&self, side: Side, path: &str, hash: Option<&str>) -> Vec<Item> {
        let verb = Verb::ListDirectory { side, path: rel(path), hash: hash.map(str::to_owned), metadata: false };
        let reply = self.run(verb);
        let Reply::Page { mut items, last: true } = reply else { panic!("{reply:?}") };
        items.sort_by(|one, two| one.name.cmp(&two.name));
        items
    }

    /// Everything in a folder and in its backup directory: `a/`, `a/b = content`, `c -> link`, `backup/d = content`.
    fn contents(&self, side: Side) -> Vec<String> {
        let mut lines = Vec::new();
        collect(self.folders[side].path(), "", &mut lines);
        let backup = self.backups.path().join(format!("made/{side}"));
        if backup.exists() {
            collect(&backup, "backup/", &mut lines);
        }
        lines.sort();
        lines
    }
}

fn collect(directory: &Path, prefix: &str, lines: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().as_bytes().escape_ascii());
        let file_type = entry.file_type().unwrap();
        if file_type.is_dir() {
            lines.push(format!("{path}/"));
            collect(&entry.path(), &format!("{path}/"), lines);
        } else if file_type.is_symlink() {
            lines.push(format!("{path} -> {}", fs::read_link(entry.path()).unwrap().display()));
        } else {
            lines.push(format!("{path} = {}", fs::read(entry.path()).unwrap().escape_ascii()));
        }
    }
}

fn rel(path: &str) -> RelPath {
    RelPath::parse(path).unwrap()
}

fn at_second(seconds: i64) -> Instant {
    Instant { seconds, nanoseconds: 123_456_789 }
}

/// The kind of failure that a reply is.
fn failure_kind(reply: &Reply) -> Option<FailureKind> {
    if let Reply::Failed(Failure { kind, .. }) = reply { Some(*kind) } else { None }
}

/// A local backend that does not let on that it is one.
struct Streamed(Local);

impl Backend for Streamed {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        self.0.list_directory(list, pages)
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        self.0.describe(path)
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        self.0.read(path, version)
    }

    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found> {
        self.0.write(copy, content)
    }

    fn move_file(&self, moved: MoveFile, like: &dyn Backend) -> Answer<'_, Found> {
        self.0.move_file(moved, like)
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        self.0.delete_file(path, expect, disposal)
    }

    fn make_directory(&self, path: RelPath, like: &dyn Backend) -> Answer<'_, Found> {
        self.0.make_directory(path, like)
    }

    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()> {
        self.0.remove_directory(path, emptiness)
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        self.0.set_time(path, expect, modified)
    }

    fn flush(&self, like: &dyn Backend) -> Answer<'_, ()> {
        self.0.flush(like)
    }
}
