//! Changes files of a side: moves and deletes them and sets their times.

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Disposal, Failure, FailureKind};
use rustix::fs::{AtFlags, utimensat};
use rustix::io::Errno;

use super::carry::{carry, temporary_name};
use super::failure::{failure, naming_failure};
use super::links::Form;
use super::place::Place;
use super::staged::timestamps;
use super::stat::Stat;
use super::tree::Tree;
use crate::backend::failed;

/// Moves a file.
pub fn move_file(tree: &Tree, path: &RelPath, expect: &Fingerprint, target: &RelPath) -> Result<Found, Failure> {
    let (place, before) = tree.root.find(path, expect)?;
    let target = tree.root.place_made(target, None)?;
    if place.is_carried_to(&target) {
        return carry_away(tree, &place, expect, &target);
    }
    match place.rename_new(&target) {
        Ok(()) => {}
        Err(Errno::XDEV) => return carry_away(tree, &place, expect, &target),
        Err(Errno::EXIST) if is_same_file(tree, &before, &target)? => rename_letters(&place, &target)?,
        Err(error) => return Err(naming_failure(error)),
    }
    match target.expect(expect) {
        Ok(stat) => Ok(stat.found()),
        // It changed between the check and the renaming: it goes back.
        Err(refusal) => {
            target.rename_new(&place).map_err(failure)?;
            Err(refusal)
        }
    }
}

/// Moves a file to another file system that is mounted below the root, or to where it is a link, or no link any more.
fn carry_away(tree: &Tree, place: &Place, expect: &Fingerprint, target: &Place) -> Result<Found, Failure> {
    carry(place, target, false, &tree.transport)?;
    // RACE: a change after this check is lost.
    if let Err(refusal) = place.expect(expect).and_then(|_| place.unlink().map_err(failure)) {
        target.unlink().map_err(failure)?;
        return Err(refusal);
    }
    let moved = target.look()?.ok_or_else(|| failed(FailureKind::Changed, "it is gone again"))?;
    Ok(moved.found())
}

/// Returns whether `target` is the moved file itself, under a name that differs only by case.
fn is_same_file(tree: &Tree, moved: &Stat, target: &Place) -> Result<bool, Failure> {
    let same = target.look()?.is_some_and(|stat| stat.inode == moved.inode && stat.fingerprint == moved.fingerprint);
    Ok(same && tree.capabilities.case_insensitive)
}

/// Renames a file to a name that differs only by case, by way of a third one.
fn rename_letters(place: &Place, target: &Place) -> Result<(), Failure> {
    let between = place.sibling(temporary_name());
    place.rename_new(&between).map_err(failure)?;
    between.rename_new(target).map_err(naming_failure).or_else(|refusal| {
        between.rename_new(place).map_err(failure)?;
        Err(refusal)
    })
}

/// Deletes a file.
pub fn delete_file(tree: &Tree, path: &RelPath, expect: &Fingerprint, disposal: &Disposal) -> Result<(), Failure> {
    tree.check_disposal(disposal)?;
    // RACE: a change after this check goes with the file.
    let (place, _) = tree.root.find(path, expect)?;
    match disposal {
        Disposal::Discard => place.unlink().map_err(failure),
        Disposal::Backup(path) => tree.back_up(&place, path),
    }
}

/// Sets the time of a file.
pub fn set_time(tree: &Tree, path: &RelPath, expect: &Fingerprint, modified: Instant) -> Result<Found, Failure> {
    // RACE: a file that is written after this check gets the time as well.
    let (place, _) = tree.root.find(path, expect)?;
    let flags = match place.form {
        Form::Plain | Form::Link => AtFlags::SYMLINK_NOFOLLOW,
        Form::Followed => AtFlags::empty(),
    };
    utimensat(&place.directory, &*place.name, &timestamps(modified), flags).map_err(failure)?;
    let stat = place.look()?.ok_or_else(|| failed(FailureKind::Refused, "it is gone"))?;
    Ok(stat.found())
}
