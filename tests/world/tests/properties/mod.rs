//! What must always hold, in random worlds. Every failure prints its seed.
//!
//! `BISYNC_SEEDS=100000` tries so many, `BISYNC_SEEDS=17..18` that one alone; docs/testing.md says which property is where.

mod agreement;
mod edits;
mod failures;
mod model;
mod moves;
mod order;
mod others;
mod sequences;
mod stillness;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bisync_engine::entry::{Fingerprint, Kind};
use bisync_engine::listing::Reader;
use bisync_engine::pull::Pull;
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{Run, run, show};
use bisync_world::random::Random;
use bisync_world::world::World;

const NAMES: [&str; 9] = ["a", "b", "d/a", "d/b", "d/e/a", "a/x", "a.txt", "d", "e"];

/// The seeds that a property is tried with.
fn seeds() -> Range<u64> {
    bisync_world::seeds::seeds("BISYNC_SEEDS", 1000)
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

/// A world whose sides agree.
fn world_in_step(random: &mut Random, seed: u64, options: &str) -> World {
    let mut world = World::default();
    edit(&mut world, Side::One, random, 8);
    run_ok(&mut world, options, seed);
    world
}

/// Such a world, edited on both sides.
fn edited_world(random: &mut Random, seed: u64) -> World {
    let mut world = world_in_step(random, seed, FORCE);
    Side::BOTH.into_iter().for_each(|side| drop(edit(&mut world, side, random, 4)));
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

/// What the listing of a side says of its files; nothing where there is none.
fn listed(world: &World, side: Side) -> BTreeMap<String, Fingerprint> {
    let mut reader = Reader::default();
    let name = format!("one..two.{}.lst", if side == Side::One { "path1" } else { "path2" });
    let Some(listing) = world.state.get(&name) else { return BTreeMap::new() };
    reader.feed(listing);
    reader.finish();
    let mut files = BTreeMap::new();
    while let Pull::Item(entry) = reader.pull().unwrap() {
        if entry.found.kind == Kind::File {
            files.insert(entry.path.to_string(), entry.found.fingerprint);
        }
    }
    files
}

/// P17: where both sides still are as both listings have them, they hold the same.
#[track_caller]
fn check_base(world: &World, seed: u64, log: &str) {
    let listed = Pair::from_fn(|side| listed(world, side));
    let still = |side: Side, path: &String| {
        let file = world.sides[side].files.get(path)?;
        let version = listed[side].get(path)?;
        version.is_still(&world.natures[side].fingerprint(file, false)).then_some(&file.content)
    };
    for path in listed.one.keys() {
        if let (Some(one), Some(two)) = (still(Side::One, path), still(Side::Two, path)) {
            assert_eq!(one, two, "seed {seed}: the listings take `{path}` for in step\n{log}\nnow\n{}", show(world));
        }
    }
}
