//! A side: files by path, in memory.
//!
//! Whatever replaces or destroys a file first looks whether it is still the version that the engine saw. On a disk nothing
//! else may come between that look and the change; here nothing can.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::failure;
use crate::host::protocol::{
    Capabilities, CopyFile, DeleteFile, Disposal, Emptiness, Expect, Failure, FailureKind, FileId, Fingerprint, Found,
    Instant, Item, Keeps, Kind, MoveFile, RemoveDirectory, SetTime,
};

/// A file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// What is in it.
    pub content: String,
    /// When it was last modified.
    pub modified: Instant,
    /// Stays the same when the file is renamed; no other file of the folder has it.
    id: u64,
}

/// A folder in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folder {
    files: BTreeMap<String, File>,
    /// All directories but the root.
    directories: BTreeSet<String>,
    last_id: u64,
}

/// What a person does to the folder.
impl Folder {
    /// Writes a file, with missing parents.
    ///
    /// # Panics
    /// When a file is in the place of a parent.
    pub fn write(&mut self, path: &str, content: &str, seconds: i64) {
        let modified = Instant { seconds, nanoseconds: 0 };
        self.make_parents(path).expect("a parent is a directory");
        self.put(path, File { content: content.to_owned(), modified, id: 0 });
    }

    /// Renames a file that is there.
    pub fn rename(&mut self, path: &str, target: &str) {
        if let Some(file) = self.files.remove(path) {
            self.files.insert(target.to_owned(), file);
        }
    }

    /// Deletes a file.
    pub fn delete(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Returns the path and the content of every file.
    pub fn contents(&self) -> Vec<(&str, &str)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file.content.as_str())).collect()
    }
}

/// What the engine asks for.
impl Folder {
    /// Says what this kind of side can do.
    pub fn capabilities() -> Capabilities {
        Capabilities {
            time_precision_ns: Some(1),
            sets_time: true,
            hashes: Vec::new(),
            slow_hashes: false,
            case_insensitive: false,
            keeps: Keeps { permissions: false, owner: false, attributes: false },
        }
    }

    /// Lists what is directly in a directory.
    pub fn list(&self, directory: &str) -> Result<Vec<Item>, Failure> {
        if !directory.is_empty() && !self.directories.contains(directory) {
            return Err(failure(FailureKind::NotFound, "no such directory"));
        }
        let below = below(directory);
        let files = self.files.iter().map(|(path, file)| (path, file.found()));
        let directories = self.directories.iter().map(|path| (path, found_directory()));
        Ok(files
            .chain(directories)
            .filter_map(|(path, found)| Some((path.strip_prefix(&below)?, found)))
            .filter(|(name, _)| !name.contains('/'))
            .map(|(name, found)| Item { name: name.to_owned(), found, metadata: None })
            .collect())
    }

    /// Says what there is at a path.
    pub fn describe(&self, path: &str) -> Option<Found> {
        let is_directory = path.is_empty() || self.directories.contains(path);
        self.files.get(path).map(File::found).or_else(|| is_directory.then(found_directory))
    }

    /// Returns the file that is to be read.
    pub fn read(&self, path: &str, version: &Fingerprint) -> Result<&File, Failure> {
        let file = self.files.get(path).filter(|file| file.is_still(version));
        file.ok_or_else(|| failure(FailureKind::Changed, "it changed since it was listed"))
    }

    /// Takes a copy of a file of the other side. It appears at once and whole, which is what a temporary name is for
    /// elsewhere.
    pub fn receive(&mut self, file: File, copy: &CopyFile) -> Result<Found, Failure> {
        check_disposal(&copy.disposal)?;
        match &copy.expect {
            Expect::Absent => self.check_absent(&copy.target)?,
            Expect::Exactly(version) => self.check(&copy.target, version)?,
        }
        self.make_parents(&copy.target)?;
        Ok(self.put(&copy.target, file))
    }

    /// Moves a file to where nothing is.
    pub fn move_file(&mut self, moved: &MoveFile) -> Result<Found, Failure> {
        self.check(&moved.path, &moved.expect)?;
        self.check_absent(&moved.target)?;
        self.make_parents(&moved.target)?;
        self.rename(&moved.path, &moved.target);
        self.there(&moved.target)
    }

