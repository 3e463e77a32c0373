//! What must always hold, in random worlds. Every failure prints its seed; `BISYNC_SEEDS` sets how many are tried.

use std::collections::{BTreeMap, BTreeSet};

use bisync_engine::side::Side;
use bisync_tests::host::{Run, run, run_some, show};
use bisync_tests::random::Random;
use bisync_tests::world::World;

const NAMES: [&str; 9] = ["a", "b", "d/a", "d/b", "d/e/a", "a/x", "a.txt", "d", "e"];

fn seeds() -> u64 {
    std::env::var("BISYNC_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1000)
}

/// Makes random edits on one side. Returns the contents that were written.
fn edit(world: &mut World, side: Side, random: &mut Random, edits: usize) -> BTreeSet<String> {
    let mut written = BTreeSet::new();
    for _ in 0..edits {
        let path = *random.pick(&NAMES);
        match random.below(10) {
            0..=5 => {
                // A file cannot be written below a file, nor over a directory: what is there goes first, as a person would do.
                let below = format!("{path}/");
                let blockers: Vec<String> = world.sides[side]
                    .files
                    .keys()
                    .filter(|name| name.starts_with(&below) || path.starts_with(&format!("{name}/")))
                    .cloned()
                    .collect();
                for blocker in &blockers {
                    world.delete(side, blocker);
                }
                if world.sides[side].directories.contains(path) {
                    world.delete(side, path);
                }
                let content = format!("{}", random.below(40));
                world.write(side, path, &content);
                written.insert(content);
            }
            6..=7 => world.delete(side, path),
            8 => {
                let target = *random.pick(&NAMES);
                let tree = &world.sides[side];
                let is_free = !tree.files.contains_key(target) && !tree.directories.contains(target);
                let has_parent = target.rsplit_once('/').is_none_or(|(parent, _)| tree.directories.contains(parent));
                let nested = target.starts_with(&format!("{path}/"));
                if is_free
                    && has_parent
                    && !nested
                    && (tree.files.contains_key(path) || tree.directories.contains(path))
                {
                    world.rename(side, path, target);
                }
            }
            _ => {
                if let Some(file) = world.sides[side].files.get(path) {
                    let content = file.content.clone();
                    world.write(side, path, &content);
                }
            }
        }
    }
    written
}

/// A world whose sides agreed once and were then edited, each on its own.
fn world_in_step(random: &mut Random, seed: u64, options: &str) -> World {
    let mut world = World::default();
    edit(&mut world, Side::One, random, 8);
    run_ok(&mut world, options, seed);
    world
}

fn run_ok(world: &mut World, options: &str, seed: u64) -> Run {
    let run = run(world, options, seed).unwrap();
    assert_eq!(run.outcome.exit_code, 0, "seed {seed}: {:?}\n{}", run.outcome, show(world));
    run
}

fn all_contents(world: &World) -> BTreeSet<String> {
    Side::BOTH.iter().flat_map(|side| world.contents(*side).into_values()).collect()
}

const FORCE: &str = "--force";

/// P1, P2, P8: the sides agree afterwards, the next run has nothing to do, and every content was there before.
#[test]
fn p1_p2_p8_runs_converge_and_invent_nothing() {
    for seed in 0..seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        edit(&mut world, Side::One, &mut random, 4);
        edit(&mut world, Side::Two, &mut random, 4);
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
    for seed in 0..seeds() {
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

/// P4, P5: what was written since the last run is still somewhere, unless its own side overwrote or deleted it.
#[test]
fn p4_p5_no_edit_is_lost() {
    for seed in 0..seeds() {
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
    for seed in 0..seeds() {
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
    for seed in 0..seeds() {
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

/// P9, P10, P25: the result does not depend on the order in which a host answers.
#[test]
fn p9_p10_p25_the_order_of_answers_does_not_matter() {
    for seed in 0..seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        edit(&mut world, Side::One, &mut random, 4);
        edit(&mut world, Side::Two, &mut random, 4);
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

/// P16: a run killed after any request loses nothing that nobody deleted, and the next run needs no flag.
#[test]
fn p16_a_killed_run_loses_nothing() {
    for seed in 0..seeds() {
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

/// P18, P19: a failure concerns its own path alone, and below an unreadable directory nothing is done.
#[test]
fn p18_p19_a_failure_concerns_its_own_path_alone() {
    for seed in 0..seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        edit(&mut world, Side::One, &mut random, 4);
        edit(&mut world, Side::Two, &mut random, 4);
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

/// P21: a dry run does nothing, and counts what the real run then does.
#[test]
fn p21_a_dry_run_tells_what_a_run_does() {
    for seed in 0..seeds() {
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
