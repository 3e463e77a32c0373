//! Moves and deletes files, keeps backups of them, and sets their times.

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Disposal, Expect, Failure, FailureKind, MoveFile};
use bytes::Bytes;
use rusty_s3::Method;

use super::attempts::{Attempts, Expected, Next};
use super::copy::Copy;
use super::object::{Object, fingerprint, found};
use super::request::Request;
use super::times::write_time;
use super::{S3, changed, gone};
use crate::backend::failed;

impl S3 {
    /// Moves a file: copies it, and deletes it where it was.
    pub(super) async fn move_object(&self, moved: &MoveFile) -> Result<Found, Failure> {
        let (key, target) = (self.folder.key(&moved.path)?, self.folder.key(&moved.target)?);
        let object = self.expect(&key, &moved.expect).await?;
        self.check(&target, &Expect::Absent).await?;
        let (place, expected) = (&self.folder, Expected::Found(None));
        // RACE: on a server that does not look itself, what is put at the target after the look is replaced.
        let etag =
            self.copy(Copy { key: &key, object: &object, place, target: &target, modified: None, expected }).await?;
        let copied = self.server.look(&place.bucket, &target).await?.ok_or_else(gone)?;
        if !object.holds_the_same_as(&copied) {
            // The server has copied what came to be at the key. It is there still, and what it made of it is of no use.
            if copied.etag == etag && !etag.is_empty() {
                self.delete_object(&target, &copied).await?;
            }
            return Err(changed());
        }
        // RACE: on such a server, a change after this look is lost; what was listed is at the target.
        let deleted = match self.expect(&key, &moved.expect).await {
            Ok(object) => self.delete_object(&key, &object).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(failure) = deleted {
            // Without a clear refusal the deletion may have been done: then the copy is all there is.
            let is_refused = failure.kind == FailureKind::Refused;
            if is_refused && self.server.look(&place.bucket, &key).await?.is_some() {
                // Unless somebody else has put something there since.
                let expected = Expected::Found(Some(&copied));
                if expected.check(&self.server, &place.bucket, &target).await.is_ok() {
                    self.delete_object(&target, &copied).await?;
                }
            }
            return Err(failure);
        }
        self.described(&target, &copied).await
    }

    /// Deletes a file.
    pub(super) async fn delete(
        &self,
        path: &RelPath,
        expect: &Fingerprint,
        disposal: &Disposal,
    ) -> Result<(), Failure> {
        let key = self.folder.key(path)?;
        let mut object = self.expect(&key, expect).await?;
        if let Disposal::Backup(path) = disposal {
            self.back_up(&key, &object, path).await?;
            object = self.expect(&key, expect).await?;
        }
        // RACE: on a server that does not look itself, a change after the look is lost.
        self.delete_object(&key, &object).await
    }

    /// Deletes this object.
    pub(super) async fn delete_object(&self, key: &str, object: &Object) -> Result<(), Failure> {
        let expected = Expected::Found(Some(object));
        let mut attempts = Attempts::new(&self.server, &self.folder.bucket, key, expected);
        loop {
            let request = Request::new(Method::Delete, &self.folder.bucket, key);
            let request = self.server.on_condition(request, expected.condition());
            let failure = match self.server.ask_once(&request, &Bytes::new()).await {
                Ok(_) => return Ok(()),
                Err(failure) => failure,
            };
            if let Next::Done(_) = attempts.after(failure, |now| now.is_none()).await? {
                return Ok(());
            }
        }
    }

    /// Copies an object to where backups are.
    pub(super) async fn back_up(&self, key: &str, object: &Object, path: &RelPath) -> Result<(), Failure> {
        let nowhere = || failed(FailureKind::Other, "there is no backup directory");
        let place = self.backup.as_ref().ok_or_else(nowhere)?;
        let target = &place.key(path)?;
        if place.bucket.name() != self.folder.bucket.name() {
            self.make_backup_bucket(&place.bucket).await?;
        }
        self.copy(Copy { key, object, place, target, modified: None, expected: Expected::Anything }).await?;
        let copied = self.server.look(&place.bucket, target).await?.ok_or_else(gone)?;
        if object.holds_the_same_as(&copied) {
            Ok(())
        } else {
            Err(failed(FailureKind::Temporary, "the server's copy is not what was copied"))
        }
    }

    /// Sets the time of a file: it is copied onto itself.
    pub(super) async fn set_modified(
        &self,
        path: &RelPath,
        expect: &Fingerprint,
        modified: Instant,
    ) -> Result<Found, Failure> {
        let key = &self.folder.key(path)?;
        let object = &self.expect(key, expect).await?;
        let text = Some(write_time(modified));
        // The server copies this version only; some copy what is there.
        let etag = self
            .copy(Copy {
                key,
                object,
                place: &self.folder,
                target: key,
                modified: text,
                expected: Expected::Found(Some(object)),
            })
            .await?;
        if etag.is_empty() || etag != object.etag {
            let now = self.server.look(&self.folder.bucket, key).await?.ok_or_else(gone)?;
            return if object.holds_the_same_as(&now) { self.described(key, &now).await } else { Err(changed()) };
        }
        Ok(found(fingerprint(key, object.size, &etag, Some(modified))))
    }
}
