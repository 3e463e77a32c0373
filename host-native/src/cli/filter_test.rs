//! Which paths take part, and why: `bisync filter-test`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bisync_engine::entry::{Fingerprint, Instant, Kind};
use bisync_engine::filter::{Filter, FilterError, Partition};
use bisync_engine::link_name::SUFFIX;
use bisync_engine::options::{FilterSettings, Options};
use bisync_engine::path::RelPath;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::CliError;
use crate::backend::local::from_disk;

/// Explains each path in a line of its own; `root` is where to look for what exists.
///
/// # Errors
/// Says which rule or which path cannot be read.
pub fn filter_test(options: &Options, root: Option<&Path>, paths: &[OsString]) -> Result<String, CliError> {
    let filter = filter(options)?;
    let shown: Vec<String> = paths.iter().map(|path| from_disk(path.as_bytes())).collect();
    let width = shown.iter().map(|path| path.chars().count()).max().unwrap_or_default();
    let lines = paths.iter().zip(&shown).map(|(path, shown)| {
        let explanation = explain(&filter, options, root, path)?;
        Ok(format!("{shown:<width$}  {explanation}\n"))
    });
    lines.collect()
}

/// Makes the filter that the options ask for.
///
/// # Errors
/// Says which rule cannot be read, or which options exclude each other.
pub fn filter(options: &Options) -> Result<Filter, FilterError> {
    let timestamp = Timestamp::now();
    let now = Instant { seconds: timestamp.as_second(), nanoseconds: timestamp.subsec_nanosecond().unsigned_abs() };
    let utc_offset_seconds = TimeZone::system().to_offset(timestamp).seconds();
    let FilterSettings { sources, limits, ignore_case } = FilterSettings::resolve(options, now, utc_offset_seconds);
    Filter::new(&sources, limits, ignore_case)
}

fn explain(filter: &Filter, options: &Options, root: Option<&Path>, given: &OsStr) -> Result<String, CliError> {
    let text = from_disk(given.as_bytes());
    if text.starts_with('/') {
        return Err(CliError::NotBelow(text));
    }
    let inner = text.strip_prefix("./").unwrap_or(&text).trim_end_matches('/');
    let inner = if inner == "." { "" } else { inner };
    let below_root = |inner: &str| RelPath::parse(inner).map_err(|_| CliError::NotBelow(text.clone()));
    let mut path = below_root(inner)?;
    let look = |path: PathBuf| match options.flag("copy-links") {
        true => fs::metadata(path).ok(),
        false => fs::symlink_metadata(path).ok(),
    };
    let metadata = root.and_then(|root| look(root.join(given)));
    // What lies in a directory of another file system takes no part, and neither does the directory.
    let device = |path: PathBuf| look(path).filter(Metadata::is_dir).map(|metadata| metadata.dev());
    let is_beyond = options.flag("one-file-system")
        && root.is_some_and(|root| {
            let inside = fs::metadata(root).ok().map(|metadata| metadata.dev());
            Path::new(given).ancestors().filter_map(|path| device(root.join(path))).any(|device| Some(device) != inside)
        });
    let (kind, fingerprint) = match metadata {
        _ if is_beyond => (Kind::OtherFileSystem, None),
        Some(metadata) if metadata.is_dir() => (Kind::Directory, None),
        Some(metadata) if metadata.is_file() => {
            let nanoseconds = u32::try_from(metadata.mtime_nsec()).unwrap_or_default();
            let modified = Some(Instant { seconds: metadata.mtime(), nanoseconds });
            (Kind::File, Some(Fingerprint { size: Some(metadata.len()), modified, ..Fingerprint::default() }))
        }
        // A link that is kept takes part under this name.
        Some(metadata) if metadata.is_symlink() && options.flag("links") => {
            path = below_root(&format!("{inner}{SUFFIX}"))?;
            (Kind::File, None)
        }
        Some(metadata) if metadata.is_symlink() => (Kind::Link, None),
        Some(_) => (Kind::Special, None),
        None if text.ends_with('/') || path.is_root() => (Kind::Directory, None),
        None => (Kind::File, None),
    };
    let holds = |directory: &RelPath, name: &str| {
        root.is_some_and(|root| fs::symlink_metadata(root.join(directory.as_str()).join(name)).is_ok())
    };
    let decision = filter.explain(&path, kind, fingerprint.as_ref(), holds);
    // Metadata would have to be that of a side, and both sides may not have the same.
    let is_file = decision.included && kind == Kind::File;
    let metadata = if is_file && filter.wants_metadata() { ", unless a rule for metadata excludes it" } else { "" };
    let is_open = options.partition("hash-filter").is_some_and(Partition::is_open);
    let share = if is_file && is_open { ", in runs that choose its share" } else { "" };
    Ok(format!("{decision}{metadata}{share}"))
}
