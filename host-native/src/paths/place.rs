//! Where a directory really is.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use bisync_engine::path::RelPath;

use crate::backend::local::from_disk;

/// Where a directory really is, whether it exists yet or not.
#[derive(Debug)]
pub(super) struct Place {
    /// Its path, without links.
    pub path: PathBuf,
    /// Device and inode of the directory, if it exists.
    identity: Option<(u64, u64)>,
    /// The same of itself and of everything above it: a directory may be mounted in two places.
    above: Vec<(u64, u64)>,
}

impl Place {
    /// Finds out where a path leads.
    pub fn of(path: &Path) -> io::Result<Self> {
        let absolute = std::path::absolute(path)?;
        let mut missing = Vec::new();
        let mut existing = absolute.as_path();
        let real = loop {
            match (fs::canonicalize(existing), existing.parent(), existing.components().next_back()) {
                (Err(error), Some(parent), Some(name)) if error.kind() == ErrorKind::NotFound => {
                    missing.push(name);
                    existing = parent;
                }
                (result, _, _) => break result?,
            }
        };
        let above: Vec<_> = real.ancestors().filter_map(identity).collect();
        let identity = missing.is_empty().then(|| identity(&real)).flatten();
        // What is missing will be made, as directories: from there `..` leads back.
        let path = missing.iter().rev().fold(real, |path, name| match name {
            Component::ParentDir => path.parent().map_or(path.clone(), Path::to_owned),
            name => path.join(name),
        });
        Ok(Self { path, identity, above })
    }

    /// Returns the path of this below `other`; `None` where that is not below it by its names.
    pub fn below(&self, other: &Self) -> Option<RelPath> {
        let names = self.path.strip_prefix(&other.path).ok()?;
        RelPath::parse(&from_disk(names.as_os_str().as_bytes())).ok()
    }

    /// Returns true when this is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.path.starts_with(&other.path) || other.identity.is_some_and(|identity| self.above.contains(&identity))
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Returns a path as it is seen from a directory. Neither has `.` or `..` in it.
pub(super) fn relative(path: &Path, directory: &Path) -> PathBuf {
    let shared = path.components().zip(directory.components()).take_while(|(one, other)| one == other).count();
    let up = directory.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_moved_together_is_seen_as_before() {
        let check = |path: &str, directory: &str, expected: &str| {
            assert_eq!(relative(Path::new(path), Path::new(directory)), Path::new(expected), "{path} {directory}");
        };
        check("/x/one", "/x/work", "../one");
        check("/x/work/one", "/x/work", "one");
        check("/y/one", "/x/work/deep", "../../../y/one");
        check("/", "/x", "..");
    }
}
