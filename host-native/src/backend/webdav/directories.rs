//! Makes and removes directories, and remembers which are there.

use std::sync::PoisonError;

use bisync_engine::entry::Kind;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Emptiness, Failure, FailureKind};
use bytes::Bytes;
use reqwest::header::HeaderMap;

use super::Webdav;
use super::address::{Form, Name, name_of};
use crate::backend::failed;

/// So many directories are remembered to be there.
const REMEMBERED: usize = 100_000;

impl Webdav {
    /// Remembers that a directory is there.
    pub(super) fn remember(&self, place: &str) {
        let mut directories = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        if directories.len() >= REMEMBERED {
            directories.clear();
        }
        directories.insert(place.to_owned());
    }

    /// Forgets which directories are there.
    fn forget(&self) {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn is_known(&self, place: &str) -> bool {
        place.is_empty() || self.directories.lock().unwrap_or_else(PoisonError::into_inner).contains(place)
    }

    /// Makes the missing parents of a place.
    pub(super) async fn make_parents(&self, place: &str) -> Result<(), Failure> {
        // Nothing is made before the whole of it is known to be possible.
        self.server.url(place, Form::Plain)?;
        self.make_directories(parent(place)).await
    }

    /// Makes a directory and its missing parents.
    pub(super) async fn make_directories(&self, place: &str) -> Result<(), Failure> {
        let depth = place.split('/').count();
        let mut missing = vec![place];
        // Each may be missing, and then made by somebody else, and then be made.
        for _ in 0..=3 * depth {
            let Some(place) = missing.last().copied() else { return Ok(()) };
            if self.is_known(place) {
                missing.pop();
                continue;
            }
            let url = self.server.url(place, Form::Directory)?;
            let Err(failure) = self.server.ask("MKCOL", &url, &HeaderMap::new(), Bytes::new()).await else {
                self.remember(place);
                continue;
            };
            // It may be there, or its parent is not, or something that is no directory is in the way.
            match self.server.look(place).await? {
                Some(there) if there.found.kind == Kind::Directory => self.remember(place),
                Some(_) => return Err(failed(FailureKind::WrongKind, "a file is in the way")),
                // The parent that was missing may have been made meanwhile, by another request of ours. That of the whole folder is not made here.
                None if failure.kind == FailureKind::NotFound && !parent(place).is_empty() => {
                    if !self.is_known(parent(place)) {
                        missing.push(parent(place));
                    }
                }
                None => return Err(failure),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.forget();
        Err(failed(FailureKind::Temporary, "its directory is gone again"))
    }

    /// Says of a failure that something has no directory that it may work again: the directory was there a moment ago.
    pub(super) fn without_directory(&self, failure: Failure) -> Failure {
        if failure.kind != FailureKind::NotFound {
            return failure;
        }
        self.forget();
        failed(FailureKind::Temporary, "its directory is gone")
    }

    /// Removes a directory, with those in it where they may hold no files.
    pub(super) async fn remove_directories(&self, path: &RelPath, emptiness: Emptiness) -> Result<(), Failure> {
        if path.is_root() {
            return Err(failed(FailureKind::Other, "the folder itself is not removed"));
        }
        let place = self.place(path);
        match self.server.look(&place).await? {
            None => return Ok(()),
            Some(there) if there.found.kind != Kind::Directory => {
                return Err(failed(FailureKind::WrongKind, "it is not a directory"));
            }
            Some(_) => {}
        }
        // All of them are looked at before the first goes.
        let mut directories = vec![place];
        let mut next = 0;
        while let Some(directory) = directories.get(next).cloned() {
            let below = self.directories_in(&directory, emptiness).await?;
            directories.extend(below);
            next += 1;
        }
        self.forget();
        for directory in directories.iter().rev() {
            // RACE: a directory is deleted with all that is in it; what comes into it after this look is lost.
            self.directories_in(directory, Emptiness::Empty).await?;
            let url = self.server.url(directory, Form::Directory)?;
            if let Err(failure) = self.server.ask_once("DELETE", &url, &HeaderMap::new()).await
                && self.server.look(directory).await?.is_some()
            {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Returns the directories in one that may hold nothing else, or nothing at all.
    async fn directories_in(&self, directory: &str, emptiness: Emptiness) -> Result<Vec<String>, Failure> {
        let not_empty = || failed(FailureKind::NotEmpty, "directory not empty");
        let entries = match self.server.entries(directory).await {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let below =
            entries.into_iter().map(|(name, resource)| match (name_of(&name), resource.found.kind, emptiness) {
                (Name::Usable(name), Kind::Directory, Emptiness::NoFiles) => Ok(format!("{directory}/{name}")),
                _ => Err(not_empty()),
            });
        below.collect()
    }
}

/// Returns the directory of a place.
fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(parent, _)| parent)
}
