//! Both sides agree after a run, and on what was edited.

use bisync_engine::side::Side;
use bisync_world::host::show;
use bisync_world::random::Random;

use super::{FORCE, all_contents, edit, edited_world, run_ok, seeds, world_in_step};

/// P1, P2, P8: the sides agree afterwards, the next run has nothing to do, and every content was there before.
#[test]
fn p1_p2_p8_runs_converge_and_invent_nothing() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = edited_world(&mut random, seed);
        let before = all_contents(&world);
        let text = show(&world);
        run_ok(&mut world, FORCE, seed);
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}\n{text}");
        assert!(all_contents(&world).is_subset(&before), "seed {seed}\n{text}\n{}", show(&world));
        let state = world.state.clone();
        let again = run_ok(&mut world, FORCE, seed + 1);
        let counts = again.outcome.counts.map(|counts| counts.copied + counts.deleted + counts.moved + counts.touched);
        assert_eq!(counts, Default::default(), "seed {seed}: {:?}\n{text}", again.verbs);
        assert_eq!(world.state, state, "seed {seed}: a run without changes wrote the state");
    }
}

/// P3: when only one side was edited, both sides are as that one afterwards.
#[test]
fn p3_edits_of_one_side_are_carried_over_exactly() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        let side = *random.pick(&Side::BOTH);
        edit(&mut world, side, &mut random, 5);
        let expected = world.contents(side);
        run_ok(&mut world, FORCE, seed);
        for side in Side::BOTH {
            assert_eq!(world.contents(side), expected, "seed {seed}");
        }
    }
}
