//! The current listing of a side: directory pages in any order -> one stream in path order.
//!
//! Directories are asked for ahead of the stream, in the order in which the stream will need them, so that a host can list
//! many at once while what is held stays small.

mod listing;
mod packed;
mod steps;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use self::listing::Listing;
use self::packed::{Step, What};
use self::steps::Steps;
use crate::entry::{Entry, Found, Kind};
use crate::filter::Filter;
use crate::item::Item;
use crate::metadata::Metadata;
use crate::numbered::Numbered;
use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::pull::Pull;
use crate::spelling::Spelling;

/// At most so many directories of a side are being listed at once.
const LISTED_AT_ONCE: usize = 64;
/// No further directory is asked for while so many entries wait to be taken from the stream, unless the stream waits for it.
const ENTRIES_AHEAD: usize = 40_000;

/// What the walk found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The path.
    pub path: RelPath,
    /// What is there.
    pub now: Now,
    /// Its metadata, where that is carried over.
    pub metadata: Option<Box<Metadata>>,
}

/// What is at a path now, as far as the sync is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Now {
    /// Nothing.
    #[default]
    Absent,
    /// A file or a directory that takes part.
    Present(Found),
    /// Something that takes no part: a link, a special file, a file outside the limits of size or age or left out for
    /// its metadata.
    Untracked,
}

/// Why nothing is known of what is below a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blind {
    /// Listing it failed: everything below stays as it is, in the listing too.
    Failed,
    /// It holds a file named by `--exclude-if-present`: everything below is untracked.
    Excluded,
    /// It is no directory but a link or a special file, or a directory of another file system, or was listed more than once: nothing
    /// is read or written through it.
    Hidden,
}

/// Something met on the way that is no entry of the sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// A symbolic link.
    Link(RelPath),
    /// A socket, a pipe, a device.
    Special(RelPath),
    /// A directory of another file system.
    OtherFileSystem(RelPath),
    /// A name that was listed more than once.
    Twice(RelPath),
    /// A directory that holds something that takes no part.
    Occupied(RelPath),
    /// A temporary file that a run left behind.
    Leftover(Entry, u64),
}

/// Names a directory that was asked for.
type Slot = u32;

/// The walk over one side.
#[derive(Debug)]
pub struct Walk {
    filter: Arc<Filter>,
    /// Whether metadata is carried over.
    keeps_metadata: bool,
    /// Directories that nobody asked for yet, after where in the stream they are needed. The first comes first.
    wanted: BinaryHeap<Reverse<(Box<str>, RelPath)>>,
    listing: Numbered<Listing>,
    ready: PathMap<Steps>,
    /// Directories that were entered, the innermost last.
    entered: Vec<Steps>,
    /// Whether the root is still to be entered.
    at_root: bool,
    next_slot: Slot,
    entries_ahead: usize,
    /// The directory without which the stream cannot go on, when it was last tried.
    needed: Option<RelPath>,
    /// Which spellings of a path are one.
    spelling: Spelling,
    /// Of what directories nothing is known, by the path that all its spellings share.
    blind: PathMap<Blind>,
    oddities: Vec<Oddity>,
}

impl Walk {
    /// Begins at the root.
    pub fn new(filter: Arc<Filter>, keeps_metadata: bool, spelling: Spelling) -> Self {
        let mut wanted = BinaryHeap::new();
        wanted.push(Reverse(("".into(), RelPath::root())));
        Self {
            filter,
            keeps_metadata,
            wanted,
            listing: Numbered::default(),
            ready: PathMap::default(),
            entered: Vec::new(),
            at_root: true,
            next_slot: 0,
            entries_ahead: 0,
            needed: None,
            spelling,
            blind: PathMap::default(),
            oddities: Vec::new(),
        }
    }

