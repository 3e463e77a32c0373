//! `--watch`: one run after the other.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use bisync_tests::real::folders::copy_tree;
use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, wait_until};
use bisync_tests::real::request::ask;
use bisync_tests::real::servers::{Protocol, Server};

/// A listing is asked for in time: nobody tells of changes on a server.
#[test]
fn what_changes_on_a_server_is_seen_in_time() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/a", "1"), ("served/two/b", "2")]);
    let Some(server) = Server::try_start(&rclone, Protocol::Moto, &home.at("served")) else { return };
    let two = format!("{}:two", server.connection());
    let arguments = ["one", &two, "--workdir=work", "--config=", "--watch", "--watch-interval=200ms"];
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = program::start(&mut command);
    wait_until("the first run", || home.read("one/b").is_some());
    assert_eq!(ask(server.port(), "PUT", "/two/new", b"3").0, 200);
    wait_until("what is new on the server", || home.read("one/new").as_deref() == Some("3"));
    let ended = program::interrupt(child, "bisync");
    assert_eq!(ended.code, Some(0), "{}", ended.all());
}

/// Nothing is changed when it is back: what failed is tried again by itself.
#[test]
fn a_folder_that_is_gone_for_a_while_comes_back() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2")]);
    let child = home.start(&["--watch", "--watch-interval=off", "--log-file=log"]);
    wait_until("the first run", || home.read("two/b").is_some());
    fs::rename(home.at("two"), home.at("elsewhere")).unwrap();
    home.write("one/c", "3");
    let is_missed = || home.read("log").is_some_and(|log| log.contains("Path2 `two` does not exist"));
    wait_until("a run that cannot begin", is_missed);
    fs::rename(home.at("elsewhere"), home.at("two")).unwrap();
    wait_until("what was new meanwhile", || home.read("two/c").as_deref() == Some("3"));
    home.write("two/d", "4");
    wait_until("what is new in the folder", || home.read("one/d").as_deref() == Some("4"));
    program::interrupt(child, "bisync");
    assert_eq!(home.read("one/b").as_deref(), Some("2"));
    home.check_in_step();
}

#[test]
fn a_folder_in_the_place_of_another_is_watched_as_well() {
    let home = Home::with(&[("one/a", "1"), ("one/d/b", "2")]);
    let child = home.start(&["--watch", "--watch-interval=off"]);
    wait_until("the first run", || home.read("two/d/b").is_some());
    copy_tree(&home.at("one"), &home.at("stage"));
    fs::rename(home.at("one"), home.at("old")).unwrap();
    fs::rename(home.at("stage"), home.at("one")).unwrap();
    for name in ["first", "second"] {
        home.write(&format!("one/d/{name}"), "3");
        wait_until(name, || home.read(&format!("two/d/{name}")).is_some());
    }
    program::interrupt(child, "bisync");
    home.check_in_step();
}

/// Each run changes the log, and carries it over.
#[test]
fn a_log_in_a_folder_leads_to_no_run() {
    let home = Home::with(&[("one/a", "1")]);
    let child = home.start(&["--watch", "--watch-interval=off", "--log-file=one/log", "-v"]);
    for name in ["first", "second"] {
        wait_until("the run before", || home.read("two/log").is_some());
        home.write(&format!("one/{name}"), "3");
        wait_until(name, || home.read(&format!("two/{name}")).is_some());
    }
    let runs = || home.read("one/log").unwrap().matches("in step").count();
    let before = runs();
    // So long, and many runs if there were any. Only what the last one carried over may lead to another.
    std::thread::sleep(Duration::from_secs(8));
    assert!(runs() <= before + 2, "{} runs, {before} before", runs());
    program::interrupt(child, "bisync");
}

#[test]
fn a_first_run_that_cannot_begin_is_the_last() {
    let home = Home::with(&[("one/a", "1")]);
    fs::remove_dir(home.at("two")).unwrap();
    home.check(&["--watch"], 1, "Path2 `two` does not exist");
}
