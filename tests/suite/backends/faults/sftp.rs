use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use bisync_engine::entry::{Fingerprint, Kind};
use bisync_engine::protocol::{CopyFile, Disposal, FailureKind, Staging};
use bisync_tests::real::servers::strange::{Fault, Faults, Lets, Strange, nothing};
use russh_sftp::protocol::StatusCode;

use super::*;
use crate::backends::{at, kind_of, opened};

/// What OpenSSH's server announces, as far as it is used.
const LIKE_OPENSSH: &[&str] = &["posix-rename@openssh.com", "hardlink@openssh.com", "fsync@openssh.com"];
/// What `rclone serve sftp` announces, as far as it is used.
const WITHOUT_SYNC: &[&str] = &["posix-rename@openssh.com", "hardlink@openssh.com"];

/// A folder on a server where things go wrong.
struct Served {
    server: Strange,
    backend: Arc<dyn Backend>,
    runtime: Runtime,
    directory: PathBuf,
    _home: TempDir,
}

impl Served {
    /// Serves a folder `d` with the file `f`.
    fn new(extensions: &'static [&'static str], faults: Faults) -> Self {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("d");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("f"), "tea").unwrap();
        let server = Strange::start(home.path(), Lets::Anybody, extensions, faults);
        let runtime = runtime();
        let place = format!("{}:d", server.connection());
        let backend = opened(&runtime, &place, None, &[("timeout", "1s"), ("low-level-retries", "3")], home.path());
        Self { server, backend, runtime, directory, _home: home }
    }

    fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    fn list(&self, directory: &str) -> Result<Vec<Item>, Failure> {
        self.wait(self.backend.list_whole(ListDirectory::plain(path(directory))))
    }

    fn version(&self, name: &str) -> Fingerprint {
        self.wait(self.backend.describe(path(name))).unwrap().unwrap().fingerprint
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

    /// Writes `nuts`.
    fn write(&self, copy: CopyFile) -> Result<Found, Failure> {
        let (producer, content) = bisync::backend::Content::channel();
        self.runtime.spawn(async move {
            producer.send(b"nuts".to_vec()).await.unwrap();
            producer.end(Ok(())).await;
        });
        self.wait(self.backend.write(copy, content))
    }

    fn flush(&self) -> Result<(), Failure> {
        self.wait(self.backend.flush(self.backend.as_ref()))
    }

    /// What is in a directory of the folder, by name.
    fn there(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.directory.join(directory)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn peek(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.directory.join(name)).ok()
    }

    /// Asserts that all these requests came, in this order.
    fn check_order(&self, expected: &[&str]) {
        let heard = self.server.heard("");
        let mut rest = heard.iter();
        for request in expected {
            assert!(rest.any(|heard| heard == request), "no `{request}` in its place: {heard:#?}");
        }
    }
}

#[test]
fn content_is_durable_before_it_has_its_name() {
    let served = Served::new(LIKE_OPENSSH, nothing);
    let version = served.version("f");
    served.write(copy_to("new", 4, Expect::Absent)).unwrap();
    served.write(copy_to("f", 4, Expect::Exactly(version))).unwrap();
    for (name, rename) in [("new", "rename"), ("f", "posix-rename")] {
        let rename = format!("{rename} /d/.bisync-x.tmp /d/{name}");
        served.check_order(&["write /d/.bisync-x.tmp", "fsetstat /d/.bisync-x.tmp", "fsync /d/.bisync-x.tmp", &rename]);
    }
    let in_place = CopyFile { staging: Staging::InPlace, ..copy_to("placed", 4, Expect::Absent) };
    served.write(in_place).unwrap();
    served.check_order(&["write /d/placed", "fsync /d/placed", "close /d/placed"]);
    assert_eq!(served.version("placed").modified, Some(at(1_600_000_000)));
}

