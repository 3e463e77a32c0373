//! Every remote that is not served here: the user's own rclone serves it, as a child of this process.

mod carry;
mod changes;
mod child;
mod copies;
mod damaged;
mod failure;
mod item;
mod launch;
mod list;
mod read_together;
mod silence;
mod together;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::options::Options;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Expect, Failure, FailureKind, MoveFile};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};

use self::child::Child;
use self::item::{Features, Listed};
use self::launch::Launch;
use self::silence::Silence;
use super::local::Local;
use super::{
    Answer, Backend, Content, Contents, ListDirectory, Listings, Pages, Together, Transport, failed, is_of_servers,
    stopped,
};
use crate::remote::{Address, Config, Remote};

/// So long rclone may be silent when `--timeout` sets no limit.
const PATIENCE: Duration = Duration::from_secs(300);

/// A machine that has much to do may take so long for anything.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

/// So many files are copied at most at a time, whatever is wanted.
const MOST_TRANSFERS: i64 = 1024;

/// rclone, started when it is first needed, and again when it has died.
pub struct Rclone {
    launch: Launch,
    child: Mutex<Option<Arc<Child>>>,
    transport: Transport,
    /// As many permits as files may be copied at a time.
    transfers: Semaphore,
    transfers_limit: u32,
    /// Remotes whose files have the times at which they were written, whatever rclone says.
    untimed: Vec<Remote>,
    /// Whether this rclone is too old for several calls in one.
    lacks_batches: AtomicBool,
    /// Whether it is not to be started any more.
    is_closed: AtomicBool,
}

impl Rclone {
    /// Nothing is started yet. `addresses` are all that will be opened.
    pub fn new<'a>(
        config: Option<&Config>,
        given: &[(String, String)],
        addresses: impl Iterator<Item = &'a Address>,
        transport: &Transport,
    ) -> Self {
        let addresses: Vec<_> = addresses.collect();
        let remotes = addresses.iter().map(|address| &address.remote);
        let untimed = remotes.filter(|remote| has_times_of_its_own(config, remote)).cloned().collect();
        let options = Options::parse(given).unwrap_or_default();
        // Without a limit for servers there is one for it: it is on this machine.
        let timeout = options.duration_ns("timeout").filter(|timeout_ns| *timeout_ns > 0).map(Duration::from_nanos);
        let patience = timeout.unwrap_or(PATIENCE).max(LEAST_PATIENCE);
        let launch = Launch::new(config, given, addresses.into_iter(), patience);
        let transfers_limit = options.number("transfers").map_or(1, |number| number.clamp(1, MOST_TRANSFERS));
        let transfers_limit = u32::try_from(transfers_limit).unwrap_or(1);
        let transfers = Semaphore::new(transfers_limit as usize);
        Self {
            launch,
            child: Mutex::default(),
            transport: transport.clone(),
            transfers,
            transfers_limit,
            untimed,
            lacks_batches: AtomicBool::default(),
            is_closed: AtomicBool::default(),
        }
    }

    /// Opens a folder of a remote, and says where its backups go on the same remote.
    ///
    /// # Errors
    /// Fails when rclone is not installed, or does not know what to make of the remote.
    pub async fn open(self: &Arc<Self>, address: &Address, backup: Option<&str>) -> Result<Arc<dyn Backend>, Failure> {
        let name = self.launch.name(address);
        let place = format!("{name}:{}", address.path);
        let mut features: Features = self.ask("operations/fsinfo", json!({ "fs": place })).await?;
        features.has_times_of_its_own = self.untimed.contains(&address.remote);
        let backup = backup.map(|path| format!("{name}:{path}"));
        let (rclone, large, entries_lately) = (Arc::clone(self), Arc::default(), Arc::default());
        Ok(Arc::new(Folder { rclone, place, backup, features, large, entries_lately }))
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

    async fn call(&self, method: &str, input: Value) -> Result<Bytes, Failure> {
        let body = input.to_string();
        let child = self.child().await?;
        match child.call(method, &body).await {
            Err(silence) if silence.is_before_it_began() => {
                self.forget(&child).await;
                let child = self.child().await?;
                self.told(&child, child.call(method, &body).await).await
            }
            answer => self.told(&child, answer).await,
        }
    }

    async fn told(&self, child: &Arc<Child>, answer: Result<(u16, Bytes), Silence>) -> Result<Bytes, Failure> {
        match answer {
            Ok((200, body)) => Ok(body),
            Ok((status, body)) => Err(failure::of_answer(status, &body, self.launch.secrets())),
            Err(silence) => Err(self.no_answer(child, &silence).await),
        }
    }

    /// Returns the failure of a call that got no answer.
    async fn no_answer(&self, child: &Arc<Child>, silence: &Silence) -> Failure {
        // One connection may break, all of them only when it is gone or hangs.
        if matches!(silence, Silence::Hangs) || child.call("rc/noop", "{}").await.is_err() {
            self.forget(child).await;
        }
        failure::of_silence(silence)
    }

    /// Ends rclone, and starts it no more. Whoever still holds it, such as a thread that has nothing more to do, is not waited for.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        if let Some(child) = self.child.try_lock().ok().and_then(|mut child| child.take()) {
            child.close();
        }
    }

    async fn child(&self) -> Result<Arc<Child>, Failure> {
        let mut child = self.child.lock().await;
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(stopped());
        }
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
        // What it may still be doing is done again by another one.
        dead.end();
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
    /// Directories that are too large to be listed for the sake of some of their files.
    large: Arc<std::sync::Mutex<BTreeSet<RelPath>>>,
    /// How many entries a directory had that was listed just now.
    entries_lately: Arc<AtomicUsize>,
}

