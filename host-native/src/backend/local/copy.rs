//! Brings a file to a side: from another local side, or from wherever its content comes.

use bisync_engine::entry::{Fingerprint, Found};
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, Staging};
use rustix::fs::ftruncate;

use super::backup;
use super::links::Form;
use super::open::{Root, disk_name};
use super::place::Place;
use super::source::{Source, changed};
use super::staged::{Keep, Permissions, Staged};
use super::stat::Stat;
use super::transfer::{transfer, write_all};
use super::tree::Tree;
use crate::backend::Content;
use crate::errno::failure;

/// Permissions of a new file whose source has none.
const PLAIN: u32 = 0o666;

/// Copies a file between two folders of the local file system.
pub fn copy_file(from: &Tree, to: &Tree, copy: &CopyFile) -> Result<Found, Failure> {
    let source = Source::open(&from.root, &copy.path, &copy.source)?;
    let like = to.metadata.then_some(&from.root);
    bring(to, copy, source.stat.permissions, like, |staged| {
        transfer(&source, &staged.file, &to.shares, &to.transport)?;
        if to.metadata {
            source.lend_metadata(&staged.file, Some(to.capabilities.keeps))?;
        }
        source.verify()?;
        if to.metadata {
            source.verify_metadata()?;
        }
        staged.finish(source.stat.fingerprint.modified, to.metadata.then_some(source.stat.accessed))
    })
}

/// Writes a file whose content comes from another backend.
pub fn write(to: &Tree, copy: &CopyFile, content: &mut Content) -> Result<Found, Failure> {
    bring(to, copy, PLAIN, None, |staged| {
        let passage = to.transport.passage.file_here();
        let mut size_bytes = 0;
        while let Some(bytes) = content.blocking_next()? {
            write_all(&staged.file, &bytes)?;
            size_bytes += bytes.len() as u64;
            passage.copied(bytes.len() as u64)?;
        }
        if copy.source.size.is_some_and(|expected| expected != size_bytes) {
            return Err(changed());
        }
        staged.finish(copy.source.modified, None)
    })
}

/// Lets `fill` write a file, and makes it the file at the target; missing parents are made like those of another root.
fn bring(
    to: &Tree,
    copy: &CopyFile,
    permissions: u32,
    like: Option<&Root>,
    fill: impl FnOnce(&Staged) -> Result<Stat, Failure>,
) -> Result<Found, Failure> {
    backup::check_disposal(to, &copy.disposal)?;
    let (target, permissions, has_other_names) = match &copy.expect {
        Expect::Absent => (to.root.place_made(&copy.target, like)?, Permissions::New(permissions), false),
        Expect::Exactly(version) => {
            let (place, replaced) = to.root.find(&copy.target, version)?;
            (place, Permissions::Exact(replaced.permissions), replaced.names > 1)
        }
    };
    let write = |staged: &mut Staged| {
        let stat = fill(staged)?;
        to.written(staged.directory(), stat.device);
        let found = staged.take_form()?.unwrap_or_else(|| stat.found());
        copy.verify.as_ref().map_or(Ok(()), |hash| staged.verify(&found, hash))?;
        Ok(found)
    };
    match (&copy.staging, target.form) {
        (Staging::InPlace, Form::Plain) if !has_other_names => match &copy.expect {
            Expect::Absent => {
                let mut staged = Staged::create(target, permissions)?;
                let found = write(&mut staged)?;
                staged.settle(|_| Ok(()))?;
                Ok(found)
            }
            Expect::Exactly(version) => rewrite(to, &target, version, &copy.disposal, write),
        },
        // A link cannot be written into. What is written into a file with other names would look like an edit of each of them.
        (Staging::InPlace, Form::Plain | Form::Link | Form::Followed) => stage(
            to,
            copy,
            &target,
            Staged::create(target.sibling(disk_name(&to.transport.temporary(&copy.target))?), permissions)?,
            write,
        ),
        (Staging::Temporary(temporary), _) => {
            stage(to, copy, &target, Staged::create(target.sibling(disk_name(temporary)?), permissions)?, write)
        }
    }
}

