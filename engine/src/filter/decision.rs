//! Why a path is in the sync or not.

use std::fmt;

use super::limits::Limit;
use super::source::Origin;
use crate::entry::Kind;
use crate::path::RelPath;

/// Whether a path is in the sync, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'filter> {
    /// Whether the path is in the sync.
    pub included: bool,
    /// What decided it.
    pub reason: Reason<'filter>,
}

/// What decided whether a path is in the sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason<'filter> {
    /// No rule matches, and then a path is included.
    NoRule,
    /// This is the first rule that matches; for a directory it may be a rule for files that lie below it.
    Rule(&'filter Origin),
    /// A directory above the path is not looked into, because of this rule.
    Directory {
        /// The uppermost directory that is not looked into.
        directory: RelPath,
        /// The rule.
        rule: &'filter Origin,
    },
    /// The path, or a directory above it, has the name that is never in the sync.
    Reserved,
    /// The path lies deeper than the greatest depth.
    TooDeep,
    /// The directory, or one above the path, holds a file that hides it.
    Marked {
        /// The directory.
        directory: RelPath,
        /// The name of the file.
        marker: &'filter str,
    },
    /// What is there takes no part, whatever the rules say: a link, a pipe, a device, a directory of another file system.
    Kind(Kind),
    /// The file is outside a limit.
    Limit(Limit),
    /// The path belongs to another share of all files.
    OtherPartition,
    /// The path is on the list of files, or is a directory above one of them.
    Listed,
    /// The path is not on the list of files.
    NotListed,
}

impl fmt::Display for Decision<'_> {
    /// Writes, for example: ``excluded by rule `- *.bak` in line 3 of `filters.txt` ``.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.included { "included" } else { "excluded" })?;
        match &self.reason {
            Reason::NoRule => formatter.write_str(": no rule matches"),
            Reason::Rule(rule) => write!(formatter, " by {rule}"),
            Reason::Directory { directory, rule } => write!(formatter, " with directory `{directory}` by {rule}"),
            Reason::Reserved => formatter.write_str(": `.bisync` is for what machines share about a folder"),
            Reason::TooDeep => formatter.write_str(": deeper than `--max-depth`"),
            Reason::Marked { directory, marker } if directory.is_root() => {
                write!(formatter, " with everything: there is a `{marker}` (`--exclude-if-present`)")
            }
            Reason::Marked { directory, marker } => {
                write!(formatter, " with directory `{directory}`: it holds `{marker}` (`--exclude-if-present`)")
            }
            Reason::Kind(Kind::Link) => formatter.write_str(": a symbolic link"),
            Reason::Kind(Kind::OtherFileSystem) => formatter.write_str(": a directory of another file system"),
            Reason::Kind(Kind::Special | Kind::File | Kind::Directory) => {
                formatter.write_str(": neither a file nor a directory")
            }
            Reason::Limit(Limit::TooSmall) => formatter.write_str(": smaller than `--min-size`"),
            Reason::Limit(Limit::TooLarge) => formatter.write_str(": larger than `--max-size`"),
            Reason::Limit(Limit::TooOld) => formatter.write_str(": modified earlier than `--max-age`"),
            Reason::Limit(Limit::TooNew) => formatter.write_str(": modified later than `--min-age`"),
            Reason::OtherPartition => formatter.write_str(": not in the share of `--hash-filter`"),
            Reason::Listed => formatter.write_str(": on the list of files"),
            Reason::NotListed => formatter.write_str(": not on the list of files"),
        }
    }
}
