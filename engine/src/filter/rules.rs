//! Rules in the order in which they are tested.

use std::sync::Arc;

use super::directories::directory_globs;
use super::error::FilterError;
use super::fold::fold_text;
use super::pattern::Pattern;
use super::problem::RuleProblem;
use super::source::{Line, Origin, Place, RuleSource, SourceKind};

/// The rules for files and those for directories, each in the order in which they are tested.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    ignore_case: bool,
    /// Rules for files, matched against their paths.
    pub(super) files: Vec<Rule>,
    /// Rules for directories, matched against their paths with a `/` at the end.
    pub(super) directories: Vec<Rule>,
}

/// What happens to what a pattern matches.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) include: bool,
    pub(super) origin: Arc<Origin>,
    pattern: Pattern,
}

impl Rules {
    /// Reads the rules of all sources, which are in the order of evaluation.
    pub(super) fn read(sources: &[&RuleSource], ignore_case: bool) -> Result<Self, FilterError> {
        let mut rules = Self { ignore_case, ..Self::default() };
        for source in sources.iter().filter(|source| !source.kind.concerns_metadata()) {
            for origin in source.rules() {
                rules.add_line(source.kind, Arc::new(origin))?;
            }
        }
        if sources.iter().any(|source| source.kind == SourceKind::Include) {
            let rest = Origin { rule: "/**".to_owned(), place: Place::Implied };
            rules.add_line(SourceKind::Exclude, Arc::new(rest))?;
        }
        Ok(rules)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty()
    }

    /// Returns the first rule that matches the path of a file.
    pub(super) fn for_file(&self, path: &str) -> Option<&Rule> {
        self.first_match(&self.files, path)
    }

    /// Returns the first rule that matches the path of a directory, which is given without a `/` at its end.
    pub(super) fn for_directory(&self, path: &str) -> Option<&Rule> {
        if self.directories.is_empty() {
            return None;
        }
        self.first_match(&self.directories, &format!("{path}/"))
    }

    fn first_match<'rules>(&self, rules: &'rules [Rule], path: &str) -> Option<&'rules Rule> {
        let path = if self.ignore_case { fold_text(path) } else { path.into() };
        rules.iter().find(|rule| rule.pattern.matches(&path))
    }

    fn add_line(&mut self, kind: SourceKind, origin: Arc<Origin>) -> Result<(), FilterError> {
        let rule = origin.rule.as_str();
        let added = kind.read(rule).and_then(|line| match line {
            Line::Rule { include, glob } => self.add(include, glob, &origin),
            Line::Forget => {
                self.files.clear();
                self.directories.clear();
                Ok(())
            }
            Line::Listed => Ok(()),
        });
        added.map_err(|problem| FilterError::Rule { origin: Origin::clone(&origin), problem })
    }

    /// Adds a rule to those for files, to those for directories, or to both, just where rclone adds it.
    fn add(&mut self, include: bool, glob: &str, origin: &Arc<Origin>) -> Result<(), RuleProblem> {
        let of_directory = glob.ends_with('/');
        // To exclude a directory is to exclude all that lies below it; to include one only lets it be looked into.
        let glob = if of_directory && !include { format!("{glob}**") } else { glob.to_owned() };
        let crosses = glob.contains("**");
        let rule = |glob: &str| {
            let pattern = Pattern::parse(glob, self.ignore_case)?;
            Ok::<_, RuleProblem>(Rule { include, origin: Arc::clone(origin), pattern })
        };
        let own = rule(&glob)?;
        if crosses || !of_directory {
            // Where files are excluded, others may still be wanted, unless all of them are.
            if include || glob == "*" {
                for directory in directory_globs(&glob).iter().filter(|directory| *directory != "/") {
                    self.directories.push(rule(directory)?);
                }
            }
            self.files.push(own.clone());
        }
        if crosses || of_directory {
            self.directories.push(own);
        }
        Ok(())
    }
}
