//! What a side lists: the names in a directory, each with what is there.

use crate::entry::Found;
use crate::metadata::Metadata;

/// A name in a directory, and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// The name within its directory.
    pub name: String,
    /// What was found.
    pub found: Found,
    /// The metadata of a file or a directory, where it was asked for; `None` also where a side keeps none.
    pub metadata: Option<Metadata>,
}