    /// Deletes a file.
    pub fn delete_file(&mut self, delete: &DeleteFile) -> Result<(), Failure> {
        check_disposal(&delete.disposal)?;
        self.check(&delete.path, &delete.expect)?;
        self.delete(&delete.path);
        Ok(())
    }

    /// Makes a directory and its missing parents.
    pub fn make_directory(&mut self, path: &str) -> Result<Found, Failure> {
        // Its parents are those of anything that it could hold.
        self.make_parents(&below(path))?;
        Ok(found_directory())
    }

    /// Removes a directory, and empty ones in it where that is asked for.
    pub fn remove_directory(&mut self, remove: &RemoveDirectory) -> Result<(), Failure> {
        let below = below(&remove.path);
        let holds_files = self.files.keys().any(|path| path.starts_with(&below));
        let holds_directories = self.directories.iter().any(|path| path.starts_with(&below));
        if holds_files || (holds_directories && remove.emptiness == Emptiness::Empty) {
            return Err(failure(FailureKind::NotEmpty, "the directory is not empty"));
        }
        self.directories.retain(|path| *path != remove.path && !path.starts_with(&below));
        Ok(())
    }

    /// Sets the time of a file.
    pub fn set_time(&mut self, set: &SetTime) -> Result<Found, Failure> {
        self.check(&set.path, &set.expect)?;
        if let Some(file) = self.files.get_mut(&set.path) {
            file.modified = set.modified;
        }
        self.there(&set.path)
    }
}

impl Folder {
    fn check(&self, path: &str, expect: &Fingerprint) -> Result<(), Failure> {
        match self.files.get(path) {
            Some(file) if file.is_still(expect) => Ok(()),
            _ => Err(failure(FailureKind::Refused, "it is not what was listed")),
        }
    }

    fn check_absent(&self, path: &str) -> Result<(), Failure> {
        match self.describe(path) {
            None => Ok(()),
            Some(_) => Err(failure(FailureKind::Refused, "something is there")),
        }
    }

    /// Makes the directories above a path, after having seen that no file is in the place of one.
    fn make_parents(&mut self, path: &str) -> Result<(), Failure> {
        // The sandbox keeps the engine in; that no path leads out is for the host to see.
        if path.split('/').any(|name| matches!(name, "." | "..")) {
            return Err(failure(FailureKind::ImpossibleName, "a path leads out of the folder"));
        }
        let parents: Vec<_> = path.match_indices('/').map(|(end, _)| &path[..end]).collect();
        if parents.iter().any(|parent| self.files.contains_key(*parent)) {
            return Err(failure(FailureKind::WrongKind, "a file is in the place of a directory"));
        }
        self.directories.extend(parents.into_iter().map(str::to_owned));
        Ok(())
    }

    /// Puts a new file at a path.
    fn put(&mut self, path: &str, file: File) -> Found {
        self.last_id += 1;
        let file = File { id: self.last_id, ..file };
        let found = file.found();
        self.files.insert(path.to_owned(), file);
        found
    }

    fn there(&self, path: &str) -> Result<Found, Failure> {
        self.describe(path).ok_or_else(|| failure(FailureKind::Other, "it is gone"))
    }
}

impl File {
    fn found(&self) -> Found {
        let fingerprint = Fingerprint {
            size: Some(self.content.len() as u64),
            modified: Some(self.modified),
            hash: None,
            id: Some(FileId { high: 0, low: self.id }),
        };
        Found { kind: Kind::File, fingerprint }
    }

    /// Whether this is the version that was seen: size, time and id are the same where they were known.
    fn is_still(&self, seen: &Fingerprint) -> bool {
        let now = self.found().fingerprint;
        (seen.size.is_none() || seen.size == now.size)
            && (seen.modified.is_none() || seen.modified == now.modified)
            && (seen.id.is_none() || seen.id == now.id)
    }
}

fn found_directory() -> Found {
    Found { kind: Kind::Directory, fingerprint: Fingerprint { size: None, modified: None, hash: None, id: None } }
}

/// What the paths of everything in a directory begin with.
fn below(directory: &str) -> String {
    if directory.is_empty() { String::new() } else { format!("{directory}/") }
}

fn check_disposal(disposal: &Disposal) -> Result<(), Failure> {
    match disposal {
        Disposal::Discard => Ok(()),
        // To discard what was to be kept would lose it.
        Disposal::Backup(_) => Err(failure(FailureKind::Other, "there is no backup directory here")),
    }
}
