//! Things by path.
//!
//! One map holds the order of the paths for all kinds of things. A map of the standard library would be several kilobytes of code for each kind, which
//! pages download.

use std::collections::{BTreeMap, btree_map};

use crate::path::RelPath;

/// Things by path, in path order.
#[derive(Debug, Clone)]
pub struct PathMap<T> {
    places: BTreeMap<RelPath, usize>,
    things: Vec<Option<T>>,
    /// Places that are free again.
    free: Vec<usize>,
}

impl<T> Default for PathMap<T> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), things: Vec::new(), free: Vec::new() }
    }
}

impl<T> PathMap<T> {
    /// Adds a thing; what was at the path before is replaced.
    pub fn insert(&mut self, path: RelPath, thing: T) {
        let place = self.free.pop().unwrap_or(self.things.len());
        if let Some(before) = self.places.insert(path, place) {
            self.release(before);
        }
        match self.things.get_mut(place) {
            Some(free) => *free = Some(thing),
            None => self.things.push(Some(thing)),
        }
    }

    /// Returns what is at a path.
    pub fn get(&self, path: &RelPath) -> Option<&T> {
        self.things.get(*self.places.get(path)?)?.as_ref()
    }

    /// Returns what is at a path, to be changed.
    pub fn get_mut(&mut self, path: &RelPath) -> Option<&mut T> {
        self.things.get_mut(*self.places.get(path)?)?.as_mut()
    }

    /// Takes out what is at a path.
    pub fn remove(&mut self, path: &RelPath) -> Option<T> {
        let place = self.places.remove(path)?;
        self.release(place)
    }

    /// Takes out what is at a path and below it.
    pub fn remove_with_below(&mut self, path: &RelPath) {
        // Between a name and what is below it lie names like `a.txt` and `a-b`: they all begin with the same text.
        let near = self.places.range(path.clone()..).map(|(other, _)| other);
        let near = near.take_while(|other| other.as_str().starts_with(path.as_str()));
        let gone: Vec<_> = near.filter(|other| *other == path || other.is_below(path)).cloned().collect();
        for path in gone {
            self.remove(&path);
        }
    }

    /// Returns true when something is at a path.
    pub fn contains(&self, path: &RelPath) -> bool {
        self.places.contains_key(path)
    }

    /// Returns true when there is nothing.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the paths and what is there, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&RelPath, &T)> {
        self.places.iter().filter_map(|(path, place)| Some((path, self.things.get(*place)?.as_ref()?)))
    }

    fn release(&mut self, place: usize) -> Option<T> {
        self.free.push(place);
        self.things.get_mut(place)?.take()
    }
}

impl<T> Extend<(RelPath, T)> for PathMap<T> {
    fn extend<I: IntoIterator<Item = (RelPath, T)>>(&mut self, things: I) {
        things.into_iter().for_each(|(path, thing)| self.insert(path, thing));
    }
}

impl<T> IntoIterator for PathMap<T> {
    type Item = (RelPath, T);
    type IntoIter = InOrder<T>;

    fn into_iter(self) -> InOrder<T> {
        InOrder { places: self.places.into_iter(), things: self.things }
    }
}

/// Paths and what was there, in path order.
#[derive(Debug)]
pub struct InOrder<T> {
    places: btree_map::IntoIter<RelPath, usize>,
    things: Vec<Option<T>>,
}

impl<T> Iterator for InOrder<T> {
    type Item = (RelPath, T);

    fn next(&mut self) -> Option<(RelPath, T)> {
        let (path, place) = self.places.next()?;
        Some((path, self.things.get_mut(place)?.take()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    #[test]
    fn things_are_found_by_path_and_come_in_path_order() {
        let mut things = PathMap::default();
        things.extend([("b", 2), ("a/x", 1), ("c", 3), ("b", 5)].map(|(text, thing)| (path(text), thing)));
        assert_eq!((things.get(&path("b")), things.contains(&path("a"))), (Some(&5), false));
        assert_eq!((things.remove(&path("c")), things.remove(&path("c"))), (Some(3), None));
        things.insert(path("a"), 4);
        if let Some(thing) = things.get_mut(&path("a")) {
            *thing = 6;
        }
        let expected = [("a", 6), ("a/x", 1), ("b", 5)].map(|(text, thing)| (path(text), thing));
        assert!(things.iter().map(|(path, thing)| (path.clone(), *thing)).eq(expected.clone()));
        assert_eq!(things.things.len(), 4, "places are used again");
        assert!(things.into_iter().eq(expected));
        assert!(PathMap::<()>::default().is_empty());
    }

    #[test]
    fn what_is_below_a_path_goes_with_it() {
        let mut things = PathMap::default();
        things.extend(["a", "a-b", "a.txt", "a/x", "a/x/y", "ab", "b/a"].map(|text| (path(text), ())));
        things.remove_with_below(&path("a"));
        assert!(things.iter().map(|(path, ())| path.as_str()).eq(["a-b", "a.txt", "ab", "b/a"]));
    }
}
