//! A decision ready to be carried out: its steps, the versions that they expect, and the lines of the listings afterwards.

use crate::entry::{Fingerprint, Found};
use crate::path::RelPath;
use crate::protocol::Verb;
use crate::side::Side;

use super::Reason;

/// One decision, carried out from its first step to its last. A step that fails ends it, and the base stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path that the decision is about.
    pub path: RelPath,
    /// Why.
    pub reason: Reason,
    /// What is done, in this order; nothing when only the listings change.
    pub steps: Vec<Verb>,
    /// What the listings say once all steps are done.
    pub records: Vec<Record>,
}

/// What a listing says of a path after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The side whose listing it is.
    pub side: Side,
    /// The path.
    pub path: RelPath,
    /// What it says.
    pub says: Says,
}

/// The new content of a line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The line goes.
    Nothing,
    /// This version is there.
    Version(Found),
    /// What the step of this number found when it was done; it has the content of this version.
    Result(usize, Fingerprint),
}
