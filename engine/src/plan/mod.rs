//! What a run does, as data: decisions in the order in which they are carried out, each with its reason.
//!
//! A [`Planned`] is what a run keeps of a decision until its turn comes; a [`Change`] is what it then becomes.

mod change;
pub mod file;
mod planner;

use std::cmp::Reverse;

use serde::Serialize;

use crate::entry::{Instant, Kind};
use crate::merge::Row;
use crate::path::RelPath;
use crate::side::{Pair, Side};
use crate::spelling::Spelling;

pub use change::{Change, Record, Says};
pub use planner::Planner;

/// A decision about a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is known of the path.
    pub row: Box<Row>,
    /// What is to be done.
    pub choice: Choice,
    /// When.
    pub phase: Phase,
}

/// What is to be done with a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Both listings forget it.
    Forget(Reason),
    /// Both listings take what is there.
    Adopt,
    /// What the last run recorded goes on under the spellings of the row. These are the lines of those that a side has no longer.
    Respell(Box<Row>),
    /// The file of `from` is copied over what the other side has at the path, or to where there is nothing.
    Carry {
        /// The side that has the version to keep.
        from: Side,
        /// The path on the other side, where it is not the row's.
        #[serde(skip_serializing_if = "Option::is_none")]
        target: Option<RelPath>,
        /// Why.
        reason: Reason,
    },
    /// The file of this side is deleted.
    Remove(Side),
    /// The file of `on` gets the time of the other side's, which has the same content.
    Touch {
        /// The side whose time is set.
        on: Side,
        /// The time.
        #[serde(serialize_with = "file::time::serialize")]
        modified: Instant,
        /// The side whose metadata both get, if it is this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata_of: Option<Side>,
        /// Why.
        reason: Reason,
    },
    /// What `on` has gets metadata of what the other side has; nothing else differs.
    SetMetadata {
        /// The side whose metadata is set.
        on: Side,
        /// Why.
        reason: Reason,
    },
    /// The other side's file is moved as `side` moved its own to this path.
    Follow {
        /// The side that moved it.
        side: Side,
        /// Where it was.
        old: Box<Row>,
        /// Where it goes on the other side, if not to the row's path.
        #[serde(skip_serializing_if = "Option::is_none")]
        target: Option<RelPath>,
    },
    /// The file of side two, which has this name, gets the name that it has on side one.
    FixCase(RelPath),
    /// The losers of a conflict get these names, and each side what it then lacks; a loser without a name is replaced.
    Conflict {
        /// The side that wins, if one does.
        winner: Option<Side>,
        /// The losers' new names.
        names: Box<Pair<Option<RelPath>>>,
    },
    /// The file of `side` gets this name on both sides.
    StepAside {
        /// The side that has a file.
        side: Side,
        /// Its new name.
        name: RelPath,
        /// Why.
        reason: Reason,
    },
    /// The file of this side takes the place of the other side's directory, which holds no files any more.
    ReplaceDirectory(Side),
    /// The directory of the other side is made on `on`.
    MakeDirectory {
        /// The side that lacks it.
        on: Side,
        /// Its path there, if not the row's.
        #[serde(skip_serializing_if = "Option::is_none")]
        target: Option<RelPath>,
    },
    /// The directory of `on` is removed, if it is empty by then.
    RemoveDirectory {
        /// The side.
        on: Side,
        /// Why.
        reason: Reason,
    },
    /// A temporary file that a killed run left on this side is deleted.
    Leftover(Side),
}

/// The order of changes. Within a phase any order gives the same result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// What stands in the way is moved aside or deleted.
    Clear,
    /// Files and directories are moved, copied and made.
    Fill,
    /// Files are deleted.
    Remove,
    /// Directories are removed, the deepest first.
    Prune(Reverse<usize>),
}

