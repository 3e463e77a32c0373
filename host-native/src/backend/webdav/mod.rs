//! WebDAV.
//!
//! A folder has the same entries as in rclone: the same names, the same times, the same hashes. Content is uploaded under a temporary name,
//! checked, and moved to its place: with `Overwrite: F` the server replaces nothing that was not checked. Servers that support conditions
//! check in the same step whether a file is still the version that was listed.

mod address;
mod change;
mod directories;
mod late;
mod multistatus;
mod read;
mod server;
mod settings;
mod write;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Expect, Failure, FailureKind, MoveFile};

use self::address::{Name, name_of};
use self::late::Late;
use self::multistatus::Resource;
use self::server::Server;
use self::settings::Settings;
use super::http::Client;
use super::native::{Native, Opened, Opening, Unopened};
use super::{Answer, Backend, Content, ListDirectory, Pages, Transport, failed, is_of_servers};
use crate::environment::Environment;
use crate::remote::Remote;

/// A folder on a server. Paths within are counted from where the server's files begin.
#[derive(Clone)]
pub struct Webdav {
    server: Arc<Server>,
    folder: RelPath,
    backup: Option<RelPath>,
    /// Directories that were there a moment ago.
    directories: Arc<Mutex<HashSet<String>>>,
    late: Arc<Late>,
    transport: Transport,
}

/// Serves what rclone calls `webdav`.
pub const NATIVE: Native = Native { kind: "webdav", lacks, open };

fn lacks(remote: &Remote, _environment: &Environment) -> Option<String> {
    match Settings::of(remote) {
        Err(Unopened::LeftToRclone(what)) => Some(what),
        Ok(_) | Err(Unopened::Failed(_)) => None,
    }
}

/// Opens a folder on a server. Nothing is asked yet.
fn open(opening: Opening<'_>) -> Opened<'_> {
    Box::pin(async move {
        let Opening { remote, path, backup, transport, options, cache: _ } = opening;
        let settings = Settings::of(remote)?;
        let client = Client::new(options, transport).map_err(|error| failed(FailureKind::Other, &error.to_string()))?;
        let place = |path: &str| {
            let path = path.trim_matches('/');
            RelPath::parse(path).map_err(|error| failed(FailureKind::Other, &error.to_string()))
        };
        let opened = Webdav {
            server: Arc::new(Server::new(client, settings)),
            folder: place(path)?,
            backup: backup.map(place).transpose()?,
            directories: Arc::default(),
            late: Arc::default(),
            transport: transport.clone(),
        };
        Ok(Arc::new(opened) as Arc<dyn Backend>)
    })
}

impl Webdav {
    /// Returns where a path of the folder is on the server.
    fn place(&self, path: &RelPath) -> String {
        below(&self.folder, path)
    }

    /// Makes sure that what is at a place is what is expected, and returns it.
    async fn check(&self, place: &str, expect: &Expect) -> Result<Option<Resource>, Failure> {
        let there = self.server.look(place).await?;
        match (&there, expect) {
            (None, Expect::Absent) => Ok(None),
            (Some(resource), Expect::Exactly(version)) if is_version(resource, version) => Ok(there),
            (None, Expect::Exactly(_)) => Err(gone()),
            (Some(_), Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it has changed in the meantime")),
            (Some(_), Expect::Absent) => Err(failed(FailureKind::Refused, "something is there already")),
        }
    }

    /// Returns the file at a place, which is `version`.
    async fn expect(&self, place: &str, version: &Fingerprint) -> Result<Resource, Failure> {
        self.check(place, &Expect::Exactly(version.clone())).await?.ok_or_else(gone)
    }

    /// Lists a directory. What no path leads to takes no part.
    async fn list(&self, path: &RelPath, hash: Option<&str>, pages: &mut Pages) -> Result<(), Failure> {
        let place = self.place(path);
        let special = Found { kind: Kind::Special, fingerprint: Fingerprint::default() };
        pages.extend(self.server.entries(&place).await?.into_iter().map(|(name, resource)| match name_of(&name) {
            Name::Usable(name) => Item { name, found: found(resource, hash), metadata: None },
            Name::Unusable(name) => Item { name, found: special.clone(), metadata: None },
        }));
        self.remember(&place);
        Ok(())
    }
}

/// Returns where a path below a folder is on the server.
fn below(folder: &RelPath, path: &RelPath) -> String {
    match (folder.is_root(), path.is_root()) {
        (true, _) => path.as_str().to_owned(),
        (false, true) => folder.as_str().to_owned(),
        (false, false) => format!("{folder}/{path}", folder = folder.as_str(), path = path.as_str()),
    }
}

fn is_version(resource: &Resource, version: &Fingerprint) -> bool {
    resource.found.kind == Kind::File && version.is_still(&resource.found.fingerprint)
}

/// Returns what is told of a resource, with the hash that is wanted.
fn found(resource: Resource, hash: Option<&str>) -> Found {
    let Resource { mut found, hashes, .. } = resource;
    found.fingerprint.hash = hashes.into_iter().find(|told| Some(told.algorithm()) == hash);
    found
}

fn gone() -> Failure {
    failed(FailureKind::Refused, "it is gone")
}

impl Backend for Webdav {
    fn carries_out(&self, option: &str) -> bool {
        is_of_servers(option)
    }

    fn capabilities(&self) -> Capabilities {
        let vendor = self.server.settings.vendor;
        Capabilities {
            time_precision_ns: Some(vendor.time_precision_ns()),
            sets_time: vendor.keeps_times(),
            hashes: vendor.hashes().iter().map(|&hash| hash.to_owned()).collect(),
            ..Capabilities::default()
        }
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        Box::pin(async move { self.list(&list.path, list.hash.as_deref(), pages).await })
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        Box::pin(async move {
            match self.server.look(&self.place(&path)).await {
                Err(failure) if failure.kind == FailureKind::ImpossibleName => Ok(None),
                there => Ok(there?.map(|resource| found(resource, None))),
            }
        })
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        self.content(path, version)
    }

    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found> {
        Box::pin(async move { self.upload(&copy, content).await })
    }

    fn move_file(&self, moved: MoveFile, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move { self.move_resource(&moved).await })
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        Box::pin(async move { self.delete(&path, &expect, &disposal).await })
    }

    fn make_directory(&self, path: RelPath, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move {
            self.make_directories(&self.place(&path)).await?;
            Ok(Found { kind: Kind::Directory, fingerprint: Fingerprint::default() })
        })
    }

    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()> {
        Box::pin(async move { self.remove_directories(&path, emptiness).await })
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        Box::pin(async move { self.set_modified(&path, expect, modified).await })
    }

    fn flush(&self, _like: &dyn Backend) -> Answer<'_, ()> {
        // What a server said it has, it has.
        Box::pin(async {
            self.remove_late().await;
            Ok(())
        })
    }

    fn may_finish_late(&self) -> bool {
        !self.late.places().is_empty()
    }
}
