//! Rules for what a file has besides a path and content: its permissions, its owner, the attributes that users gave it.

use super::error::FilterError;
use super::pattern::Pattern;
use super::source::{Line, RuleSource, SourceKind};

/// What rules see of a file that has no metadata, so that a rule for everything matches it too; the same as in rclone.
const NONE: &str = "\0=\0";

/// The rules for metadata in the order in which they are tested.
#[derive(Debug, Clone, Default)]
pub(super) struct MetadataRules {
    rules: Vec<Rule>,
    /// Whether a file that no rule matches is excluded.
    excludes_rest: bool,
}

/// What happens to a file of which one of the lines `key=value` matches a pattern.
#[derive(Debug, Clone)]
struct Rule {
    include: bool,
    pattern: Pattern,
}

impl MetadataRules {
    /// Reads the rules for metadata of all sources, which are in the order of evaluation.
    pub(super) fn read(sources: &[&RuleSource]) -> Result<Self, FilterError> {
        let mut rules = Vec::new();
        for source in sources.iter().filter(|source| source.kind.concerns_metadata()) {
            for origin in source.rules() {
                let added = source.kind.read(&origin.rule).and_then(|line| {
                    match line {
                        // Case counts here even with `--ignore-case`, as in rclone.
                        Line::Rule { include, glob } => {
                            rules.push(Rule { include, pattern: Pattern::parse(glob, false)? });
                        }
                        Line::Forget => rules.clear(),
                        Line::Listed => {}
                    }
                    Ok(())
                });
                added.map_err(|problem| FilterError::Rule { origin, problem })?;
            }
        }
        let excludes_rest = sources.iter().any(|source| source.kind == SourceKind::MetadataInclude);
        Ok(Self { rules, excludes_rest })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty() && !self.excludes_rest
    }

    /// Returns true when a file with these keys and values is included: the first rule that matches any of them decides.
    pub(super) fn include(&self, metadata: &[(String, String)]) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut lines: Vec<String> = metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if lines.is_empty() {
            lines.push(NONE.to_owned());
        }
        let decisive = self.rules.iter().find(|rule| lines.iter().any(|line| rule.pattern.matches(line)));
        decisive.map_or(!self.excludes_rest, |rule| rule.include)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Filter, Limits};
    use super::*;

    fn filter(sources: &[(SourceKind, &str)]) -> Result<Filter, FilterError> {
        let sources: Vec<_> = sources
            .iter()
            .map(|(kind, text)| {
                let file = text.ends_with('\n').then(|| "rules.txt".to_owned());
                RuleSource { kind: *kind, file, text: (*text).to_owned() }
            })
            .collect();
        // That case does not count is for paths alone.
        Filter::new(&sources, Limits::default(), true)
    }

    /// Checks which of some files are included; `none` has no metadata. The answers are those of rclone 1.75.2.
    fn check(sources: &[(SourceKind, &str)], expected: &[&str]) {
        let files = [
            ("plain", &[("mode", "100644"), ("uid", "0")][..]),
            ("red", &[("mode", "100644"), ("color", "red/dark")]),
            ("secret", &[("mode", "100600"), ("mtime", "2020-01-01T00:00:00.5Z")]),
            ("none", &[]),
        ];
        let filter = filter(sources).unwrap();
        let has = |pairs: &[(&str, &str)]| {
            let metadata: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            filter.includes_metadata(&metadata)
        };
        let included: Vec<_> = files.iter().filter(|(_, pairs)| has(pairs)).map(|(name, _)| *name).collect();
        assert_eq!(included, expected, "{sources:?}");
        assert_eq!(filter.wants_metadata(), !filter.is_everything(), "{sources:?}");
    }

    #[test]
    fn the_first_rule_that_matches_any_line_decides() {
        use SourceKind::{MetadataExclude, MetadataFilter, MetadataInclude};
        let all = ["plain", "red", "secret", "none"];
        check(&[], &all);
        check(&[(MetadataInclude, "mode=100644")], &["plain", "red"]);
        check(&[(MetadataInclude, "mode=1006*"), (MetadataExclude, "color=**")], &["plain", "red", "secret"]);
        check(&[(MetadataInclude, "[am]time=2020-*")], &["secret"]);
        check(&[(MetadataInclude, "mode={{\\d+0}}")], &["secret"]);
        check(&[(MetadataInclude, "# nothing\n")], &[]);
        check(&[(MetadataExclude, "# nothing\n")], &all);
        check(&[(MetadataExclude, "mode=100600")], &["plain", "red", "none"]);
        check(&[(MetadataExclude, "MODE=100600")], &all);
        check(&[(MetadataExclude, "**")], &[]);
        check(&[(MetadataExclude, "color=*")], &all);
        check(&[(MetadataExclude, "color=red/*")], &["plain", "secret", "none"]);
        check(&[(MetadataExclude, "dark")], &["plain", "secret", "none"]);
        check(&[(MetadataFilter, "- mode=100600\n+ mode=*\n- **\n")], &["plain", "red"]);
        check(&[(MetadataFilter, "+ color=**"), (MetadataFilter, "- mode=100644")], &["red", "secret", "none"]);
        check(&[(MetadataFilter, "- **\n!\n- uid=0\n")], &["red", "secret", "none"]);
        check(&[(MetadataFilter, "!"), (MetadataInclude, "uid=0")], &[]);
        check(&[(MetadataFilter, "- **"), (MetadataFilter, "!")], &all);
    }

    #[test]
    fn what_is_refused() {
        let check = |sources, expected: &str| assert_eq!(filter(sources).unwrap_err().to_string(), expected);
        check(
            &[(SourceKind::MetadataFilter, "- a=b\nmode=1\n")],
            "rule `mode=1` in line 2 of `rules.txt` starts with neither `+ ` nor `- `, and is not `!`",
        );
        check(
            &[(SourceKind::MetadataInclude, "a=***")],
            "rule `a=***` of `--metadata-include` has more than two `*` in a row",
        );
        check(
            &[(SourceKind::MetadataInclude, "a=b"), (SourceKind::FilesFrom, "a\n")],
            "the list of files `rules.txt` cannot be combined with any other filter",
        );
    }
}
