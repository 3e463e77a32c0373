//! What file systems and people do to a run: permissions, full disks, odd names, signals, other runs.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bisync_tests::real::disk::SmallDisk;
use bisync_tests::real::folders::{contents, read_tree};
use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_tests::real::servers::{Protocol, Server};
use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};
use rustix::mount::MountFlags;

const NO_FLAGS: [&str; 0] = [];

#[test]
fn below_an_unreadable_directory_nothing_changes() {
    let home = Home::with(&[("one/d/a", "1"), ("one/d/b", "2"), ("one/c", "3")]);
    assert_eq!(home.run_bound(&[]).code, Some(0));
    home.write("one/new", "4");
    home.write("two/d/a", "edited");
    fs::remove_file(home.at("two/d/b")).unwrap();
    home.set_mode("one/d", 0);
    let ended = home.run_bound(&[]);
    home.set_mode("one/d", 0o755);
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    assert!(ended.all().contains("d: cannot list on Path1: permission denied"), "{}", ended.all());
    assert_eq!(home.read("two/new").as_deref(), Some("4"), "what is elsewhere is synchronised");
    assert_eq!(["a", "b"].map(|name| home.read(&format!("one/d/{name}"))), [Some("1".into()), Some("2".into())]);
    assert_eq!(["a", "b"].map(|name| home.read(&format!("two/d/{name}"))), [Some("edited".into()), None]);
    assert_eq!(home.run_bound(&[]).code, Some(0));
    home.check_in_step();
    assert_eq!(home.read("one/d/a").as_deref(), Some("edited"));
}

/// The new name of a conflict's loser would be too long.
#[test]
fn a_conflict_about_the_longest_name_is_settled() {
    let name = "n".repeat(255);
    let home = Home::with(&[(&format!("one/{name}"), "1"), (&format!("two/{name}"), "other")]);
    home.check(&NO_FLAGS, 0, "1 conflict");
    home.check_in_step();
    assert_eq!(contents(&read_tree(&home.at("one"))), [b"1".to_vec(), b"other".to_vec()]);
    home.check(&NO_FLAGS, 0, "nothing to do");
}

#[test]
fn an_unreadable_file_is_alone_in_failing() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2")]);
    home.set_mode("one/a", 0);
    let ended = home.run_bound(&[]);
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    assert!(ended.all().contains("a: cannot copy to Path2: permission denied"), "{}", ended.all());
    assert_eq!((home.read("two/a"), home.read("two/b").as_deref()), (None, Some("2")));
    home.set_mode("one/a", 0o644);
    assert_eq!(home.run_bound(&[]).code, Some(0));
    home.check_in_step();
}

#[test]
fn a_side_that_cannot_be_written_fails_path_by_path() {
    let home = Home::with(&[("one/a", "1"), ("two/d/b", "2")]);
    home.set_mode("two", 0o555);
    let ended = home.run_bound(&[]);
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    assert!(ended.all().contains("a: cannot copy to Path2: permission denied"), "{}", ended.all());
    assert_eq!((home.read("one/d/b").as_deref(), home.read("two/a")), (Some("2"), None));
    home.set_mode("two", 0o755);
    assert_eq!(home.run_bound(&[]).code, Some(0));
    home.check_in_step();
}

#[test]
fn a_working_directory_that_cannot_be_written_stops_the_run() {
    let home = Home::with(&[("one/a", "1"), ("work/x", "")]);
    home.set_mode("work", 0o555);
    let ended = home.run_bound(&[]);
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    assert!(ended.all().contains("work"), "{}", ended.all());
    assert_eq!(home.read("two/a"), None);
}

