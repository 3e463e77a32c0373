//! A directory that was listed to its end: the steps of the stream through it, in their order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::packed::{Packed, Step, What};
use crate::path::RelPath;
use crate::sorting::set_of;

/// The steps that are left.
#[derive(Debug, Default)]
pub(super) struct Steps {
    directory: RelPath,
    pages: Vec<Packed>,
    order: Vec<Place>,
    taken: usize,
}

/// Where a step is: in which page, and where there.
#[derive(Debug, Clone, Copy)]
struct Place {
    page: usize,
    step: usize,
}

impl Steps {
    /// Puts what came of a directory in order. Returns also what was listed more than once: nobody knows what is there, so that
    /// it takes no part.
    pub fn new(directory: RelPath, pages: Vec<Packed>) -> (Self, Vec<RelPath>) {
        let length = pages.iter().map(Packed::len).sum();
        let mut order = Vec::with_capacity(length);
        for (page, steps) in pages.iter().enumerate() {
            order.extend((0..steps.len()).map(|step| Place { page, step }));
        }
        let mut steps = Self { directory, pages, order, taken: 0 };
        let pages = &steps.pages;
        steps.order.sort_unstable_by(|left, right| match (get(pages, *left), get(pages, *right)) {
            (Some(left), Some(right)) => compare(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        });
        let twice = steps.twice();
        if !twice.is_empty() {
            steps.leave_out(&twice);
        }
        (steps, twice.into_iter().collect())
    }

    /// Returns the number of steps that are left.
    pub fn len(&self) -> usize {
        self.order.len() - self.taken
    }

    /// Returns what the next step is.
    pub fn first(&self) -> Option<What> {
        get(&self.pages, *self.order.get(self.taken)?).map(|(_, what)| what)
    }

    /// Returns the path that the next step is about; that of the directory when there is none.
    pub fn first_path(&self) -> RelPath {
        let name = self.order.get(self.taken).and_then(|place| get(&self.pages, *place));
        name.map_or_else(|| self.directory.clone(), |(name, _)| self.directory.child(name))
    }

    /// Takes the next step.
    pub fn take_first(&mut self) -> Option<Step> {
        let Place { page, step } = *self.order.get(self.taken)?;
        self.taken += 1;
        self.pages.get_mut(page)?.take(step, &self.directory)
    }

    /// Returns the directories that are entered on the way.
    pub fn entered(&self) -> impl Iterator<Item = RelPath> + '_ {
        let steps = self.order.iter().filter_map(|place| get(&self.pages, *place));
        steps.filter(|(_, what)| *what == What::Enter).map(|(name, _)| self.directory.child(name))
    }

    /// Returns what is listed more than once.
    fn twice(&self) -> BTreeSet<RelPath> {
        let pairs = self.order.windows(2).filter_map(|pair| match pair {
            [left, right] => Some((get(&self.pages, *left)?, get(&self.pages, *right)?)),
            _ => None,
        });
        let equal = pairs.filter(|(left, right)| compare(*left, *right).is_eq());
        set_of(equal.map(|((name, _), _)| self.directory.child(name)))
    }

    /// Leaves one step to each of these paths, which says that something is there that takes no part.
    fn leave_out(&mut self, twice: &BTreeSet<RelPath>) {
        let mut seen = BTreeSet::new();
        let Self { pages, order, directory, .. } = self;
        order.retain(|place| {
            let Some((name, what)) = get(pages, *place) else { return false };
            let path = directory.child(name);
            if !twice.contains(&path) {
                return true;
            }
            let is_first = what != What::Enter && seen.insert(path);
            if let (true, Some(page)) = (is_first, pages.get_mut(place.page)) {
                page.untrack(place.step);
            }
            is_first
        });
    }
}

fn get(pages: &[Packed], place: Place) -> Option<(&str, What)> {
    pages.get(place.page)?.get(place.step)
}

/// Compares as the paths of the stream do: what is in a directory comes where its name with a `/` at the end belongs.
fn compare(left: (&str, What), right: (&str, What)) -> Ordering {
    let ((left, left_what), (right, right_what)) = (left, right);
    let shared = left.len().min(right.len());
    let (left_start, left_rest) = left.as_bytes().split_at(shared);
    let (right_start, right_rest) = right.as_bytes().split_at(shared);
    let next = |rest: &[u8], what| rest.first().copied().or((what == What::Enter).then_some(b'/'));
    left_start.cmp(right_start).then_with(|| next(left_rest, left_what).cmp(&next(right_rest, right_what)))
}
