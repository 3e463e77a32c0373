//! A server goes away in the middle of a run, and does not come back.

use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_tests::real::proxy::Proxy;
use bisync_tests::real::servers::{Protocol, Server};

/// Enough files that the server can go away in the middle.
const MANY: usize = 400;

/// Begins a run with a server, which ends when some files are there.
fn start(protocol: Protocol, more: &[&str]) -> Option<(Home, Child)> {
    let rclone = program::rclone()?;
    let home = Home::default();
    (0..MANY).for_each(|number| home.write(&format!("one/{number}"), "tea"));
    fs::create_dir_all(home.at("served/two")).unwrap();
    let server = Server::try_start(&rclone, protocol, &home.at("served"))?;
    let run = start_run(&home, &format!("{}:two", server.connection()), more);
    server.kill();
    Some((home, run))
}

/// Begins a run, and waits until some files are there.
fn start_run(home: &Home, two: &str, more: &[&str]) -> Child {
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(["one", two, "--workdir=work", "--config=", "--tpslimit=100"]).args(more);
    let mut run = program::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    // Not a wait for time to pass, but for something to happen.
    while fs::read_dir(home.at("served/two")).unwrap().count() < 10 {
        assert_eq!(run.try_wait().unwrap(), None, "it ended too soon");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    run
}

#[test]
fn a_run_whose_server_goes_away_ends_and_says_why() {
    for protocol in [Protocol::Webdav, Protocol::S3, Protocol::Openssh] {
        // If each file waited for so long, the run would take most of an hour.
        let Some((_home, run)) = start(protocol, &["--low-level-retries=3", "--retries-sleep=5s"]) else { continue };
        let ended = program::wait(run, "bisync");
        assert_eq!(ended.code, Some(1), "{protocol:?}: {}", ended.all());
        let expected = "the server is not tried again in this run";
        assert!(ended.all().contains(expected), "{protocol:?}: {}", ended.all());
    }
}

/// Whether all connections are dropped.
static DROPS: AtomicBool = AtomicBool::new(false);

#[test]
fn a_run_whose_server_drops_all_connections_ends_and_says_why() {
    let Some(rclone) = program::rclone() else { return };
    for protocol in [Protocol::Webdav, Protocol::S3] {
        DROPS.store(false, Ordering::SeqCst);
        let home = Home::default();
        (0..MANY).for_each(|number| home.write(&format!("one/{number}"), "tea"));
        fs::create_dir_all(home.at("served/two")).unwrap();
        let server = Server::start(&rclone, protocol, &home.at("served"));
        let proxy = Proxy::without(server.port(), |_| DROPS.load(Ordering::SeqCst));
        let two = format!("{}:two", server.connection_by(proxy.port()));
        // If each file was tried so often, the run would take most of an hour.
        let run = start_run(&home, &two, &["--low-level-retries=5", "--retries-sleep=5s"]);
        DROPS.store(true, Ordering::SeqCst);
        let ended = program::wait(run, "bisync");
        assert_eq!(ended.code, Some(1), "{protocol:?}: {}", ended.all());
        assert!(ended.all().contains("the server answers nothing else either"), "{protocol:?}: {}", ended.all());
    }
}

#[test]
fn a_run_whose_server_goes_away_can_be_stopped() {
    for protocol in [Protocol::Webdav, Protocol::S3, Protocol::Openssh] {
        // By itself it would try for hours.
        let Some((_home, run)) = start(protocol, &["--low-level-retries=100000"]) else { continue };
        let ended = program::interrupt(run, "bisync");
        assert_eq!(ended.code, Some(1), "{protocol:?}: {}", ended.all());
        assert!(ended.all().contains("stopping"), "{protocol:?}: {}", ended.all());
    }
}
