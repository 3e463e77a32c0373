//! Numbers that nobody else has.

use std::hash::{BuildHasher, RandomState};

/// Returns a number that nobody else has.
pub fn random() -> u64 {
    RandomState::new().hash_one(0)
}
