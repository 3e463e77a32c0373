//! What is written in place is half there when a connection breaks, and must not win over the whole.
//!
//! `BISYNC_BROKEN_SEEDS=1000` tries more.

use std::fs;

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

/// A run that goes by `newer` cannot tell the half from the whole but by their times.
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
            let given = [&arguments(["one", &by_proxy])[..], &["--inplace", "--conflict-resolve=newer"], more].concat();
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
