//! What is no change of a file is no reason to do anything: other filters, times that shiver, another time zone; and too many
//! deletes are a reason to do nothing.

use std::collections::BTreeSet;

use bisync_engine::entry::Instant;
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{is_changing, run, show};
use bisync_world::nature::Nature;
use bisync_world::random::Random;
use bisync_world::trees::{Contents, NAMES, edit};
use bisync_world::world::World;

use super::{FORCE, all_contents, run_ok, seeds};

fn world_in_step(random: &mut Random, seed: u64) -> World {
    let mut world = World { clock: 1000, ..World::default() };
    for _ in 0..10 {
        world.clock += 10;
        edit(&mut world, Side::One, random, &NAMES, &mut Contents::Few(30));
    }
    run_ok(&mut world, FORCE, seed);
    world
}

/// P13: filters that changed delete nothing, on the way there and on the way back.
#[test]
fn p13_a_filter_that_changed_deletes_nothing() {
    let filters = [
        "--exclude=a",
        "--exclude=d/**",
        "--include=*.txt",
        "--exclude=/e/",
        "--max-depth=1",
        "--max-size=1B",
        "--min-size=2B",
        "--filter=-\\s**/a",
        "--exclude-if-present=b",
        "--max-age=1s",
        "--exclude=A --ignore-case",
        "",
    ];
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed);
        let before = world.sides.as_ref().map(|tree| tree.files.clone());
        let empties = if random.once_in(2) { "--create-empty-src-dirs" } else { "" };
        for _ in 0..4 {
            let filter = *random.pick(&filters);
            let run = run_ok(&mut world, &format!("{filter} {empties} --force"), random.number());
            let counts = run.outcome.counts.map(|counts| counts.deleted + counts.copied + counts.moved);
            assert_eq!(counts, Pair::new(0, 0), "seed {seed} {filter}\n{}", show(&world));
            for side in Side::BOTH {
                assert_eq!(world.sides[side].files, before[side], "seed {seed} {filter}");
            }
        }
    }
}

/// P13: nor when files are written, and grow out of the rules or into them, while the filters change.
#[test]
fn p13_a_filter_that_changed_while_files_did_deletes_nothing() {
    let filters = [
        "--max-size=3B",
        "--min-size=3B",
        "--exclude=d/**",
        "--exclude-if-present=b",
        "--max-age=5s",
        "--min-age=5s",
        "",
    ];
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed);
        let mut alive = BTreeSet::new();
        for number in 0..6 {
            let side = *random.pick(&Side::BOTH);
            let paths: Vec<String> = world.sides[side].files.keys().cloned().collect();
            if !paths.is_empty() && random.once_in(2) {
                let path = random.pick(&paths);
                world.clock += 10;
                let content = format!("{number}{}", "+".repeat(random.below(6)));
                alive.remove(&world.sides[side].files[path].content);
                world.write(side, path, &content);
                alive.insert(content);
            }
            let before = show(&world);
            let options = format!("{} --force", random.pick(&filters));
            let run = run(&mut world, &options, random.number()).unwrap();
            let deleted = run.outcome.counts.map(|counts| counts.deleted);
            assert_eq!(deleted, Pair::new(0, 0), "seed {seed} {options}\n{before}\nnow\n{}", show(&world));
            let there = all_contents(&world);
            assert!(alive.is_subset(&there), "seed {seed} {options}\n{before}\nnow\n{}", show(&world));
        }
    }
}

/// P14: times that differ by less than a side keeps are no change.
#[test]
fn p14_jitter_of_times_is_no_change() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let precision = *random.pick(&[1_000, 1_000_000_000, 2_000_000_000]);
        let natures = Pair::from_fn(|_| Nature { precision_ns: Some(precision), ..Nature::default() });
        let mut world = World { natures, clock: 1000, ..World::default() };
        for _ in 0..8 {
            world.clock += 10;
            edit(&mut world, Side::One, &mut random, &NAMES, &mut Contents::Few(30));
        }
        run_ok(&mut world, FORCE, seed);
        for side in Side::BOTH {
            for file in world.sides[side].files.values_mut() {
                let jitter = random.number() % precision;
                let total = u64::from(file.modified.nanoseconds) + jitter;
                let seconds = file.modified.seconds + i64::try_from(total / 1_000_000_000).unwrap();
                file.modified = Instant { seconds, nanoseconds: u32::try_from(total % 1_000_000_000).unwrap() };
            }
        }
        let run = run_ok(&mut world, "", seed);
        assert!(!run.verbs.iter().any(is_changing), "seed {seed}: {:?}", run.outcome);
    }
}

/// P14: after a change of the time zone nothing is done without being asked, and then no content moves.
#[test]
fn p14_another_time_zone_moves_no_content() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed);
        let side = *random.pick(&Side::BOTH);
        for file in world.sides[side].files.values_mut() {
            file.modified.seconds += 3600;
        }
        if world.sides[side].files.is_empty() {
            continue;
        }
        let before = world.clone();
        let stopped = run(&mut world, "", seed).unwrap();
        // Few files may all have been touched by hand.
        let is_asked = before.sides[side].files.len() > 4;
        let forced = if is_asked {
            assert_eq!(stopped.outcome.exit_code, 1, "seed {seed}: {}", stopped.outcome.headline);
            assert_eq!((&world.sides, &world.state), (&before.sides, &before.state), "seed {seed}");
            run_ok(&mut world, FORCE, seed)
        } else {
            stopped
        };
        let counts = forced.outcome.counts.map(|counts| counts.copied + counts.deleted + counts.moved);
        assert_eq!(counts, Pair::new(0, 0), "seed {seed}\n{}", show(&world));
    }
}

/// P20: when more was deleted than is allowed, nothing at all is written.
#[test]
fn p20_the_limit_on_deletes_comes_before_the_first_write() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        let files = 3 + random.below(8);
        (0..files).for_each(|number| world.write(Side::One, &format!("d/{number}"), &number.to_string()));
        run_ok(&mut world, "", seed);
        let side = *random.pick(&Side::BOTH);
        let (limit, deleted) = (random.below(101), random.below(files));
        (0..deleted).for_each(|number| world.delete(side, &format!("d/{number}")));
        // Other work that would be done.
        world.write(side.other(), "new", "new");
        let before = world.clone();
        let run = run(&mut world, &format!("--max-delete={limit}"), seed).unwrap();
        let stops = deleted * 100 > limit * files;
        assert_eq!(run.outcome.exit_code == 1, stops, "seed {seed}: {deleted} of {files}, {limit} %");
        if stops {
            assert!(!run.verbs.iter().any(is_changing), "seed {seed}: {:?}", run.verbs);
            assert_eq!((&world.sides, &world.state), (&before.sides, &before.state), "seed {seed}");
        }
    }
}
