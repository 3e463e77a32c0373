//! Plan files: what a dry run writes is what another run carries out.

use bisync_engine::protocol::Verb;
use bisync_engine::session::{PlanUse, Session};
use bisync_engine::session_name::{PLAN, StateNames};
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{Run, converse, opening, options, run};
use bisync_world::model::files;
use bisync_world::random::Random;
use bisync_world::scenario::edit;
use bisync_world::seeds::seeds;
use bisync_world::trees::{self, Contents, NAMES};
use bisync_world::world::World;

fn write() -> PlanUse {
    PlanUse::Write { roots: Pair::new("/one".into(), "/two".into()) }
}

fn run_plan(world: &mut World, text: &str, seed: u64, plan: PlanUse) -> Run {
    let mut opening = opening(options(text), world, Random::new(seed).number());
    opening.plan = Some(plan);
    let mut session = Session::open(opening).unwrap();
    converse(&mut session, world, seed, usize::MAX).unwrap()
}

/// A world in step, then edited in every way.
fn edited() -> World {
    let mut world = World::default();
    edit(
        &mut world,
        "1 write a A\n 1 write b B\n 1 write c C\n 1 write d/e E\n 2 write f F\n 1 write g G\n 1 write h H",
    );
    run(&mut world, "", 1).unwrap();
    let edits = "1 write a A2\n 2 delete b\n 1 write c C1\n 2 write c C2\n 1 move d/e d2/e\n 2 touch f\n 1 write n N\n \
                 1 delete g\n 1 write g/x X\n both delete h";
    edit(&mut world, edits);
    world
}

#[test]
fn a_plan_does_what_the_run_would_have_done() {
    for (text, first) in
        [("", false), ("--conflict-resolve=newer", false), ("--create-empty-src-dirs", false), ("", true)]
    {
        let mut ran = edited();
        if first {
            ran.state.clear();
        }
        let mut applied = ran.clone();
        let before = applied.clone();
        let planned = run_plan(&mut applied, text, 2, write());
        assert_eq!(planned.outcome.exit_code, 0, "{:?}", planned.outcome);
        assert_eq!(applied.sides, before.sides, "writing a plan changes nothing");
        let done = run_plan(&mut applied, text, 3, PlanUse::Apply);
        let expected = run(&mut ran, text, 2).unwrap();
        assert_eq!(done.outcome.exit_code, 0, "{:?}", done.outcome);
        assert_eq!(done.outcome.counts.one.copied, expected.outcome.counts.one.copied);
        assert!(!done.asked.iter().any(|verb| matches!(verb, Verb::ListDirectory { .. })));
        for side in Side::BOTH {
            assert_eq!(applied.contents(side), ran.contents(side), "{text}");
        }
        let again = run(&mut applied, text, 4).unwrap();
        assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.");
    }
}

#[test]
fn what_changed_since_is_left_alone_and_named() {
    let mut world = edited();
    run_plan(&mut world, "", 2, write());
    edit(&mut world, "2 write a EDITED");
    let done = run_plan(&mut world, "", 3, PlanUse::Apply);
    assert_eq!(done.outcome.exit_code, 1);
    let failed: Vec<_> = done.outcome.failures.iter().map(|failure| failure.path.as_str()).collect();
    assert_eq!(failed, ["a"]);
    assert_eq!(world.contents(Side::Two)["a"], "EDITED");
    assert!(!world.contents(Side::One).contains_key("b"), "the rest was done");
    run(&mut world, "", 4).unwrap();
    assert_eq!(world.contents(Side::One)["a.conflict1"], "A2", "the next run sees both edits");
}

#[test]
fn a_plan_is_refused_after_another_run() {
    let mut world = edited();
    run_plan(&mut world, "", 2, write());
    let mut other = world.clone();
    run(&mut other, "", 5).unwrap();
    let before = other.sides.clone();
    let done = run_plan(&mut other, "", 6, PlanUse::Apply);
    assert_eq!(done.outcome.exit_code, 1);
    assert!(done.outcome.headline.contains("there was a run since"), "{}", done.outcome.headline);
    assert_eq!(other.sides, before);
    // So is one that is cut off, at whatever byte.
    let whole = world.state[PLAN].clone();
    for length in (0..whole.len()).step_by(97) {
        let mut cut = world.clone();
        cut.state.insert(PLAN.into(), whole[..length].to_vec());
        let done = run_plan(&mut cut, "", 7, PlanUse::Apply);
        assert_eq!((done.outcome.exit_code, &cut.sides), (1, &world.sides), "{length}: {}", done.outcome.headline);
    }
}

#[test]
fn a_dry_run_that_stops_leaves_no_plan() {
    let mut world = edited();
    edit(&mut world, "1 delete a\n 1 delete b\n 1 delete c\n 1 delete d2\n 1 delete f");
    let stopped = run_plan(&mut world, "", 2, write());
    assert_eq!(stopped.outcome.exit_code, 1, "too many deletes");
    assert!(world.state.keys().all(|name| !name.starts_with(PLAN)), "{:?}", world.state.keys());
}