impl Folder {
    /// Says what there is at a path of this folder, or of the one of its backups.
    async fn look(&self, path: &RelPath) -> Result<Option<Found>, Failure> {
        self.look_for(path, json!({ "noMimeType": true })).await
    }

    /// Says which file there is at a path. Unlike [`look`](Self::look) it never takes a listing of the directory that the path is in.
    async fn look_for_file(&self, path: &RelPath) -> Result<Option<Found>, Failure> {
        self.look_for(path, json!({ "noMimeType": true, "filesOnly": true })).await
    }

    async fn look_for(&self, path: &RelPath, options: Value) -> Result<Option<Found>, Failure> {
        let input = json!({ "fs": self.place, "remote": path.as_str(), "opt": options });
        let answer = self.rclone.ask::<item::Stat>("operations/stat", input).await;
        match answer {
            Ok(stat) => Ok(stat.item.map(|item: Listed| item.into_item(&self.features, None).found)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes sure that what is at a path is what is expected. A directory in the place of nothing is left to rclone, which looks once
    /// more and puts no file in its place.
    async fn check(&self, path: &RelPath, expect: &Expect) -> Result<(), Failure> {
        match (self.look_for_file(path).await?, expect) {
            (None, Expect::Absent) => Ok(()),
            (Some(found), Expect::Exactly(version)) if is_still(version, &found.fingerprint) => Ok(()),
            (None, Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it is not there any more")),
            (Some(_), Expect::Exactly(_)) => Err(failed(FailureKind::Refused, "it was changed meanwhile")),
            (Some(_), Expect::Absent) => Err(failed(FailureKind::Refused, "something is there already")),
        }
    }

    /// Returns what is at a path after something was put there.
    async fn result(&self, path: &RelPath) -> Result<Found, Failure> {
        let found = self.look_for_file(path).await?;
        found.ok_or_else(|| failed(FailureKind::Temporary, "it is not there after it was written"))
    }
}

impl Backend for Folder {
    fn capabilities(&self) -> Capabilities {
        self.features.capabilities()
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        Box::pin(async move {
            pages.extend(self.list(&list.path, list.hash.as_deref(), Times::Told).await?);
            Ok(())
        })
    }

    fn list_together<'a>(&'a self, paths: &'a [&'a RelPath], hash: Option<&'a str>) -> Option<Listings<'a>> {
        self.lists_together().then(|| Box::pin(self.list_all(paths, hash)) as Listings<'a>)
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        Box::pin(async move {
            if !path.is_root() {
                return self.look(&path).await;
            }
            // The root of a remote cannot be asked for, only what is in it.
            match self.list(&path, None, Times::Untold).await {
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
        let (copy, place) = (copy.clone(), place_of(source)?);
        Some(Box::pin(async move { self.copy_file(source, &place, &copy).await }))
    }

    fn copy_together<'a>(&'a self, source: &'a dyn Backend, copies: &'a [&'a CopyFile]) -> Option<Together<'a>> {
        let (place, directory) = (place_of(source)?, self.directory_of(copies)?);
        Some(Box::pin(async move { self.copy_files(source, &place, &directory, copies).await }))
    }

    fn read_together<'a>(&'a self, copies: &'a [&'a CopyFile]) -> Option<Contents<'a>> {
        let directory = self.source_directory_of(copies)?;
        Some(Box::pin(async move {
            let read = self.read_files(&directory, copies).await;
            read.unwrap_or_else(|_| copies.iter().map(|_| None).collect())
        }))
    }

    fn move_file(&self, moved: MoveFile, _like: &dyn Backend) -> Answer<'_, Found> {
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

    fn carries_out(&self, option: &str) -> bool {
        is_of_servers(option)
            || matches!(
                option,
                "multi-thread-chunk-size"
                    | "multi-thread-cutoff"
                    | "multi-thread-streams"
                    | "multi-thread-write-buffer-size"
                    | "server-side-across-configs"
                    | "streaming-upload-cutoff"
            )
    }

    fn as_rclone(&self) -> Option<&Folder> {
        Some(self)
    }
}

/// Whether a listing tells times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Told,
    /// Some servers tell them only when they are asked for each file.
    Untold,
}

/// Says whether a remote, or one behind it, is told not to set times. rclone then says the same of it as if it set them.
fn has_times_of_its_own(config: Option<&Config>, remote: &Remote) -> bool {
    let all = config.map_or_else(|| vec![remote.clone()], |config| config.with_those_behind(remote));
    all.iter().any(|remote| remote.value("set_modtime").is_some() && !remote.flag("set_modtime"))
}

/// Returns a folder as rclone takes it, where rclone itself can read what is in it.
fn place_of(source: &dyn Backend) -> Option<String> {
    match (source.as_local().and_then(Local::plain_root), source.as_rclone()) {
        (Some(root), _) => Some(root.to_str()?.to_owned()),
        (None, Some(folder)) => Some(folder.place.clone()),
        (None, None) => None,
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
