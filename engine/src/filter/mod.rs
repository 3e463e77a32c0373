//! What is in the sync and what is not: rclone's filters, given as data.
//!
//! The language and the order of evaluation are those of rclone (`docs/content/filtering.md` there): the first rule that
//! matches decides, and what no rule matches is included. Nothing is read here; whoever has the files of rules hands
//! over what is in them.
//!
//! ```
//! use bisync_engine::filter::{Filter, Limits, RuleSource, SourceKind};
//! use bisync_engine::path::RelPath;
//!
//! let text = "# no backups\n- *.bak\n+ /kept/**\n- /**\n".to_owned();
//! let rules = RuleSource { kind: SourceKind::Filter, file: Some("filters.txt".to_owned()), text };
//! let filter = Filter::new(&[rules], Limits::default(), false)?;
//!
//! assert!(filter.includes_path(&RelPath::parse("kept/a.txt")?));
//! assert!(!filter.includes_path(&RelPath::parse("kept/a.bak")?));
//! assert!(!filter.descends(&RelPath::parse("other")?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class;
mod decision;
mod directories;
mod error;
mod files_from;
mod fold;
mod limits;
mod metadata;
mod partition;
mod pattern;
mod problem;
mod regexp;
mod rules;
mod simple;
mod source;
#[cfg(test)]
mod tests;

pub use decision::{Decision, Reason};
pub use error::FilterError;
pub use limits::{Limit, Limits};
pub use partition::Partition;
pub use problem::RuleProblem;
pub use source::{Origin, Place, RuleSource, SourceKind};

use crate::entry::{Fingerprint, Kind};
use crate::path::RelPath;
use crate::reserved::RESERVED;
use crate::sorting::sort_by_key;
use files_from::FileList;
use metadata::MetadataRules;
use rules::{Rule, Rules};

/// Says of each path whether it is in the sync. The default includes everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    rules: Rules,
    metadata: MetadataRules,
    limits: Limits,
    /// The only files that are included, when a list of them was given, were it empty.
    list: Option<FileList>,
    mixed: bool,
}

impl Filter {
    /// Makes a filter.
    ///
    /// Sources may come in any order, in which those of one kind keep theirs, single rules before files. They are
    /// evaluated as in rclone: `--include`, `--exclude`, `--filter`. `--filters-file` is a file of [`SourceKind::Filter`]
    /// before all others of them. As soon as something is included by `--include`, all that no rule matches is excluded.
    /// The rules for metadata go by the same order among themselves, and exclude more.
    ///
    /// # Errors
    /// Names the rule that cannot be read with its option or its file and line, or the limits that contradict each other.
    pub fn new(sources: &[RuleSource], limits: Limits, ignore_case: bool) -> Result<Self, FilterError> {
        if limits.oldest.zip(limits.newest).is_some_and(|(oldest, newest)| newest < oldest) {
            return Err(FilterError::Ages);
        }
        let mut sources: Vec<&RuleSource> = sources.iter().collect();
        sort_by_key(&mut sources, |source| (source.kind, source.file.is_some()));
        let rules = Rules::read(&sources, ignore_case)?;
        let metadata = MetadataRules::read(&sources)?;
        let mut list = None;
        for source in sources.iter().filter(|source| source.kind >= SourceKind::FilesFrom) {
            if !(rules.is_empty() && metadata.is_empty() && limits.allow_list()) {
                return Err(FilterError::ListWithFilters { file: source.file.clone().unwrap_or_default() });
            }
            let list = list.get_or_insert_with(FileList::default);
            source.listed().into_iter().for_each(|path| list.add(path));
        }
        let has = |kind| sources.iter().any(|source| source.kind == kind);
        let mixed = has(SourceKind::Include) && has(SourceKind::Exclude)
            || has(SourceKind::MetadataInclude) && has(SourceKind::MetadataExclude);
        Ok(Self { rules, metadata, limits, list, mixed })
    }

    /// Returns true when nothing at all is excluded.
    pub fn is_everything(&self) -> bool {
        self.rules.is_empty() && self.metadata.is_empty() && self.list.is_none() && self.limits == Limits::default()
    }

    /// Returns true when both `--include` and `--exclude` were used, of which rclone warns: the order in which they are
    /// evaluated is not that in which they were written.
    pub fn mixes_include_and_exclude(&self) -> bool {
        self.mixed
    }

    /// Returns true when the rules for files include `path`.
    ///
    /// The directories above it are taken to be in: a walk asks [`descends`](Self::descends) of each before.
    pub fn includes_path(&self, path: &RelPath) -> bool {
        self.of_file(path).included
    }

    /// Returns true when the size and the age of a file are within the limits. This says nothing about directories.
    pub fn includes_version(&self, fingerprint: &Fingerprint) -> bool {
        self.limits.include(fingerprint)
    }

    /// Returns true when there are rules for metadata, so that it has to be known of every file.
    pub fn wants_metadata(&self) -> bool {
        !self.metadata.is_empty()
    }

