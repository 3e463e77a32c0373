//! A name in an open directory, and the checks before something there is changed.

use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Kind};
use bisync_engine::protocol::{Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RenameFlags, renameat, renameat_with, unlinkat};
use rustix::io::{Errno, Result as SystemResult};

use super::links::Form;
use super::stat::{Stat, look_at};
use crate::backend::failed;
use crate::errno::failure;

/// A name in a directory that is held open, so that what happens to its parents does not matter any more.
#[derive(Debug, Clone)]
pub struct Place {
    /// The directory.
    pub directory: Arc<OwnedFd>,
    /// The name on the disk.
    pub name: Vec<u8>,
    /// What it stands for.
    pub form: Form,
}

impl Place {
    /// Returns the place of another name in the same directory.
    pub fn sibling(&self, name: Vec<u8>) -> Self {
        Self { directory: Arc::clone(&self.directory), name, form: self.form }
    }

    /// Returns what is there; `None` when nothing is.
    pub fn look(&self) -> Result<Option<Stat>, Failure> {
        match self.form.look(&self.directory, &self.name) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// Makes sure that the file there is `version`.
    pub fn expect(&self, version: &Fingerprint) -> Result<Stat, Failure> {
        match self.look()? {
            None => Err(nothing_there()),
            Some(stat) if stat.kind != Kind::File => Err(failed(FailureKind::Refused, "it is not a file any more")),
            Some(stat) if !version.is_still(&stat.fingerprint) => {
                Err(failed(FailureKind::Refused, "it has changed in the meantime"))
            }
            Some(stat) => Ok(stat),
        }
    }

    /// Returns whether what is there has to be copied to be of use at `target`: a link that becomes a file, or a file that
    /// becomes a link; and a link that is followed, for it may lead elsewhere from there.
    pub fn is_carried_to(&self, target: &Self) -> bool {
        match self.form {
            Form::Plain | Form::Link => (self.form == Form::Link) != (target.form == Form::Link),
            Form::Followed => look_at(&self.directory, &*self.name).is_ok_and(|stat| stat.kind == Kind::Link),
        }
    }

    /// Removes the file or link there; never a directory.
    pub fn unlink(&self) -> SystemResult<()> {
        unlinkat(&self.directory, &*self.name, AtFlags::empty())
    }

    /// Renames what is there to `target`, where nothing may be.
    pub fn rename_new(&self, target: &Self) -> SystemResult<()> {
        match self.rename_with(target, RenameFlags::NOREPLACE) {
            // RACE: where the file system cannot promise it, something made at `target` after this look is replaced.
            Err(error) if is_unsupported(error) => match look_at(&target.directory, &*target.name) {
                Ok(_) => Err(Errno::EXIST),
                Err(Errno::NOENT) => self.rename_over(target),
                Err(error) => Err(error),
            },
            renamed => renamed,
        }
    }

    /// Renames what is there to `target`; a file there is replaced.
    pub fn rename_over(&self, target: &Self) -> SystemResult<()> {
        renameat(&self.directory, &*self.name, &target.directory, &*target.name)
    }

    /// Exchanges what is at both places, in one step.
    pub fn exchange(&self, other: &Self) -> SystemResult<()> {
        self.rename_with(other, RenameFlags::EXCHANGE)
    }

    fn rename_with(&self, target: &Self, flags: RenameFlags) -> SystemResult<()> {
        renameat_with(&self.directory, &*self.name, &target.directory, &*target.name, flags)
    }
}

/// Returns whether a file system says that it does not know a kind of renaming.
pub fn is_unsupported(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

/// Refuses what expects a file where none is.
pub fn nothing_there() -> Failure {
    failed(FailureKind::Refused, "it is gone")
}
