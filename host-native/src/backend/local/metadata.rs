//! What a file or a directory has besides content and time: the user's extended attributes, its owner and its permissions.

use bisync_engine::metadata::Keeps;
use bisync_engine::protocol::Failure;
use rustix::fd::OwnedFd;
use rustix::fs::{Gid, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fsetxattr};
use rustix::fs::{fgetxattr_query, flistxattr_query};
use rustix::io::{Errno, Result as SystemResult};
use rustix::process::geteuid;

use super::stat::{Stat, mode};
use crate::errno::failure;

/// What the names of attributes begin with that belong to the user, not to the system.
pub const USER: &[u8] = b"user.";
/// The permission bits that let the owner of a directory fill it.
const FILLING: u32 = 0o300;

/// What has to be carried over: it is a failure when a part of it cannot be. With `None`, what a file system or the user
/// cannot do is left undone.
pub type Demand = Option<Keeps>;

/// Gives `target` what `source` has, of which `stat` is known.
///
/// Attributes that only the target has stay, and bits such as set-user-id are not carried over, both as in rclone.
pub fn carry_metadata(source: &OwnedFd, stat: &Stat, target: &OwnedFd, demand: Demand) -> Result<(), Failure> {
    // Who owns the file is what a system most often refuses: then nothing else was changed.
    carry_owner(stat, target, demand)?;
    // Before the permissions, which may forbid it.
    carry_attributes(source, target).map_err(failure)?;
    let done = fchmod(target, mode(stat.permissions));
    satisfied(done, demand.is_some_and(|keeps| keeps.permissions))
}

/// Returns the permission bits that a directory can have which is to be filled by this user.
pub fn fillable(permissions: u32) -> u32 {
    if geteuid().is_root() { permissions } else { permissions | FILLING }
}

/// Gives the directory `target`, which is to be filled yet, what the directory `source` has.
pub fn carry_directory(source: &OwnedFd, stat: &Stat, target: &OwnedFd) -> Result<(), Failure> {
    carry_metadata(source, &Stat { permissions: fillable(stat.permissions), ..stat.clone() }, target, None)
}

/// Gives `target` the owner that `stat` tells of. Only root can give files away.
pub fn carry_owner(stat: &Stat, target: &OwnedFd, demand: Demand) -> Result<(), Failure> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = stat.owner;
    let done = fchown(target, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)));
    satisfied(done, demand.is_some_and(|keeps| keeps.owner))
}

/// Returns the attributes of something open that belong to the user: names that begin with `user.`, and values.
pub fn attributes(source: &OwnedFd) -> SystemResult<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut names = Vec::new();
    match flistxattr_query(source) {
        Ok(0) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
        Ok(length) => {
            names.reserve_exact(length);
            flistxattr(source, rustix::buffer::spare_capacity(&mut names))?;
        }
        Err(error) => return Err(error),
    }
    let of_user = names.split(|byte| *byte == 0).filter(|name| name.starts_with(USER));
    let with_value = of_user.map(|name| {
        let mut value = Vec::with_capacity(fgetxattr_query(source, name)?);
        if value.capacity() > 0 {
            fgetxattr(source, name, rustix::buffer::spare_capacity(&mut value))?;
        }
        Ok((name.to_vec(), value))
    });
    with_value.collect()
}

/// Gives `target` the attributes of `source` that belong to the user.
pub fn carry_attributes(source: &OwnedFd, target: &OwnedFd) -> SystemResult<()> {
    for (name, value) in attributes(source)? {
        match fsetxattr(target, &*name, &value, XattrFlags::empty()) {
            Err(Errno::OPNOTSUPP) => return Ok(()),
            set => set?,
        }
    }
    Ok(())
}

/// Takes for done what a file system does not know or grant, unless it is demanded.
fn satisfied(result: SystemResult<()>, is_demanded: bool) -> Result<(), Failure> {
    match result {
        Err(Errno::PERM | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) if !is_demanded => Ok(()),
        result => result.map_err(failure),
    }
}
