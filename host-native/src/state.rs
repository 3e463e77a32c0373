//! The state store: a directory of blobs, by the names that the engine gives them.
//!
//! A blob that is written lies in the page cache after each part, so that a killed process loses nothing that it
//! confirmed; it survives a power cut from [`Verb::ReplaceState`] on.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bisync_engine::protocol::{Failure, Reply, Verb};
use bisync_engine::session_name::{PLAN, PLAN_NEW};

use crate::failure::failure;

/// A directory of blobs.
///
/// Files stay open from one part to the next. The directory is made when something is first written.
#[derive(Debug)]
pub struct StateStore {
    directory: PathBuf,
    plan: Option<PathBuf>,
    readers: BTreeMap<String, File>,
    writers: BTreeMap<String, File>,
}

impl StateStore {
    /// Makes a store in a directory, which need not exist yet.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, plan: None, readers: BTreeMap::new(), writers: BTreeMap::new() }
    }

    /// Keeps the engine's plan in this file.
    pub fn with_plan(self, file: Option<PathBuf>) -> Self {
        Self { plan: file, ..self }
    }

    /// Returns true when the verb is one for the state store.
    pub fn serves(verb: &Verb) -> bool {
        match verb {
            Verb::ReadState { .. }
            | Verb::WriteState { .. }
            | Verb::ReplaceState { .. }
            | Verb::KeepState { .. }
            | Verb::RemoveState { .. } => true,
            Verb::ListDirectory { .. }
            | Verb::Describe { .. }
            | Verb::SameContent { .. }
            | Verb::CopyFile(_)
            | Verb::MoveFile(_)
            | Verb::DeleteFile { .. }
            | Verb::MakeDirectory { .. }
            | Verb::RemoveDirectory { .. }
            | Verb::SetTime { .. }
            | Verb::SetMetadata(_)
            | Verb::Flush { .. } => false,
        }
    }

    /// Carries out a verb of the state store.
    pub fn perform(&mut self, verb: &Verb) -> Reply {
        self.try_perform(verb).unwrap_or_else(|error| Reply::Failed(self.failed(verb, &error)))
    }

    /// Says where it failed, if that is known.
    fn failed(&self, verb: &Verb, error: &io::Error) -> Failure {
        let name = match verb {
            Verb::ReadState { name, .. } | Verb::WriteState { name, .. } | Verb::RemoveState { name } => name,
            Verb::ReplaceState { target, .. } | Verb::KeepState { target, .. } => target,
            _ => return failure(error),
        };
        let Failure { kind, message } = failure(error);
        match self.path(name) {
            Ok(path) => Failure { kind, message: format!("`{}`: {message}", path.display()) },
            Err(_) => Failure { kind, message },
        }
    }

    fn try_perform(&mut self, verb: &Verb) -> io::Result<Reply> {
        match verb {
            Verb::ReadState { name, offset, length } => self.read(name, *offset, *length).map(Reply::State),
            Verb::WriteState { name, offset, bytes } => self.write(name, *offset, bytes).map(|()| Reply::Done(None)),
            Verb::ReplaceState { name, target } => self.replace(name, target).map(|()| Reply::Done(None)),
            Verb::KeepState { name, target } => self.keep(name, target).map(|()| Reply::Done(None)),
            Verb::RemoveState { name } => self.remove(name).map(|()| Reply::Done(None)),
            Verb::ListDirectory { .. }
            | Verb::Describe { .. }
            | Verb::SameContent { .. }
            | Verb::CopyFile(_)
            | Verb::MoveFile(_)
            | Verb::DeleteFile { .. }
            | Verb::MakeDirectory { .. }
            | Verb::RemoveDirectory { .. }
            | Verb::SetTime { .. }
            | Verb::SetMetadata(_)
            | Verb::Flush { .. } => Err(io::Error::new(ErrorKind::Unsupported, "not a verb of the state store")),
        }
    }

    fn read(&mut self, name: &str, offset: u64, length: u32) -> io::Result<Option<Vec<u8>>> {
        if !self.readers.contains_key(name) {
            match File::open(self.path(name)?) {
                Ok(file) => self.readers.insert(name.to_owned(), file),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
        }
        let Some(file) = self.readers.get(name) else { return Ok(None) };
        let mut bytes = vec![0; length as usize];
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(Some(bytes))
    }

    fn write(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name)?;
        if offset == 0 {
            // A blob may share its file with another name since `KeepState`, so it is never emptied in place.
            self.forget(name);
            if !is_plan(name) {
                make_directory(&self.directory)?;
            }
            remove_if_there(&path)?;
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            self.writers.insert(name.to_owned(), file);
        } else if !self.writers.contains_key(name) {
            self.writers.insert(name.to_owned(), OpenOptions::new().write(true).open(path)?);
        }
        self.writers.get(name).map_or(Ok(()), |file| file.write_all_at(bytes, offset))
    }

    fn replace(&mut self, name: &str, target: &str) -> io::Result<()> {
        let (path, target_path) = (self.path(name)?, self.path(target)?);
        match self.writers.get(name) {
            Some(file) => file.sync_all()?,
            None => File::open(&path)?.sync_all()?,
        }
        fs::rename(path, &target_path)?;
        self.forget(name);
        self.forget(target);
        target_path.parent().map_or(Ok(()), sync_directory)
    }

    fn keep(&mut self, name: &str, target: &str) -> io::Result<()> {
        let (path, target_path) = (self.path(name)?, self.path(target)?);
        if name == target {
            return Ok(());
        }
        // The new name takes the old blob's place in one step: a crash leaves one or the other, never none.
        let staged = self.path(&format!("{target}.keep"))?;
        remove_if_there(&staged)?;
        let kept = match fs::hard_link(&path, &staged) {
            Err(error) if error.kind() != ErrorKind::NotFound => copy(&path, &staged),
            linked => linked,
        };
        match kept {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        let renamed = fs::rename(&staged, target_path);
        // Renaming a name of a file to another name of the same file does nothing and leaves both.
        remove_if_there(&staged)?;
        self.forget(target);
        renamed
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.forget(name);
        let path = self.path(name)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            // A journal that says `commit` must not come back when another run has begun to write its listings.
            Ok(()) => path.parent().map_or(Ok(()), sync_directory),
            Err(error) => Err(error),
        }
    }

    fn forget(&mut self, name: &str) {
        self.readers.remove(name);
        self.writers.remove(name);
    }

    fn path(&self, name: &str) -> io::Result<PathBuf> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(io::Error::new(ErrorKind::InvalidInput, format!("`{name}` cannot name a blob")));
        }
        let Some(plan) = self.plan.as_ref().filter(|_| is_plan(name)) else { return Ok(self.directory.join(name)) };
        Ok(if name == PLAN_NEW { staged_plan(plan) } else { plan.clone() })
    }
}

