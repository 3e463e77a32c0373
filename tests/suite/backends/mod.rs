//! What every backend promises, held against each of them: the folder can be looked into, and meddled with, from outside.

mod changing;
mod checksums;
mod conditions;
mod copying;
mod faults;
mod limits;
mod listing;
mod looking;
mod together;
mod unreachable;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bisync::backend::local::{Local, Sight};
use bisync::backend::native::{Native, Opening};
use bisync::backend::open::native;
use bisync::backend::rclone::Rclone;
use bisync::backend::{Backend, Content, ListDirectory, Transport};
use bisync::remote::{Address, Config, Connection, Destination};
use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::options::Options;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, Staging};
use bisync_engine::side::Side;
use bisync_tests::real::program;
use bisync_tests::real::servers::{Protocol, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A backend under test.
struct Subject {
    name: &'static str,
    backend: Arc<dyn Backend>,
    runtime: Runtime,
    /// The directory that holds the files behind the backend: of the folder itself, and of its backups.
    directory: PathBuf,
    backups: PathBuf,
    /// What is promised only by some.
    traits: Traits,
    server: Option<Arc<Server>>,
    _home: TempDir,
}

/// What not every storage can.
#[derive(Clone, Copy)]
struct Traits {
    /// Whether there can be directories without files.
    empty_directories: bool,
    /// Whether names may hold whatever the disk takes; else no line breaks.
    any_name: bool,
}

/// Checks something with every backend. Those whose server is not installed are left out.
fn each(check: impl Fn(&Subject)) {
    for subject in [
        Some(local()),
        served(None, By::Rclone),
        served(Some(Protocol::Sftp), By::Rclone),
        served(Some(Protocol::Webdav), By::Rclone),
        served(Some(Protocol::S3), By::Rclone),
        served(Some(Protocol::S3), By::Us),
        served(Some(Protocol::Moto), By::Us),
        served(Some(Protocol::Webdav), By::Us),
        served(Some(Protocol::Apache), By::Us),
        served(Some(Protocol::Sftp), By::Us),
        served(Some(Protocol::Openssh), By::Us),
    ] {
        subject.iter().for_each(&check);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn local() -> Subject {
    let home = tempfile::tempdir().unwrap();
    let (directory, backups) = (home.path().join("folder"), home.path().join("kept"));
    fs::create_dir(&directory).unwrap();
    let backend = Arc::new(Local::open(&directory, Some(&backups), Sight::default()).unwrap());
    let traits = Traits { empty_directories: true, any_name: true };
    Subject { name: "local", backend, runtime: runtime(), directory, backups, traits, server: None, _home: home }
}

/// Who speaks to a server.
#[derive(Clone, Copy)]
enum By {
    /// rclone, as our child.
    Rclone,
    /// This program itself.
    Us,
}

/// A folder of a server that rclone runs for this protocol, or as it is on the disk.
fn served(protocol: Option<Protocol>, by: By) -> Option<Subject> {
    reached(protocol, by, |server| server.connection().to_owned())
}

/// A folder that is reached by the options of a remote that `connection` makes.
fn reached(protocol: Option<Protocol>, by: By, connection: impl FnOnce(&Server) -> String) -> Option<Subject> {
    let rclone = program::rclone()?;
    let home = tempfile::tempdir().unwrap();
    let served = home.path().join("bucket");
    let (directory, backups) = (served.join("folder"), served.join("kept"));
    fs::create_dir_all(&directory).unwrap();
    let server = match protocol {
        None => None,
        Some(protocol) => Some(Arc::new(Server::try_start(&rclone, protocol, home.path())?)),
    };
    let place = match &server {
        Some(server) => format!("{}:bucket", connection(server)),
        // Without an option of its own it would be a directory, and not served.
        None => format!(":local,nounc:{}", served.display()),
    };
    let (folder, kept) = (address(&format!("{place}/folder")), address(&format!("{place}/kept")));
    let runtime = runtime();
    let backend = match by {
        By::Rclone => {
            let rclone = Arc::new(Rclone::new(None, &[], [&folder].into_iter(), &Transport::default()));
            runtime.block_on(rclone.open(&folder, Some(&kept.path))).unwrap()
        }
        // Where checksums cost something they are told only to a run that compares them.
        By::Us => opened(&runtime, &format!("{place}/folder"), Some(&kept.path), &[("checksum", "true")], home.path()),
    };
    let name = match (protocol, by) {
        (None, _) => "rclone, local",
        (Some(Protocol::Sftp), By::Rclone) => "rclone, SFTP",
        (Some(Protocol::Sftp), By::Us) => "SFTP",
        (Some(Protocol::Openssh), _) => "SFTP, OpenSSH",
        (Some(Protocol::Webdav), By::Rclone) => "rclone, WebDAV",
        (Some(Protocol::Webdav), By::Us) => "WebDAV",
        (Some(Protocol::Apache), _) => "WebDAV, Apache",
        (Some(Protocol::S3), By::Rclone) => "rclone, S3",
        (Some(Protocol::S3), By::Us) => "S3",
        (Some(Protocol::Moto), _) => "S3, moto",
    };
    let is_keyed = matches!(protocol, Some(Protocol::S3 | Protocol::Moto));
    let traits = Traits { empty_directories: !is_keyed, any_name: protocol != Some(Protocol::Moto) };
    Some(Subject { name, backend, runtime, directory, backups, traits, server, _home: home })
}

/// Returns the folder of a remote, as it is written on the command line.
fn address(place: &str) -> Address {
    let connection = Connection::parse(place).unwrap().unwrap();
    match Destination::of(&connection, &Config::default()).unwrap() {
        Destination::Remote(address) => *address,
        Destination::Directory(path) => panic!("{path}"),
    }
}

/// Opens a folder of a remote that is served here, with options of the run.
fn opened(
    runtime: &Runtime,
    place: &str,
    backup: Option<&str>,
    options: &[(&str, &str)],
    cache: &Path,
) -> Arc<dyn Backend> {
    opened_through(runtime, place, backup, options, cache, &Transport::default())
}

/// Opens a folder as [`opened`] does; its content goes through `transport`.
fn opened_through(
    runtime: &Runtime,
    place: &str,
    backup: Option<&str>,
    options: &[(&str, &str)],
    cache: &Path,
    transport: &Transport,
) -> Arc<dyn Backend> {
    let given: Vec<_> = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (options, folder) = (Options::parse(&given).unwrap(), address(place));
    let (remote, path) = (&folder.remote, &*folder.path);
    let Native { open, .. } = native(&remote.kind).unwrap();
    runtime.block_on(open(Opening { remote, path, backup, transport, options: &options, cache })).unwrap()
}

fn path(text: &str) -> RelPath {
    RelPath::parse(text).unwrap()
}

/// Lists a directory with the hashes of its files.
fn hashed(directory: &str, algorithm: &str) -> ListDirectory {
    ListDirectory { hash: Some(algorithm.to_owned()), ..ListDirectory::plain(path(directory)) }
}

fn at(seconds: i64) -> Instant {
    Instant { seconds, nanoseconds: 0 }
}

impl Subject {
    /// Waits for an answer as those do who carry out requests: on a thread that may block.
    fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        let _inside = self.runtime.enter();
        pollster::block_on(answer)
    }

    /// Writes a file behind the backend's back.
    fn meddle(&self, name: &str, content: &str) {
        let file = self.directory.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        self.bring_in(name);
    }

    /// Removes a file behind the backend's back.
    fn remove(&self, name: &str) {
        fs::remove_file(self.directory.join(name)).unwrap();
        self.bring_in(name);
    }

    fn bring_in(&self, name: &str) {
        self.server.iter().for_each(|server| server.bring_in(&format!("bucket/folder/{name}")));
    }

    fn bring_out(&self) {
        self.server.iter().for_each(|server| server.bring_out("bucket/folder"));
    }

    /// Reads a file behind the backend's back.
    fn peek(&self, name: &str) -> Option<String> {
        self.peek_bytes(name).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn peek_bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.bring_out();
        fs::read(self.directory.join(name)).ok()
    }

    /// Reads a backup behind the backend's back.
    fn kept(&self, name: &str) -> Option<String> {
        self.server.iter().for_each(|server| server.bring_out("bucket/kept"));
        fs::read_to_string(self.backups.join(name)).ok()
    }

    fn list(&self, directory: &str) -> Result<Vec<Item>, Failure> {
        let mut items = self.wait(self.backend.list_whole(ListDirectory::plain(path(directory))))?;
        items.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(items)
    }

    fn describe(&self, name: &str) -> Option<Found> {
        self.wait(self.backend.describe(path(name))).unwrap()
    }

    /// Returns the version of a file that is there.
    fn version(&self, name: &str) -> Fingerprint {
        self.describe(name).unwrap_or_else(|| panic!("{}: no `{name}`", self.name)).fingerprint
    }

    fn read(&self, name: &str, version: Fingerprint) -> Result<Vec<u8>, Failure> {
        self.wait(async {
            let mut content = self.backend.read(path(name), version);
            let mut bytes = Vec::new();
            while let Some(piece) = content.next().await? {
                bytes.extend(piece);
            }
            Ok(bytes)
        })
    }

    /// Writes content that comes from elsewhere, in two pieces; `ends` says how it ends.
    fn write(&self, copy: CopyFile, content: &[u8], ends: Result<(), Failure>) -> Result<Found, Failure> {
        let (producer, received) = Content::channel();
        let pieces = content.split_at(content.len() / 2);
        let (first, second) = (pieces.0.to_vec(), pieces.1.to_vec());
        self.runtime.spawn(async move {
            for piece in [first, second] {
                if producer.send(piece).await.is_err() {
                    return;
                }
            }
            producer.end(ends).await;
        });
        self.wait(self.backend.write(copy, received))
    }

    /// Asserts that nothing is there but these files.
    fn check_files(&self, expected: &[&str]) {
        self.bring_out();
        let tree = bisync_tests::real::folders::files(&bisync_tests::real::folders::read_tree(&self.directory));
        let names: Vec<_> = tree.keys().map(String::as_str).collect();
        assert_eq!(names, expected, "{}", self.name);
    }
}

/// A copy to side two of content of this size, with a time that every server keeps.
fn copy_to(target: &str, size: usize, expect: Expect) -> CopyFile {
    let source = Fingerprint { size: Some(size as u64), modified: Some(at(1_600_000_000)), ..Fingerprint::default() };
    CopyFile {
        from: Side::One,
        path: path("source"),
        source,
        target: path(target),
        expect,
        disposal: Disposal::Discard,
        staging: Staging::Temporary(path(target).parent().unwrap().join(".bisync-x.tmp").unwrap()),
        verify: None,
    }
}

fn kind_of<T: std::fmt::Debug>(result: Result<T, Failure>) -> FailureKind {
    result.unwrap_err().kind
}

fn is_file(found: &Found) -> bool {
    found.kind == Kind::File
}
