//! Every remote that is not served here: the user's own rclone serves it, as a child of this process.

mod changes;
mod child;
mod copies;
mod failure;
mod item;
mod launch;

use std::path::Path;
use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found, Instant, Item, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Expect, Failure, FailureKind, MoveFile};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::child::Child;
use self::item::{Features, Listed};
use self::launch::Launch;
use super::local::Local;
use super::{Answer, Backend, Content, Transport, failed};
use crate::remote::{Address, Config};

/// rclone, started when it is first needed, and again when it has died.
pub struct Rclone {
    launch: Launch,
    child: Mutex<Option<Arc<Child>>>,
    transport: Transport,
}

impl Rclone {
    /// Nothing is started yet. `addresses` are all that will be opened.
    pub fn new<'a>(
        config: Option<&Config>,
        given: &[(String, String)],
        addresses: impl Iterator<Item = &'a Address>,
        transport: &Transport,
    ) -> Self {
        let launch = Launch::new(config, given, addresses);
        Self { launch, child: Mutex::default(), transport: transport.clone() }
    }

    /// Opens a folder of a remote, and says where its backups go on the same remote.
    ///
    /// # Errors
    /// Fails when rclone is not installed, or does not know what to make of the remote.
    pub async fn open(self: &Arc<Self>, address: &Address, backup: Option<&str>) -> Result<Arc<dyn Backend>, Failure> {
        let name = self.launch.name(address);
        let place = format!("{name}:{}", address.path);
        let features: Features = self.ask("operations/fsinfo", json!({ "fs": place })).await?;
        let backup = backup.map(|path| format!("{name}:{path}"));
        Ok(Arc::new(Folder { rclone: Arc::clone(self), place, backup, features }))
    }

    /// Asks for something that has an answer.
    async fn ask<T: serde::de::DeserializeOwned>(&self, method: &str, input: Value) -> Result<T, Failure> {
        let bytes = self.call(method, input).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            failed(FailureKind::Other, &format!("the answer of rclone to `{method}` cannot be read: {error}"))
        })
    }

    /// Has something done.
    async fn order(&self, method: &str, input: Value) -> Result<(), Failure> {
        self.call(method, input).await.map(drop)
    }

    async fn call(&self, method: &str, input: Value) -> Result<Vec<u8>, Failure> {
        let body = input.to_string();
        let child = self.child().await?;
        match child.call(method, &body).await {
            Err(error) if error.is_connect() => {
                // It is not there any more, so it has not begun either.
                self.forget(&child).await;
                let child = self.child().await?;
                self.told(child.call(method, &body).await)
            }
            answer => self.told(answer),
        }
    }

    fn told(&self, answer: Result<(u16, Vec<u8>), reqwest::Error>) -> Result<Vec<u8>, Failure> {
        match answer {
            Ok((200, body)) => Ok(body),
            Ok((status, body)) => Err(failure::of_answer(status, &body, self.launch.secrets())),
            Err(error) => Err(failure::of_transport(&error)),
        }
    }

    async fn child(&self) -> Result<Arc<Child>, Failure> {
        let mut child = self.child.lock().await;
        if let Some(child) = &*child {
            return Ok(Arc::clone(child));
        }
        let started = Arc::new(Child::start(&self.launch).await?);
        *child = Some(Arc::clone(&started));
        Ok(started)
    }

    /// Ends a child that does not answer, so that the next call starts another one.
    async fn forget(&self, dead: &Arc<Child>) {
        let mut child = self.child.lock().await;
        if child.as_ref().is_some_and(|child| Arc::ptr_eq(child, dead)) {
            *child = None;
        }
    }
}

/// A folder of a remote that rclone serves.
#[derive(Clone)]
pub struct Folder {
    rclone: Arc<Rclone>,
    /// The folder as rclone names it: `remote:path`.
    place: String,
    /// The folder of its backups.
    backup: Option<String>,
    features: Features,
}

impl Folder {
    async fn list(&self, path: &RelPath, hash: Option<String>) -> Result<Vec<Item>, Failure> {
        let options =
            json!({ "noMimeType": true, "showHash": hash.is_some(), "hashTypes": hash.iter().collect::<Vec<_>>() });
        let input = json!({ "fs": self.place, "remote": path.as_str(), "opt": options });
        let listed: item::Listing = self.rclone.ask("operations/list", input).await?;
        Ok(listed.list.into_iter().map(|item| item.into_item(&self.features, hash.as_deref())).collect())
    }

