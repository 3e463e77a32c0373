//! Makes buckets where something is to be written and none is.

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use quick_xml::escape::escape;
use rusty_s3::{Bucket, Method};

use super::S3;
use super::request::{Request, Server};
use crate::backend::failed;

impl Server {
    /// Makes a bucket.
    ///
    /// # Errors
    /// Fails as the server says, or when the remote's options forbid it.
    pub async fn make_bucket(&self, bucket: &Bucket) -> Result<(), Failure> {
        if !self.settings.makes_buckets {
            return Err(failed(FailureKind::NotFound, &format!("there is no bucket `{}`", bucket.name())));
        }
        let place = self.settings.location_constraint.as_deref().map(|place| {
            format!(
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
                escape(place)
            )
        });
        let request = Request::of_bucket(Method::Put, bucket);
        let request = match &self.settings.bucket_acl {
            Some(acl) => request.header("x-amz-acl", acl),
            None => request,
        };
        match self.ask(&request, place.map(Bytes::from).unwrap_or_default()).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.kind == FailureKind::Refused => {
                // Somebody else was faster; or the name is taken, by whom it cannot be used.
                let there = self.ask(&Request::of_bucket(Method::Head, bucket), Bytes::new()).await;
                there.map(drop).map_err(|_| failure)
            }
            Err(failure) => Err(failure),
        }
    }
}

impl S3 {
    /// Makes the bucket of the folder, if it is not there.
    pub(super) async fn make_root(&self) -> Result<(), Failure> {
        if self.find(&RelPath::root()).await?.is_none() {
            self.server.make_bucket(&self.folder.bucket).await?;
        }
        Ok(())
    }

    /// Makes the bucket of the backups, if it is not there. It is looked for once.
    pub(super) async fn make_backup_bucket(&self, bucket: &Bucket) -> Result<(), Failure> {
        let look = async || {
            let request = Request::of_bucket(Method::Head, bucket);
            match self.server.ask(&request, Bytes::new()).await {
                Err(failure) if failure.kind == FailureKind::NotFound => self.server.make_bucket(bucket).await,
                // Where it may not be asked for, it may still be written to.
                Ok(_) | Err(_) => Ok(()),
            }
        };
        self.backup_bucket.get_or_try_init(look).await.copied()
    }
}