#[test]
fn names_are_durable_after_a_flush() {
    let served = Served::new(LIKE_OPENSSH, nothing);
    let expect = served.version("f");
    served.write(copy_to("a/b/new", 4, Expect::Absent)).unwrap();
    served.wait(served.backend.delete_file(path("f"), expect, Disposal::Discard)).unwrap();
    served.wait(served.backend.make_directory(path("e/g"), served.backend.as_ref())).unwrap();
    assert!(served.server.heard("fsync /d/a/b").iter().all(|request| request.ends_with(".tmp")));
    served.flush().unwrap();
    for directory in ["/d", "/d/a", "/d/a/b", "/d/e"] {
        assert_eq!(served.server.heard("").iter().filter(|heard| **heard == format!("fsync {directory}")).count(), 1);
    }
    let before = served.server.heard("").len();
    served.flush().unwrap();
    assert_eq!(served.server.heard("").len(), before);
}

#[test]
fn a_server_that_makes_nothing_durable_is_not_asked_to() {
    let served = Served::new(WITHOUT_SYNC, nothing);
    served.write(copy_to("new", 4, Expect::Absent)).unwrap();
    served.flush().unwrap();
    assert!(served.server.heard("fsync").is_empty() && served.server.heard("fsetstat").is_empty());
    assert_eq!(served.version("new").modified, Some(at(1_600_000_000)));
}

#[test]
fn what_could_not_be_made_durable_gets_no_name() {
    let check = |faults: Faults, kind: FailureKind| {
        let served = Served::new(LIKE_OPENSSH, faults);
        let version = served.version("f");
        for (name, expect) in [("new", Expect::Absent), ("f", Expect::Exactly(version))] {
            assert_eq!(kind_of(served.write(copy_to(name, 4, expect))), kind);
        }
        assert_eq!((served.there(""), served.peek("f").as_deref()), (vec!["f".to_owned()], Some("tea")));
    };
    let full = |request: &str, _| {
        let full = Fault::Refused(StatusCode::Failure, "No space left on device");
        request.starts_with("fsync").then_some(full)
    };
    check(full, FailureKind::NoSpace);
    check(
        |request, _| request.starts_with("fsync").then_some(Fault::Refused(StatusCode::Failure, "Failure")),
        FailureKind::Other,
    );
}

#[test]
fn what_is_behind_a_server_may_know_nothing_of_durability() {
    for code in [StatusCode::OpUnsupported, StatusCode::BadMessage] {
        let served = match code {
            StatusCode::BadMessage => Served::new(LIKE_OPENSSH, |request, _| {
                request.starts_with("fsync").then_some(Fault::Refused(StatusCode::BadMessage, ""))
            }),
            _ => Served::new(LIKE_OPENSSH, |request, _| {
                request.starts_with("fsync").then_some(Fault::Refused(StatusCode::OpUnsupported, ""))
            }),
        };
        served.write(copy_to("new", 4, Expect::Absent)).unwrap();
        served.flush().unwrap();
        assert_eq!(served.peek("new").as_deref(), Some("nuts"));
    }
    // Directories are more than what is announced.
    for faults in [
        (|request, _| (request == "open /d").then_some(Fault::Refused(StatusCode::Failure, "Is a directory")))
            as Faults,
        |request, _| (request == "open /d").then_some(Fault::Refused(StatusCode::PermissionDenied, "")),
        |request, _| (request == "open /d").then_some(Fault::Refused(StatusCode::NoSuchFile, "")),
        |request, _| (request == "fsync /d").then_some(Fault::Refused(StatusCode::PermissionDenied, "")),
    ] {
        let served = Served::new(LIKE_OPENSSH, faults);
        served.write(copy_to("new", 4, Expect::Absent)).unwrap();
        served.flush().unwrap();
    }
}

#[test]
fn names_that_could_not_be_made_durable_are_no_success() {
    let check = |faults: Faults, asked: usize| {
        let served = Served::new(LIKE_OPENSSH, faults);
        served.write(copy_to("new", 4, Expect::Absent)).unwrap();
        assert_eq!(kind_of(served.flush()), FailureKind::Other);
        served.flush().unwrap();
        assert_eq!(served.server.heard("fsync /d").iter().filter(|heard| *heard == "fsync /d").count(), asked);
    };
    check(
        |request, before| {
            (request == "fsync /d" && before == 0).then_some(Fault::Refused(StatusCode::Failure, "Failure"))
        },
        2,
    );
    // It may be that too many files are open.
    check(
        |request, before| {
            (request == "open /d" && before == 0).then_some(Fault::Refused(StatusCode::Failure, "Failure"))
        },
        1,
    );
}

