//! The order of copies, as `--order-by` gives it.

use std::cmp::Ordering;

use crate::entry::Fingerprint;
use crate::path::RelPath;
use crate::sorting::sort_by;

/// In which order files are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// What files are ordered by.
    pub by: OrderKey,
    /// From which end.
    pub direction: Direction,
}

/// What files are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKey {
    /// The path.
    Name,
    /// The size.
    Size,
    /// The modification time.
    Modified,
}

/// From which end an order begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
    /// From both ends: this share of the files in percent from the small end, the others from the large one.
    Mixed(u8),
}

impl Order {
    /// Reads `size`, `size,descending`, `modtime,mixed,25` and the like; words may be cut short, as in rclone: `size,desc`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let by = match parts.next()?.to_lowercase().as_str() {
            "name" => OrderKey::Name,
            "size" => OrderKey::Size,
            "modtime" => OrderKey::Modified,
            _ => return None,
        };
        let direction = match parts.next().map(str::to_lowercase).as_deref() {
            None | Some("asc" | "ascending") => Direction::Ascending,
            Some("desc" | "descending") => Direction::Descending,
            Some("mixed") => {
                let percent = parts.next().map_or(Some(50), |percent| percent.parse().ok())?;
                Direction::Mixed(Some(percent).filter(|percent| *percent <= 100)?)
            }
            Some(_) => return None,
        };
        parts.next().is_none().then_some(Self { by, direction })
    }

    /// Puts files in this order, given what each is; what is no file comes before them all, or after them when the order is
    /// turned round.
    pub fn sort<T>(self, files: &mut Vec<T>, describe: impl Fn(&T) -> Option<(&RelPath, &Fingerprint)>) {
        sort_by(files, |left, right| match (describe(left), describe(right)) {
            (Some(left), Some(right)) => self.compare(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        });
        match self.direction {
            Direction::Ascending => {}
            Direction::Descending => files.reverse(),
            Direction::Mixed(percent) => {
                let mut rest = std::mem::take(files).into_iter();
                let mut small = 0;
                while !rest.as_slice().is_empty() {
                    // As many from the small end as the share asks for so far.
                    let from_small = (files.len() + 1) * usize::from(percent) >= (small + 1) * 100;
                    small += usize::from(from_small);
                    files.extend(if from_small { rest.next() } else { rest.next_back() });
                }
            }
        }
    }

    fn compare(self, left: (&RelPath, &Fingerprint), right: (&RelPath, &Fingerprint)) -> Ordering {
        match self.by {
            OrderKey::Name => left.0.cmp(right.0),
            OrderKey::Size => left.1.size.cmp(&right.1.size),
            OrderKey::Modified => left.1.modified.cmp(&right.1.modified),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        let check = |text: &str, expected: Option<&[u64]>| {
            let sorted = Order::parse(text).map(|order| {
                let version = |size| Fingerprint { size: Some(size), ..Fingerprint::default() };
                let mut files: Vec<_> = [3, 1, 4, 2].map(|size| (RelPath::root(), version(size))).into();
                order.sort(&mut files, |(path, version)| Some((path, version)));
                files.into_iter().filter_map(|(_, version)| version.size).collect::<Vec<_>>()
            });
            assert_eq!(sorted.as_deref(), expected, "{text}");
        };
        check("size", Some(&[1, 2, 3, 4]));
        check("size,desc", Some(&[4, 3, 2, 1]));
        check("SIZE,Descending", Some(&[4, 3, 2, 1]));
        check("size,mixed", Some(&[4, 1, 3, 2]));
        check("size,mixed,100", Some(&[1, 2, 3, 4]));
        check("size,mixed,0", Some(&[4, 3, 2, 1]));
        for wrong in ["", "weight", "size,up", "size,mixed,101", "size,asc,5", "size,mixed,5,5"] {
            check(wrong, None);
        }
    }
}
