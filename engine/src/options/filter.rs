//! Which files take part, as data for the filter.

use super::{Options, Value};
use crate::entry::Instant;
use crate::filter::{Limits, RuleSource, SourceKind};

/// Rules and limits as they were given; [`Filter::new`](crate::filter::Filter::new) makes a filter of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterSettings {
    /// The rules, in the order in which rclone looks at them, whatever the order in which they were given: by kind; of one
    /// kind, first those given as options, then those in files, of which `--filters-file` is the first.
    pub sources: Vec<RuleSource>,
    /// Limits of size, age and depth.
    pub limits: Limits,
    /// Whether patterns match whatever the case.
    pub ignore_case: bool,
}

/// The options that give rules, in rclone's order.
const SOURCES: [(&str, SourceKind); 15] = [
    ("include", SourceKind::Include),
    ("include-from", SourceKind::Include),
    ("exclude", SourceKind::Exclude),
    ("exclude-from", SourceKind::Exclude),
    ("filter", SourceKind::Filter),
    ("filters-file", SourceKind::Filter),
    ("filter-from", SourceKind::Filter),
    ("metadata-include", SourceKind::MetadataInclude),
    ("metadata-include-from", SourceKind::MetadataInclude),
    ("metadata-exclude", SourceKind::MetadataExclude),
    ("metadata-exclude-from", SourceKind::MetadataExclude),
    ("metadata-filter", SourceKind::MetadataFilter),
    ("metadata-filter-from", SourceKind::MetadataFilter),
    ("files-from", SourceKind::FilesFrom),
    ("files-from-raw", SourceKind::FilesFromRaw),
];

impl FilterSettings {
    /// Collects what the options say about files; `now` and `utc_offset_seconds` are for ages.
    pub fn resolve(options: &Options, now: Instant, utc_offset_seconds: i32) -> Self {
        let mut sources = Vec::new();
        for (name, kind) in SOURCES {
            let given = options.all(name).filter_map(|value| source(kind, value));
            // Of `--filters-file`, the last one counts; the others add up.
            if name == "filters-file" { sources.extend(given.last()) } else { sources.extend(given) }
        }
        let names = options.all("exclude-if-present").filter_map(Value::as_text).map(str::to_owned);
        let moment = |name| options.age(name).instant(now, utc_offset_seconds);
        let limits = Limits {
            min_size: options.size("min-size"),
            max_size: options.size("max-size"),
            oldest: moment("max-age"),
            newest: moment("min-age"),
            // A negative depth is no limit, and one too large to be reached is none either.
            max_depth: options.number("max-depth").and_then(|depth| u32::try_from(depth).ok()),
            exclude_if_present: names.collect(),
            partition: options.partition("hash-filter"),
        };
        Self { sources, limits, ignore_case: options.flag("ignore-case") }
    }
}

fn source(kind: SourceKind, value: &Value) -> Option<RuleSource> {
    let rule = value.as_text().map(|rule| (None, rule));
    let (file, text) = rule.or_else(|| value.as_file().map(|file| (Some(file.name.clone()), file.content.as_str())))?;
    Some(RuleSource { kind, file, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_in_the_order_of_rclone() {
        let given = [
            ("files-from", "l1\na\n"),
            ("filter-from", "f1\n- a\n"),
            ("filters-file", "f2\n- b\n"),
            ("filters-file", "f3\n- c\n"),
            ("filter", "- d"),
            ("exclude", "e"),
            ("include-from", "f4\ng\n"),
            ("exclude", "h"),
            ("include", "i"),
        ];
        let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let settings =
            FilterSettings::resolve(&Options::parse(&given).unwrap(), Instant { seconds: 0, nanoseconds: 0 }, 0);
        let found: Vec<_> =
            settings.sources.iter().map(|source| (source.kind, source.file.as_deref(), source.text.as_str())).collect();
        assert_eq!(
            found,
            [
                (SourceKind::Include, None, "i"),
                (SourceKind::Include, Some("f4"), "g\n"),
                (SourceKind::Exclude, None, "e"),
                (SourceKind::Exclude, None, "h"),
                (SourceKind::Filter, None, "- d"),
                (SourceKind::Filter, Some("f3"), "- c\n"),
                (SourceKind::Filter, Some("f1"), "- a\n"),
                (SourceKind::FilesFrom, Some("l1"), "a\n"),
            ]
        );
    }

    #[test]
    fn depths() {
        let check = |text: &str, expected| {
            let options = Options::parse(&[("max-depth".to_owned(), text.to_owned())]).unwrap();
            let settings = FilterSettings::resolve(&options, Instant { seconds: 0, nanoseconds: 0 }, 0);
            assert_eq!(settings.limits.max_depth, expected, "{text}");
        };
        check("-1", None);
        check("0", Some(0));
        check("3", Some(3));
        check("9999999999", None);
    }
}
