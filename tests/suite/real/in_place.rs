//! What is written in place is half there when a connection breaks, and must not win over the whole.
//!
//! `BISYNC_BROKEN_SEEDS=1000` tries more.

use std::fs;
use std::process::Stdio;

use bisync_engine::side::Side;
use bisync_tests::real::edits::{Edit, Time, folder};
use bisync_tests::real::program;
use bisync_tests::real::proxy::{Break, Proxy};
use bisync_tests::real::servers::{Protocol, Server};
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::arguments;

/// So many are tried.
const TRIALS: u64 = 8;

/// What lets the half win over the whole, if nobody knows which is which.
const POLICIES: [&str; 4] = ["newer", "older", "smaller", "path2"];

#[test]
fn half_a_file_in_place_never_wins() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_BROKEN_SEEDS", TRIALS) {
        println!("seed {seed}");
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, content: &str, time: u64| {
            Edit::Write(Side::One, path.to_owned(), content.to_owned(), Time(time, 0)).apply(home.path());
        };
        for folder in Side::BOTH.map(folder) {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        write("large", &"old ".repeat(1 << 20), 1_600_000_000);
        // A side on which all is changed is not believed.
        write("other", "old", 1_600_000_000);
        let Some(server) = Server::try_start(&rclone, Protocol::Openssh, home.path()) else { return };
        let mut random = Random::new(seed);
        let proxy = Proxy::to(server.port(), Break::End, Random::new(random.number()));
        proxy.pause();
        let by_proxy = format!("{}:two", server.connection_by(proxy.port()));
        let run = |more: &[&str]| {
            let resolve = format!("--conflict-resolve={}", POLICIES[seed as usize % POLICIES.len()]);
            let options = ["--inplace", &resolve, "--conflict-loser=delete"];
            let given = [&arguments(["one", &by_proxy])[..], &options, more].concat();
            program::run(&program::bisync(), home.path(), &given)
        };
        let ended = run(&[]);
        assert_eq!(ended.code, Some(0), "{}", ended.all());
        let whole = "new ".repeat((1 << 20) + random.below(1 << 20));
        write("large", &whole, 1_700_000_000);
        proxy.go_on();
        run(&[]);
        proxy.mend();
        let ended = run(&[]);
        assert_eq!(ended.code, Some(0), "{}", ended.all());
        for each in Side::BOTH {
            let found = fs::read_to_string(home.path().join(folder(each)).join("large")).unwrap();
            assert!(found == whole, "{each}: {} of {}\n{}", found.len(), whole.len(), ended.all());
        }
    }
}

/// A file of which a program that is killed has written half, by whatever serves the other side.
#[test]
fn half_a_file_of_a_killed_program_never_wins() {
    let Some(rclone) = program::rclone() else { return };
    for (backend, policy) in ["", "native", "rclone"].into_iter().zip(POLICIES.into_iter().rev()) {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, content: &str, time: u64| {
            Edit::Write(Side::One, path.to_owned(), content.to_owned(), Time(time, 0)).apply(home.path());
        };
        Side::BOTH.map(folder).into_iter().for_each(|folder| fs::create_dir_all(home.path().join(folder)).unwrap());
        write("large", "old", 1_600_000_000);
        write("other", "old", 1_600_000_000);
        let Some(server) = Server::try_start(&rclone, Protocol::Openssh, home.path()) else { return };
        let (two, served_by) = match backend {
            "" => ("two".to_owned(), "--backend=native".to_owned()),
            backend => (format!("{}:two", server.connection()), format!("--backend={backend}")),
        };
        let resolve = format!("--conflict-resolve={policy}");
        let options = ["--inplace", &served_by, &resolve, "--conflict-loser=delete"];
        let given = [&arguments(["one", &two])[..], &options].concat();
        let run = || {
            let ended = program::run(&program::bisync(), home.path(), &given);
            assert_eq!(ended.code, Some(0), "{backend}: {}", ended.all());
        };
        run();
        let whole = "new ".repeat(2 << 20);
        write("large", &whole, 1_700_000_000);
        let mut command = program::command(&program::bisync(), home.path());
        let mut killed = program::start(command.args(&given).arg("--bwlimit=2M").stderr(Stdio::null()));
        let size = || fs::metadata(home.path().join("two/large")).map_or(0, |found| found.len());
        program::wait_until("nothing is written", || size() > 1 << 16);
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert!(size() < whole.len() as u64, "{backend}: it is not half written");
        run();
        for each in Side::BOTH {
            let found = fs::read_to_string(home.path().join(folder(each)).join("large")).unwrap();
            assert!(found == whole, "{backend} {policy} {each}: {} of {}", found.len(), whole.len());
            let there = fs::read_dir(home.path().join(folder(each))).unwrap().count();
            assert_eq!(there, 2, "{backend} {policy} {each}");
        }
    }
}