/// Has a temporary file written, and puts it in the place of the target.
fn stage(
    to: &Tree,
    copy: &CopyFile,
    target: &Place,
    mut staged: Staged,
    write: impl FnOnce(&mut Staged) -> Result<Found, Failure>,
) -> Result<Found, Failure> {
    let found = write(&mut staged)?;
    let back_up;
    let keep = match &copy.disposal {
        Disposal::Discard => None,
        Disposal::Backup(path) => {
            back_up = |place: &Place| backup::back_up(to, place, path);
            Some(&back_up as Keep<'_>)
        }
    };
    staged.put(target, &copy.expect, keep)?;
    Ok(found)
}

/// Has a file that is there written anew.
fn rewrite(
    to: &Tree,
    target: &Place,
    version: &Fingerprint,
    disposal: &Disposal,
    write: impl FnOnce(&mut Staged) -> Result<Found, Failure>,
) -> Result<Found, Failure> {
    let mut staged = Staged::open_in_place(target.clone(), version)?;
    if let Disposal::Backup(path) = disposal {
        backup::back_up_copy(to, target, path)?;
    }
    // RACE: a change after this check is lost.
    staged.check_still(version)?;
    ftruncate(&staged.file, 0).map_err(failure)?;
    write(&mut staged).inspect_err(|_| {
        // Half a file must not pass for the newer version. Nobody can be told when it does.
        staged.finish(version.modified, None).ok();
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use bisync_engine::path::RelPath;
    use bisync_engine::protocol::FailureKind;
    use bisync_engine::side::Side;

    use super::*;
    use crate::backend::local::open::Sight;

    const NAMES: [&str; 2] = ["target", "temporary"];

    /// Copies `source` to `target` while `meanwhile` happens, just before the file is put in its place.
    fn copy_while(replaces: bool, meanwhile: impl Fn(&Path)) -> (Result<Found, FailureKind>, [Option<String>; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| RelPath::parse(name).unwrap();
        fs::write(folder.path().join("source"), "new").unwrap();
        if replaces {
            fs::write(folder.path().join("target"), "old").unwrap();
        }
        let tree = Tree::open(folder.path(), None, Sight::default()).unwrap();
        let expect = match tree.describe(&path("target")).unwrap() {
            None => Expect::Absent,
            Some(stat) => Expect::Exactly(stat.fingerprint),
        };
        let copy = CopyFile {
            from: Side::One,
            path: path("source"),
            source: Fingerprint::default(),
            target: path("target"),
            expect,
            disposal: Disposal::Discard,
            staging: Staging::Temporary(path("temporary")),
            verify: None,
        };
        let source = Source::open(&tree.root, &copy.path, &copy.source).unwrap();
        let copied = bring(&tree, &copy, PLAIN, None, |staged| {
            transfer(&source, &staged.file, &tree.shares, &tree.transport)?;
            meanwhile(folder.path());
            source.verify()?;
            staged.finish(source.stat.fingerprint.modified, None)
        });
        let left = NAMES.map(|name| fs::read_to_string(folder.path().join(name)).ok());
        (copied.map_err(|failure| failure.kind), left)
    }

    #[test]
    fn what_changes_meanwhile_is_never_lost() {
        let check = |replaces, meanwhile: fn(&Path), expected, target: Option<&str>| {
            let (copied, left) = copy_while(replaces, meanwhile);
            assert_eq!(copied.err(), expected);
            assert_eq!(left, [target.map(str::to_owned), None]);
        };
        let source = |folder: &Path| fs::write(folder.join("source"), "changed").unwrap();
        let target = |folder: &Path| fs::write(folder.join("target"), "theirs").unwrap();
        let replaced = |folder: &Path| {
            fs::write(folder.join("theirs"), "theirs").unwrap();
            fs::rename(folder.join("theirs"), folder.join("target")).unwrap();
        };
        let removed = |folder: &Path| fs::remove_file(folder.join("target")).unwrap();
        check(false, |_| {}, None, Some("new"));
        check(true, |_| {}, None, Some("new"));
        check(false, source, Some(FailureKind::Changed), None);
        check(true, source, Some(FailureKind::Changed), Some("old"));
        check(false, target, Some(FailureKind::Refused), Some("theirs"));
        check(true, target, Some(FailureKind::Refused), Some("theirs"));
        check(true, replaced, Some(FailureKind::Refused), Some("theirs"));
        check(true, removed, Some(FailureKind::Refused), None);
    }
}
