//! No edit is lost, and nothing that was deleted comes back.

use std::collections::{BTreeMap, BTreeSet};

use bisync_engine::side::Side;
use bisync_world::host::show;
use bisync_world::random::Random;
use bisync_world::world::World;

use super::{FORCE, all_contents, edit, run_ok, seeds, world_in_step};

/// P4, P5: what was written since the last run is still somewhere, unless its own side overwrote or deleted it.
#[test]
fn p4_p5_no_edit_is_lost() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        let base: BTreeMap<_, _> = world.contents(Side::One);
        edit(&mut world, Side::One, &mut random, 4);
        edit(&mut world, Side::Two, &mut random, 4);
        let text = show(&world);
        let mut new = BTreeSet::new();
        for side in Side::BOTH {
            new.extend(world.contents(side).into_iter().filter(|(path, content)| base.get(path) != Some(content)));
        }
        run_ok(&mut world, FORCE, seed);
        let kept = all_contents(&world);
        for (path, content) in new {
            assert!(kept.contains(&content), "seed {seed}: lost `{path}` = {content}\n{text}\nnow\n{}", show(&world));
        }
    }
}

/// P6: what one side deleted and the other left alone is gone from both.
#[test]
fn p6_nothing_rises_again() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        let base = world.sides.two.clone();
        edit(&mut world, Side::One, &mut random, 5);
        edit(&mut world, Side::Two, &mut random, 2);
        let gone: Vec<String> = base
            .files
            .iter()
            .filter(|(path, file)| {
                !world.sides.one.files.contains_key(*path) && world.sides.two.files.get(*path) == Some(file)
            })
            .map(|(path, _)| path.clone())
            .collect();
        let text = show(&world);
        run_ok(&mut world, FORCE, seed);
        for path in gone {
            // A directory that moved to this name may have brought another file.
            let is_same = world.sides.two.files.get(&path).is_some_and(|file| base.files.get(&path) == Some(file));
            assert!(!is_same, "seed {seed}: `{path}` rose again\n{text}\nnow\n{}", show(&world));
        }
    }
}

/// P7: without a base nothing is deleted and nothing is overwritten.
#[test]
fn p7_an_unknown_base_loses_nothing() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        edit(&mut world, Side::One, &mut random, 6);
        edit(&mut world, Side::Two, &mut random, 6);
        if random.once_in(2) {
            run_ok(&mut world, FORCE, seed);
            edit(&mut world, Side::One, &mut random, 3);
            edit(&mut world, Side::Two, &mut random, 3);
            world.state.retain(|name, _| !name.ends_with(".path1.lst") || seed % 2 == 0);
            world.state.retain(|name, _| !name.ends_with(".path2.lst"));
        }
        let before: Vec<(String, String)> = Side::BOTH.iter().flat_map(|side| world.contents(*side)).collect();
        let text = show(&world);
        let first = run_ok(&mut world, "", seed);
        let kept = all_contents(&world);
        assert!(before.iter().all(|(_, content)| kept.contains(content)), "seed {seed}\n{text}\nnow\n{}", show(&world));
        let counts = first.outcome.counts.map(|counts| counts.deleted);
        assert_eq!(counts, Default::default(), "seed {seed}: something was deleted");
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}\n{text}\nnow\n{}", show(&world));
    }
}
