//! The engine against the model, which is written from docs/semantics.md alone: the final sides must be the same.

use bisync_engine::conflict::Prefer;
use bisync_engine::entry::Instant;
use bisync_engine::side::{Pair, Side};
use bisync_world::host::show;
use bisync_world::model::{Model, Rules, files};
use bisync_world::random::Random;
use bisync_world::trees::{Contents, NAMES, edit};
use bisync_world::world::World;

use super::{run_ok, seeds};

const RULES: [(&str, Option<Prefer>, bool); 9] = [
    ("--force", None, false),
    ("--force --conflict-resolve=path1", Some(Prefer::Side(Side::One)), false),
    ("--force --conflict-resolve=path2", Some(Prefer::Side(Side::Two)), false),
    ("--force --conflict-resolve=newer", Some(Prefer::Newer), false),
    ("--force --conflict-resolve=older --conflict-loser=delete", Some(Prefer::Older), true),
    ("--force --conflict-resolve=larger", Some(Prefer::Larger), false),
    ("--force --conflict-resolve=smaller --conflict-loser=delete", Some(Prefer::Smaller), true),
    ("--force --inplace", None, false),
    ("--force --check-first --conflict-loser=delete", None, false),
];

/// Runs both, and compares what came out.
fn step(world: &mut World, model: &mut Model, rule: usize, seed: u64) {
    let (options, resolve, deletes_loser) = RULES[rule];
    let text = show(world);
    model.see(world);
    model.run(Rules { resolve, deletes_loser });
    run_ok(world, options, seed);
    let found = files(world);
    for side in Side::BOTH {
        assert_eq!(found[side], model.sides[side], "seed {seed} {options}: {side}\nbefore\n{text}now\n{}", show(world));
    }
}

/// Random trees that once were one, over several runs.
#[test]
fn the_engine_does_what_the_model_does() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let names = if random.once_in(2) { &NAMES[..] } else { &NAMES[..8] };
        let mut contents = Contents::Few(*random.pick(&[2, 5, 12]));
        let (mut world, mut model) = (World::default(), Model::new());
        for _ in 0..1 + random.below(3) {
            for side in Side::BOTH {
                let edits = *random.pick(&[0, 3, 8]);
                (0..edits).for_each(|_| edit(&mut world, side, &mut random, names, &mut contents));
            }
            let rule = random.below(RULES.len());
            step(&mut world, &mut model, rule, seed);
        }
    }
}

/// What a side can hold at a name: nothing, or one of two contents.
const STATES: usize = 3;
/// Three names, two of which cannot both be files.
const SMALL: [&str; 3] = ["a", "a/x", "b"];

/// Every tree of up to three names and two contents, edited in every way on both sides.
#[test]
fn the_engine_does_what_the_model_does_in_all_small_worlds() {
    // Of the same size, and of different sizes.
    for texts in [["0", "1"], ["0", "10"]] {
        for base in trees(STATES) {
            let mut origin = World::default();
            for side in Side::BOTH {
                write(&mut origin, side, &[0; 3], &base, texts, 0);
            }
            run_ok(&mut origin, "--force", 1);
            for (number, one) in trees(STATES + 1).into_iter().enumerate() {
                for two in trees(STATES + 1) {
                    let mut world = origin.clone();
                    let mut model = Model::new();
                    model.see(&world);
                    model.run(Rules::default());
                    // Either side may be the one that was edited last.
                    let later = if number % 2 == 0 { [100, 200] } else { [200, 100] };
                    write(&mut world, Side::One, &base, &one, texts, later[0]);
                    write(&mut world, Side::Two, &base, &two, texts, later[1]);
                    step(&mut world, &mut model, number % RULES.len(), number as u64);
                }
            }
        }
    }
}

/// Without a base: every two such trees, of the same times and of others.
#[test]
fn the_engine_does_what_the_model_does_in_all_small_first_runs() {
    for (one, two) in pairs(trees(STATES)) {
        for times in [[100, 100], [100, 200], [200, 100]] {
            for rule in 0..RULES.len() {
                let (mut world, mut model) = (World::default(), Model::new());
                write(&mut world, Side::One, &[0; 3], &one, ["0", "1"], times[0]);
                write(&mut world, Side::Two, &[0; 3], &two, ["0", "1"], times[1]);
                step(&mut world, &mut model, rule, rule as u64);
            }
        }
    }
}

fn pairs(trees: Vec<[usize; 3]>) -> impl Iterator<Item = ([usize; 3], [usize; 3])> {
    trees.clone().into_iter().flat_map(move |one| trees.clone().into_iter().map(move |two| (one, two)))
}

/// All trees: for each name what is there.
fn trees(states: usize) -> Vec<[usize; 3]> {
    let all = (0..states.pow(3)).map(|number| [number % states, number / states % states, number / states / states]);
    all.filter(|tree| tree[0] == 0 || tree[1] == 0).collect()
}

/// Makes `tree` of `base` on a side: 0 is nothing, 1 and 2 are contents; 3 is what was there, touched.
fn write(world: &mut World, side: Side, base: &[usize; 3], tree: &[usize; 3], texts: [&str; 2], time: i64) {
    for (index, path) in SMALL.iter().enumerate() {
        if tree[index] == 0 && base[index] != 0 {
            world.delete(side, path);
        }
    }
    for (index, path) in SMALL.iter().enumerate() {
        let state = if tree[index] == 3 { base[index] } else { tree[index] };
        if state == 0 || tree[index] == base[index] {
            if state == 0 && base[index] != 0 {
                world.delete(side, path);
            }
            continue;
        }
        if world.sides[side].directories.contains(*path) {
            world.delete(side, path);
        }
        let modified = Instant { seconds: time + index as i64, nanoseconds: 0 };
        world.write_at(side, path, texts[state - 1], modified);
    }
}

/// The two sides of a world, for a reader of a failure.
#[test]
fn the_model_is_no_stranger_to_a_conflict() {
    let mut model = Model::new();
    let at = |seconds| Instant { seconds, nanoseconds: 0 };
    model.sides = Pair::new([("a".into(), ("1".into(), at(1)))].into(), [("a".into(), ("2".into(), at(2)))].into());
    model.run(Rules::default());
    let names: Vec<_> = model.sides.one.keys().collect();
    assert_eq!(names, ["a.conflict1", "a.conflict2"]);
    assert_eq!(model.sides.one, model.sides.two);
}
