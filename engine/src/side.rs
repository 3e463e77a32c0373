//! The two sides, and pairs of one thing for each.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::Serialize;

/// One of the two folders that are kept in step: Path1 or Path2 of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Side {
    /// Path1.
    #[serde(rename = "path1")]
    One,
    /// Path2.
    #[serde(rename = "path2")]
    Two,
}

impl Side {
    /// Both sides, in order.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// Returns the opposite side.
    pub fn other(self) -> Self {
        match self {
            Self::One => Self::Two,
            Self::Two => Self::One,
        }
    }
}

impl fmt::Display for Side {
    /// Writes the side as people know it from the command line: `Path1` or `Path2`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::One => "Path1",
            Self::Two => "Path2",
        })
    }
}

/// One `T` for each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pair<T> {
    /// What belongs to Path1.
    #[serde(rename = "path1")]
    pub one: T,
    /// What belongs to Path2.
    #[serde(rename = "path2")]
    pub two: T,
}

impl<T> Pair<T> {
    /// Makes a pair.
    pub fn new(one: T, two: T) -> Self {
        Self { one, two }
    }

    /// Makes a pair by asking for each side, Path1 first.
    pub fn from_fn(mut make: impl FnMut(Side) -> T) -> Self {
        Self { one: make(Side::One), two: make(Side::Two) }
    }

    /// Returns a pair of references.
    pub fn as_ref(&self) -> Pair<&T> {
        Pair { one: &self.one, two: &self.two }
    }

    /// Returns the pair with `change` applied to both.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Pair<U> {
        Pair { one: change(self.one), two: change(self.two) }
    }
}

impl<T> Index<Side> for Pair<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        match side {
            Side::One => &self.one,
            Side::Two => &self.two,
        }
    }
}

impl<T> IndexMut<Side> for Pair<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::One => &mut self.one,
            Side::Two => &mut self.two,
        }
    }
}
