//! The state that several machines share about two folders, with `--remote-lock`: the lock, and the listings of the last run.
//!
//! It is in the directory `.bisync` of each folder, which is never synchronised. Both folders are locked for as long as a run
//! lasts. After a run that changed the listings, the run copies them beside the data, and marks both folders with the new state. The
//! listings count only if both folders carry the mark of the same state. A folder that was copied, restored or replaced since does not
//! carry it; then nothing is deleted or overwritten, as in a first run.

mod base;
mod clock;
mod directory;
mod kept;
mod lock;
mod names;
mod owner;
mod random;
mod renewal;

use std::collections::BTreeSet;
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
use kept::{Kept, Record};
use lock::{Lease, Lock, Unclaimed};
use names::{Name, Part, Version};
use owner::Owner;
use random::random;
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
    /// What the listings of this machine looked like when the run began.
    begun: Option<String>,
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
        // The first lock is renewed while the second one is waited for.
        let renewal = Renewal::begin(lease);
        for side in Side::BOTH {
            let claimed = Lock::claim(&shared.directories[side], lease, &mut |text| {
                say(Level::Notice, "lock-taken-over", text);
            });
            renewal.add(claimed.map_err(|unclaimed| match unclaimed {
                Unclaimed::Held(owner) => SharedError::Held { side, owner },
                Unclaimed::Failed(failure) => SharedError::Side { side, failure },
            })?);
        }
        shared.renewal = Some(renewal);
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
        shared.begun = shared.kept.stamp().map_err(|error| shared.state_error(error))?;
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
            begun: None,
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

    /// Shares the listings of this machine, when the run changed them, or found that they say what is so.
    ///
    /// # Errors
    /// Says what could not be written: other machines then go on from the state before, and so does this one from its own.
    pub fn publish(&mut self, is_in_step: bool) -> Result<(), SharedError> {
        let Some(renewal) = &self.renewal else { return Ok(()) };
        let unusable = |error| SharedError::State { directory: self.state.clone(), error };
        let Some(stamp) = self.kept.stamp().map_err(unusable)? else { return Ok(()) };
        let record = self.kept.record().map_err(unusable)?;
        let is_known = match self.base {
            Some(base) => record.is_some_and(|record| record == Record { version: base, stamp }),
            // Whatever this machine knew before, no shared run has seen it.
            None => !is_in_step && self.begun == Some(stamp),
        };
        if is_known {
            return Ok(());
        }
        let version = Version {
            number: self.base.map_or(0, |base| base.number).saturating_add(1),
            pair: self.base.map_or_else(random, |base| base.pair),
            run: random(),
        };
        if let Err(error) = self.write(version, renewal) {
            self.remove(|_, other| other == version);
            return Err(error);
        }
        self.kept.remember(version).map_err(unusable)?;
        self.base = Some(version);
        self.remove(|_, other| other.pair == version.pair && other.number < version.number);
        self.end_others(version);
        Ok(())
    }

    /// Copies the listings of this machine beside the data, and marks both folders.
    fn write(&self, version: Version, renewal: &Renewal) -> Result<(), SharedError> {
        let keeper = self.keeper();
        let is_ours = || match renewal.prove() {
            Ok(true) => Ok(()),
            Ok(false) => Err(SharedError::Lost),
            Err((side, failure)) => Err(SharedError::Side { side, failure }),
        };
        is_ours()?;
        for part in Part::ALL {
            if let Some((bytes, content)) = self.kept.open(part).map_err(|error| self.state_error(error))? {
                let name = Name::Part(version, part).to_string();
                self.directories[keeper].put(&name, bytes, || content).map_err(side_error(keeper))?;
            }
        }
        // A mark says that all parts are there. The folder that has them is marked first: until the other one is too, the state before counts.
        self.directories[keeper].flush().map_err(side_error(keeper))?;
        is_ours()?;
        for side in [keeper, keeper.other()] {
            let directory = &self.directories[side];
            let mark = format!("{}\n", directory.identity);
            directory.create(&Name::Mark(version, side).to_string(), &mark).map_err(side_error(side))?;
            directory.flush().map_err(side_error(side))?;
        }
        Ok(())
    }

    /// Removes states that count no more, and what was left half written. What cannot be removed is removed another time.
    fn remove(&self, counts_no_more: impl Fn(Side, Version) -> bool) {
        let keeper = self.keeper();
        // While the parts of a state are there its mark on the other folder says something.
        for side in [keeper.other(), keeper] {
            let directory = &self.directories[side];
            let Ok(files) = directory.list() else { continue };
            for (name, file) in &files {
                if Name::parse(name).and_then(Name::version).is_some_and(|version| counts_no_more(side, version)) {
                    let _ = directory.remove(name, file);
                }
            }
            directory.tidy(&files);
        }
    }

    /// Ends other pairs of the same two folders, such as one in which their order was another: what these knew is no longer so. The
    /// original of a folder that was copied keeps its own mark.
    fn end_others(&self, version: Version) {
        let keeper = self.keeper();
        let Ok(files) = self.directories[keeper].list() else { return };
        let versions = files.keys().filter_map(|name| Name::parse(name)?.version());
        let pairs: BTreeSet<u64> = versions.map(|other| other.pair).filter(|pair| *pair != version.pair).collect();
        if !pairs.is_empty() {
            self.remove(|side, other| side != keeper && pairs.contains(&other.pair));
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
        for version in bases.versions() {
            let marked = |side: Side| self.is_marked(side, version, &files[side]);
            if !(bases.first_of(version) && marked(Side::One)? && marked(Side::Two)?) {
                continue;
            }
            // Listings of this state that are gone here, after a critical error perhaps, are not brought back.
            let is_here = record.as_ref().is_some_and(|record| record.version == version);
            return Ok(if is_here { Find::Here(version) } else { Find::There(version) });
        }
        Ok(if record.is_some() && has_listings { Find::Other } else { Find::Nothing })
    }

    /// Whether a folder is the very one that was marked, and no copy of it.
    fn is_marked(&self, side: Side, version: Version, files: &Files) -> Result<bool, SharedError> {
        let (directory, name) = (&self.directories[side], Name::Mark(version, side).to_string());
        let Some(file) = files.get(&name) else { return Ok(false) };
        let mark = directory.read(&name, file).map_err(side_error(side))?;
        Ok(is_of(&mark, &directory.identity))
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

/// Says whether two folders share their state with other machines, as far as this one knows.
///
/// # Errors
/// Returns the error of the file system.
pub fn is_shared(state: &Path, names: &Pair<String>) -> io::Result<bool> {
    Kept::new(state, names).record().map(|record| record.is_some())
}
