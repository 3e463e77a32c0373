//! `--watch`: one run after the other.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::request::ask;
use bisync_tests::real::servers::{Protocol, Server};
use rustix::process::{Pid, Signal, kill_process};

/// Whatever does not happen within this time does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asks the program to end, and returns what it said.
fn end(child: Child) -> Ended {
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    program::wait(child, "bisync")
}

#[test]
fn changes_on_both_sides_are_carried_over_as_they_come() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("one/d/c", "3")]);
    let child = home.start(&["--watch", "--watch-interval=off"]);
    wait_until("the first run", || home.read("work/one..two.path1.lst").is_some());
    home.write("one/d/new", "4");
    wait_until("what is new on Path1", || home.read("two/d/new").as_deref() == Some("4"));
    home.write("two/later/deep", "5");
    wait_until("what is new on Path2", || home.read("one/later/deep").as_deref() == Some("5"));
    home.write("two/later/deep", "edited");
    wait_until("an edit in a directory that is new", || home.read("one/later/deep").as_deref() == Some("edited"));
    fs::remove_file(home.at("one/b")).unwrap();
    wait_until("a deletion", || home.read("two/b").is_none());
    let ended = end(child);
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(ended.all().contains("watching Path1 and Path2 for changes; Ctrl-C ends"), "{}", ended.all());
    assert!(!ended.all().contains("nothing to do"), "runs that do nothing are not told: {}", ended.all());
    home.check_in_step();
}

/// A listing is asked for in time: nobody tells of changes on a server.
#[test]
fn what_changes_on_a_server_is_seen_in_time() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/a", "1"), ("served/two/b", "2")]);
    let Some(server) = Server::try_start(&rclone, Protocol::Moto, &home.at("served")) else { return };
    let two = format!("{}:two", server.connection());
    let arguments = ["one", &two, "--workdir=work", "--config=", "--watch", "--watch-interval=200ms"];
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = program::start(&mut command);
    wait_until("the first run", || home.read("one/b").is_some());
    assert_eq!(ask(server.port(), "PUT", "/two/new", b"3").0, 200);
    wait_until("what is new on the server", || home.read("one/new").as_deref() == Some("3"));
    let ended = end(child);
    assert_eq!(ended.code, Some(0), "{}", ended.all());
}

#[test]
fn a_folder_that_is_gone_for_a_while_comes_back() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2")]);
    let child = home.start(&["--watch", "--watch-interval=500ms"]);
    wait_until("the first run", || home.read("two/b").is_some());
    fs::rename(home.at("two"), home.at("elsewhere")).unwrap();
    home.write("one/c", "3");
    fs::rename(home.at("elsewhere"), home.at("two")).unwrap();
    wait_until("what was new meanwhile", || home.read("two/c").as_deref() == Some("3"));
    home.write("two/d", "4");
    wait_until("what is new in the folder", || home.read("one/d").as_deref() == Some("4"));
    let ended = end(child);
    assert_eq!(home.read("one/b").as_deref(), Some("2"), "{}", ended.all());
    home.check_in_step();
}

#[test]
fn a_first_run_that_cannot_begin_is_the_last() {
    let home = Home::with(&[("one/a", "1")]);
    fs::remove_dir(home.at("two")).unwrap();
    home.check(&["--watch"], 1, "Path2 `two` does not exist");
}

#[test]
fn a_dry_run_is_one_run() {
    let home = Home::with(&[("one/a", "1")]);
    home.check(&["--watch", "--dry-run"], 0, "Dry run:");
    assert_eq!(home.read("two/a"), None);
}
