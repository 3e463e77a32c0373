//! S3, and what speaks it.
//!
//! What a folder holds is what rclone sees there: the same names, the same times, the same hashes. An object is put at its key
//! whole or not at all, so nothing is ever written under another name first. Before anything is replaced or deleted the server is
//! asked what is there, and told what is expected there: most servers then look themselves, in the same step, and need not be asked
//! before new files.

mod attempts;
mod bucket;
mod cache;
mod change;
mod copy;
mod credentials;
mod list;
mod names;
mod object;
mod parts;
mod probe;
mod read;
mod request;
mod settings;
mod times;
mod upload;
mod xml;

use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Expect, Failure, FailureKind, MoveFile};
use md5::{Digest, Md5};
use rusty_s3::{Bucket, Credentials};
use tokio::sync::OnceCell;

use self::cache::Cache;
use self::object::Object;
use self::probe::Probe;
use self::request::Server;
use self::settings::Settings;
use super::http::{Client, Ranges, hexadecimal};
use super::native::{Native, Opened, Opening, Unopened};
use super::{Answer, Backend, Content, ListDirectory, Pages, Transport, failed, is_of_servers};
use crate::environment::Environment;
use crate::remote::Remote;

/// A folder of a bucket.
#[derive(Clone)]
pub struct S3 {
    server: Arc<Server>,
    folder: Arc<Place>,
    backup: Option<Arc<Place>>,
    /// Set when the bucket of the backups is known to be there.
    backup_bucket: Arc<OnceCell<()>>,
    cache: Arc<Cache>,
    probe: Arc<Probe>,
    ranges: Ranges,
    transport: Transport,
}

/// Where a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    bucket: Bucket,
    /// What the keys of its files begin with: empty, or with `/` at its end.
    prefix: String,
}

/// Serves what rclone calls `s3`.
pub const NATIVE: Native = Native { kind: "s3", lacks, open };

fn lacks(remote: &Remote, environment: &Environment) -> Option<String> {
    match Settings::of(remote).and(credentials::find(remote, environment)) {
        Err(Unopened::LeftToRclone(what)) => Some(what),
        Ok(_) | Err(Unopened::Failed(_)) => None,
    }
}

/// Opens a folder of a bucket. Nothing is asked yet.
fn open(opening: Opening<'_>) -> Opened<'_> {
    Box::pin(async move {
        let Opening { remote, path, backup, transport, options, cache } = opening;
        let settings = Settings::of(remote)?;
        let credentials = credentials::find(remote, &Environment::of_process())?;
        let client = Client::new(options, transport).map_err(|error| failed(FailureKind::Other, &error.to_string()))?;
        let folder = Place::of(path, &settings)?;
        let backup = backup.map(|path| Place::of(path, &settings).map(Arc::new)).transpose()?;
        // Somebody else may see other objects at the same address.
        let key = credentials.as_ref().map(Credentials::key).unwrap_or_default();
        let name = Md5::digest(format!("{key}\n{}{}", folder.bucket.base_url(), folder.prefix));
        let opened = S3 {
            server: Arc::new(Server::new(client, settings, credentials)),
            folder: Arc::new(folder),
            backup,
            backup_bucket: Arc::default(),
            cache: Arc::new(Cache::new(cache.join(format!("s3-{}.cache", hexadecimal(&name))))),
            probe: Arc::default(),
            ranges: Ranges::of(options),
            transport: transport.clone(),
        };
        Ok(Arc::new(opened) as Arc<dyn Backend>)
    })
}

impl Place {
    fn of(path: &str, settings: &Settings) -> Result<Self, Unopened> {
        let path = path.trim_matches('/');
        let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
        if bucket.is_empty() {
            return Err(Unopened::LeftToRclone("a folder of all buckets".to_owned()));
        }
        let folder = RelPath::parse(folder).map_err(|error| failed(FailureKind::Other, &error.to_string()))?;
        let place = Self { bucket: settings.bucket(bucket)?, prefix: String::new() };
        Ok(Self { prefix: place.prefix_of(&folder)?, ..place })
    }

    /// Returns the key of a path.
    fn key(&self, path: &RelPath) -> Result<String, Failure> {
        names::to_key(&self.prefix, path)
    }

    /// Returns what the keys of a directory begin with.
    fn prefix_of(&self, path: &RelPath) -> Result<String, Failure> {
        if path.is_root() { Ok(self.prefix.clone()) } else { Ok(self.key(path)? + "/") }
    }
}

impl S3 {
    /// Makes sure that what is at a key is what is expected, and returns it.
    async fn check(&self, key: &str, expect: &Expect) -> Result<Option<Object>, Failure> {
        let there = self.server.look(&self.folder.bucket, key).await?;
        match (&there, expect) {
            (None, Expect::Absent) => Ok(None),
            (Some(object), Expect::Exactly(version)) if object.is(key, version) => Ok(there),
            (None, Expect::Exactly(_)) => Err(gone()),
            (Some(_), Expect::Exactly(_)) => Err(changed()),
            (Some(_), Expect::Absent) => Err(taken()),
        }
    }

    /// Returns the object at a key, which is `version`.
    async fn expect(&self, key: &str, version: &Fingerprint) -> Result<Object, Failure> {
        self.check(key, &Expect::Exactly(version.clone())).await?.ok_or_else(gone)
    }
}

fn gone() -> Failure {
    failed(FailureKind::Refused, "it is gone")
}

fn taken() -> Failure {
    failed(FailureKind::Refused, "something is there already")
}

fn changed() -> Failure {
    failed(FailureKind::Refused, "it has changed in the meantime")
}

fn directory() -> Found {
    Found { kind: Kind::Directory, fingerprint: Fingerprint::default() }
}

impl Backend for S3 {
    fn capabilities(&self) -> Capabilities {
        let hashes = vec!["md5".to_owned()];
        Capabilities { time_precision_ns: Some(1), sets_time: true, hashes, ..Capabilities::default() }
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        Box::pin(async move { self.list(&list.path, list.hash.as_deref() == Some("md5"), pages).await })
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        Box::pin(async move { self.find(&path).await })
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        self.content(path, version)
    }

    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found> {
        Box::pin(async move { self.upload(&copy, content).await })
    }

    fn move_file(&self, moved: MoveFile, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move { self.move_object(&moved).await })
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        Box::pin(async move { self.delete(&path, &expect, &disposal).await })
    }

    fn make_directory(&self, path: RelPath, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move {
            if path.is_root() {
                self.make_root().await?;
            }
            // It is there as soon as something is in it.
            Ok(directory())
        })
    }

    fn keeps_empty_directories(&self) -> bool {
        false
    }

    fn remove_directory(&self, path: RelPath, _emptiness: Emptiness) -> Answer<'_, ()> {
        Box::pin(async move {
            if self.is_without_files(&path).await? {
                return Ok(());
            }
            Err(failed(FailureKind::NotEmpty, "it is not empty"))
        })
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        Box::pin(async move { self.set_modified(&path, &expect, modified).await })
    }

    fn flush(&self, _like: &dyn Backend) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn remember(&self) {
        self.cache.save();
    }

    fn carries_out(&self, option: &str) -> bool {
        is_of_servers(option) || matches!(option, "multi-thread-cutoff" | "multi-thread-streams")
    }
}
