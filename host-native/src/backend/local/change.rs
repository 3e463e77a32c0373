//! Changes files of a side: moves and deletes them and sets their times.

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Disposal, Failure, FailureKind, MoveFile};
use rustix::fs::{AtFlags, utimensat};
use rustix::io::Errno;

use super::backup;
use super::carry::{carry, temporary_name};
use super::links::Form;
use super::open::{Root, disk_name};
use super::place::Place;
use super::staged::timestamps;
use super::stat::Stat;
use super::tree::Tree;
use crate::backend::failed;
use crate::errno::{failure, naming_failure};

/// Moves a file; missing parents are made `like` those of another root.
pub fn move_file(tree: &Tree, moved: &MoveFile, like: Option<&Root>) -> Result<Found, Failure> {
    let expect = &moved.expect;
    let (place, before) = tree.root.find(&moved.path, expect)?;
    let target = tree.root.place_made(&moved.target, like)?;
    let carry_away = || carry_away(tree, &place, expect, &target, disk_name(&moved.temporary)?);
    if place.is_carried_to(&target) {
        return carry_away();
    }
    match place.rename_new(&target) {
        Ok(()) => {}
        Err(Errno::XDEV) => return carry_away(),
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
fn carry_away(
    tree: &Tree,
    place: &Place,
    expect: &Fingerprint,
    target: &Place,
    temporary: Vec<u8>,
) -> Result<Found, Failure> {
    carry(place, target, temporary, false, tree)?;
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
    backup::check_disposal(tree, disposal)?;
    // RACE: a change after this check goes with the file.
    let (place, _) = tree.root.find(path, expect)?;
    match disposal {
        Disposal::Discard => place.unlink().map_err(failure),
        Disposal::Backup(path) => backup::back_up(tree, &place, path),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use bisync_engine::options::Links;
    use bisync_engine::side::Side;

    use super::*;
    use crate::backend::local::open::Sight;

    #[test]
    fn what_cannot_be_renamed_is_copied_under_the_temporary_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| RelPath::parse(name).unwrap();
        let tree = Tree::open(folder.path(), None, Sight { links: Links::Translate, ..Sight::default() }).unwrap();
        fs::write(folder.path().join("a"), "elsewhere").unwrap();
        let moved = MoveFile {
            side: Side::One,
            path: path("a"),
            expect: tree.describe(&path("a")).unwrap().unwrap().fingerprint,
            target: path("link.rclonelink"),
            temporary: path("temporary"),
        };
        // It stands in the way, and nothing is ever written over it.
        fs::write(folder.path().join("temporary"), "").unwrap();
        move_file(&tree, &moved, None).unwrap_err();
        assert_eq!(fs::read_to_string(folder.path().join("a")).unwrap(), "elsewhere");
        fs::remove_file(folder.path().join("temporary")).unwrap();
        move_file(&tree, &moved, None).unwrap();
        assert_eq!(fs::read_link(folder.path().join("link")).unwrap().to_str(), Some("elsewhere"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
