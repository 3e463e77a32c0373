//! What the tests share: a world in memory, a generator of random numbers, and random trees.

pub mod durability;
pub mod host;
pub mod model;
pub mod nature;
pub mod random;
pub mod real;
pub mod scenario;
pub mod schedule;
pub mod trees;
pub mod world;