    /// Returns the next directory to list, if one should be listed now, and the number that [`supply`](Self::supply) wants
    /// with its pages.
    pub fn wants(&mut self) -> Option<(u32, RelPath)> {
        if self.listing.len() >= LISTED_AT_ONCE {
            return None;
        }
        let Reverse((_, next)) = self.wanted.peek()?;
        if self.entries_ahead >= ENTRIES_AHEAD && self.needed.as_ref() != Some(next) {
            return None;
        }
        let Reverse((_, path)) = self.wanted.pop()?;
        let slot = self.next_slot;
        self.next_slot += 1;
        self.listing.insert(slot.into(), Listing::new(path.clone()));
        Some((slot, path))
    }

    /// Takes a page of a directory. Returns what is wrong with it, if anything is, with the last page; the directory then counts as
    /// unreadable.
    pub fn supply(&mut self, slot: u32, items: Vec<Item>, last: bool) -> Result<(), (RelPath, String)> {
        let Some(listing) = self.listing.get_mut(slot.into()) else { return Ok(()) };
        listing.take(items, &self.filter, self.keeps_metadata);
        if !last {
            return Ok(());
        }
        let Some(listing) = self.listing.remove(slot.into()) else { return Ok(()) };
        let path = listing.path.clone();
        match self.steps(listing) {
            Ok(steps) => {
                self.entries_ahead += steps.len();
                self.ready.insert(path, steps);
                Ok(())
            }
            Err(problem) => {
                self.give_up(path.clone(), Blind::Failed);
                Err((path, problem))
            }
        }
    }

    /// Forgets the pages of a directory that came so far: they come once more.
    pub fn begin_anew(&mut self, slot: u32) {
        if let Some(listing) = self.listing.get_mut(slot.into()) {
            *listing = Listing::new(listing.path.clone());
        }
    }

    /// The directory could not be listed. Returns its path.
    pub fn fail(&mut self, slot: u32) -> RelPath {
        let path = self.listing.remove(slot.into()).map(|listing| listing.path).unwrap_or_default();
        self.give_up(path.clone(), Blind::Failed);
        path
    }

    /// Takes the next entry of the stream.
    pub fn pull(&mut self) -> Pull<Seen> {
        loop {
            if self.at_root {
                if !self.enter(&RelPath::root()) {
                    return self.wait_for(RelPath::root());
                }
                self.at_root = false;
            }
            let Some(steps) = self.entered.last_mut() else { return Pull::End };
            match steps.first() {
                None => {
                    self.entered.pop();
                }
                Some(What::Enter) => {
                    let path = steps.first_path();
                    if !self.enter(&path) {
                        return self.wait_for(path);
                    }
                }
                Some(what) => {
                    // Whether a directory holds a marker is known when it has been listed.
                    let may_be_marked =
                        !self.filter.marker_names().is_empty() && what == What::Present(Kind::Directory);
                    let marked = may_be_marked.then(|| steps.first_path());
                    if let Some(path) = marked.as_ref().filter(|path| !self.ready.contains(path)) {
                        return self.wait_for(path.clone());
                    }
                    let is_marked = marked
                        .is_some_and(|path| self.blind.get(&self.spelling.shared(&path)) == Some(&Blind::Excluded));
                    if let Some(Step::Take(mut seen)) = steps.take_first() {
                        self.entries_ahead = self.entries_ahead.saturating_sub(1);
                        if is_marked {
                            seen.now = Now::Untracked;
                        }
                        return Pull::Item(seen);
                    }
                }
            }
        }
    }

    fn wait_for(&mut self, directory: RelPath) -> Pull<Seen> {
        self.needed = Some(directory);
        Pull::Wait
    }

    /// Says whether, and why, nothing is known of `path`, however it is spelled, because a directory above it was not listed.
    pub fn blind_at(&self, path: &RelPath) -> Option<Blind> {
        if self.blind.is_empty() {
            return None;
        }
        let path = self.spelling.shared(path);
        std::iter::successors(path.parent(), RelPath::parent).find_map(|above| self.blind.get(&above).copied())
    }