#[test]
fn an_upload_that_is_refused_concerns_its_file_alone() {
    let check = |faults: Faults, kind: FailureKind| {
        let served = Served::new(LIKE_OPENSSH, faults);
        let version = served.version("f");
        for (name, expect) in [("new", Expect::Absent), ("f", Expect::Exactly(version))] {
            assert_eq!(kind_of(served.write(copy_to(name, 4, expect))), kind);
        }
        // What was begun is gone, the old one is as it was, and the next file is written.
        assert_eq!((served.there(""), served.peek("f").as_deref()), (vec!["f".to_owned()], Some("tea")));
        served.write(copy_to("fine/other", 4, Expect::Absent)).unwrap();
        assert_eq!(served.peek("fine/other").as_deref(), Some("nuts"));
    };
    check(
        |request, _| {
            let full = Fault::Refused(StatusCode::Failure, "write: No space left on device");
            (request == "write /d/.bisync-x.tmp").then_some(full)
        },
        FailureKind::NoSpace,
    );
    check(
        |request, _| {
            let full = Fault::Refused(StatusCode::Failure, "Disk quota exceeded");
            (request == "write /d/.bisync-x.tmp").then_some(full)
        },
        FailureKind::NoSpace,
    );
    // OpenSSH says no more.
    check(
        |request, _| (request == "write /d/.bisync-x.tmp").then_some(Fault::Refused(StatusCode::Failure, "Failure")),
        FailureKind::Other,
    );
    check(
        |request, _| (request == "close /d/.bisync-x.tmp").then_some(Fault::Refused(StatusCode::Failure, "Failure")),
        FailureKind::Other,
    );
    check(
        |request, _| (request == "open /d/.bisync-x.tmp").then_some(Fault::Refused(StatusCode::PermissionDenied, "")),
        FailureKind::PermissionDenied,
    );
    check(
        |request, _| request.contains("rename /d/.bisync-x.tmp").then_some(Fault::Refused(StatusCode::Failure, "x")),
        FailureKind::Other,
    );
}

#[test]
fn a_directory_that_may_not_be_read_concerns_itself_alone() {
    let served = Served::new(LIKE_OPENSSH, |request, _| {
        (request == "opendir /d/closed").then_some(Fault::Refused(StatusCode::PermissionDenied, ""))
    });
    fs::create_dir(served.directory.join("closed")).unwrap();
    fs::create_dir(served.directory.join("fine")).unwrap();
    let listed: Vec<_> = served.list("").unwrap().iter().map(|item| (item.name.clone(), item.found.kind)).collect();
    assert_eq!(listed.len(), 3);
    assert!(listed.contains(&("closed".to_owned(), Kind::Directory)));
    assert_eq!(kind_of(served.list("closed")), FailureKind::PermissionDenied);
    assert_eq!(served.list("fine").unwrap(), []);
}

#[test]
fn a_listing_that_breaks_off_is_no_listing() {
    for fault in [
        (|request, before| (request == "readdir /d" && before == 1).then_some(Fault::End)) as Faults,
        |request, before| (request == "readdir /d" && before == 1).then_some(Fault::Silence),
    ] {
        let served = Served::new(LIKE_OPENSSH, fault);
        let begin = Instant::now();
        assert_eq!(kind_of(served.list("")), FailureKind::Temporary);
        assert!(begin.elapsed() < Duration::from_secs(60));
        // The next one goes over a new connection.
        assert_eq!(served.list("").unwrap().len(), 1);
    }
    let served = Served::new(LIKE_OPENSSH, |request, before| {
        (request == "readdir /d" && before == 1).then_some(Fault::Refused(StatusCode::Failure, "i/o error"))
    });
    assert_eq!(kind_of(served.list("")), FailureKind::Other);
}

