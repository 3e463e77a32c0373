//! Things under way, found by their numbers.
//!
//! There are few at a time, and numbers grow, so that a list in their order is enough. A map of the standard library would be some kilobytes of code for
//! each kind of thing, which pages download.

/// Things by number.
#[derive(Debug, Clone)]
pub struct Numbered<T>(Vec<(u64, T)>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Numbered<T> {
    /// Adds a thing; what had the number before is replaced.
    pub fn insert(&mut self, number: u64, thing: T) {
        match self.get_mut(number) {
            Some(there) => *there = thing,
            None => self.0.insert(self.place(number).unwrap_or_else(|place| place), (number, thing)),
        }
    }

    /// Returns the thing that has a number.
    pub fn get(&self, number: u64) -> Option<&T> {
        self.0.get(self.place(number).ok()?).map(|(_, thing)| thing)
    }

    /// Returns the thing that has a number, to be changed.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place(number).ok()?;
        self.0.get_mut(place).map(|(_, thing)| thing)
    }

    /// Takes out the thing that has a number.
    pub fn remove(&mut self, number: u64) -> Option<T> {
        Some(self.0.remove(self.place(number).ok()?).1)
    }

    /// Returns how many things there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true when there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, number: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_found_by_their_numbers() {
        let mut things = Numbered::default();
        for (number, thing) in [(3, 'c'), (1, 'x'), (7, 'g'), (1, 'a')] {
            things.insert(number, thing);
        }
        assert_eq!([1, 2, 3, 7].map(|number| things.get(number).copied()), [Some('a'), None, Some('c'), Some('g')]);
        assert_eq!((things.remove(3), things.remove(3), things.len()), (Some('c'), None, 2));
        if let Some(thing) = things.get_mut(7) {
            *thing = 'h';
        }
        assert_eq!((things.remove(7), things.remove(1), things.is_empty()), (Some('h'), Some('a'), true));
    }
}
