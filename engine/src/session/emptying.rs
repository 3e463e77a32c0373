//! Which directories will be empty at the end of the run, for `--remove-empty-dirs`.

use std::cmp::Reverse;

use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::protocol::{Expect, Verb};
use crate::side::{Pair, Side};
use crate::sorting::sort_by_key;

/// All directories of both sides, and how much each holds that is no directory.
#[derive(Debug, Default)]
pub struct Emptying(Pair<PathMap<u64>>);

impl Emptying {
    /// A directory is there.
    pub fn note_directory(&mut self, side: Side, path: &RelPath) {
        if !self.0[side].contains(path) {
            self.0[side].insert(path.clone(), 0);
        }
    }

    /// Something that is no directory is there, or will be.
    pub fn note(&mut self, side: Side, path: &RelPath) {
        if let Some(directory) = path.parent() {
            self.occupy(side, directory);
        }
    }

    /// A directory holds something that takes no part.
    pub fn occupy(&mut self, side: Side, directory: RelPath) {
        match self.0[side].get_mut(&directory) {
            Some(count) => *count += 1,
            None => self.0[side].insert(directory, 1),
        }
    }

    /// A step is going to be carried out.
    pub fn apply(&mut self, step: &Verb) {
        match step {
            Verb::CopyFile(copy) if copy.expect == Expect::Absent => self.note(copy.from.other(), &copy.target),
            Verb::MoveFile(moved) => {
                self.forget(moved.side, &moved.path);
                self.note(moved.side, &moved.target);
            }
            Verb::DeleteFile { side, path, .. } => self.forget(*side, path),
            // A file takes its place: it goes with all that is below it.
            Verb::RemoveDirectory { side, path, .. } => self.0[*side].remove_with_below(path),
            _ => {}
        }
    }

    fn forget(&mut self, side: Side, path: &RelPath) {
        let count = path.parent().and_then(|directory| self.0[side].get_mut(&directory));
        if let Some(count) = count {
            *count = count.saturating_sub(1);
        }
    }

    /// Returns the directories of each side that will be empty once those below them are removed.
    pub fn finish(self) -> Pair<Vec<RelPath>> {
        self.0.map(|directories| {
            let mut order: Vec<RelPath> =
                directories.iter().map(|(path, _)| path.clone()).filter(|path| !path.is_root()).collect();
            sort_by_key(&mut order, |path| Reverse(path.as_str().split('/').count()));
            let mut counts = directories;
            order.retain(|path| {
                let is_empty = counts.get(path) == Some(&0);
                if let (false, Some(above)) = (is_empty, path.parent().and_then(|above| counts.get_mut(&above))) {
                    *above += 1;
                }
                is_empty
            });
            order
        })
    }
}
