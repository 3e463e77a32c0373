//! Which changes below a folder matter.

use std::iter::successors;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use bisync_engine::filter::Filter;
use bisync_engine::path::RelPath;
use bisync_engine::reserved::RESERVED;
use bisync_engine::temporary;
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind, RenameMode};
use notify::{Event, EventKind};

use crate::backend::local::from_disk;

/// What is watched.
pub struct Scope {
    /// The folder.
    pub root: PathBuf,
    /// What takes part; everything when there is no filter.
    pub filter: Option<Filter>,
    /// The path below the folder of a file that runs write themselves.
    pub ignored: Option<PathBuf>,
}

/// Says whether an event may be about a directory that is new.
pub fn may_be_new(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::Create(CreateKind::Folder | CreateKind::Any)
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both | RenameMode::Any))
    )
}

impl Scope {
    /// Says whether an event is about what takes part. What is not understood is.
    pub fn is_about(&self, event: &Event) -> bool {
        // It is all that is told of what was written by way of memory.
        let is_written = matches!(event.kind, EventKind::Access(AccessKind::Close(AccessMode::Write)));
        let is_a_look = matches!(event.kind, EventKind::Access(_)) && !is_written;
        let is_a_file = is_written
            || matches!(
                event.kind,
                EventKind::Create(CreateKind::File)
                    | EventKind::Remove(RemoveKind::File)
                    | EventKind::Modify(ModifyKind::Data(_))
            );
        let has = |path: &PathBuf| self.has(path, is_a_file);
        !is_a_look && (event.paths.is_empty() || event.paths.iter().any(has))
    }

    /// Says whether the directory of this path takes part.
    pub fn enters(&self, directory: &Path) -> bool {
        self.below(directory).is_none_or(|path| !is_ours(&path) && self.descends(Some(path)))
    }

    /// Says whether a path takes part, that of a file for sure or of anything.
    fn has(&self, path: &Path, is_a_file: bool) -> bool {
        if self.ignored.is_some() && path.strip_prefix(&self.root).ok() == self.ignored.as_deref() {
            return false;
        }
        let Some(path) = self.below(path) else { return true };
        let includes = |filter: &Filter| filter.includes_path(&path) || !is_a_file && filter.descends(&path);
        !is_ours(&path) && self.descends(path.parent()) && self.filter.as_ref().is_none_or(includes)
    }

    /// Returns a path below the folder, if it is there and can be one.
    fn below(&self, path: &Path) -> Option<RelPath> {
        let below = path.strip_prefix(&self.root).ok()?;
        RelPath::parse(&from_disk(below.as_os_str().as_bytes())).ok()
    }

    /// Says whether a directory and all above it are listed.
    fn descends(&self, directory: Option<RelPath>) -> bool {
        let mut directories = successors(directory, RelPath::parent);
        self.filter.as_ref().is_none_or(|filter| directories.all(|directory| filter.descends(&directory)))
    }
}

/// Says whether a run or several machines have this for themselves.
fn is_ours(path: &RelPath) -> bool {
    path.as_str().split('/').any(|name| name == RESERVED || temporary::run_of(name).is_some())
}

#[cfg(test)]
mod tests {
    use bisync_engine::entry::Instant;
    use bisync_engine::options::{FilterSettings, Options};

    use super::*;

    fn scope(rules: &[&str]) -> Scope {
        let given: Vec<_> = rules.iter().map(|rule| ("filter".to_owned(), (*rule).to_owned())).collect();
        let options = Options::parse(&given).unwrap();
        let FilterSettings { sources, limits, ignore_case } =
            FilterSettings::resolve(&options, Instant { seconds: 0, nanoseconds: 0 }, 0);
        let filter = Filter::new(&sources, limits, ignore_case).ok();
        Scope { root: "/home/one".into(), filter, ignored: Some("log".into()) }
    }

    #[test]
    fn what_takes_no_part_wakes_nobody() {
        let check = |rules: &[&str], path: &str, expected: bool| {
            assert_eq!(scope(rules).has(Path::new(path), true), expected, "{rules:?} {path}");
        };
        check(&[], "/home/one/a/b", true);
        check(&[], "/home/one", true);
        check(&[], "/elsewhere", true);
        check(&[], "/home/one/log", false);
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
    fn what_is_not_listed_is_not_watched() {
        let check = |rules: &[&str], path: &str, expected: bool| {
            assert_eq!(scope(rules).enters(Path::new(path)), expected, "{rules:?} {path}");
        };
        check(&["- /build/**"], "/home/one", true);
        check(&["- /build/**"], "/home/one/src", true);
        check(&["- /build/**"], "/home/one/build", false);
        check(&["- /build/**"], "/home/one/build/deep", false);
        check(&[], "/home/one/.bisync", false);
    }

    #[test]
    fn a_look_is_no_change() {
        let check = |kind, expected: bool| {
            let event = Event::new(kind).add_path("/home/one/a".into());
            assert_eq!(scope(&[]).is_about(&event), expected, "{event:?}");
        };
        check(EventKind::Access(AccessKind::Any), false);
        check(EventKind::Access(AccessKind::Close(AccessMode::Read)), false);
        check(EventKind::Access(AccessKind::Close(AccessMode::Write)), true);
        check(EventKind::Create(CreateKind::File), true);
        assert!(scope(&[]).is_about(&Event::new(EventKind::Other)));
    }
}
