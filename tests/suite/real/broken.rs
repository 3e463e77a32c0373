//! Connections break at random moments, and sometimes the program is killed as well; the runs after that lose nothing and bring both sides in step.
//!
//! `BISYNC_BROKEN_SEEDS=1000` tries more, `BISYNC_BROKEN_SEEDS=17..18` that one alone. What a break meets depends on the machine;
//! what must hold afterwards does not.

use std::fs;
use std::path::Path;
use std::time::Instant;

use bisync_engine::side::Side;
use bisync_tests::real::edits::{Edit, Time, folder};
use bisync_tests::real::folders::{Tree, copy_tree};
use bisync_tests::real::program;
use bisync_tests::real::proxy::Proxy;
use bisync_tests::real::servers::{Protocol, Server};
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::{
    arguments, both_sides, check, check_nothing_is_half_done, edits, first_edits, kill_after, run_to_success, side,
};

/// So many are tried.
const TRIALS: u64 = 15;
/// So many are tried with files that are written in place.
const TRIALS_IN_PLACE: u64 = 8;

/// The SFTP server of rclone does not get over broken connections: it is busy with them for minutes.
const PROTOCOLS: [Protocol; 5] = [Protocol::S3, Protocol::Openssh, Protocol::Webdav, Protocol::Apache, Protocol::Moto];

#[test]
fn broken_connections_lose_nothing() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_BROKEN_SEEDS", TRIALS) {
        let protocol = PROTOCOLS[usize::try_from(seed).unwrap() % PROTOCOLS.len()];
        println!("seed {seed}, {protocol:?}");
        let home = tempfile::tempdir().unwrap();
        let mut random = Random::new(seed);
        let broken = home.path().join("broken");
        let Some(known) = prepare(&rclone, protocol, &mut random, &broken) else { continue };
        let whole = home.path().join("whole");
        copy_tree(&broken, &whole);
        let server = Server::try_start(&rclone, protocol, &whole).unwrap();
        let begin = Instant::now();
        run_to_success(&whole, &two(server.connection()));
        let run_time = begin.elapsed();
        server.bring_out("two");
        drop(server);

        let server = Server::try_start(&rclone, protocol, &broken).unwrap();
        let proxy = Proxy::to(server.port(), Random::new(random.number()));
        let by_proxy = two(&server.connection_by(proxy.port()));
        for _ in 0..1 + random.below(2) {
            if random.once_in(3) {
                let share = u32::try_from(random.below(200)).unwrap();
                kill_after(&broken, &by_proxy, run_time * share / 100);
            } else {
                program::run(&program::bisync(), &broken, &arguments(&by_proxy));
            }
            server.bring_out("two");
            check_nothing_is_half_done(&known, &both_sides(&broken), &side(&whole, Side::One));
        }
        proxy.mend();
        run_to_success(&broken, &by_proxy);
        server.bring_out("two");
        check(&broken, &whole, protocol != Protocol::Apache);
    }
}

/// What is written in place is half there when a connection breaks, and must not win over the whole. A server that says `newer` cannot
/// tell which is which but by their times.
#[test]
fn half_a_file_in_place_never_wins() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_BROKEN_SEEDS", TRIALS_IN_PLACE) {
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
        let proxy = Proxy::to(server.port(), Random::new(random.number()));
        proxy.pause();
        let by_proxy = two(&server.connection_by(proxy.port()));
        let run = |more: &[&str]| {
            let given = [&arguments(&by_proxy)[..], &["--inplace", "--conflict-resolve=newer"], more].concat();
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

fn two(connection: &str) -> String {
    format!("{connection}:two")
}

/// Changes an edit to one whose time every server keeps that keeps times.
fn in_whole_seconds(mut edit: Edit) -> Edit {
    if let Edit::Write(.., time) = &mut edit {
        time.1 = 0;
    }
    edit
}

/// Makes what is there before connections break, and returns it; `None` where no server of this protocol can run.
fn prepare(rclone: &Path, protocol: Protocol, random: &mut Random, home: &Path) -> Option<Tree> {
    for folder in Side::BOTH.map(folder) {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    first_edits(random).into_iter().for_each(|edit| in_whole_seconds(edit).apply(home));
    let server = Server::try_start(rclone, protocol, home)?;
    // Some first runs meet what breaks, some later ones.
    if !random.once_in(3) {
        run_to_success(home, &two(server.connection()));
        server.bring_out("two");
        edits(random).iter().for_each(|edit| edit.apply(home));
    }
    Some(both_sides(home))
}
