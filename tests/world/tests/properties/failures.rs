//! What fails harms nothing else.

use std::collections::BTreeSet;

use bisync_engine::side::Side;
use bisync_world::host::{run, run_some, show};
use bisync_world::random::Random;
use bisync_world::world::World;

use super::{FORCE, NAMES, all_contents, edit, edited_world, run_ok, seeds, world_in_step};

/// P16: a run killed after any request loses nothing that nobody deleted, and the next run needs no flag.
#[test]
fn p16_a_killed_run_loses_nothing() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        let base = world.contents(Side::One);
        edit(&mut world, Side::One, &mut random, 4);
        edit(&mut world, Side::Two, &mut random, 4);
        let text = show(&world);
        let mut new: BTreeSet<String> = BTreeSet::new();
        for side in Side::BOTH {
            let edited = world.contents(side).into_iter().filter(|(path, content)| base.get(path) != Some(content));
            new.extend(edited.map(|(_, content)| content));
        }
        for attempt in 0..3 {
            let requests = random.below(40);
            if run_some(&mut world, FORCE, seed + attempt, requests).unwrap().is_some() {
                break;
            }
        }
        run_ok(&mut world, FORCE, seed);
        let kept = all_contents(&world);
        assert!(new.is_subset(&kept), "seed {seed}: lost {:?}\n{text}\nnow\n{}", new.difference(&kept), show(&world));
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}");
    }
}

/// P18: whatever a failure does not concern is done in the same run.
#[test]
fn p18_the_rest_is_done() {
    let names = ["a", "b", "c/a", "c/b", "d/e/a", "f", "g/a"];
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        names.iter().for_each(|path| world.write(Side::One, path, path));
        run_ok(&mut world, FORCE, seed);
        // Each path is edited on one side at most, so that nothing but its own failure keeps it from the other.
        for path in names {
            let side = *random.pick(&Side::BOTH);
            match random.below(3) {
                0 => world.write(side, path, &format!("new {path}")),
                1 => world.delete(side, path),
                _ => {}
            }
        }
        let broken = *random.pick(&names);
        world.broken[*random.pick(&Side::BOTH)].insert(broken.into());
        let text = show(&world);
        let run = run(&mut world, FORCE, seed).unwrap();
        let failed: Vec<_> = run.outcome.failures.iter().map(|failure| failure.path.as_str()).collect();
        assert!(failed.iter().all(|path| *path == broken), "seed {seed}: {failed:?} failed with `{broken}`\n{text}");
        let rest = |side: Side| {
            let mut contents = world.contents(side);
            contents.remove(broken);
            contents
        };
        assert_eq!(rest(Side::One), rest(Side::Two), "seed {seed}: not all was done beside `{broken}`\n{text}");
    }
}

/// P18, P19: a failure concerns its own path alone, and below an unreadable directory nothing is done.
#[test]
fn p18_p19_a_failure_concerns_its_own_path_alone() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = edited_world(&mut random, seed);
        let before = all_contents(&world);
        let broken = *random.pick(&NAMES);
        let side = *random.pick(&Side::BOTH);
        world.broken[side].insert(broken.into());
        let other_before = world.sides[side.other()].clone();
        let was_directory = world.sides[side].directories.contains(broken);
        let first = run(&mut world, FORCE, seed).unwrap();
        let text = show(&world);
        if was_directory {
            let below = format!("{broken}/");
            for (path, file) in &other_before.files {
                if path.starts_with(&below)
                    && !first.outcome.conflicts.iter().any(|conflict| path.starts_with(conflict.path.as_str()))
                {
                    let now = world.sides[side.other()].files.get(path);
                    assert_eq!(
                        now,
                        Some(file),
                        "seed {seed}: `{path}` below unreadable `{broken}` was touched\n{text}"
                    );
                }
            }
        }
        world.broken[side].clear();
        run_ok(&mut world, FORCE, seed);
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}\n{text}");
        assert!(all_contents(&world).is_subset(&before), "seed {seed}");
    }
}