/// Whether a blob is the plan file, which lies where the person said.
fn is_plan(name: &str) -> bool {
    name == PLAN || name == PLAN_NEW
}

/// Returns where a plan is written before it gets its name.
pub fn staged_plan(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".new");
    path.into()
}

/// Makes a directory of the state, and its missing parents, for this user alone.
///
/// # Errors
/// Returns the error of the file system.
pub fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Removes a file; one that is gone is fine.
///
/// # Errors
/// Returns the error of the file system.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn copy(path: &Path, target: &Path) -> io::Result<()> {
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target)?;
    io::copy(&mut File::open(path)?, &mut copy).map(|_| ())
}

/// Makes the names in a directory durable.
///
/// # Errors
/// Returns the error of the file system.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(store: &mut StateStore, name: &str, offset: u64, length: u32) -> Option<String> {
        let reply = store.perform(&Verb::ReadState { name: name.to_owned(), offset, length });
        let Reply::State(bytes) = reply else { panic!("{reply:?}") };
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn write(store: &mut StateStore, name: &str, offset: u64, text: &str) {
        let verb = Verb::WriteState { name: name.to_owned(), offset, bytes: text.into() };
        assert_eq!(store.perform(&verb), Reply::Done(None));
    }

    fn done(store: &mut StateStore, verb: Verb) {
        assert_eq!(store.perform(&verb), Reply::Done(None), "{verb:?}");
    }

    #[test]
    fn blobs_are_written_read_replaced_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("not/yet/there");
        let mut store = StateStore::new(directory.clone());
        assert_eq!(read(&mut store, "a", 0, 9), None);
        assert!(!directory.exists(), "reading makes nothing");
        write(&mut store, "a.new", 0, "hello ");
        write(&mut store, "a.new", 6, "world");
        assert_eq!(read(&mut store, "a.new", 4, 4), Some("o wo".into()));
        done(&mut store, Verb::ReplaceState { name: "a.new".into(), target: "a".into() });
        assert_eq!(read(&mut store, "a.new", 0, 9), None);
        assert_eq!(read(&mut store, "a", 6, 99), Some("world".into()));
        assert_eq!(read(&mut store, "a", 11, 99), Some(String::new()));
        done(&mut store, Verb::RemoveState { name: "a".into() });
        done(&mut store, Verb::RemoveState { name: "a".into() });
        assert_eq!(read(&mut store, "a", 0, 9), None);
    }

    #[test]
    fn a_kept_blob_does_not_change_with_its_other_name() {
        let home = tempfile::tempdir().unwrap();
        let mut store = StateStore::new(home.path().to_owned());
        let keep = || Verb::KeepState { name: "a".into(), target: "a-old".into() };
        done(&mut store, keep());
        assert_eq!(read(&mut store, "a-old", 0, 9), None);
        write(&mut store, "a", 0, "one");
        done(&mut store, keep());
        done(&mut store, keep());
        write(&mut store, "a", 0, "two");
        assert_eq!(read(&mut store, "a-old", 0, 9), Some("one".into()));
        done(&mut store, keep());
        assert_eq!(read(&mut store, "a-old", 0, 9), Some("two".into()));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "nothing else is left behind");
    }

    #[test]
    fn a_failure_says_where() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let verb = Verb::WriteState { name: "a".into(), offset: 0, bytes: Vec::new() };
        let Reply::Failed(failure) = StateStore::new(file.clone()).perform(&verb) else {
            panic!("written into a file")
        };
        assert!(failure.message.starts_with(&format!("`{}/a`: ", file.display())), "{}", failure.message);
    }

    #[test]
    fn names_stay_in_the_directory() {
        let home = tempfile::tempdir().unwrap();
        let mut store = StateStore::new(home.path().to_owned());
        for name in ["", "..", "../a", "/a", "a\0"] {
            let reply = store.perform(&Verb::RemoveState { name: name.into() });
            assert!(matches!(reply, Reply::Failed(_)), "{name:?}: {reply:?}");
        }
    }
}
