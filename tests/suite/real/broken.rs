//! Connections break at random moments, or go silent, and sometimes the program is killed as well; the runs after that lose nothing and
//! bring both sides in step.
//!
//! `BISYNC_BROKEN_SEEDS=1000` tries more, `BISYNC_BROKEN_SEEDS=17..18` that one alone. What a break meets depends on the machine;
//! what must hold afterwards does not.

use bisync_engine::side::{Pair, Side};
use bisync_tests::real::placing::{Place, Placing};
use bisync_tests::real::program;
use bisync_tests::real::proxy::{Break, Proxy};
use bisync_tests::real::servers::Protocol;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::{arguments, kill_after};
use super::trials::{Trial, sides};

/// So many are tried of each kind.
const BREAKS: u64 = 12;
const SILENCES: u64 = 4;

/// The SFTP server of rclone does not get over broken connections: it is busy with them for minutes.
const PLACINGS: [Placing; 12] = [
    Placing::new(Place::Here, Place::On(Protocol::S3)),
    Placing::new(Place::Here, Place::On(Protocol::Openssh)),
    Placing::new(Place::On(Protocol::Webdav), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::Apache)),
    Placing::new(Place::On(Protocol::Moto), Place::Here),
    Placing::new(Place::On(Protocol::S3), Place::On(Protocol::Openssh)),
    Placing::new(Place::On(Protocol::Openssh), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::Webdav)),
    Placing::new(Place::On(Protocol::Apache), Place::On(Protocol::Moto)),
    Placing::new(Place::On(Protocol::S3), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::Moto)),
    Placing::new(Place::On(Protocol::Apache), Place::Here),
];

#[test]
fn broken_connections_lose_nothing() {
    for seed in seeds("BISYNC_BROKEN_SEEDS", BREAKS) {
        try_breaks(seed, Break::End);
    }
}

#[test]
fn silent_connections_lose_nothing() {
    for seed in seeds("BISYNC_BROKEN_SEEDS", SILENCES) {
        try_breaks(seed, Break::Silence);
    }
}

fn try_breaks(seed: u64, how: Break) {
    let Some(rclone) = program::rclone() else { return };
    let placing = PLACINGS[usize::try_from(seed).unwrap() % PLACINGS.len()];
    println!("seed {seed}, {placing:?}");
    let mut random = Random::new(seed);
    let Some(trial) = Trial::begin(&rclone, placing, &mut random) else { return };
    let servers = trial.serve(&rclone);
    let proxies = Pair::from_fn(|side| {
        let server = servers.server(side)?;
        Some(Proxy::to(server.port(), how, Random::new(random.number())))
    });
    let connection = |side: Side| {
        let (server, proxy) = servers.server(side).zip(proxies[side].as_ref())?;
        Some(server.connection_by(proxy.port()))
    };
    let by_proxy = sides(Pair::from_fn(connection));
    let written = [by_proxy.one.as_str(), &by_proxy.two];
    for _ in 0..1 + random.below(2) {
        if random.once_in(3) {
            let share = u32::try_from(random.below(200)).unwrap();
            println!("killed after {share} % of its time");
            kill_after(&trial.broken, written, trial.run_time * share / 100);
        } else {
            // Whoever is silent for so long is not waited for.
            let arguments = [&arguments(written)[..], &["--timeout=2s", "--contimeout=2s"]].concat();
            println!("{}", program::run(&program::bisync(), &trial.broken, &arguments).all());
        }
        trial.check_nothing_is_half_done(&servers);
    }
    for side in Side::BOTH.into_iter().filter(|side| placing.places[*side] == Place::On(Protocol::Apache)) {
        // An upload that broke off with all of its content may be finished late there, and even after the next run has looked for it.
        servers.server(side).into_iter().for_each(|server| {
            server.kill();
            server.start_again();
        });
    }
    [&proxies.one, &proxies.two].into_iter().flatten().for_each(Proxy::mend);
    trial.check_end(&servers, &by_proxy);
}
