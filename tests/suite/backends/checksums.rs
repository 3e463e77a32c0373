//! Checksums that an SFTP server computes in a shell, as the options of the remote want it.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;

use bisync_engine::entry::Hash;
use bisync_tests::real::servers::openssh::Openssh;

use super::*;

/// The checksum of `12345`.
const MD5: &str = "md5:827ccb0eea8a706c4c34a16891f84e7b";

/// A folder on OpenSSH's server.
struct Remote {
    backend: Arc<dyn Backend>,
    runtime: Runtime,
    directory: PathBuf,
    _server: Openssh,
    _home: TempDir,
}

impl Remote {
    /// Serves a folder that has the file `five`, with options of the remote and lines of the server's configuration; `None` where that
    /// is not installed. `HOME` in them is a directory beside the folder.
    fn new(options: &str, lines: &str, prepare: fn(&Path)) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("folder");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("five"), "12345").unwrap();
        prepare(home.path());
        let place_of_home = home.path().display().to_string();
        let server = Openssh::start_with(home.path(), &lines.replace("HOME", &place_of_home))?;
        let options = options.replace("HOME", &place_of_home);
        let place = format!("{}{options}:folder", server.usual_connection());
        let runtime = runtime();
        let backend = opened(&runtime, &place, None, &[("checksum", "true")], home.path());
        Some(Self { backend, runtime, directory, _server: server, _home: home })
    }

    fn plain(options: &str) -> Option<Self> {
        Self::new(options, "", |_| {})
    }

    fn hashes(&self) -> Vec<String> {
        self.backend.capabilities().hashes
    }

    fn list(&self, hash: &str) -> Result<Vec<Item>, Failure> {
        self.runtime.block_on(self.backend.list_whole(hashed("", hash)))
    }

    /// Returns the hash of the file `five`.
    fn hash(&self, hash: &str) -> Option<String> {
        let items = self.list(hash).unwrap();
        let five = items.into_iter().find(|item| item.name == "five").unwrap();
        five.found.fingerprint.hash.map(|hash| hash.as_str().to_owned())
    }

    fn write(&self, name: &str, verify: &str, staging: Option<Staging>) -> Result<Found, Failure> {
        let copy = CopyFile { verify: Hash::parse(verify), ..copy_to(name, 5, Expect::Absent) };
        let copy = CopyFile { staging: staging.unwrap_or_else(|| copy.staging.clone()), ..copy };
        let (producer, content) = Content::channel();
        self.runtime.spawn(async move {
            producer.send(b"12345".to_vec()).await.unwrap();
            producer.end(Ok(())).await;
        });
        self.runtime.block_on(self.backend.write(copy, content))
    }
}

