//! The state of a pair as this machine keeps it, and which shared state it follows.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bisync_engine::session::forget_commit;
use bisync_engine::session_name::{StateNames, session_name};
use bisync_engine::side::{Pair, Side};
use tempfile::NamedTempFile;

use super::names::{Name, Part, Version};
use crate::backend::Content;
use crate::failure::failure;
use crate::state::{make_directory, remove_if_there, sync_directory};

/// So much of a listing is read at once, in bytes.
const PIECE: usize = 256 * 1024;

/// The state of a pair in a directory of this machine.
#[derive(Debug)]
pub struct Kept {
    directory: PathBuf,
    names: StateNames,
    record: PathBuf,
}

/// What this machine remembers of the shared state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The shared state that the listings here follow.
    pub version: Version,
    /// What the listings here looked like when they were the shared ones.
    pub stamp: String,
}

impl Kept {
    /// Names the state of two paths in a directory.
    pub fn new(directory: &Path, paths: &Pair<String>) -> Self {
        let names = StateNames::new(paths.as_ref().map(String::as_str));
        let record = directory.join(format!("{}.shared", session_name(&paths.one, &paths.two)));
        Self { directory: directory.to_owned(), names, record }
    }

    /// The same state in another directory.
    pub fn elsewhere(&self, directory: &Path) -> Self {
        let record = directory.join(self.record.file_name().unwrap_or_default());
        Self { directory: directory.to_owned(), names: self.names.clone(), record }
    }

    /// Returns what is remembered of the shared state; `None` when these folders never shared any. What cannot be read names a
    /// state that does not exist.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn record(&self) -> io::Result<Option<Record>> {
        let text = match fs::read(&self.record) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => String::from_utf8_lossy(&text?).into_owned(),
        };
        let (name, stamp) = text.trim_end().split_once('\n').unwrap_or_default();
        let version = Name::parse(&format!("{name}.path1")).and_then(Name::version);
        let version = version.unwrap_or(Version { number: 0, pair: 0, run: 0 });
        Ok(Some(Record { version, stamp: stamp.to_owned() }))
    }

    /// Remembers that the listings here are those of a shared state.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn remember(&self, version: Version) -> io::Result<()> {
        let stamp = self.stamp()?.unwrap_or_default();
        let mut file = self.begin()?;
        write!(file, "{version}\n{stamp}\n")?;
        self.finish(file, &self.record)
    }

    /// Returns what changes whenever a listing does; `None` while there are not both.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn stamp(&self) -> io::Result<Option<String>> {
        let mut stamps = Vec::new();
        for part in Part::ALL {
            match fs::metadata(self.path(part)) {
                Ok(file) => {
                    stamps.push(format!("{}.{}.{}.{}", file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
                }
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Err(_) if part == Part::Metadata => stamps.push("-".to_owned()),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(stamps.join(" ")))
    }

    /// Returns the size in bytes and the content of a part; `None` when there is none.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn open(&self, part: Part) -> io::Result<Option<(u64, Content)>> {
        let mut file = match File::open(self.path(part)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let bytes = file.metadata()?.len();
        let (producer, content) = Content::channel();
        std::thread::spawn(move || {
            let outcome = loop {
                let mut piece = vec![0; PIECE];
                match io::Read::read(&mut file, &mut piece) {
                    Ok(0) => break Ok(()),
                    Ok(length) => piece.truncate(length),
                    Err(error) => break Err(failure(&error)),
                }
                if let Err(failure) = producer.blocking_send(piece) {
                    break Err(failure);
                }
            };
            producer.blocking_end(outcome);
        });
        Ok(Some((bytes, content)))
    }

    /// Makes a file that [`install`](Self::install) may give its name.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn begin(&self) -> io::Result<NamedTempFile> {
        make_directory(&self.directory)?;
        NamedTempFile::new_in(&self.directory)
    }

    /// Puts a shared state in the place of the one here. Broken off, it leaves no listing that goes with the other one's state.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn install(&self, version: Version, parts: Vec<(Part, NamedTempFile)>) -> io::Result<()> {
        self.forget_commit()?;
        for part in Part::ALL {
            remove_if_there(&self.path(part))?;
        }
        self.forget_the_last_but_one()?;
        sync_directory(&self.directory)?;
        for (part, file) in parts {
            self.finish(file, &self.path(part))?;
        }
        self.remember(version)
    }

    /// Renames the listings as after a critical error: nothing follows from them any more, `--recover` or not.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn set_aside(&self) -> io::Result<()> {
        self.forget_commit()?;
        self.forget_the_last_but_one()?;
        remove_if_there(&self.path(Part::Metadata))?;
        for side in Side::BOTH {
            match fs::rename(self.path(Part::Listing(side)), self.directory.join(&self.names.error[side])) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// `--recover` would go on from there.
    fn forget_the_last_but_one(&self) -> io::Result<()> {
        Side::BOTH.into_iter().try_for_each(|side| remove_if_there(&self.directory.join(&self.names.old[side])))
    }

    /// The listings that a killed run was about to install are those of a state that counts no more.
    fn forget_commit(&self) -> io::Result<()> {
        let journal = self.directory.join(&self.names.journal);
        match fs::read(&journal) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            bytes => {
                let mut file = self.begin()?;
                file.write_all(&forget_commit(&bytes?))?;
                self.finish(file, &journal)
            }
        }
    }

    /// Makes a file durable and gives it its name.
    fn finish(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync_directory(&self.directory)
    }

    fn path(&self, part: Part) -> PathBuf {
        let name = match part {
            Part::Listing(side) => &self.names.listing[side],
            Part::Metadata => &self.names.metadata,
        };
        self.directory.join(name)
    }
}