/// Why it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The path is new on this side.
    New(Side),
    /// The file was changed on this side.
    Changed(Side),
    /// The file was changed on this side and deleted on the other.
    ChangedAgainstDelete(Side),
    /// The path was deleted on this side.
    Deleted(Side),
    /// The file was moved on this side, from this path.
    Moved(Side, RelPath),
    /// Both sides have the same content, and this side the later time.
    Later(Side),
    /// The metadata was changed on this side.
    Metadata(Side),
    /// The metadata was changed on this side, and later than anything about the other side's, which the last run itself may have
    /// written.
    LaterMetadata(Side),
    /// Both sides have the same.
    Same,
    /// Both sides lack it.
    Gone,
    /// The filters exclude it.
    Excluded,
    /// Both sides changed it; this side wins, if one does.
    Conflict(Option<Side>),
    /// This side has a file where the other has a directory, or a link where the other has anything.
    FileAgainstDirectory(Side),
    /// A resync prefers this side.
    Resync(Side),
    /// Its name on the other side differs by case.
    Spelling,
    /// It has another spelling since the last run.
    Respelled,
    /// A run that was killed left it behind.
    Leftover,
    /// A run that did not end was writing the file of this side in place.
    HalfWritten(Side),
    /// It is an empty directory, and those are to be removed.
    EmptyDirectory,
}

impl Planned {
    /// Makes a decision that is carried out when its kind is.
    pub fn new(row: impl Into<Box<Row>>, choice: Choice) -> Self {
        let row = row.into();
        let phase = match &choice {
            // It makes room for nothing; something else may have to for its new name.
            Choice::StepAside { reason: Reason::HalfWritten(_), .. } => Phase::Fill,
            Choice::FixCase(_) | Choice::StepAside { .. } | Choice::Leftover(_) => Phase::Clear,
            Choice::Forget(_)
            | Choice::Adopt
            | Choice::Respell(_)
            | Choice::Carry { .. }
            | Choice::Touch { .. }
            | Choice::SetMetadata { .. }
            | Choice::Follow { .. }
            | Choice::Conflict { .. }
            | Choice::ReplaceDirectory(_)
            | Choice::MakeDirectory { .. } => Phase::Fill,
            Choice::Remove(_) => Phase::Remove,
            Choice::RemoveDirectory { .. } => Phase::Prune(Reverse(row.path.as_str().split('/').count())),
        };
        Self { row, choice, phase }
    }

    /// Gives the file of side two the name that it has on side one, where the names differ by case; the row then has one name.
    pub fn fix_case(row: &mut Row, normalize_unicode: bool) -> Option<Self> {
        let is_file = |side| row.present(side).is_some_and(|found| found.kind == Kind::File);
        let spelling = Spelling { ignore_case: false, normalize_unicode };
        let alias = row.alias.clone()?;
        if !is_file(Side::One) || !is_file(Side::Two) || spelling.key(&alias) == spelling.key(&row.path) {
            return None;
        }
        row.alias = None;
        Some(Self::new(row.clone(), Choice::FixCase(alias)))
    }

    /// Returns how many files it copies, and their bytes where their size is known.
    pub fn copies(&self) -> (u64, u64) {
        let sources = match &self.choice {
            Choice::Carry { from, .. } | Choice::ReplaceDirectory(from) | Choice::StepAside { side: from, .. } => {
                Pair::from_fn(|side| side == *from)
            }
            // Who loses without a new name is replaced, and copied nowhere.
            Choice::Conflict { winner, names } => Pair::from_fn(|side| *winner == Some(side) || names[side].is_some()),
            Choice::Forget(_)
            | Choice::Adopt
            | Choice::Respell(_)
            | Choice::Remove(_)
            | Choice::Touch { .. }
            | Choice::SetMetadata { .. }
            | Choice::Follow { .. }
            | Choice::FixCase(_)
            | Choice::MakeDirectory { .. }
            | Choice::RemoveDirectory { .. }
            | Choice::Leftover(_) => return (0, 0),
        };
        let copied = Side::BOTH.into_iter().filter(|side| sources[*side]).filter_map(|side| self.row.present(side));
        copied.fold((0, 0), |(files, bytes), found| {
            (files + 1, bytes.saturating_add(found.fingerprint.size.unwrap_or_default()))
        })
    }

    /// Returns whether only the listings change.
    pub fn is_record(&self) -> bool {
        matches!(self.choice, Choice::Forget(_) | Choice::Adopt | Choice::Respell(_))
    }
}
