//! What several machines share about two folders, with `--remote-lock`: who is at work on them, and the state of the last run.
//!
//! It lies in the directory `.bisync` of each folder, which is never synchronised. Both folders are locked for as long as a run
//! lasts. After a run that changed the listings, these are copied beside the data, and both folders are marked with the new state. The
//! listings say something about two folders only when both carry the mark of the same state: whichever of them was copied,
//! restored or replaced since does not, and then nothing is deleted or overwritten, as in a first run.

mod base;
mod directory;
mod kept;
mod lock;
mod names;
mod owner;
mod renewal;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bisync_engine::event::Level;
use bisync_engine::protocol::Failure;
use bisync_engine::reserved::RESERVED;
use bisync_engine::session::StopReason;
use bisync_engine::side::{Pair, Side};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

use crate::backend::Backend;
use crate::failure::{failure, reason};

use base::{Files, bases, is_of};
use directory::Directory;
use kept::Kept;
use lock::{Lease, Lock, Unclaimed};
use names::{Name, Part, Version};
use owner::Owner;
use renewal::Renewal;

/// Why a run cannot share its state.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// Another run has the lock.
    #[error("another run is at work on {side} ({owner}): wait for its end; its lock lies in `{RESERVED}` there")]
    Held {
        /// The folder.
        side: Side,
        /// Who it is.
        owner: Owner,
    },
    /// A folder's directory cannot be used.
    #[error("`{RESERVED}` on {side} cannot be used for --remote-lock: {failure}")]
    Side {
        /// The folder.
        side: Side,
        /// What went wrong.
        failure: Failure,
    },
    /// The state on this machine cannot be used.
    #[error("the state in `{}` cannot be used: {}", directory.display(), reason(error))]
    State {
        /// The directory of the state.
        directory: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
    /// Somebody took the lock for dead.
    #[error("the lock was lost: it could not be renewed in time, and another run may be at work; the next run goes on")]
    Lost,
}

/// What it takes to share the state of two folders.
pub struct Sharing<'a> {
    /// The folders.
    pub folders: &'a Pair<Arc<dyn Backend>>,
    /// What tells each folder from every other, copies of it included, as far as anything does: the same on every machine.
    pub identities: Pair<String>,
    /// Both paths as the state's names are made from them.
    pub names: &'a Pair<String>,
    /// The directory of the state on this machine.
    pub state: &'a Path,
    /// How long a lock lasts that is not renewed, when it is said.
    pub max_lock: Option<Duration>,
    /// What remotes are waited for in. It has a thread of its own.
    pub runtime: Handle,
}

/// The state of two folders, shared with other machines. The locks end with it.
pub struct Shared {
    directories: Pair<Directory>,
    kept: Kept,
    state: PathBuf,
    /// The state that both folders are in, if there is one.
    base: Option<Version>,
    renewal: Option<Renewal>,
    /// Where the state is read from by a run that changes nothing.
    scratch: Option<TempDir>,
}

