//! Which paths take part, and why: what `bisync filter-test` says.

use super::{FilterSettings, Links, Options};
use crate::entry::{Found, Instant, Kind};
use crate::filter::{Filter, FilterError, Partition};
use crate::link_name::SUFFIX;
use crate::path::RelPath;

/// Explains paths by the rules that options give.
#[derive(Debug)]
pub struct FilterTest {
    filter: Filter,
    links: Links,
    /// Which share of all files a run takes, it chooses itself.
    is_open: bool,
}

/// A path that does not lie below the root of a pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not lie below the root of a pair: write it relative to that, without `..`")]
pub struct NotBelow(pub String);

impl FilterTest {
    /// Reads the rules; `now` and `utc_offset_seconds` are for ages.
    ///
    /// # Errors
    /// Says which rule cannot be read, or which options exclude each other.
    pub fn new(options: &Options, now: Instant, utc_offset_seconds: i32) -> Result<Self, FilterError> {
        let FilterSettings { sources, limits, ignore_case } = FilterSettings::resolve(options, now, utc_offset_seconds);
        Ok(Self {
            filter: Filter::new(&sources, limits, ignore_case)?,
            // Together they are for runs to refuse.
            links: Links::of(options).unwrap_or_default(),
            is_open: options.partition("hash-filter").is_some_and(Partition::is_open),
        })
    }

    /// Says whether the path `text` takes part, and what decides. A `/` at its end says that it is a directory.
    ///
    /// `found` is what is there, as far as that is known, and `holds` says whether a directory holds a file of a name.
    ///
    /// # Errors
    /// Fails when it cannot lie below the root of a pair.
    pub fn explain(
        &self,
        text: &str,
        found: Option<&Found>,
        holds: impl Fn(&RelPath, &str) -> bool,
    ) -> Result<String, NotBelow> {
        let path = path_below(text)?;
        let (path, kind) = match found {
            // A link that is kept takes part under this name.
            Some(Found { kind: Kind::Link, .. }) if self.links == Links::Translate => {
                let name = format!("{}{SUFFIX}", path.as_str());
                (RelPath::parse(&name).map_err(|_| NotBelow(text.to_owned()))?, Kind::File)
            }
            Some(found) => (path, found.kind),
            None if text.ends_with('/') || path.is_root() => (path, Kind::Directory),
            None => (path, Kind::File),
        };
        let fingerprint = found.filter(|found| found.kind == Kind::File).map(|found| &found.fingerprint);
        let decision = self.filter.explain(&path, kind, fingerprint, holds);
        let is_file = decision.included && kind == Kind::File;
        // Metadata would have to be that of a side, and both sides may not have the same.
        let by_metadata = is_file && self.filter.wants_metadata();
        let metadata = if by_metadata { ", unless a rule for metadata excludes it" } else { "" };
        let share = if is_file && self.is_open { ", in runs that choose its share" } else { "" };
        Ok(format!("{decision}{metadata}{share}"))
    }
}

/// Returns the path that is meant: without `./` before it and `/` after it.
fn path_below(text: &str) -> Result<RelPath, NotBelow> {
    let inner = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
    let inner = if inner == "." { "" } else { inner };
    let path = if text.starts_with('/') { None } else { RelPath::parse(inner).ok() };
    path.ok_or_else(|| NotBelow(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Fingerprint;

    #[test]
    fn what_is_there_counts() {
        let check = |given: &[(&str, &str)], text: &str, found: Option<Kind>, expected: &str| {
            let given: Vec<_> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let now = Instant { seconds: 0, nanoseconds: 0 };
            let test = FilterTest::new(&Options::parse(&given).unwrap(), now, 0).unwrap();
            let fingerprint = Fingerprint { size: Some(5000), ..Fingerprint::default() };
            let found = found.map(|kind| Found { kind, fingerprint });
            let explained =
                test.explain(text, found.as_ref(), |directory, name| directory.as_str() == "d" && name == "marker");
            assert_eq!(explained.map_err(|error| error.0).unwrap_or_else(|text| format!("no: {text}")), expected);
        };
        check(&[], "./a/", None, "included: no rule matches");
        check(&[("max-size", "1k")], "a", None, "included: no rule matches");
        check(&[("max-size", "1k")], "a", Some(Kind::File), "excluded: larger than `--max-size`");
        check(&[("max-size", "1k")], "a", Some(Kind::Directory), "included: no rule matches");
        check(&[], "a", Some(Kind::Link), "excluded: a symbolic link");
        check(&[("links", "true")], "a", Some(Kind::Link), "included: no rule matches");
        check(
            &[("links", "true"), ("exclude", "*.rclonelink")],
            "a",
            Some(Kind::Link),
            "excluded by rule `*.rclonelink` of `--exclude`",
        );
        check(
            &[("exclude-if-present", "marker")],
            "d/a",
            None,
            "excluded with directory `d`: it holds `marker` (`--exclude-if-present`)",
        );
        check(
            &[("metadata-include", "a=b")],
            "a",
            None,
            "included: no rule matches, unless a rule for metadata excludes it",
        );
        check(&[("hash-filter", "@/3")], "a", None, "included: no rule matches, in runs that choose its share");
        check(&[("hash-filter", "@/3")], "a/", None, "included: no rule matches");
        for text in ["/a", "../a", "a//b", "a/../b"] {
            check(&[], text, None, &format!("no: {text}"));
        }
    }
}