#[test]
fn a_full_disk_keeps_what_fits() {
    let home = Home::with(&[("one/small", "1"), ("one/large", &"x".repeat(1 << 20))]);
    let Some(_disk) = SmallDisk::mount(home.at("two"), MountFlags::empty()) else { return };
    // Two at a time could be in each other's way.
    home.check(&["--transfers=1"], 1, "large: cannot copy to Path2: no space left on device");
    assert_eq!(home.read("two/small").as_deref(), Some("1"));
    let paths: Vec<String> = read_tree(&home.at("two")).into_keys().collect();
    assert_eq!(paths, ["small"], "no temporary file is left");
    fs::write(home.at("one/large"), "now it fits").unwrap();
    home.check(&NO_FLAGS, 0, "1 copied");
    home.check_in_step();
}

/// What goes from a server to a remote that rclone serves stands in the directory of temporary files on its way.
#[test]
fn where_there_is_no_room_on_the_way_it_is_said_and_what_fits_is_copied() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("served/large", &"x".repeat(1 << 20)), ("served/small", "1"), ("tmp/x", "")]);
    let Some(_disk) = SmallDisk::mount(home.at("tmp"), MountFlags::empty()) else { return };
    let server = Server::start(&rclone, Protocol::Sftp, &home.at("served"));
    let run = |more: &[&str]| program::wait(start_from_server(&home, &server, more), "bisync");
    let ended = run(&["--transfers=1"]);
    let said = format!("large: cannot copy to Path2: on its way it stands in `{}`", home.at("tmp").display());
    assert!(ended.code == Some(1) && ended.all().contains(&said), "{}", ended.all());
    assert_eq!(home.read("two/small").as_deref(), Some("1"), "{}", ended.all());
    assert_eq!(fs::read_dir(home.at("two")).unwrap().count(), 1, "no temporary file is left");
    assert_eq!(fs::read_dir(home.at("tmp")).unwrap().count(), 0, "no temporary file is left on the way");
    fs::write(home.at("served/large"), "now it fits").unwrap();
    let ended = run(&[]);
    assert!(ended.code == Some(0) && ended.all().contains("1 copied"), "{}", ended.all());
}

