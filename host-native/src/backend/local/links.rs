//! Symbolic links, as a side shows them: as files of another name, or as what they lead to.

use bisync_engine::entry::Kind;
use bisync_engine::link_name::SUFFIX;
use bisync_engine::options::Links;
use bisync_engine::protocol::{Failure, FailureKind};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::names;
use super::stat::{Stat, look_at, look_behind};
use crate::backend::failed;
use crate::errno::failure;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// What is there.
    Plain,
    /// A link, which counts as a file that holds what it leads to.
    Link,
    /// What is there, or what it leads to when it is a link.
    Followed,
}

impl Form {
    /// Looks at a name that stands for this.
    pub fn look(self, directory: &OwnedFd, name: &[u8]) -> rustix::io::Result<Stat> {
        match self {
            Self::Plain => look_at(directory, name),
            Self::Link => look_at(directory, name).map(Stat::translated),
            // A link that leads nowhere, or round in circles, is still there.
            Self::Followed => look_behind(directory, name).or_else(|error| match error {
                Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::NAMETOOLONG => look_at(directory, name),
                error => Err(error),
            }),
        }
    }
}

/// Returns what a name of a listing stands for on the disk, and its name there.
///
/// Where links are files, a name with their suffix is the link without it; only where a file of the very name
/// is, that is meant. A new name is a link.
pub fn resolve(links: Links, directory: &OwnedFd, name: &[u8], is_new: bool) -> (Vec<u8>, Form) {
    let stripped = name.strip_suffix(SUFFIX.as_bytes()).filter(|stripped| !stripped.is_empty());
    match (links, stripped) {
        (Links::Skip, _) | (Links::Translate, None) => (name.to_vec(), Form::Plain),
        (Links::Follow, _) => (name.to_vec(), Form::Followed),
        (Links::Translate, Some(stripped)) => {
            let is_link = look_at(directory, stripped).is_ok_and(|stat| stat.kind == Kind::Link);
            let is_free = || matches!(look_at(directory, name), Err(Errno::NOENT));
            if is_link || (is_new && is_free()) {
                (stripped.to_vec(), Form::Link)
            } else {
                (name.to_vec(), Form::Plain)
            }
        }
    }
}

/// Returns the name that a listing has for a link that counts as a file.
///
/// # Errors
/// Fails when something else has that name: it could not be told which of both is meant.
pub fn listed_name(directory: &OwnedFd, name: &[u8]) -> Result<String, Failure> {
    let name = [name, SUFFIX.as_bytes()].concat();
    let listed = names::from_disk(&name);
    match look_at(directory, &*name) {
        Err(Errno::NOENT) => Ok(listed),
        Ok(_) => {
            let problem = format!("`{listed}` is there, and stands for a link that is there as well");
            Err(failed(FailureKind::Other, &problem))
        }
        Err(error) => Err(failure(error)),
    }
}
