//! Looks out for changes in local folders.

mod scope;
mod wait;

pub use wait::{Waiting, Wake, Woken};

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use bisync_engine::filter::Filter;
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use walkdir::WalkDir;

use scope::Scope;

/// Watches a folder and all directories below it that take part, until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    _watcher: Arc<Mutex<RecommendedWatcher>>,
    root: PathBuf,
    /// Device and inode of the folder.
    identity: Option<(u64, u64)>,
    /// Set when changes may have been missed, or not all directories are watched.
    is_partial: Arc<AtomicBool>,
}

impl Watcher {
    /// Begins to watch a folder; a change of what takes part wakes whoever waits. Links are not followed, directories that cannot be read are
    /// left out, and so is `ignored`, a file below the folder.
    ///
    /// # Errors
    /// Fails when the folder is not there, or when the system watches no more directories.
    pub fn new(
        root: &Path,
        filter: Option<Filter>,
        ignored: Option<PathBuf>,
        wakes: Sender<Wake>,
    ) -> notify::Result<Self> {
        let root = std::path::absolute(root).map_err(notify::Error::io)?;
        let scope = Scope { root: root.clone(), filter, ignored };
        let (teller, told) = channel();
        let handler = move |event| {
            // Nobody watches any more.
            let _ = teller.send(event);
        };
        let mut watcher = RecommendedWatcher::new(handler, Config::default().with_follow_symlinks(false))?;
        let identity = identity(&root);
        enter(&mut watcher, &scope, &root)?;
        let (watcher, is_partial) = (Arc::new(Mutex::new(watcher)), Arc::new(AtomicBool::new(false)));
        let hearing = Hearing { watcher: Arc::downgrade(&watcher), scope, wakes, is_partial: Arc::clone(&is_partial) };
        thread::Builder::new().name("watch".into()).spawn(move || hearing.hear(&told)).map_err(notify::Error::io)?;
        Ok(Self { _watcher: watcher, root, identity, is_partial })
    }

    /// Says whether all changes are told: another folder may be in the place of this one by now, or some may have been missed.
    pub fn is_whole(&self) -> bool {
        self.identity == identity(&self.root) && !self.is_partial.load(Ordering::Relaxed)
    }
}

/// What hears of changes. It ends with the watcher, which holds the other end of the channel.
struct Hearing {
    watcher: Weak<Mutex<RecommendedWatcher>>,
    scope: Scope,
    wakes: Sender<Wake>,
    is_partial: Arc<AtomicBool>,
}

impl Hearing {
    fn hear(&self, told: &Receiver<notify::Result<Event>>) {
        for event in told {
            let is_change = match &event {
                Ok(event) if event.need_rescan() => self.missed(),
                Ok(event) => self.scope.is_about(event) && self.entered(event),
                Err(_) => self.missed(),
            };
            if is_change {
                // Nobody waits any more.
                let _ = self.wakes.send(Wake::Change);
            }
        }
    }

    fn missed(&self) -> bool {
        self.is_partial.store(true, Ordering::Relaxed);
        true
    }

    /// Watches directories that are new, before a run looks at them.
    fn entered(&self, event: &Event) -> bool {
        let is_directory = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        if cfg!(target_os = "linux") && scope::may_be_new(event) {
            for directory in event.paths.iter().filter(is_directory).filter(|path| self.scope.enters(path)) {
                let Some(watcher) = self.watcher.upgrade() else { return false };
                let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                if enter(&mut watcher, &self.scope, directory).is_err() {
                    return self.missed();
                }
            }
        }
        true
    }
}

/// Watches a directory and all below it that takes part.
fn enter(watcher: &mut RecommendedWatcher, scope: &Scope, directory: &Path) -> notify::Result<()> {
    if !cfg!(target_os = "linux") {
        // Other systems watch a whole tree as easily.
        return watcher.watch(directory, RecursiveMode::Recursive);
    }
    let tree = WalkDir::new(directory).into_iter();
    let tree =
        tree.filter_entry(|found| found.depth() == 0 || found.file_type().is_dir() && scope.enters(found.path()));
    for found in tree.filter_map(Result::ok) {
        match watcher.watch(found.path(), RecursiveMode::NonRecursive) {
            // Runs tell of directories that cannot be read.
            Err(error) if found.depth() > 0 && !matches!(error.kind, ErrorKind::MaxFilesWatch) => {}
            watched => watched?,
        }
    }
    Ok(())
}

fn identity(root: &Path) -> Option<(u64, u64)> {
    fs::metadata(root).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
