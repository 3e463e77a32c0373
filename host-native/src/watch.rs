//! Looks out for changes in local folders.

mod wait;

pub use wait::{Waiting, Wake, Woken};

use std::iter::successors;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use bisync_engine::filter::Filter;
use bisync_engine::path::RelPath;
use bisync_engine::reserved::RESERVED;
use bisync_engine::temporary;
use notify::event::{CreateKind, ModifyKind, RemoveKind};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::backend::local::from_disk;

/// Which changes below a folder matter.
struct Scope {
    root: PathBuf,
    /// What takes part; everything when there is no filter.
    filter: Option<Filter>,
}

/// Watches a folder and all below it until it is dropped.
#[derive(Debug)]
pub struct Watcher(#[expect(dead_code, reason = "it watches while it is kept")] RecommendedWatcher);

impl Watcher {
    /// Begins to watch a folder; a change of what takes part wakes whoever waits. Links are not followed.
    ///
    /// # Errors
    /// Fails when the folder is not there, or when the system watches no more directories.
    pub fn new(root: &Path, filter: Option<Filter>, wakes: Sender<Wake>) -> notify::Result<Self> {
        let scope = Scope { root: std::path::absolute(root).map_err(notify::Error::io)?, filter };
        let path = scope.root.clone();
        let handler = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| scope.is_about(&event)) {
                // Nobody waits any more.
                let _ = wakes.send(Wake::Change);
            }
        };
        let mut watcher = RecommendedWatcher::new(handler, Config::default().with_follow_symlinks(false))?;
        watcher.watch(&path, RecursiveMode::Recursive)?;
        Ok(Self(watcher))
    }
}

impl Scope {
    /// Says whether an event is about what takes part. What is not understood is.
    fn is_about(&self, event: &Event) -> bool {
        let is_a_look = matches!(event.kind, EventKind::Access(_));
        let is_a_file = matches!(
            event.kind,
            EventKind::Create(CreateKind::File)
                | EventKind::Remove(RemoveKind::File)
                | EventKind::Modify(ModifyKind::Data(_))
        );
        let has = |path: &PathBuf| self.has(path, is_a_file);
        event.need_rescan() || !is_a_look && (event.paths.is_empty() || event.paths.iter().any(has))
    }

    /// Says whether a path takes part, that of a file for sure or of anything.
    fn has(&self, path: &Path, is_a_file: bool) -> bool {
        use std::os::unix::ffi::OsStrExt as _;
        let Ok(below) = path.strip_prefix(&self.root) else { return true };
        let Ok(path) = RelPath::parse(&from_disk(below.as_os_str().as_bytes())) else { return true };
        let is_ours = |name: &str| name == RESERVED || temporary::run_of(name).is_some();
        if path.as_str().split('/').any(is_ours) {
            return false;
        }
        let Some(filter) = &self.filter else { return true };
        let mut above = successors(path.parent(), RelPath::parent);
        above.all(|directory| filter.descends(&directory))
            && (filter.includes_path(&path) || !is_a_file && filter.descends(&path))
    }
}

#[cfg(test)]
mod tests {
    use bisync_engine::entry::Instant;
    use bisync_engine::options::{FilterSettings, Options};
    use notify::event::{AccessKind, Flag};

    use super::*;

    fn scope(rules: &[&str]) -> Scope {
        let given: Vec<_> = rules.iter().map(|rule| ("filter".to_owned(), (*rule).to_owned())).collect();
        let options = Options::parse(&given).unwrap();
        let FilterSettings { sources, limits, ignore_case } =
            FilterSettings::resolve(&options, Instant { seconds: 0, nanoseconds: 0 }, 0);
        Scope { root: "/home/one".into(), filter: Filter::new(&sources, limits, ignore_case).ok() }
    }

    #[test]
    fn what_takes_no_part_wakes_nobody() {
        let check = |rules: &[&str], path: &str, expected: bool| {
            assert_eq!(scope(rules).has(Path::new(path), true), expected, "{rules:?} {path}");
        };
        check(&[], "/home/one/a/b", true);
        check(&[], "/home/one", true);
        check(&[], "/elsewhere", true);
        check(&[], "/home/one/a/.bisync-0123456789abcdef-2a.partial", false);
        check(&[], "/home/one/.bisync/lock", false);
        check(&["- *.o", "- /build/**"], "/home/one/src/a.c", true);
        check(&["- /build/**"], "/home/one/build/deep/a.c", false);
        check(&["+ *.txt", "- *"], "/home/one/a.txt", true);
        check(&["+ *.txt", "- *"], "/home/one/a.bin", false);
        // A directory, in which there may be a text.
        assert!(scope(&["+ *.txt", "- *"]).has(Path::new("/home/one/a.bin"), false));
    }

    #[test]
    fn a_look_is_no_change() {
        let event = |kind| Event::new(kind).add_path("/home/one/a".into());
        let check = |event: Event, expected: bool| assert_eq!(scope(&[]).is_about(&event), expected, "{event:?}");
        check(event(EventKind::Access(AccessKind::Any)), false);
        check(event(EventKind::Create(CreateKind::File)), true);
        check(Event::new(EventKind::Other), true);
        check(Event::new(EventKind::Access(AccessKind::Any)).set_flag(Flag::Rescan), true);
    }
}
