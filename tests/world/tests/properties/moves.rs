//! Moves of any kind lose nothing, cost no copies, and few questions.

use bisync_engine::entry::Instant;
use bisync_engine::protocol::Verb;
use bisync_engine::side::Side;
use bisync_world::host::show;
use bisync_world::random::Random;
use bisync_world::world::World;

use super::{FORCE, all_contents, run_ok, seeds};

/// P12: swaps, chains, cycles, directories into each other, on both sides: every content is still there, on both.
#[test]
fn p12_moves_lose_nothing() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        for (number, path) in ["a", "b", "c", "d/a", "d/b", "d/e/a", "f/a", "f/g/h/a"].iter().enumerate() {
            // Some are alike, but for their time.
            world.write(Side::One, path, &(number / *random.pick(&[1, 2])).to_string());
        }
        run_ok(&mut world, FORCE, seed);
        let before = all_contents(&world);
        for side in Side::BOTH {
            for _ in 0..random.below(4) {
                move_something(&mut world, side, &mut random);
            }
        }
        let text = show(&world);
        run_ok(&mut world, FORCE, seed);
        assert_eq!(all_contents(&world), before, "seed {seed}\n{text}\nnow\n{}", show(&world));
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}\n{text}");
        let again = run_ok(&mut world, FORCE, seed + 1);
        assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "seed {seed}\n{text}");
    }
}

fn move_something(world: &mut World, side: Side, random: &mut Random) {
    let tree = &world.sides[side];
    let names: Vec<String> = tree.files.keys().chain(&tree.directories).cloned().collect();
    let (from, to) = (random.pick(&names).clone(), random.pick(&names).clone());
    let nested = |above: &str, below: &str| below == above || below.starts_with(&format!("{above}/"));
    if nested(&from, &to) || nested(&to, &from) {
        return;
    }
    if random.once_in(2) {
        // A swap.
        world.rename(side, &from, "aside");
        world.rename(side, &to, &from);
        world.rename(side, "aside", &to);
    } else if world.sides[side].directories.contains(&to) {
        let name = from.rsplit('/').next().unwrap_or_default();
        let target = format!("{to}/{name}-moved");
        if !names.contains(&target) {
            world.rename(side, &from, &target);
        }
    } else {
        let target = format!("{to}-{}", random.below(100));
        if !names.contains(&target) {
            world.rename(side, &from, &target);
        }
    }
}

/// P12: what only moved to a free name is neither copied nor deleted, and moves do not count for the limit on deletes.
#[test]
fn p12_p20_a_move_is_a_move() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        let files = 1 + random.below(6);
        (0..files).for_each(|number| world.write(Side::One, &format!("d/{number}"), &number.to_string()));
        run_ok(&mut world, "", seed);
        let side = *random.pick(&Side::BOTH);
        let target = *random.pick(&["e", "d-", "f/g"]);
        world.rename(side, "d", target);
        let run = run_ok(&mut world, "", seed);
        let counts = &run.outcome.counts[side.other()];
        assert_eq!((counts.moved, counts.copied, counts.deleted), (files as u64, 0, 0), "seed {seed}");
    }
}

/// P12: a new file of the size and time of one that was deleted is not it: both sides get what is in it.
#[test]
fn p12_what_only_looks_like_a_move_is_copied() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        let modified = Instant { seconds: 7, nanoseconds: 0 };
        let names = ["a", "b", "d/a", "d/b"];
        for (number, path) in names.iter().enumerate() {
            // Contents of one size.
            world.write_at(Side::One, path, &format!("{number}{}", random.below(10)), modified);
        }
        run_ok(&mut world, FORCE, seed);
        let side = *random.pick(&Side::BOTH);
        for path in names {
            if random.once_in(2) {
                let content = world.sides[side].files[path].content.clone();
                world.delete(side, path);
                // Some really moved.
                let content = if random.once_in(3) { content } else { format!("{}x", random.below(10)) };
                world.write_at(side, &format!("e/{path}"), &content, modified);
            }
        }
        let (text, expected) = (show(&world), world.contents(side));
        run_ok(&mut world, FORCE, seed);
        for side in Side::BOTH {
            assert_eq!(world.contents(side), expected, "seed {seed} {side}\n{text}");
        }
    }
}

/// P12: alike files cost no more questions than there are files.
#[test]
fn p12_many_files_that_are_alike_cost_little() {
    let cost = |files: usize| {
        let mut world = World::default();
        let modified = Instant { seconds: 7, nanoseconds: 0 };
        (0..files).for_each(|number| world.write_at(Side::One, &format!("d/{number}"), "same", modified));
        run_ok(&mut world, "", 1);
        for number in 0..files {
            world.rename(Side::One, &format!("d/{number}"), &format!("e/{}", files - number + files));
        }
        let run = run_ok(&mut world, "", 2);
        assert_eq!(run.outcome.counts.two.moved, files as u64);
        let questions = run.verbs.iter().filter(|verb| matches!(verb, Verb::SameContent { .. })).count();
        assert!(questions <= files, "{questions} of {files}");
        run.verbs.len()
    };
    let (few, many) = (cost(200), cost(800));
    assert!(many < few * 5, "{few} requests for 200 files, {many} for 800");
}