fn write_script(home: &Path, script: &str) {
    let file = home.join("script");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_server_offers_what_its_options_say() {
    let check = |options: &str, lines: &str, expected: &[&str]| {
        let Some(remote) = Remote::new(options, lines, |_| {}) else { return };
        assert_eq!(remote.hashes(), expected, "{options} {lines}");
        // Whatever is offered, or asked for by `--download-hash`, is told.
        assert_eq!(remote.hash("md5").as_deref(), Some(MD5), "{options} {lines}");
        assert_eq!(remote.write("new", MD5, None).unwrap().fingerprint.size, Some(5));
    };
    check("", "", &["md5", "sha1"]);
    check(",shell_type=unix,md5sum_command=md5sum", "", &["md5", "sha1"]);
    check(",hashes=sha1", "", &["sha1"]);
    check(",md5sum_command=none", "", &["sha1"]);
    check(",disable_hashcheck=true", "", &[]);
    check(",shell_type=none", "", &[]);
    // Commands need a channel of their own, and a shell.
    check("", "MaxSessions 1\n", &[]);
    check("", "MaxSessions 2\n", &["md5", "sha1"]);
    check("", "ForceCommand internal-sftp -d HOME\n", &[]);
}

#[test]
fn a_command_of_the_remote_is_taken_at_its_word() {
    let check = |script: fn(&Path), expected: Option<&str>| {
        let Some(remote) = Remote::new(",md5sum_command='HOME/script'", "", script) else { return };
        assert_eq!(remote.hash("md5").as_deref(), expected);
    };
    check(|home| write_script(home, "exec md5sum \"$@\""), Some(MD5));
    check(
        |home| write_script(home, "echo 00112233445566778899AABBCCDDEEFF"),
        Some("md5:00112233445566778899aabbccddeeff"),
    );
    // What is no checksum, or comes from a command that fails, is unknown.
    check(|home| write_script(home, "echo MD5 of \"$@\""), None);
    check(|home| write_script(home, "md5sum \"$@\"; exit 1"), None);
    check(|_| {}, None);
}

#[test]
fn a_shell_may_find_files_elsewhere() {
    fn elsewhere(home: &Path) {
        fs::create_dir_all(home.join("other/folder")).unwrap();
        fs::write(home.join("other/folder/five"), "").unwrap();
    }
    let Some(remote) = Remote::new(",path_override='HOME/other/folder'", "", elsewhere) else { return };
    assert_eq!(remote.hash("md5").as_deref(), Some("md5:d41d8cd98f00b204e9800998ecf8427e"));
    let Some(remote) = Remote::new(",path_override='@/nowhere'", "", elsewhere) else { return };
    assert_eq!(remote.hash("md5"), None);
}

#[test]
fn every_file_has_its_own_checksum() {
    let Some(remote) = Remote::plain("") else { return };
    let names = [
        "-n",
        "--help",
        "a b",
        "new\nline",
        "back\\slash",
        "both\\\n",
        "'",
        "\"",
        "$(id)",
        "`id`",
        "*",
        "~",
        "#",
        "é",
        "a;b",
        "!",
    ];
    for (number, name) in names.iter().map(|name| (*name).to_owned()).chain((0..300).map(|n| n.to_string())).enumerate()
    {
        fs::write(remote.directory.join(name), number.to_string()).unwrap();
    }
    let local = Local::open(&remote.directory, None, Sight::default()).unwrap();
    let hashes = |items: Vec<Item>| {
        // Local names have a sign for a new line, as in rclone.
        let name = |name: String| name.replace('\n', "␊");
        let mut hashes: Vec<_> = items.into_iter().map(|item| (name(item.name), item.found.fingerprint.hash)).collect();
        hashes.sort_by(|left, right| left.0.cmp(&right.0));
        hashes
    };
    for hash in ["md5", "sha1"] {
        let _inside = remote.runtime.enter();
        let expected = pollster::block_on(local.list_whole(hashed("", hash))).unwrap();
        assert_eq!(expected.len(), names.len() + 301);
        let listed = pollster::block_on(remote.backend.list_whole(hashed("", hash)));
        for (listed, expected) in hashes(listed.unwrap()).into_iter().zip(hashes(expected)) {
            assert_eq!(listed, expected);
        }
    }
}

#[test]
fn directories_that_are_listed_at_once_wait_for_each_other_where_they_have_to() {
    for lines in ["", "MaxSessions 2\n"] {
        let Some(remote) = Remote::new(",connections=1", lines, |_| {}) else { return };
        for directory in 0..12 {
            fs::create_dir(remote.directory.join(directory.to_string())).unwrap();
            for file in 0..20 {
                fs::write(remote.directory.join(format!("{directory}/{file}")), "12345").unwrap();
            }
        }
        let listed = (0..12).map(|directory| {
            let backend = Arc::clone(&remote.backend);
            let answer = async move { backend.list_whole(hashed(&directory.to_string(), "md5")).await };
            remote.runtime.spawn(answer)
        });
        for listed in listed.collect::<Vec<_>>() {
            let items = remote.runtime.block_on(listed).unwrap().unwrap();
            assert_eq!(items.len(), 20);
            assert!(items.iter().all(|item| item.found.fingerprint.hash == Hash::parse(MD5)));
        }
    }
}

#[test]
fn what_was_written_has_to_have_its_checksum() {
    let Some(remote) = Remote::plain("") else { return };
    for staging in [None, Some(Staging::InPlace)] {
        let wrong = "md5:00000000000000000000000000000000";
        assert_eq!(kind_of(remote.write("new", wrong, staging.clone())), FailureKind::Temporary);
        assert_eq!(fs::read_dir(&remote.directory).unwrap().count(), 1);
        // Of another algorithm, only the size can be held against it.
        remote.write("unknown", "crc32:00000000", staging.clone()).unwrap();
        remote.write("new", MD5, staging).unwrap();
        for name in ["unknown", "new"] {
            assert_eq!(fs::read_to_string(remote.directory.join(name)).unwrap(), "12345");
            fs::remove_file(remote.directory.join(name)).unwrap();
        }
    }
}

/// So many listings are asked for at once: there are fewer connections.
const AT_ONCE: usize = 8;

#[test]
fn shells_whose_connection_ended_are_not_waited_for() {
    let Some(rclone) = program::rclone() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("folder")).unwrap();
    for number in 0..200 {
        fs::write(home.path().join(format!("folder/{number}")), "12345").unwrap();
    }
    let Some(server) = Server::try_start(&rclone, Protocol::Openssh, home.path()) else { return };
    let way = Way::to(server.port());
    let runtime = runtime();
    let place = format!("{}:folder", server.connection_by(way.port()));
    let backend = opened(&runtime, &place, None, &[("checksum", "true")], home.path());
    let at_once = |hash: Option<&str>| {
        let listings = (0..AT_ONCE).map(|_| {
            let (backend, hash) = (Arc::clone(&backend), hash.map(str::to_owned));
            runtime.spawn(
                async move { backend.list_whole(ListDirectory { hash, ..ListDirectory::plain(path("")) }).await },
            )
        });
        let listings: Vec<_> = listings.collect();
        listings.into_iter().map(|listed| runtime.block_on(listed).unwrap()).collect::<Result<Vec<_>, _>>()
    };
    for listed in at_once(Some("md5")).unwrap() {
        assert_eq!(listed[0].found.fingerprint.hash, Hash::parse(MD5));
    }
    way.cut();
    // Who asks while a connection ends is told so: until all have.
    while at_once(None).is_err() {}
    let listed = runtime.block_on(backend.list_whole(hashed("", "md5"))).unwrap();
    assert_eq!(listed[0].found.fingerprint.hash, Hash::parse(MD5));
}

/// A way to a server that can be cut.
struct Way {
    port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, streams) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<TcpStream>>>::default());
        let kept = Arc::clone(&streams);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                for (mut from, mut to) in [(&stream, &server), (&server, &stream)]
                    .map(|(from, to)| (from.try_clone().unwrap(), to.try_clone().unwrap()))
                {
                    std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
                }
                kept.lock().unwrap().extend([stream, server]);
            }
        });
        Self { port, streams }
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn cut(&self) {
        self.streams.lock().unwrap().drain(..).for_each(|stream| stream.shutdown(Shutdown::Both).unwrap());
    }
}