    /// Returns what was met since the last time that is no entry of the sync.
    pub fn take_oddities(&mut self) -> Vec<Oddity> {
        std::mem::take(&mut self.oddities)
    }

    /// Goes into a directory; false when it has not been listed yet.
    fn enter(&mut self, path: &RelPath) -> bool {
        let Some(steps) = self.ready.remove(path) else { return false };
        if let Some(steps) = self.entered.last_mut() {
            steps.take_first();
            self.entries_ahead = self.entries_ahead.saturating_sub(1);
        }
        self.entered.push(steps);
        true
    }

    fn give_up(&mut self, path: RelPath, why: Blind) {
        self.oddities.push(Oddity::Occupied(path.clone()));
        self.blind.insert(self.spelling.shared(&path), why);
        self.ready.insert(path, Steps::default());
    }

    /// Returns the steps of the stream through a directory that was listed to its end.
    fn steps(&mut self, listing: Listing) -> Result<Steps, String> {
        let Listing { path: directory, pages, hidden, oddities, is_marked, leaves_out, problem } = listing;
        if is_marked {
            self.blind.insert(self.spelling.shared(&directory), Blind::Excluded);
            self.oddities.push(Oddity::Occupied(directory));
            return Ok(Steps::default());
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
        let (steps, twice) = Steps::new(directory.clone(), pages);
        if leaves_out || !twice.is_empty() {
            self.oddities.push(Oddity::Occupied(directory));
        }
        let hidden = hidden.iter().chain(&twice).map(|path| (self.spelling.shared(path), Blind::Hidden));
        self.blind.extend(hidden);
        self.oddities.extend(oddities.into_iter().chain(twice.into_iter().map(Oddity::Twice)));
        // A directory is needed before what is in it, or already before itself, where a marker may be in it.
        let end = if self.filter.marker_names().is_empty() { "/" } else { "" };
        self.wanted.extend(steps.entered().map(|path| Reverse((format!("{path}{end}").into(), path))));
        Ok(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Fingerprint;

    const SPELLING: Spelling = Spelling { ignore_case: false, normalize_unicode: true };

    fn item(name: &str, kind: Kind) -> Item {
        Item { name: name.into(), found: Found { kind, fingerprint: Fingerprint::default() }, metadata: None }
    }

    fn tree(directory: &str) -> Vec<Item> {
        match directory {
            "" => vec![
                item("b", Kind::File),
                item("a", Kind::Directory),
                item("a.txt", Kind::File),
                item("a0", Kind::File),
            ],
            "a" => vec![item("z", Kind::Directory), item("y", Kind::File)],
            "a/z" => vec![item("deep", Kind::File)],
            other => panic!("nobody should list {other}"),
        }
    }

    /// Drains the walk, answering requests in the order that `pick` chooses.
    fn drain(pick: impl Fn(usize) -> usize) -> Vec<String> {
        let filter = Filter::new(&[], crate::filter::Limits::default(), false).unwrap();
        let mut walk = Walk::new(Arc::new(filter), false, SPELLING);
        let mut asked = Vec::new();
        let mut paths = Vec::new();
        loop {
            while let Some(request) = walk.wants() {
                asked.push(request);
            }
            match walk.pull() {
                Pull::Item(seen) => paths.push(seen.path.to_string()),
                Pull::End => return paths,
                Pull::Wait => {
                    let (slot, path) = asked.remove(pick(asked.len()));
                    walk.supply(slot, tree(path.as_str()), true).unwrap();
                }
            }
        }
    }

    #[test]
    fn the_stream_is_in_path_order_however_pages_arrive() {
        let expected = ["a", "a.txt", "a/y", "a/z", "a/z/deep", "a0", "b"];
        assert_eq!(drain(|_| 0), expected);
        assert_eq!(drain(|count| count - 1), expected);
    }

    #[test]
    fn what_waits_stays_small_when_only_the_stream_is_slow() {
        let filter = Filter::new(&[], crate::filter::Limits::default(), false).unwrap();
        let mut walk = Walk::new(Arc::new(filter), false, SPELLING);
        let (root, _) = walk.wants().unwrap();
        let directories = 0..ENTRIES_AHEAD / 100;
        walk.supply(
            root,
            directories.clone().map(|number| item(&format!("d{number:04}"), Kind::Directory)).collect(),
            true,
        )
        .unwrap();
        let mut listed = 0;
        let mut answer = |walk: &mut Walk| {
            // Each answer comes before the next question.
            while let Some((slot, path)) = walk.wants() {
                listed += 1;
                let files = (0..200).map(|number| item(&format!("f{number:03}"), Kind::File)).collect();
                assert!(path.as_str() < "e" && walk.supply(slot, files, true).is_ok());
            }
            assert!(walk.entries_ahead < ENTRIES_AHEAD + 400, "{}", walk.entries_ahead);
            listed
        };
        assert_eq!(answer(&mut walk), ENTRIES_AHEAD / 200 - 4);
        let mut pulled = 0;
        let listed = loop {
            match walk.pull() {
                Pull::Item(_) => pulled += 1,
                Pull::Wait => drop(answer(&mut walk)),
                Pull::End => break answer(&mut walk),
            }
        };
        assert_eq!((listed, pulled), (directories.len(), directories.len() * 201));
    }

    #[test]
    fn the_directory_that_the_stream_waits_for_is_listed_whatever_else_waits() {
        let limits = crate::filter::Limits { exclude_if_present: vec![".ignore".into()], ..Default::default() };
        let mut walk = Walk::new(Arc::new(Filter::new(&[], limits, false).unwrap()), false, SPELLING);
        let (root, _) = walk.wants().unwrap();
        // `d-e/` comes before `d/`, but whether `d` takes part has to be known before both.
        let mut items = vec![item("d", Kind::Directory), item("d-e", Kind::Directory)];
        items.extend((0..ENTRIES_AHEAD).map(|number| item(&format!("f{number:05}"), Kind::File)));
        walk.supply(root, items, true).unwrap();
        let mut pulled = 0;
        loop {
            match walk.pull() {
                Pull::Item(_) => pulled += 1,
                Pull::End => break,
                Pull::Wait => {
                    let (slot, _) = walk.wants().expect("it stands still");
                    walk.supply(slot, Vec::new(), true).unwrap();
                }
            }
        }
        assert_eq!(pulled, ENTRIES_AHEAD + 2);
    }

    #[test]
    fn a_name_listed_twice_takes_no_part() {
        let filter = Filter::new(&[], crate::filter::Limits::default(), false).unwrap();
        let mut walk = Walk::new(Arc::new(filter), false, SPELLING);
        let (slot, _) = walk.wants().unwrap();
        walk.supply(slot, vec![item("a", Kind::File), item("a.txt", Kind::File), item("b", Kind::File)], false)
            .unwrap();
        walk.supply(slot, vec![item("c", Kind::File), item("a", Kind::Directory), item("b", Kind::File)], true)
            .unwrap();
        assert_eq!(walk.wants(), None);
        let path = |text: &str| RelPath::parse(text).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| match walk.pull() {
            Pull::Item(seen) => Some((seen.path.to_string(), matches!(seen.now, Now::Present(_)))),
            Pull::Wait | Pull::End => None,
        })
        .collect();
        let expected = [("a", false), ("a.txt", true), ("b", false), ("c", true)];
        assert_eq!(taken, expected.map(|(name, takes_part)| (name.to_owned(), takes_part)));
        let oddities = [Oddity::Occupied(path("")), Oddity::Twice(path("a")), Oddity::Twice(path("b"))];
        assert_eq!(walk.take_oddities(), oddities);
        assert_eq!(walk.blind_at(&path("a/x")), Some(Blind::Hidden));
        assert_eq!(walk.blind_at(&path("c")), None);
    }
}
