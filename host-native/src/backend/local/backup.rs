//! Keeps in the backup directory what is replaced or deleted.

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Disposal, Failure, FailureKind};
use rustix::io::Errno;

use super::backup_name::other_path;
use super::carry::{carry, temporary_name};
use super::place::Place;
use super::tree::Tree;
use crate::errno::{failure, naming_failure};

/// Makes sure that a disposal is possible at all, before anything is changed.
pub fn check_disposal(tree: &Tree, disposal: &Disposal) -> Result<(), Failure> {
    match disposal {
        Disposal::Discard => Ok(()),
        Disposal::Backup(_) => tree.backup().map(|_| ()),
    }
}

/// Moves the file at `place` to `path` in the backup directory; a file that is there is replaced.
pub fn back_up(tree: &Tree, place: &Place, path: &RelPath) -> Result<(), Failure> {
    keep(tree, path, |target, replaces| {
        let renamed = match (place.is_carried_to(target), replaces) {
            (true, _) => Err(Errno::XDEV),
            (false, true) => place.rename_over(target),
            (false, false) => place.rename_new(target),
        };
        match renamed {
            Err(Errno::XDEV) => {
                carry(place, target, temporary_name(), replaces, tree)?;
                place.unlink().map_err(failure)
            }
            renamed => renamed.map_err(naming_failure),
        }
    })
}

/// Copies the file at `place` to `path` in the backup directory; a file that is there is replaced.
pub fn back_up_copy(tree: &Tree, place: &Place, path: &RelPath) -> Result<(), Failure> {
    keep(tree, path, |target, replaces| carry(place, target, temporary_name(), replaces, tree))
}

/// Has a backup made at `path`, or at a path beside it where that one cannot be used: a directory may have been kept there before, or a
/// file where there is a directory now. `keep` is told whether a file that is there is replaced.
fn keep(tree: &Tree, path: &RelPath, keep: impl Fn(&Place, bool) -> Result<(), Failure>) -> Result<(), Failure> {
    let root = tree.backup()?;
    match root.place_made(path, None).and_then(|target| keep(&target, true)) {
        Err(failure) if failure.kind == FailureKind::WrongKind => match other_path(root, path)? {
            Some(other) => keep(&root.place_made(&other, None)?, false),
            None => Err(failure),
        },
        kept => kept,
    }
}