#[test]
fn what_a_killed_run_left_is_remembered_beyond_a_plan() {
    let mut world = edited();
    run_plan(&mut world, "", 2, write());
    let names = StateNames::new(Pair::new("one/", "two/"));
    let leftover = ".bisync-0000000000000abc-1.partial";
    world.state.insert(names.journal, b"run 0000000000000abc\n".to_vec());
    edit(&mut world, &format!("1 write {leftover} HALF"));
    let done = run_plan(&mut world, "", 3, PlanUse::Apply);
    assert_eq!(done.outcome.exit_code, 0, "{:?}", done.outcome);
    assert!(world.sides.one.files.contains_key(leftover), "a plan lists nothing");
    run(&mut world, "", 4).unwrap();
    assert!(!world.sides.one.files.contains_key(leftover), "the next run removes it");
}

#[test]
fn a_plan_made_before_a_commit_was_completed_can_be_carried_out() {
    let mut world = edited();
    let names = StateNames::new(Pair::new("one/", "two/"));
    // The last run was killed between the end of its journal and the new names of its listings.
    for side in Side::BOTH {
        let listing = world.state.remove(&names.listing[side]).unwrap();
        world.state.insert(names.new[side].clone(), listing);
    }
    world.state.insert(names.journal, b"commit\n".to_vec());
    let planned = run_plan(&mut world, "", 2, write());
    assert_eq!(planned.outcome.exit_code, 0, "{:?}", planned.outcome);
    let done = run_plan(&mut world, "", 3, PlanUse::Apply);
    assert_eq!(done.outcome.exit_code, 0, "{:?}", done.outcome);
}

#[test]
fn a_plan_goes_on_from_the_listings_that_it_was_made_from() {
    let mut world = edited();
    let names = StateNames::new(Pair::new("one/", "two/"));
    run(&mut world, "", 2).unwrap();
    edit(&mut world, "1 write z Z");
    run(&mut world, "", 3).unwrap();
    for side in Side::BOTH {
        world.state.remove(&names.listing[side]).unwrap();
    }
    edit(&mut world, "1 write y Y");
    assert_eq!(run_plan(&mut world, "--recover", 4, write()).outcome.exit_code, 0);
    let done = run_plan(&mut world, "--recover", 5, PlanUse::Apply);
    assert_eq!(done.outcome.exit_code, 0, "{:?}", done.outcome);
    // What the older listings held is still held: a delete is one.
    edit(&mut world, "1 delete a");
    run(&mut world, "", 6).unwrap();
    assert!(!world.contents(Side::Two).contains_key("a"), "{:?}", world.contents(Side::Two));
}

#[test]
fn a_plan_that_contradicts_its_listings_is_refused() {
    let check = |world: &mut World, from: &str, to: &str| {
        run_plan(world, "", 2, write());
        let text = String::from_utf8(world.state[PLAN].clone()).unwrap();
        world.state.insert(PLAN.into(), text.replacen(from, to, 1).into_bytes());
        let before = world.clone();
        let done = run_plan(world, "", 3, PlanUse::Apply);
        assert!(done.outcome.headline.contains("other listings than it says"), "{}", done.outcome.headline);
        assert_eq!(world.sides, before.sides);
    };
    check(&mut edited(), "\"has_base\":true", "\"has_base\":false");
    let mut new = edited();
    new.state.clear();
    check(&mut new, "\"has_base\":false", "\"has_base\":true");
}

/// P21: in random worlds too, what a plan does is what the run does.
#[test]
fn p21_a_plan_written_and_applied_is_the_run() {
    let options = [
        "--force",
        "--force --conflict-resolve=newer",
        "--force --create-empty-src-dirs",
        "--force --remove-empty-dirs",
    ];
    for seed in seeds("BISYNC_SEEDS", 1000) {
        let mut random = Random::new(seed);
        let mut ran = World::default();
        let text = *random.pick(&options);
        let mut contents = Contents::Few(20);
        for _ in 0..2 {
            for side in Side::BOTH {
                (0..5).for_each(|_| trees::edit(&mut ran, side, &mut random, &NAMES, &mut contents));
            }
            let mut applied = ran.clone();
            run_plan(&mut applied, text, seed, write());
            let done = run_plan(&mut applied, text, seed + 1, PlanUse::Apply);
            run(&mut ran, text, seed + 2).unwrap();
            assert_eq!(done.outcome.exit_code, 0, "seed {seed} {text}: {:?}", done.outcome);
            for side in Side::BOTH {
                assert_eq!(files(&applied)[side], files(&ran)[side], "seed {seed} {text}: {side}");
            }
            // Mostly nothing is left to do; an empty directory that a file made room for is made by the next run, whichever it is.
            let again = run(&mut applied, text, seed + 3).unwrap();
            let expected = run(&mut ran, text, seed + 4).unwrap();
            assert_eq!(again.outcome, expected.outcome, "seed {seed} {text}");
        }
    }
}