#[test]
fn a_download_that_the_server_ends_is_no_file() {
    let check = |faults: Faults, kind: FailureKind| {
        let served = Served::new(LIKE_OPENSSH, faults);
        let version = served.version("f");
        assert_eq!(kind_of(served.read("f", version.clone())), kind);
        assert_eq!(served.read("f", version).unwrap(), b"tea");
    };
    // The end comes before all is read.
    check(
        |request, before| (request == "read /d/f" && before == 0).then_some(Fault::Refused(StatusCode::Eof, "")),
        FailureKind::Temporary,
    );
    check(
        |request, before| (request == "read /d/f" && before == 0).then_some(Fault::Refused(StatusCode::Failure, "")),
        FailureKind::Other,
    );
}

/// So many requests read the file of the tests of downloads.
const READS: usize = 256;

/// Makes a file that is read in so many requests, and returns its content.
fn large(served: &Served) -> Vec<u8> {
    let content: Vec<u8> = (0..READS << 15).map(|position| (position >> 12) as u8).collect();
    fs::write(served.directory.join("large"), &content).unwrap();
    content
}

#[test]
fn a_download_whose_connection_ends_goes_on_from_there() {
    for faults in [
        (|request, before| (request == "read /d/large" && before == 200).then_some(Fault::End)) as Faults,
        |request, before| (request == "read /d/large" && before == 200).then_some(Fault::Silence),
        // It ends before anything has come, and once more when it is to go on.
        |request, before| {
            let ends = (request == "open /d/large" && before < 2) || (request == "read /d/large" && before == 200);
            ends.then_some(Fault::End)
        },
    ] {
        let served = Served::new(LIKE_OPENSSH, faults);
        let content = large(&served);
        assert!(served.read("large", served.version("large")).unwrap() == content);
        // What was on its way is asked for again, and nothing else is.
        let asked = served.server.heard("read /d/large").len();
        assert!(asked < READS + READS / 2, "{asked}");
    }
}

#[test]
fn a_download_goes_on_with_the_same_version_only() {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    let served = Served::new(LIKE_OPENSSH, |request, before| {
        (request == "read /d/large" && before == 200).then(|| {
            fs::write(FILE.get().unwrap(), vec![b'x'; READS << 15]).unwrap();
            Fault::End
        })
    });
    FILE.set(served.directory.join("large")).unwrap();
    large(&served);
    fs::File::open(served.directory.join("large")).unwrap().set_modified(long_ago()).unwrap();
    assert_eq!(kind_of(served.read("large", served.version("large"))), FailureKind::Changed);
}

#[test]
fn a_download_that_comes_no_further_ends() {
    let served = Served::new(LIKE_OPENSSH, |request, _| (request == "read /d/f").then_some(Fault::End));
    assert_eq!(kind_of(served.read("f", served.version("f"))), FailureKind::Temporary);
}

#[test]
fn a_server_may_tell_less_at_a_time_than_it_is_asked_for() {
    let served = Served::new(LIKE_OPENSSH, |request, _| (request == "read /d/f").then_some(Fault::OneByte));
    let version = served.version("f");
    assert_eq!(served.read("f", version).unwrap(), b"tea");
    assert_eq!(served.server.heard("read /d/f").len(), 3);
}

#[test]
fn an_upload_whose_connection_ends_changes_nothing() {
    for fault in [
        (|request, before| (request == "write /d/.bisync-x.tmp" && before == 0).then_some(Fault::End)) as Faults,
        |request, before| (request == "write /d/.bisync-x.tmp" && before == 0).then_some(Fault::Silence),
        |request, before| (request == "fsync /d/.bisync-x.tmp" && before == 0).then_some(Fault::End),
        |request, before| (request == "fsync /d/.bisync-x.tmp" && before == 0).then_some(Fault::Silence),
    ] {
        let served = Served::new(LIKE_OPENSSH, fault);
        let version = served.version("f");
        let copy = || copy_to("f", 4, Expect::Exactly(version.clone()));
        assert_eq!(kind_of(served.write(copy())), FailureKind::Temporary);
        assert_eq!(served.peek("f").as_deref(), Some("tea"));
        // The next try meets what the first one left, if anything.
        served.write(copy()).unwrap();
        assert_eq!((served.there(""), served.peek("f").as_deref()), (vec!["f".to_owned()], Some("nuts")));
    }
}

