//! The one name that no run synchronises, wherever it stands in the tree.
//!
//! A host may keep there what several machines share about a folder: who is at work on it, and the listings of the last run. Were
//! it carried over to the other side, one folder would pass for another.

/// The name of the directory.
pub const RESERVED: &str = ".bisync";
