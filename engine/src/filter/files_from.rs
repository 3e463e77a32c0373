//! The list of the only files to look at.

use std::collections::BTreeSet;

use crate::path::RelPath;

/// Exact paths, and the directories that hold them.
#[derive(Debug, Clone, Default)]
pub(super) struct FileList {
    files: BTreeSet<RelPath>,
    directories: BTreeSet<RelPath>,
}

impl FileList {
    /// Adds a path; slashes around it do not count. What cannot be a path below the root matches nothing.
    pub(super) fn add(&mut self, path: &str) {
        let Ok(path) = RelPath::parse(path.trim_matches('/')) else { return };
        let mut parent = path.parent();
        self.files.insert(path);
        while let Some(directory) = parent.filter(|directory| !directory.is_root()) {
            parent = directory.parent();
            if !self.directories.insert(directory) {
                break;
            }
        }
    }

    pub(super) fn has_file(&self, path: &RelPath) -> bool {
        self.files.contains(path)
    }

    pub(super) fn has_directory(&self, path: &RelPath) -> bool {
        self.directories.contains(path)
    }
}