/// Begins to keep a server and the folder `two`, which rclone serves, in step; the directory of temporary files is `tmp`.
fn start_from_server(home: &Home, server: &Server, more: &[&str]) -> Child {
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args([&format!("{}:", server.connection()), ":local,nounc:two", "--workdir=work", "--config="]);
    command.args(more).env("TMPDIR", home.at("tmp"));
    program::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

#[test]
fn what_is_on_its_way_goes_with_a_run_that_is_killed() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("served/large", &"x".repeat(9 << 20))]);
    fs::create_dir(home.at("tmp")).unwrap();
    let server = Server::start(&rclone, Protocol::Sftp, &home.at("served"));
    let mut run = start_from_server(&home, &server, &["--bwlimit-file=100k"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let files = || read_tree(&home.at("tmp")).into_keys().filter(|path| path.contains('/'));
    let is_on_its_way = || files().any(|path| !path.ends_with("/log") && !path.ends_with("/socket"));
    while !is_on_its_way() {
        assert!(Instant::now() < deadline && run.try_wait().unwrap().is_none(), "nothing is on its way");
        std::thread::sleep(Duration::from_millis(20));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    while fs::read_dir(home.at("tmp")).unwrap().next().is_some() {
        assert!(Instant::now() < deadline, "it is left");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_read_only_disk_fails_path_by_path() {
    let home = Home::with(&[("one/a", "1")]);
    let Some(_disk) = SmallDisk::mount(home.at("two"), MountFlags::RDONLY) else { return };
    home.check(&NO_FLAGS, 1, "a: cannot copy to Path2: read-only file system");
}

#[test]
fn links_pipes_and_odd_names() {
    let home = Home::with(&[("one/a", "1"), ("one/ . .", "blank"), ("one/-rf", "dash"), ("one/new\nline", "2 lines")]);
    symlink("a", home.at("one/link")).unwrap();
    symlink("nowhere", home.at("one/broken")).unwrap();
    mknodat(CWD, home.at("one/pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let raw = Path::new(OsStr::from_bytes(b"one/latin1 \xe9\xff"));
    fs::write(home.at(raw), "bytes").unwrap();
    let long = format!("one/{}", "ü".repeat(127));
    home.write(&long, "long");
    let ended = home.check(&NO_FLAGS, 0, "6 copied");
    for expected in ["link: skipped on Path1", "broken: skipped on Path1", "pipe: skipped on Path1"] {
        assert!(ended.errors.contains(expected), "{expected}: {}", ended.errors);
    }
    assert_eq!(fs::read(home.at(Path::new(OsStr::from_bytes(b"two/latin1 \xe9\xff")))).unwrap(), b"bytes");
    assert_eq!(home.read(&long.replace("one/", "two/")).as_deref(), Some("long"));
    for name in ["link", "broken", "pipe"] {
        assert!(fs::symlink_metadata(home.at("two").join(name)).is_err(), "{name}");
    }
    home.check(&NO_FLAGS, 0, "nothing to do");
}

/// Opens a directory below another, making what is missing; one name at a time, since the whole path is too long to say.
fn descend(root: &Path, name: &str, depth: usize) -> OwnedFd {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut directory = openat(CWD, root, flags, Mode::empty()).unwrap();
    for _ in 0..depth {
        let _ = mkdirat(&directory, name, Mode::RWXU);
        directory = openat(&directory, name, flags, Mode::empty()).unwrap();
    }
    directory
}

#[test]
fn a_path_may_be_deeper_than_the_system_can_say() {
    let home = Home::with(&[("one/a", "1")]);
    let name = "d".repeat(200);
    let bottom = descend(&home.at("one"), &name, 40);
    let file = openat(&bottom, "file", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR | Mode::WUSR).unwrap();
    rustix::io::write(&file, b"deep").unwrap();
    home.check(&NO_FLAGS, 0, "2 copied");
    let bottom = descend(&home.at("two"), &name, 40);
    let file = openat(&bottom, "file", OFlags::RDONLY, Mode::empty()).unwrap();
    let mut content = [0; 8];
    let length = rustix::io::read(&file, &mut content).unwrap();
    assert_eq!(&content[..length], b"deep");
}

/// Enough files that what is said about them does not fit into a pipe: a run that nobody listens to stops in the middle.
const MANY: usize = 4000;

/// Starts a run and waits until it is in the middle.
fn start_in_the_middle(home: &Home) -> Child {
    // A first run records nothing when it is stopped.
    home.write("one/first", "");
    home.check(&NO_FLAGS, 0, "1 copied");
    for number in 0..MANY {
        home.write(&format!("one/{number:04} is a file with a name that takes its place"), "");
    }
    let mut child = home.start(&["-v"]);
    let some = home.at("two");
    // Not a wait for time to pass, but for something to happen.
    while fs::read_dir(&some).unwrap().count() < 100 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too soon");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child
}

#[test]
fn of_two_runs_at_once_one_refuses() {
    let home = Home::default();
    let first = start_in_the_middle(&home);
    home.check(&NO_FLAGS, 1, &format!("process {}", first.id()));
    assert_eq!(program::wait(first, "the first").code, Some(0));
    home.check_in_step();
    home.check(&NO_FLAGS, 0, "nothing to do");
}

#[test]
fn a_wish_to_stop_is_followed_and_what_was_done_is_recorded() {
    let home = Home::default();
    let child = start_in_the_middle(&home);
    let ended = program::interrupt(child, "the stopped one");
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    assert!(ended.all().contains("Stopped before the end"), "{}", ended.all());
    let copied = read_tree(&home.at("two"));
    assert!((2..MANY).contains(&copied.len()), "{} were copied", copied.len());
    // It is known which files were in step: deleting one of those is a deletion, not a file that is missing.
    let first = copied.keys().next().unwrap();
    fs::remove_file(home.at("one").join(first)).unwrap();
    home.check(&NO_FLAGS, 0, &format!("{} copied, 1 deleted", MANY + 1 - copied.len()));
    home.check_in_step();
    assert_eq!(home.read(&format!("two/{first}")), None);
}