#[test]
fn a_disk_may_take_longer_than_an_answer() {
    let served = Served::new(LIKE_OPENSSH, |request, _| {
        (request == "fsync /d/.bisync-x.tmp").then_some(Fault::Late(Duration::from_millis(2500)))
    });
    served.write(copy_to("new", 4, Expect::Absent)).unwrap();
    assert_eq!(served.peek("new").as_deref(), Some("nuts"));
}

fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000)
}

/// Writes over `f` in place, which is to fail, and returns what is said, and whether `f` has its old time.
fn break_in_place(faults: Faults) -> (String, bool) {
    let served = Served::new(LIKE_OPENSSH, faults);
    let file = served.directory.join("f");
    fs::File::open(&file).unwrap().set_modified(long_ago()).unwrap();
    let expect = Expect::Exactly(served.version("f"));
    let copy = CopyFile { staging: Staging::InPlace, ..copy_to("f", 4, expect) };
    let failure = served.write(copy).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Temporary, "{failure}");
    assert_eq!(served.peek("f").as_deref(), Some(""));
    (failure.message, fs::metadata(file).unwrap().modified().unwrap() == long_ago())
}

#[test]
fn half_a_file_in_place_never_counts_as_newer() {
    // The old time is set on a new connection.
    let (said, is_old) = break_in_place(|request, _| match request {
        "fsetstat /d/f" => Some(Fault::Refused(StatusCode::OpUnsupported, "")),
        "write /d/f" => Some(Fault::End),
        _ => None,
    });
    assert!(is_old && !said.contains("newer"), "{said}");
    // Where none can be made, it was set before.
    let (said, is_old) = break_in_place(|request, before| match request {
        "realpath ." if before > 0 => Some(Fault::End),
        "write /d/f" => Some(Fault::End),
        _ => None,
    });
    assert!(is_old && said.contains("may count as newer"), "{said}");
    // Where neither works, it is said.
    let (said, is_old) = break_in_place(|request, before| match request {
        "realpath ." if before > 0 => Some(Fault::End),
        "fsetstat /d/f" => Some(Fault::Refused(StatusCode::OpUnsupported, "")),
        "write /d/f" => Some(Fault::End),
        _ => None,
    });
    assert!(!is_old && said.contains("may count as newer"), "{said}");
}

#[test]
fn half_of_a_new_file_in_place_is_removed_or_older_than_the_whole() {
    let check = |faults: Faults, expected: Option<u64>| {
        let served = Served::new(LIKE_OPENSSH, faults);
        let copy = CopyFile { staging: Staging::InPlace, ..copy_to("new", 4, Expect::Absent) };
        assert_eq!(kind_of(served.write(copy)), FailureKind::Temporary);
        let left = fs::metadata(served.directory.join("new")).ok();
        let left = left.map(|left| left.modified().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(left, expected);
    };
    check(|request, _| (request == "write /d/new").then_some(Fault::End), None);
    let ends: Faults = |request, before| match request {
        "realpath ." if before > 0 => Some(Fault::End),
        "write /d/new" => Some(Fault::End),
        _ => None,
    };
    check(ends, Some(1_600_000_000 - 1));
}

#[test]
fn a_server_that_cannot_be_reached_is_tried_again() {
    let served =
        Served::new(LIKE_OPENSSH, |request, before| (request == "realpath ." && before < 2).then_some(Fault::End));
    assert_eq!(served.list("").unwrap().len(), 1);
    assert_eq!(served.server.heard("realpath .").len(), 3);
}
