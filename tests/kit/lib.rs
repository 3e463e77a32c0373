//! What the tests share: a world in memory, a generator of random numbers, and random trees.

pub mod host;
pub mod random;
pub mod real;
pub mod scenario;
pub mod world;
