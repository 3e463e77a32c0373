//! Servers are killed at random moments, with all that they are doing, and started again; the runs after that lose nothing and bring both
//! sides in step.
//!
//! `BISYNC_RESTARTED_SEEDS=1000` tries more, `BISYNC_RESTARTED_SEEDS=17..18` that one alone. What a kill meets depends on the machine;
//! what must hold afterwards does not.

use std::process::Stdio;
use std::time::Duration;

use bisync_engine::side::Side;
use bisync_tests::real::placing::{Place, Placing};
use bisync_tests::real::program;
use bisync_tests::real::servers::Protocol;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::arguments;
use super::trials::{Trial, straight};

/// So many are tried.
const TRIALS: u64 = 9;

/// Moto has forgotten everything when it starts again, and rclone's SFTP server is left out of all that breaks.
const PLACINGS: [Placing; 9] = [
    Placing::new(Place::Here, Place::On(Protocol::Openssh)),
    Placing::new(Place::On(Protocol::Webdav), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::S3)),
    Placing::new(Place::On(Protocol::Apache), Place::Here),
    Placing::new(Place::On(Protocol::Openssh), Place::On(Protocol::Webdav)),
    Placing::new(Place::On(Protocol::S3), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::Apache)),
    Placing::new(Place::On(Protocol::Openssh), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::Webdav)),
];

#[test]
fn servers_that_are_killed_lose_nothing() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_RESTARTED_SEEDS", TRIALS) {
        let placing = PLACINGS[usize::try_from(seed).unwrap() % PLACINGS.len()];
        println!("seed {seed}, {placing:?}");
        let mut random = Random::new(seed);
        let Some(trial) = Trial::begin(&rclone, placing, &mut random) else { continue };
        // rclone writes an object under its own name; other servers of S3 show it when it is whole. What is half written is one version of
        // a conflict then.
        let is_whole = !placing.is_on(&[Protocol::S3]);
        let servers = trial.serve(&rclone);
        let sides = straight(&servers);
        let written = [sides.one.as_str(), &sides.two];
        for _ in 0..1 + random.below(2) {
            let mut command = program::command(&program::bisync(), &trial.broken);
            command.args(arguments(written)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let run = program::start(&mut command);
            for _ in 0..1 + random.below(3) {
                let server = Side::BOTH.into_iter().filter_map(|side| servers.server(side));
                let server = server.collect::<Vec<_>>();
                let server = *random.pick(&server);
                // The moment is random, not awaited: whatever it meets must be survived.
                std::thread::sleep(trial.run_time * u32::try_from(random.below(70)).unwrap() / 100);
                server.kill();
                std::thread::sleep(Duration::from_millis(random.number() % 400));
                server.start_again();
            }
            program::wait(run, "bisync");
            if is_whole {
                trial.check_nothing_is_half_done(&servers);
            } else {
                trial.check_nothing_is_lost(&servers);
            }
        }
        if is_whole {
            trial.check_end(&servers, &sides);
        } else {
            trial.check_in_step(&servers, &sides);
        }
    }
}
