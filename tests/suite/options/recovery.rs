//! Options of the group "State and recovery".

use std::io::Read;
use std::process::Stdio;

use bisync_tests::real::home::Home;
use bisync_tests::real::program;

#[test]
fn workdir() {
    let home = Home::with(&[("one/a", "1")]);
    home.check(&["--workdir=elsewhere"], 0, "1 copied");
    assert!(home.at("elsewhere/one..two.path1.lst").exists());
    assert!(!home.at("work").exists());
}

#[test]
fn max_lock() {
    let home = Home::with(&[("one/a", "1")]);
    let years_of_life = |options: &[&str]| {
        // While it asks, it has the lock.
        let mut command = home.command(&[options, &["--interactive"]].concat());
        let mut child = program::start(command.stdin(Stdio::piped()));
        let mut question = [0; 1];
        child.stderr.as_mut().unwrap().read_exact(&mut question).unwrap();
        let lock: serde_json::Value = serde_json::from_str(&home.read("work/one..two.lck").unwrap()).unwrap();
        drop(child.stdin.take());
        program::wait(child, "bisync");
        let year = |name: &str| lock[name].as_str().unwrap()[..4].parse::<i32>().unwrap();
        year("TimeExpires") - year("TimeRenewed")
    };
    assert!(years_of_life(&[]) > 100);
    assert!(years_of_life(&["--max-lock=1h"]) <= 1);
}

#[test]
fn remote_lock() {
    let home = Home::with(&[("one/a", "1")]);
    // While it asks, it has the locks of both sides.
    let mut command = home.command(&["--interactive", "--remote-lock"]);
    let mut child = program::start(command.stdin(Stdio::piped()));
    let mut question = [0; 1];
    child.stderr.as_mut().unwrap().read_exact(&mut question).unwrap();
    let other =
        home.check(&["--workdir=of-another-machine", "--remote-lock"], 1, "another run is at work on Path1 (process");
    assert!(!home.at("two/a").exists(), "{}", other.all());
    drop(child.stdin.take());
    program::wait(child, "bisync");
    home.check(&["--workdir=of-another-machine", "--remote-lock"], 0, "1 copied");
}
