//! What is done depends on what is there, not on the order of answers.

use bisync_engine::side::Side;
use bisync_world::host::{Run, run};
use bisync_world::random::Random;
use bisync_world::world::World;

use super::{FORCE, edit, edited_world, run_ok, seeds, world_in_step};

/// P9, P10, P25: the result does not depend on the order in which a host answers.
#[test]
fn p9_p10_p25_the_order_of_answers_does_not_matter() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = edited_world(&mut random, seed);
        let mut other = world.clone();
        let (mut plan, mut other_plan) = (world.clone(), world.clone());
        let plans = (run(&mut plan, "--force --dry-run", 7), run(&mut other_plan, "--force --dry-run", 8));
        let said = |run: &Run| run.events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>();
        assert_eq!(said(plans.0.as_ref().unwrap()), said(plans.1.as_ref().unwrap()), "seed {seed}");
        run_ok(&mut world, FORCE, seed);
        run_ok(&mut other, FORCE, seed ^ 0xffff);
        for side in Side::BOTH {
            assert_eq!(world.contents(side), other.contents(side), "seed {seed}");
        }
        assert_eq!(world.state, other.state, "seed {seed}");
    }
}

/// P21: a dry run does nothing, and counts what the real run then does.
#[test]
fn p21_a_dry_run_tells_what_a_run_does() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = if random.once_in(3) { World::default() } else { world_in_step(&mut random, seed, FORCE) };
        edit(&mut world, Side::One, &mut random, 4);
        edit(&mut world, Side::Two, &mut random, 4);
        let before = (world.sides.clone(), world.state.clone());
        let dry = run_ok(&mut world, "--force --dry-run", seed);
        assert_eq!((world.sides.clone(), world.state.clone()), before, "seed {seed}");
        let real = run_ok(&mut world, FORCE, seed);
        assert_eq!(dry.outcome.counts, real.outcome.counts, "seed {seed}");
        assert_eq!(dry.outcome.conflicts, real.outcome.conflicts, "seed {seed}");
    }
}
