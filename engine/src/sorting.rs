//! Sorting that is compiled once.
//!
//! The sorts of the standard library become code of their own for each type and each order, several kilobytes every time, which is
//! much for an engine that pages download. Here the places of things are sorted, by one code for all of them. What is sorted for every directory that
//! is read (`walk`) takes the faster way.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Sorts by an order; what is equal keeps its order.
pub fn sort_by<T>(items: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    let mut places: Vec<usize> = (0..items.len()).collect();
    sort_places(&mut places, &|left, right| match (items.get(left), items.get(right)) {
        (Some(left), Some(right)) => order(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    });
    let mut taken: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    items.extend(places.into_iter().filter_map(|place| taken.get_mut(place)?.take()));
}

/// Sorts by a key; what is equal keeps its order.
pub fn sort_by_key<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    sort_by(items, |left, right| key(left).cmp(&key(right)));
}

/// Makes a set, one by one: the standard library's way sorts all first.
pub fn set_of<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

fn sort_places(places: &mut [usize], order: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|left, right| order(*left, *right));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_keep_their_order() {
        let check = |mut items: Vec<(u32, usize)>| {
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort_by_key(&mut items, |item| item.0);
            assert_eq!(items, expected);
        };
        check(Vec::new());
        check(vec![(1, 0)]);
        check([3, 1, 2, 1, 3, 0, 1].into_iter().zip(0..).collect());
        check((0..1000).map(|index| (index * 7919 % 50, index as usize)).collect());
    }
}
