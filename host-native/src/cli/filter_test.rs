//! `bisync filter-test`: the engine says which paths take part; this module looks the paths up in the file system.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::filter::FilterError;
use bisync_engine::options::{FilterTest, Options};
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
    let test = rules(options)?;
    let shown: Vec<String> = paths.iter().map(|path| from_disk(path.as_bytes())).collect();
    let width = shown.iter().map(|path| path.chars().count()).max().unwrap_or_default();
    let lines = paths.iter().zip(&shown).map(|(path, shown)| {
        let found = root.and_then(|root| look(options, root, path));
        let holds = |directory: &RelPath, name: &str| {
            root.is_some_and(|root| fs::symlink_metadata(root.join(directory.as_str()).join(name)).is_ok())
        };
        let explanation = test.explain(shown, found.as_ref(), holds)?;
        Ok(format!("{shown:<width$}  {explanation}\n"))
    });
    lines.collect()
}

/// Reads the rules that the options give.
///
/// # Errors
/// Says which rule cannot be read, or which options exclude each other.
pub fn rules(options: &Options) -> Result<FilterTest, FilterError> {
    let timestamp = Timestamp::now();
    let now = Instant { seconds: timestamp.as_second(), nanoseconds: timestamp.subsec_nanosecond().unsigned_abs() };
    let utc_offset_seconds = TimeZone::system().to_offset(timestamp).seconds();
    FilterTest::new(options, now, utc_offset_seconds)
}

/// Returns what there is at a path below `root`.
fn look(options: &Options, root: &Path, path: &OsStr) -> Option<Found> {
    let look = |path: PathBuf| match options.flag("copy-links") {
        true => fs::metadata(path).ok(),
        false => fs::symlink_metadata(path).ok(),
    };
    // What lies in a directory of another file system takes no part, and neither does the directory.
    let device = |path: PathBuf| look(path).filter(Metadata::is_dir).map(|metadata| metadata.dev());
    let is_beyond = options.flag("one-file-system") && {
        let inside = fs::metadata(root).ok().map(|metadata| metadata.dev());
        Path::new(path).ancestors().filter_map(|path| device(root.join(path))).any(|device| Some(device) != inside)
    };
    let bare = |kind| Some(Found { kind, fingerprint: Fingerprint::default() });
    match look(root.join(path)) {
        _ if is_beyond => bare(Kind::OtherFileSystem),
        None => None,
        Some(metadata) if metadata.is_dir() => bare(Kind::Directory),
        Some(metadata) if metadata.is_symlink() => bare(Kind::Link),
        Some(metadata) if metadata.is_file() => {
            let nanoseconds = u32::try_from(metadata.mtime_nsec()).unwrap_or_default();
            let modified = Some(Instant { seconds: metadata.mtime(), nanoseconds });
            let fingerprint = Fingerprint { size: Some(metadata.len()), modified, ..Fingerprint::default() };
            Some(Found { kind: Kind::File, fingerprint })
        }
        Some(_) => bare(Kind::Special),
    }
}