impl Shared {
    /// Locks both folders, and brings the state on this machine to theirs.
    ///
    /// # Errors
    /// Returns who is at work, or what cannot be used.
    pub fn claim(sharing: &Sharing<'_>, say: &mut dyn FnMut(Level, &'static str, String)) -> Result<Self, SharedError> {
        let mut shared = Self::new(sharing);
        let lease = Lease::new(sharing.max_lock);
        let mut locks = Vec::new();
        for side in Side::BOTH {
            let claimed = Lock::claim(&shared.directories[side], lease, &mut |text| {
                say(Level::Notice, "lock-taken-over", text);
            });
            match claimed {
                Ok(lock) => locks.push(lock),
                Err(unclaimed) => {
                    locks.iter().for_each(Lock::release);
                    return Err(match unclaimed {
                        Unclaimed::Held(owner) => SharedError::Held { side, owner },
                        Unclaimed::Failed(failure) => SharedError::Side { side, failure },
                    });
                }
            }
        }
        shared.renewal = Some(Renewal::begin(locks, lease));
        let files = shared.files()?;
        match shared.find(&files)? {
            Find::Here(version) => shared.base = Some(version),
            Find::There(version) => {
                let bytes = shared.fetch(version, &files, &shared.kept)?;
                shared.base = Some(version);
                let text = format!("goes on from the state that the last run left beside the data ({bytes} bytes)");
                say(Level::Info, "state-fetched", text);
            }
            Find::Nothing => {}
            Find::Other => {
                shared.kept.set_aside().map_err(|error| shared.state_error(error))?;
                say(Level::Notice, "state-set-aside", OTHER.to_owned());
            }
        }
        Ok(shared)
    }

    /// Looks at the state of both folders for a run that changes nothing, and changes nothing.
    ///
    /// # Errors
    /// Says what cannot be used.
    pub fn look(sharing: &Sharing<'_>, say: &mut dyn FnMut(Level, &'static str, String)) -> Result<Self, SharedError> {
        let mut shared = Self::new(sharing);
        let files = shared.files()?;
        let found = shared.find(&files)?;
        if let Find::Here(_) | Find::Nothing = found {
            return Ok(shared);
        }
        let scratch = tempfile::tempdir().map_err(|error| shared.state_error(error))?;
        if let Find::There(version) = found {
            shared.fetch(version, &files, &shared.kept.elsewhere(scratch.path()))?;
        } else {
            say(Level::Notice, "state-set-aside", OTHER.to_owned());
        }
        shared.scratch = Some(scratch);
        Ok(shared)
    }

    fn new(sharing: &Sharing<'_>) -> Self {
        let directories = Pair::from_fn(|side| {
            let (identity, folder) = (&sharing.identities[side], &sharing.folders[side]);
            Directory::new(side, identity.clone(), Arc::clone(folder), sharing.runtime.clone())
        });
        Self {
            directories,
            kept: Kept::new(sharing.state, sharing.names),
            state: sharing.state.to_owned(),
            base: None,
            renewal: None,
            scratch: None,
        }
    }

    /// Returns the directory of the state that the run goes by.
    pub fn state(&self) -> &Path {
        self.scratch.as_ref().map_or(&self.state, |scratch| scratch.path())
    }

    /// Asks for the run to be stopped when a lock is lost.
    pub fn stop_when_lost(&self, wish: UnboundedSender<StopReason>) {
        if let Some(renewal) = &self.renewal {
            renewal.stop_when_lost(wish);
        }
    }

    /// Shares the listings of this machine, when they changed.
    ///
    /// # Errors
    /// Says what could not be written: other machines then go on from the state before, and so does this one from its own.
    pub fn publish(&mut self) -> Result<(), SharedError> {
        let Some(renewal) = &self.renewal else { return Ok(()) };
        if renewal.is_lost() {
            return Err(SharedError::Lost);
        }
        let unusable = |error| SharedError::State { directory: self.state.clone(), error };
        let Some(stamp) = self.kept.stamp().map_err(unusable)? else { return Ok(()) };
        let record = self.kept.record().map_err(unusable)?;
        if record.is_some_and(|record| Some(record.version) == self.base && record.stamp == stamp) {
            return Ok(());
        }
        let version = Version {
            number: self.base.map_or(0, |base| base.number).saturating_add(1),
            pair: self.base.map_or_else(random, |base| base.pair),
            run: random(),
        };
        if let Err(error) = self.write(version) {
            self.remove(|other| other == version);
            return Err(error);
        }
        self.kept.remember(version).map_err(unusable)?;
        self.base = Some(version);
        self.remove(|other| other.pair == version.pair && other != version);
        Ok(())
    }

    /// Copies the listings of this machine beside the data, and marks both folders.
    fn write(&self, version: Version) -> Result<(), SharedError> {
        let keeper = self.keeper();
        for part in Part::ALL {
            if let Some((bytes, content)) = self.kept.open(part).map_err(|error| self.state_error(error))? {
                let name = Name::Part(version, part).to_string();
                self.directories[keeper].put(&name, bytes, || content).map_err(side_error(keeper))?;
            }
        }
        // A mark says that all parts are there. The folder that has them is marked first: until the other one is too, the state before counts.
        self.directories[keeper].flush().map_err(side_error(keeper))?;
        for side in [keeper, keeper.other()] {
            let directory = &self.directories[side];
            let mark = format!("{}\n", directory.identity);
            directory.create(&Name::Mark(version, side).to_string(), &mark).map_err(side_error(side))?;
            directory.flush().map_err(side_error(side))?;
        }
        Ok(())
    }

    /// Removes states that count no more, and what was left half written. What cannot be removed is removed another time.
    fn remove(&self, counts_no_more: impl Fn(Version) -> bool) {
        let keeper = self.keeper();
        // While the parts of a state are there its mark on the other folder says something.
        for directory in [&self.directories[keeper.other()], &self.directories[keeper]] {
            let Ok(files) = directory.list() else { continue };
            for (name, file) in &files {
                if Name::parse(name).and_then(Name::version).is_some_and(&counts_no_more) {
                    let _ = directory.remove(name, file);
                }
            }
            directory.tidy(&files);
        }
    }

    /// Returns the side whose folder keeps the listings: the one that other machines reach as well.
    fn keeper(&self) -> Side {
        match (self.directories.one.is_remote(), self.directories.two.is_remote()) {
            (true, false) => Side::One,
            (false | true, true) | (false, false) => Side::Two,
        }
    }

    fn files(&self) -> Result<Pair<Files>, SharedError> {
        let list = |side: Side| self.directories[side].list().map_err(side_error(side));
        Ok(Pair::new(list(Side::One)?, list(Side::Two)?))
    }

    /// Finds out which state both folders are in, and where its listings are.
    fn find(&self, files: &Pair<Files>) -> Result<Find, SharedError> {
        let record = self.kept.record().map_err(|error| self.state_error(error))?;
        let has_listings = self.kept.stamp().map_err(|error| self.state_error(error))?.is_some();
        let bases = bases(files);
        if let Some(record) = &record
            && has_listings
            && bases.first_of(record.version)
        {
            return Ok(Find::Here(record.version));
        }
        for version in bases.versions() {
            if Side::BOTH.into_iter().all(|side| self.is_marked(side, version, &files[side])) {
                return Ok(Find::There(version));
            }
        }
        Ok(if record.is_some() && has_listings { Find::Other } else { Find::Nothing })
    }

    /// Whether a folder is the very one that was marked, and no copy of it.
    fn is_marked(&self, side: Side, version: Version, files: &Files) -> bool {
        let (directory, name) = (&self.directories[side], Name::Mark(version, side).to_string());
        let mark = files.get(&name).map(|file| directory.read(&name, file));
        mark.is_some_and(|mark| mark.is_ok_and(|mark| is_of(&mark, &directory.identity)))
    }

    /// Copies a state to this machine; returns its size in bytes.
    fn fetch(&self, version: Version, files: &Pair<Files>, kept: &Kept) -> Result<u64, SharedError> {
        let mut parts = Vec::new();
        let mut bytes = 0;
        for part in Part::ALL {
            let name = Name::Part(version, part).to_string();
            let Some((side, file)) = Side::BOTH.into_iter().find_map(|side| Some((side, files[side].get(&name)?)))
            else {
                continue;
            };
            let mut copy = kept.begin().map_err(|error| self.state_error(error))?;
            self.directories[side]
                .fetch(&name, file, |piece| {
                    bytes += piece.len() as u64;
                    copy.write_all(piece).map_err(|error| failure(&error))
                })
                .map_err(side_error(side))?;
            parts.push((part, copy));
        }
        kept.install(version, parts).map_err(|error| self.state_error(error))?;
        Ok(bytes)
    }

    fn state_error(&self, error: io::Error) -> SharedError {
        SharedError::State { directory: self.state.clone(), error }
    }
}

/// Where the listings of the state are that both folders are in.
enum Find {
    /// On this machine.
    Here(Version),
    /// Beside the data.
    There(Version),
    /// The folders never shared a state with this machine: what it knows of them, if anything, counts.
    Nothing,
    /// The folders are not those that this machine knows the state of.
    Other,
}

const OTHER: &str = "the folders are not as the last shared run left them (one was copied, restored or replaced, or its `.bisync` is gone): \
                     nothing is deleted or overwritten in this run";

fn side_error(side: Side) -> impl Fn(Failure) -> SharedError {
    move |failure| SharedError::Side { side, failure }
}

/// Returns a number that nobody else has.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// Says whether two folders share their state with other machines, as far as this one knows.
///
/// # Errors
/// Returns the error of the file system.
pub fn is_shared(state: &Path, names: &Pair<String>) -> io::Result<bool> {
    Kept::new(state, names).record().map(|record| record.is_some())
}
