//! The program is killed at random moments; the runs after it lose nothing and bring both sides in step.
//!
//! `BISYNC_KILL_SEEDS=1000` tries more, `BISYNC_KILL_SEEDS=17..18` that one alone. When the kill comes depends on the machine;
//! what must hold afterwards does not.

use bisync_engine::side::Side;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::{
    HERE, Prepared, both_sides, check, check_nothing_is_half_done, kill_after, prepare, run_to_success, side,
};

/// So many are tried.
const KILLS: u64 = 30;

#[test]
fn a_killed_run_loses_nothing() {
    for seed in seeds("BISYNC_KILL_SEEDS", KILLS) {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let Prepared { broken: killed, whole, known, run_time, .. } = &prepare(&mut random, HERE);
        let run_time = *run_time;
        for _ in 0..1 + random.below(2) {
            let share = u32::try_from(random.below(110)).unwrap();
            kill_after(killed, HERE, run_time * share / 100);
            check_nothing_is_half_done(known, &both_sides(killed), &side(whole, Side::One));
        }
        run_to_success(killed, HERE);
        check(killed, whole, true);
    }
}
