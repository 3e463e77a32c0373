//! Pairs that rclone's names do not tell apart have nothing in common, and one pair is one however it is written.

use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};

/// Begins in a directory of the home; the state is where it is when nobody says.
fn command(home: &Home, directory: &str, arguments: &[&str]) -> Command {
    let mut command = program::command(&program::bisync(), &home.at(directory));
    command.args(arguments).env("XDG_STATE_HOME", home.at("state"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(home: &Home, directory: &str, arguments: &[&str]) -> Ended {
    program::wait(program::start(&mut command(home, directory, arguments)), "bisync")
}

fn check(home: &Home, directory: &str, arguments: &[&str], expected: &str) {
    let ended = run(home, directory, arguments);
    assert_eq!((ended.code, ended.all().contains(expected)), (Some(0), true), "{arguments:?}: {}", ended.all());
}

fn names(home: &Home, directory: &str) -> Vec<String> {
    let names = std::fs::read_dir(home.at(directory)).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// One pair is in step, and files of another one, with such a name, are there in part. Nothing of theirs is deleted.
fn check_apart(first: &str, second: &str, more: &[&str]) {
    let home = Home::with(&[]);
    for number in 0..6 {
        home.write(&format!("{first}/f{number}"), "same");
    }
    home.write("two/.keep", "");
    check(&home, "", &[&[first, "two"], more].concat(), "6 copied");
    for number in 0..4 {
        home.write(&format!("{second}/f{number}"), "same");
    }
    check(&home, "", &[&[second, "two"], more].concat(), "copied");
    assert_eq!(names(&home, second), [".keep", "f0", "f1", "f2", "f3", "f4", "f5"], "{first} {second}");
    // Each has a base of its own now: what one lacks is deleted with it alone.
    std::fs::remove_file(home.at(first).join("f5")).unwrap();
    check(&home, "", &[&[first, "two"], more].concat(), "1 deleted");
    check(&home, "", &[&[second, "two"], more].concat(), "1 deleted");
}

#[test]
fn paths_that_have_one_name_with_rclone_are_two_pairs() {
    for more in [&[][..], &["--workdir=work"]] {
        check_apart("my docs", "my_docs", more);
        check_apart("photos/2024", "photos_2024", more);
        check_apart("p {A}", "p {B}", more);
    }
}

#[test]
fn the_same_relative_paths_in_two_directories_are_two_pairs() {
    let home = Home::with(&[
        ("x/a/f", "1"),
        ("x/a/g", "2"),
        ("x/b/.keep", ""),
        ("y/a/f", "1"),
        ("y/b/f", "1"),
        ("y/b/g", "2"),
    ]);
    let options = ["a", "b", &format!("--workdir={}", home.at("work").display())];
    check(&home, "x", &options, "copied");
    check(&home, "y", &options, "1 copied");
    assert_eq!(home.read("y/a/g").as_deref(), Some("2"));
    assert!(names(&home, "work").contains(&"a..b.path1.lst".to_owned()));
}

#[test]
fn a_pair_is_the_same_wherever_it_is_named() {
    let home = Home::with(&[("a/f", "1"), ("a/g", "2"), ("b/.keep", "")]);
    check(&home, "", &["a", "b"], "copied");
    std::fs::remove_file(home.at("a/g")).unwrap();
    check(&home, "a", &[".", "../b"], "1 deleted");
    let b = home.at("b");
    check(&home, "b", &["../a", b.to_str().unwrap()], "nothing to do");
}

#[test]
fn two_runs_of_a_pair_are_kept_apart_however_it_is_written() {
    let home = Home::with(&[("a/f", "1"), ("b/.keep", "")]);
    symlink("a", home.at("link")).unwrap();
    // While it asks, it has the locks.
    let mut child = program::start(command(&home, "", &["a", "b", "--interactive"]).stdin(Stdio::piped()));
    child.stderr.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    for paths in [["link", "b"], ["b", "a"], ["./a/", "a/../b"]] {
        let ended = run(&home, "", &paths);
        let is_refused = ended.errors.contains("another run of these paths is at work");
        assert_eq!((ended.code, is_refused), (Some(1), true), "{paths:?}: {}", ended.all());
    }
    drop(child.stdin.take());
    program::wait(child, "bisync");
    check(&home, "", &["link", "b"], "copied");
}

#[test]
fn paths_may_be_long() {
    let long = ["x", "y"].map(|name| format!("{}/{}", name.repeat(90), name.repeat(60)));
    let home = Home::with(&[(&format!("{}/f", long[0]), "tea"), (&format!("{}/g", long[1]), "tea")]);
    let arguments = [&long[0], &long[1], "--workdir=work", "--backup-dir1=kept"];
    check(&home, "", &arguments, "2 copied");
    std::fs::remove_file(home.at(&long[1]).join("f")).unwrap();
    check(&home, "", &arguments, "1 deleted");
    check(&home, "", &arguments, "nothing to do");
}
