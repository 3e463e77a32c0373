//! How a run ended.

use serde::Serialize;

use crate::path::RelPath;
use crate::side::Pair;

/// How a run ended, for the exit code and the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// 0 success; 1 something failed or was refused, a rerun may succeed; 7 critical, needs a human.
    pub exit_code: u8,
    /// One line for a person: `Path1 and Path2 are in step: 3 copied, 1 moved, 2 deleted.`
    pub headline: String,
    /// Whether nothing was done because this was a dry run.
    pub dry_run: bool,
    /// What was done to each side.
    pub counts: Pair<Counts>,
    /// Conflicts, sorted by path.
    pub conflicts: Vec<Conflict>,
    /// Paths that failed or were refused, sorted by path.
    pub failures: Vec<FailedPath>,
}

impl Outcome {
    /// Returns true when something was done, or would be in a dry run.
    pub fn has_changes(&self) -> bool {
        let idle = |counts: Counts| Counts { files: counts.files, ..Counts::default() };
        self.counts != self.counts.map(idle)
    }
}

/// What was done to a side (or would be, in a dry run).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Files in the listing of this side, as far as it was read.
    pub files: u64,
    /// Files copied to this side.
    pub copied: u64,
    /// Bytes copied to this side.
    pub copied_bytes: u64,
    /// Files moved within this side.
    pub moved: u64,
    /// Files deleted from this side.
    pub deleted: u64,
    /// Files whose time alone was set.
    pub touched: u64,
    /// Files and directories whose metadata alone was set.
    pub metadata_set: u64,
    /// Directories made.
    pub directories_made: u64,
    /// Directories removed.
    pub directories_removed: u64,
}

/// A path that was changed on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The path.
    pub path: RelPath,
    /// What became of it: `kept as a.txt.conflict1 (Path1) and a.txt.conflict2 (Path2)`.
    pub resolution: String,
}

/// A path that could not be brought in step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedPath {
    /// The path.
    pub path: RelPath,
    /// What was tried, and why it failed: `cannot copy to Path2: permission denied`.
    pub reason: String,
}