    /// Returns true when the rules for metadata include a file that has this metadata. This says nothing about directories.
    pub fn includes_metadata(&self, metadata: &[(String, String)]) -> bool {
        self.metadata.include(metadata)
    }

    /// Returns true when `directory` is in the sync, be it empty, and is to be listed: it is included and not too deep. The root always
    /// is.
    ///
    /// The directories above it are taken to be in, and nothing is known of marker files.
    pub fn descends(&self, directory: &RelPath) -> bool {
        directory.is_root() || (self.limits.allow_descent(depth(directory)) && self.of_directory(directory).included)
    }

    /// Returns true when a walk comes to `path`: it [`descends`](Self::descends) to each directory above it.
    pub fn reaches(&self, path: &RelPath) -> bool {
        std::iter::successors(path.parent(), RelPath::parent).all(|directory| self.descends(&directory))
    }

    /// Returns the names of files whose presence excludes the directory that they are in, the root too.
    pub fn marker_names(&self) -> &[String] {
        &self.limits.exclude_if_present
    }

    /// Returns whether a path is in the sync, with what decides it, as a walk from the root would.
    ///
    /// `fingerprint` is that of a file, if it is known, and `holds` says whether a directory holds a file of a name; both
    /// are for limits and marker files alone. Rules for metadata are not looked at.
    pub fn explain(
        &self,
        path: &RelPath,
        kind: Kind,
        fingerprint: Option<&Fingerprint>,
        holds: impl Fn(&RelPath, &str) -> bool,
    ) -> Decision<'_> {
        let is_directory = kind == Kind::Directory || path.is_root();
        let mut above: Vec<RelPath> = std::iter::successors(path.parent(), RelPath::parent).collect();
        above.reverse();
        let marked = |directory: RelPath| {
            let marker = self.marker_names().iter().find(|name| holds(&directory, name))?;
            Some(Decision { included: false, reason: Reason::Marked { directory, marker } })
        };
        for directory in above {
            let decision = self.of_directory(&directory);
            if !decision.included {
                let reason = match decision.reason {
                    Reason::Rule(rule) => Reason::Directory { directory, rule },
                    reason => reason,
                };
                return Decision { included: false, reason };
            }
            if !self.descends(&directory) {
                return Decision { included: false, reason: Reason::TooDeep };
            }
            if let Some(decision) = marked(directory) {
                return decision;
            }
        }
        if is_directory {
            let decision = self.of_directory(path);
            if decision.included && !self.descends(path) {
                return Decision { included: false, reason: Reason::TooDeep };
            }
            // A marker is only found in a directory that is listed.
            let hidden = if decision.included { marked(path.clone()) } else { None };
            return hidden.unwrap_or(decision);
        }
        let decision = self.of_file(path);
        let reason = match kind {
            _ if !decision.included => return decision,
            Kind::File => fingerprint.and_then(|fingerprint| self.limits.exceeded(fingerprint)).map(Reason::Limit),
            Kind::Link | Kind::Special | Kind::OtherFileSystem => Some(Reason::Kind(kind)),
            Kind::Directory => None,
        };
        reason.map_or(decision, |reason| Decision { included: false, reason })
    }

    /// What the list or the rules say about a file, whatever they say about the directories above it.
    fn of_file(&self, path: &RelPath) -> Decision<'_> {
        match &self.list {
            _ if path.name() == RESERVED => RESERVED_NAME,
            Some(list) => by_list(list.has_file(path)),
            None if self.limits.partition.is_some_and(|partition| !partition.includes(path)) => {
                Decision { included: false, reason: Reason::OtherPartition }
            }
            None => by_rule(self.rules.for_file(path.as_str())),
        }
    }

    /// What the list or the rules say about a directory itself.
    fn of_directory(&self, directory: &RelPath) -> Decision<'_> {
        match &self.list {
            _ if directory.is_root() => by_rule(None),
            _ if directory.name() == RESERVED => RESERVED_NAME,
            Some(list) => by_list(list.has_directory(directory)),
            None => by_rule(self.rules.for_directory(directory.as_str())),
        }
    }
}

/// What is decided of [`RESERVED`], whatever the rules and lists say.
const RESERVED_NAME: Decision<'static> = Decision { included: false, reason: Reason::Reserved };

fn by_list<'filter>(included: bool) -> Decision<'filter> {
    Decision { included, reason: if included { Reason::Listed } else { Reason::NotListed } }
}

fn by_rule(rule: Option<&Rule>) -> Decision<'_> {
    let reason = rule.map_or(Reason::NoRule, |rule| Reason::Rule(&rule.origin));
    Decision { included: rule.is_none_or(|rule| rule.include), reason }
}

/// Returns how many names there are in a path.
fn depth(path: &RelPath) -> usize {
    if path.is_root() { 0 } else { path.as_str().split('/').count() }
}
