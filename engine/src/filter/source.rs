//! Where rules come from: options and files, and their lines.

use std::fmt;
use std::sync::Arc;

use super::problem::RuleProblem;

/// What the lines of a source are. The order is that in which they are evaluated, which is rclone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Patterns of what is in; everything else is out.
    Include,
    /// Patterns of what is out.
    Exclude,
    /// Patterns after `+ ` or `- `; `!` forgets all rules so far.
    Filter,
    /// Patterns of the metadata of files that are in; all other files are out.
    MetadataInclude,
    /// Patterns of the metadata of files that are out.
    MetadataExclude,
    /// Patterns of metadata after `+ ` or `- `; `!` forgets all rules for metadata so far.
    MetadataFilter,
    /// Paths of the only files to look at; comments and blanks around a path do not count.
    FilesFrom,
    /// Paths of the only files to look at, each line as it is.
    FilesFromRaw,
    /// Paths of the only files to look at, each ended by a NUL byte.
    FilesFrom0,
}

impl SourceKind {
    /// Returns the name of the option that takes a single rule of this kind, without its dashes.
    fn option(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Filter => "filter",
            Self::MetadataInclude => "metadata-include",
            Self::MetadataExclude => "metadata-exclude",
            Self::MetadataFilter => "metadata-filter",
            Self::FilesFrom => "files-from",
            Self::FilesFromRaw => "files-from-raw",
            Self::FilesFrom0 => "files-from0",
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// Fails when it needs a sign and has none.
    pub(super) fn read(self, line: &str) -> Result<Line<'_>, RuleProblem> {
        match self {
            Self::Include | Self::MetadataInclude => Ok(Line::Rule { include: true, glob: line }),
            Self::Exclude | Self::MetadataExclude => Ok(Line::Rule { include: false, glob: line }),
            Self::Filter | Self::MetadataFilter => match (line.strip_prefix("+ "), line.strip_prefix("- ")) {
                (Some(glob), _) => Ok(Line::Rule { include: true, glob }),
                (_, Some(glob)) => Ok(Line::Rule { include: false, glob }),
                (None, None) if line == "!" => Ok(Line::Forget),
                (None, None) => Err(RuleProblem::Sign),
            },
            Self::FilesFrom | Self::FilesFromRaw | Self::FilesFrom0 => Ok(Line::Listed),
        }
    }

    /// Returns true when the lines are about what files have, not about their paths.
    pub(super) fn concerns_metadata(self) -> bool {
        match self {
            Self::MetadataInclude | Self::MetadataExclude | Self::MetadataFilter => true,
            Self::Include | Self::Exclude | Self::Filter => false,
            Self::FilesFrom | Self::FilesFromRaw | Self::FilesFrom0 => false,
        }
    }
}

/// What a line of a source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'source> {
    /// What becomes of what matches.
    Rule { include: bool, glob: &'source str },
    /// All rules so far are forgotten.
    Forget,
    /// It belongs to a list of files and is no rule.
    Listed,
}

/// A rule given as an option, or a file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSource {
    /// What the lines are.
    pub kind: SourceKind,
    /// The name of the file that `text` was read from; `None` when `text` is a single rule.
    pub file: Option<String>,
    /// The rule, or what the file holds.
    pub text: String,
}

/// A rule as it was written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The rule as it was written, with its sign if it has one.
    pub rule: String,
    /// Where it stands.
    pub place: Place,
}

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is the value of an option.
    Option(SourceKind),
    /// It is a line of a file.
    Line {
        /// The name of the file.
        file: Arc<str>,
        /// The number of the line, from 1.
        number: usize,
    },
    /// It was not written: whoever includes something excludes everything else.
    Implied,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "rule `{}` ", self.rule)?;
        match &self.place {
            Place::Option(kind) => write!(formatter, "of `--{}`", kind.option()),
            Place::Line { file, number } => write!(formatter, "in line {number} of `{file}`"),
            Place::Implied => formatter.write_str("implied by `--include`"),
        }
    }
}

impl RuleSource {
    /// Returns the rules, each with the place where it stands.
    ///
    /// In a file, blank lines, lines that begin with `#` or `;`, and blanks around a rule do not count. An option's
    /// value is taken as it is.
    pub(super) fn rules(&self) -> impl Iterator<Item = Origin> {
        let single = self.file.is_none().then(|| Origin { rule: self.text.clone(), place: Place::Option(self.kind) });
        let lines = self.file.as_deref().map(|file| {
            let file: Arc<str> = file.into();
            (1..).zip(self.text.lines()).filter_map(move |(number, line)| {
                let rule = line.trim();
                (!is_remark(rule))
                    .then(|| Origin { rule: rule.to_owned(), place: Place::Line { file: Arc::clone(&file), number } })
            })
        });
        single.into_iter().chain(lines.into_iter().flatten())
    }

    /// Returns the lines of a list of files; nothing for any other kind.
    pub(super) fn listed(&self) -> Vec<&str> {
        match self.kind {
            SourceKind::FilesFrom => self.text.lines().map(str::trim).filter(|line| !is_remark(line)).collect(),
            SourceKind::FilesFromRaw => self.text.lines().collect(),
            SourceKind::FilesFrom0 => self.text.split('\0').collect(),
            SourceKind::Include
            | SourceKind::Exclude
            | SourceKind::Filter
            | SourceKind::MetadataInclude
            | SourceKind::MetadataExclude
            | SourceKind::MetadataFilter => Vec::new(),
        }
    }
}

fn is_remark(trimmed: &str) -> bool {
    trimmed.is_empty() || trimmed.starts_with(['#', ';'])
}
