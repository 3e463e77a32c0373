//! Whether both folders are still in the file systems of the last run.
//!
//! Where a disk is not mounted, the directory below its mount point is found instead, and another stick may be in the place of the first. What
//! such a folder lacks would count as deleted, and what is old there as an edit.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;

use bisync_engine::side::{Pair, Side};

use crate::paths::{FileSystem, Root};

use super::RunError;

/// The file systems of both folders, now and in the last run.
#[derive(Debug)]
pub struct Mounted {
    now: Pair<Option<FileSystem>>,
    before: Pair<Option<FileSystem>>,
    /// The file that says which ones they were: a line for each side, empty where nothing is known.
    file: PathBuf,
}

impl Mounted {
    /// Looks where both folders are, and reads where they were.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn find(roots: Pair<&Root>, file: PathBuf) -> io::Result<Self> {
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let mut lines = text.lines();
        let mut line = || lines.next().and_then(FileSystem::parse);
        let before = Pair::new(line(), line());
        let now = roots.map(|root| root.directory().and_then(FileSystem::of));
        Ok(Self { now, before, file })
    }

    /// Makes sure that neither folder is in another file system than before.
    ///
    /// # Errors
    /// Says which one is.
    pub fn check(&self, roots: Pair<&Root>) -> Result<(), RunError> {
        for side in Side::BOTH {
            if let (Some(now), Some(before)) = (&self.now[side], &self.before[side])
                && now.is_other_than(before)
            {
                let (now, before) = (now.clone(), before.clone());
                return Err(RunError::OtherFileSystem { side, path: roots[side].to_string(), now, before });
            }
        }
        Ok(())
    }

    /// Writes down where both folders are, for the next run. What was known more exactly stays.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn keep(self) -> io::Result<()> {
        let Self { now, before, file } = self;
        let is_known = |side: Side| now[side].as_ref().is_some_and(|now| !now.knows_less_than(before[side].as_ref()));
        let kept = Pair::from_fn(|side| if is_known(side) { now[side].clone() } else { before[side].clone() });
        if kept == before {
            return Ok(());
        }
        let lines = [kept.one, kept.two].map(|found| format!("{}\n", found.map_or(String::new(), |it| it.to_string())));
        let new = file.with_added_extension("new");
        let mut written = File::create(&new)?;
        written.write_all(lines.concat().as_bytes())?;
        // Half of it would name another file system.
        written.sync_all()?;
        fs::rename(new, file)
    }
}
