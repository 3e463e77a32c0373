//! The rclone that serves a remote is killed at random moments, hangs, or cannot be used; nothing is lost, and it is started again.
//!
//! `BISYNC_DYING_SEEDS=1000` tries more, `BISYNC_DYING_SEEDS=17..18` that one alone. What a death meets depends on the machine;
//! what must hold afterwards does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bisync_engine::side::Side;
use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;
use rustix::process::{Pid, Signal, kill_process};

use super::breaking_off::{
    Prepared, Sides, arguments, both_sides, check, check_nothing_is_half_done, prepare, run_to_success, side,
};

/// So many are tried.
const TRIALS: u64 = 8;
/// Enough files that a run can be met in the middle.
const MANY: usize = 200;
/// So long something may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The second folder of a home, served by rclone: without an option of its own it would be a directory, and not served.
const TWO: &str = ":local,nounc:two";

/// Both sides of a home, the second served by rclone.
const SIDES: Sides<'_> = ["one", TWO];

/// Starts a run whose rclone can be told from all others by its temporary directory.
fn start(home: &Path, more: &[&str]) -> Child {
    let temporary = home.parent().unwrap().join("tmp");
    fs::create_dir_all(&temporary).unwrap();
    let mut command = program::command(&program::bisync(), home);
    command.args(arguments(SIDES)).args(more).env("TMPDIR", temporary);
    program::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// Returns the rclones that run for a home.
fn rclones(home: &Path) -> Vec<Pid> {
    let temporary = home.parent().unwrap().join("tmp").display().to_string();
    let is_served = |process: &fs::DirEntry| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(&temporary) && !line.starts_with("/bin/sh") && line.contains("rcd")
    };
    let processes = fs::read_dir("/proc").unwrap().map_while(Result::ok).filter(is_served);
    processes.filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?)).collect()
}

/// Waits until an rclone runs for a home, and sends it a signal.
fn signal_rclone(home: &Path, run: &mut Child, signal: Signal) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while run.try_wait().unwrap().is_none() && Instant::now() < deadline {
        if let Some(rclone) = rclones(home).first() {
            return kill_process(*rclone, signal).is_ok();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn an_rclone_that_is_killed_loses_nothing() {
    if program::rclone().is_none() {
        return;
    }
    for seed in seeds("BISYNC_DYING_SEEDS", TRIALS) {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let Prepared { broken: dying, whole, known, run_time, .. } = &prepare(&mut random, SIDES);
        let run_time = *run_time;
        let mut run = start(dying, &[]);
        for _ in 0..1 + random.below(3) {
            // The moment is random, not awaited: whatever it meets must be survived.
            std::thread::sleep(run_time * u32::try_from(random.below(60)).unwrap() / 100);
            signal_rclone(dying, &mut run, Signal::KILL);
        }
        program::wait(run, "bisync");
        check_nothing_is_half_done(known, &both_sides(dying), &side(whole, Side::One));
        run_to_success(dying, SIDES);
        check(dying, whole, true);
    }
}

#[test]
fn a_run_that_is_killed_while_rclone_serves_loses_nothing() {
    if program::rclone().is_none() {
        return;
    }
    for seed in seeds("BISYNC_DYING_SEEDS", TRIALS) {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let Prepared { broken: killed, whole, known, run_time, .. } = &prepare(&mut random, SIDES);
        let run_time = *run_time;
        for _ in 0..1 + random.below(3) {
            let mut run = start(killed, &[]);
            std::thread::sleep(run_time * u32::try_from(random.below(110)).unwrap() / 100);
            run.kill().unwrap();
            run.wait().unwrap();
            // What rclone still does is done when it has gone.
            let deadline = Instant::now() + PATIENCE;
            while !rclones(killed).is_empty() {
                assert!(Instant::now() < deadline, "rclone does not end");
                std::thread::sleep(Duration::from_millis(5));
            }
            check_nothing_is_half_done(known, &both_sides(killed), &side(whole, Side::One));
        }
        run_to_success(killed, SIDES);
        check(killed, whole, true);
    }
}

#[test]
fn an_rclone_that_hangs_is_replaced() {
    if program::rclone().is_none() {
        return;
    }
    let home = Home::default();
    let dir = home.at("dir");
    for number in 0..MANY {
        home.write(&format!("dir/one/{number}/file"), &number.to_string());
    }
    fs::create_dir(dir.join("two")).unwrap();
    let mut run = start(&dir, &["--timeout=3s"]);
    let deadline = Instant::now() + PATIENCE;
    while fs::read_dir(dir.join("two")).unwrap().next().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(signal_rclone(&dir, &mut run, Signal::STOP), "it ended before it could be stopped");
    let ended = program::wait(run, "bisync");
    assert_eq!(rclones(&dir), [], "it is still there");
    // What it was doing when it hung may have been done, so that it cannot be done again.
    assert!(!ended.all().contains("panicked"), "{}", ended.all());
    run_to_success(&dir, SIDES);
    let there = (0..MANY).filter(|number| home.read(&format!("dir/two/{number}/file")) == Some(number.to_string()));
    assert_eq!(there.count(), MANY, "{}", ended.all());
}

#[test]
fn an_rclone_that_does_not_know_what_it_is_asked_for_is_said_to_be_old() {
    let home = Home::with(&[(
        "bin/rclone",
        "#!/bin/sh\necho 'Error: unknown flag: --rc-addr' >&2\necho Usage: >&2\nexit 2\n",
    )]);
    fs::set_permissions(home.at("bin/rclone"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = program::command(&program::bisync(), &home.at(""));
    command.args(["one", ":drive:x", "--workdir=work", "--config="]).env("PATH", home.at("bin"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = program::wait(program::start(&mut command), "bisync");
    let expected = "rclone does not start: Error: unknown flag: --rc-addr (it may be too old";
    assert!(ended.code == Some(1) && ended.all().contains(expected), "{}", ended.all());
}
