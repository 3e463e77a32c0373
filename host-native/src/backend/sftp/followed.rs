//! What is at the end of a link goes elsewhere: as a file, for a link may lead elsewhere from there.

use bisync_engine::entry::{Fingerprint, Found, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, MoveFile, Staging};
use bisync_engine::side::Side;

use super::Sftp;
use super::change::in_the_way;
use super::connection::Connection;
use super::entry::kind;
use crate::backend::{Backend as _, failed};

impl Sftp {
    /// Puts a copy of the file to which a link leads where the link is to be moved, and removes the link.
    pub(super) async fn move_followed(&self, connection: &Connection, moved: &MoveFile) -> Result<Found, Failure> {
        let copy = CopyFile {
            from: moved.side,
            path: moved.path.clone(),
            source: moved.expect.clone(),
            target: moved.target.clone(),
            expect: Expect::Absent,
            disposal: Disposal::Discard,
            staging: Staging::Temporary(moved.temporary.clone()),
            verify: None,
        };
        let found = self.write(copy, self.content(moved.path.clone(), moved.expect.clone())).await?;
        // RACE: another link that is put there since the look goes too.
        connection.remove(&self.at(&moved.path)?).await?;
        Ok(found)
    }

    /// Copies the file to which a link leads to where backups are. Says whether that is done: where no link is, nothing is.
    pub(super) async fn back_up_followed(
        &self,
        connection: &Connection,
        path: &RelPath,
        version: &Fingerprint,
        kept: &RelPath,
    ) -> Result<bool, Failure> {
        let there = connection.lstat(&self.at(path)?).await?;
        if !there.is_some_and(|there| kind(&there) == Kind::Link) {
            return Ok(false);
        }
        let nowhere = || failed(FailureKind::Other, "no directory for backups was given");
        let backups = Self { folder: self.backup.clone().ok_or_else(nowhere)?, backup: None, ..self.clone() };
        self.make_backup_parents(connection, kept).await?;
        let expect = match backups.find(kept).await? {
            None => Expect::Absent,
            Some(found) if found.kind == Kind::File => Expect::Exactly(found.fingerprint),
            Some(found) if found.kind == Kind::Link => {
                // It leads nowhere.
                connection.remove(&backups.at(kept)?).await?;
                Expect::Absent
            }
            Some(_) => return Err(in_the_way(kept)),
        };
        let copy = CopyFile {
            from: Side::One,
            path: kept.clone(),
            source: version.clone(),
            target: kept.clone(),
            expect,
            disposal: Disposal::Discard,
            staging: Staging::Temporary(self.transport.temporary(kept)),
            verify: None,
        };
        backups.write(copy, self.content(path.clone(), version.clone())).await.map(|_| true)
    }
}