    /// Says what there is at a path of this folder, or of the one of its backups.
    async fn look(&self, path: &RelPath) -> Result<Option<Found>, Failure> {
        let input = json!({ "fs": self.place, "remote": path.as_str(), "opt": { "noMimeType": true } });
        let answer = self.rclone.ask::<item::Stat>("operations/stat", input).await;
        match answer {
            Ok(stat) => Ok(stat.item.map(|item: Listed| item.into_item(&self.features, None).found)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes sure that what is at a path is what is expected.
    async fn check(&self, path: &RelPath, expect: &Expect) -> Result<(), Failure> {
        match (self.look(path).await?, expect) {
            (None, Expect::Absent) => Ok(()),
            (Some(found), Expect::Exactly(version))
                if found.kind == Kind::File && is_still(version, &found.fingerprint) =>
            {
                Ok(())
            }
            (Some(found), Expect::Absent) if found.kind == Kind::Directory => {
                Err(failed(FailureKind::WrongKind, "a directory is there"))
            }
            (None, Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it is not there any more")),
            (Some(_), Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it was changed meanwhile")),
            (Some(_), Expect::Absent) => Err(failed(FailureKind::Refused, "something is there already")),
        }
    }

    /// Returns what is at a path after something was put there.
    async fn result(&self, path: &RelPath) -> Result<Found, Failure> {
        let found = self.look(path).await?;
        found.ok_or_else(|| failed(FailureKind::Temporary, "it is not there after it was written"))
    }
}

impl Backend for Folder {
    fn capabilities(&self) -> Capabilities {
        self.features.capabilities()
    }

    fn list_directory(&self, path: RelPath, hash: Option<String>, _metadata: bool) -> Answer<'_, Vec<Item>> {
        Box::pin(async move { self.list(&path, hash).await })
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        Box::pin(async move {
            if !path.is_root() {
                return self.look(&path).await;
            }
            // The root of a remote cannot be asked for, only what is in it.
            match self.list(&path, None).await {
                Ok(_) => Ok(Some(Found { kind: Kind::Directory, fingerprint: Fingerprint::default() })),
                Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
                Err(failure) => Err(failure),
            }
        })
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        self.read_content(path, version)
    }

    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found> {
        Box::pin(async move { self.write_content(&copy, content).await })
    }

    fn copy_from<'a>(&'a self, source: &'a dyn Backend, copy: &CopyFile) -> Option<Answer<'a, Found>> {
        let copy = copy.clone();
        let place = match (source.as_local().and_then(Local::plain_root), source.as_rclone()) {
            (Some(root), _) => root.to_str()?.to_owned(),
            (None, Some(folder)) => folder.place.clone(),
            (None, None) => return None,
        };
        Some(Box::pin(async move { self.copy_file(source, &place, &copy).await }))
    }

    fn move_file(&self, moved: MoveFile) -> Answer<'_, Found> {
        Box::pin(async move { self.move_within(&moved).await })
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        Box::pin(async move { self.delete(&path, expect, &disposal).await })
    }

    fn make_directory(&self, path: RelPath, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move { self.make(&path).await })
    }

    fn keeps_empty_directories(&self) -> bool {
        self.features.keeps_empty_directories()
    }

    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()> {
        Box::pin(async move { self.remove(&path, emptiness).await })
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        Box::pin(async move { self.set(&path, expect, modified).await })
    }

    fn flush(&self, _like: &dyn Backend) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn as_rclone(&self) -> Option<&Folder> {
        Some(self)
    }
}

/// Says whether a file is still the version that was listed. Some servers tell whole seconds when they are asked for one file, and
/// fractions in a listing: where either is whole, the fraction says nothing.
fn is_still(version: &Fingerprint, observed: &Fingerprint) -> bool {
    let whole = |time: Option<Instant>| time.map(|time| Instant { nanoseconds: 0, ..time });
    let is_whole = |time: Option<Instant>| time.is_some_and(|time| time.nanoseconds == 0);
    if is_whole(version.modified) || is_whole(observed.modified) {
        let version = Fingerprint { modified: whole(version.modified), ..version.clone() };
        return version.is_still(&Fingerprint { modified: whole(observed.modified), ..observed.clone() });
    }
    version.is_still(observed)
}

/// Returns a path below a folder as rclone takes it: `remote:path/below`.
fn below(place: &str, path: &RelPath) -> String {
    let separator = if place.ends_with([':', '/']) { "" } else { "/" };
    format!("{place}{separator}{path}")
}

/// Options of rclone for one call, so that nothing is left out that looks the same, and no name but the one that was given is used.
fn exactly() -> Value {
    json!({ "IgnoreTimes": true, "Inplace": true })
}

/// Returns the directory of a path on this machine and the name in it, as rclone takes them.
fn split(path: &Path) -> Option<(&str, &str)> {
    Some((path.parent()?.to_str()?, path.file_name()?.to_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_that_were_not_told_do_not_count() {
        let check = |listed: (i64, u32), observed: (i64, u32), expected: bool| {
            let version = |(seconds, nanoseconds)| Fingerprint {
                size: Some(1),
                modified: Some(Instant { seconds, nanoseconds }),
                ..Fingerprint::default()
            };
            assert_eq!(is_still(&version(listed), &version(observed)), expected, "{listed:?} {observed:?}");
        };
        check((5, 123), (5, 0), true);
        check((5, 0), (5, 123), true);
        check((5, 123), (5, 124), false);
        check((5, 0), (6, 0), false);
        check((5, 123), (6, 0), false);
    }
}
