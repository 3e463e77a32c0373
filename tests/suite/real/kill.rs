//! The program is killed at random moments; the runs after it lose nothing and bring both sides in step.
//!
//! `BISYNC_KILL_SEEDS=1000` tries more, `BISYNC_KILL_SEEDS=17..18` that one alone. When the kill comes depends on the machine;
//! what must hold afterwards does not.

use std::fs;
use std::time::Instant;

use bisync_engine::side::Side;
use bisync_tests::real::edits::folder;
use bisync_tests::real::folders::copy_tree;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::{
    HERE, both_sides, check, check_nothing_is_half_done, edits, first_edits, kill_after, run_to_success, side,
};

/// So many are tried.
const KILLS: u64 = 30;

#[test]
fn a_killed_run_loses_nothing() {
    for seed in seeds("BISYNC_KILL_SEEDS", KILLS) {
        println!("seed {seed}");
        let home = tempfile::tempdir().unwrap();
        let mut random = Random::new(seed);
        let killed = home.path().join("killed");
        for folder in Side::BOTH.map(folder) {
            fs::create_dir_all(killed.join(folder)).unwrap();
        }
        first_edits(&mut random).iter().for_each(|edit| edit.apply(&killed));
        // Some first runs are killed, some later ones.
        if !random.once_in(3) {
            run_to_success(&killed, HERE);
            edits(&mut random).iter().for_each(|edit| edit.apply(&killed));
        }
        let known = both_sides(&killed);
        let whole = home.path().join("whole");
        copy_tree(&killed, &whole);
        let begin = Instant::now();
        run_to_success(&whole, HERE);
        let run_time = begin.elapsed();
        for _ in 0..1 + random.below(2) {
            let share = u32::try_from(random.below(110)).unwrap();
            kill_after(&killed, HERE, run_time * share / 100);
            check_nothing_is_half_done(&known, &both_sides(&killed), &side(&whole, Side::One));
        }
        run_to_success(&killed, HERE);
        check(&killed, &whole, true);
    }
}
