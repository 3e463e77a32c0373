//! Sets the metadata of an existing file or directory to that of the other folder.

use bisync_engine::entry::{Found, Kind};
use bisync_engine::metadata::{Keeps, Pairs};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind, SetMetadata};
use jiff::tz::TimeZone;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid, chmodat, chownat, fchmod, openat};
use rustix::io::Errno;

use super::keys::metadata_of;
use super::links::Form;
use super::metadata::{carry_attributes, fillable};
use super::open::Root;
use super::place::Place;
use super::source::READING;
use super::stat::{Stat, look, mode};
use super::tree::Tree;
use crate::backend::failed;
use crate::errno::failure;

/// Everything there is.
const ALL: Keeps = Keeps { permissions: true, owner: true, attributes: true };
/// Bits that give a program the rights of its owner, and the like.
const SPECIAL: u32 = 0o7000;
/// The bit without which the owner of a file cannot give it attributes.
const WRITABLE: u32 = 0o200;

/// Gives what is at the target the metadata of the source.
pub fn set_metadata(from: &Tree, to: &Tree, set: &SetMetadata) -> Result<Found, Failure> {
    let source = Subject::find(&from.root, &set.path, &set.source, &set.source_metadata)?;
    let target = Subject::find(&to.root, &set.target, &set.expect, &set.expect_metadata)?;
    // RACE: what is changed after these looks, or when this breaks off between two of its parts, passes for the later change.
    target.take(&source, set.keeps)?;
    let stat = target.place.look()?.ok_or_else(|| failed(FailureKind::Refused, "it is gone"))?;
    to.written(&target.place.directory, stat.device);
    Ok(stat.found())
}

/// A file or a directory that is what was expected.
struct Subject {
    place: Place,
    stat: Stat,
    /// It is open, if this user may read it.
    file: Option<OwnedFd>,
}

impl Subject {
    fn find(root: &Root, path: &RelPath, expect: &Found, metadata: &Pairs) -> Result<Self, Failure> {
        let refused = |message| failed(FailureKind::Refused, message);
        let gone = || refused("it is gone");
        let place = match root.place(path) {
            Err(failure) if failure.kind == FailureKind::NotFound => return Err(gone()),
            place => place?,
        };
        let stat = place.look()?.ok_or_else(gone)?;
        let is_same = match stat.kind {
            Kind::File => expect.fingerprint.is_still(&stat.fingerprint),
            Kind::Directory => true,
            Kind::Link | Kind::Special | Kind::OtherFileSystem => false,
        };
        if stat.kind != expect.kind || !is_same {
            return Err(refused("it has changed in the meantime"));
        }
        let found = metadata_of(&place.directory, &place.name, place.form, &TimeZone::UTC).map_err(failure)?;
        if !ALL.are_same(&found.pairs, metadata) {
            return Err(refused("its metadata has changed in the meantime"));
        }
        let file = open(&place)?;
        if let Some(file) = &file
            && look(file).map_err(failure)?.inode != stat.inode
        {
            return Err(refused("it has changed in the meantime"));
        }
        Ok(Self { place, stat, file })
    }

    /// Takes over what the source has.
    fn take(&self, source: &Self, keeps: Keeps) -> Result<(), Failure> {
        let gives_away = keeps.owner && self.stat.owner != source.stat.owner;
        if gives_away {
            let (user, group) = source.stat.owner;
            let (user, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(group)));
            chownat(&self.place.directory, &*self.place.name, user, group, self.flags()).map_err(failure)?;
        }
        if self.place.form == Form::Link {
            return Ok(());
        }
        if let (true, Some(source), Some(target)) = (keeps.attributes, &source.file, &self.file) {
            self.take_attributes(source, target)?;
        }
        let permissions = if keeps.permissions { source.stat.permissions } else { self.stat.permissions };
        let permissions = if self.stat.kind == Kind::Directory { fillable(permissions) } else { permissions };
        // A file that is given away loses them: nobody becomes the owner of a program by this.
        let special = if gives_away && self.stat.kind == Kind::File { 0 } else { self.stat.mode & SPECIAL };
        self.set_permissions(permissions | special)
    }

    fn take_attributes(&self, source: &OwnedFd, target: &OwnedFd) -> Result<(), Failure> {
        match carry_attributes(source, target) {
            Err(Errno::ACCESS) => {
                self.set_permissions(self.stat.permissions | WRITABLE)?;
                carry_attributes(source, target).map_err(failure)
            }
            carried => carried.map_err(failure),
        }
    }

    fn set_permissions(&self, bits: u32) -> Result<(), Failure> {
        match &self.file {
            Some(file) => fchmod(file, mode(bits)),
            // RACE: a link that takes the place of the file now is followed.
            None => chmodat(&self.place.directory, &*self.place.name, mode(bits), AtFlags::empty()),
        }
        .map_err(failure)
    }

    fn flags(&self) -> AtFlags {
        match self.place.form {
            Form::Plain | Form::Link => AtFlags::SYMLINK_NOFOLLOW,
            Form::Followed => AtFlags::empty(),
        }
    }
}

/// Opens what is at a place; `None` for a link, and for what this user may not read.
fn open(place: &Place) -> Result<Option<OwnedFd>, Failure> {
    let flags = match place.form {
        Form::Plain => READING,
        Form::Followed => READING.difference(OFlags::NOFOLLOW),
        Form::Link => return Ok(None),
    };
    match openat(&place.directory, &*place.name, flags, Mode::empty()) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::ACCESS | Errno::PERM) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}
