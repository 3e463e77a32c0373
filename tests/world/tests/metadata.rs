//! Metadata that changes alone, carried over with `--metadata`.

use bisync_engine::protocol::Verb;
use bisync_engine::session::{PlanUse, Session};
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{Run, converse, opening, options, run, run_some};
use bisync_world::random::Random;
use bisync_world::scenario::edit;
use bisync_world::world::World;

/// Files on both sides, brought in step with `--metadata`.
fn in_step() -> World {
    let mut world = World::default();
    edit(&mut world, "1 write a A\n 1 write b B\n 2 write c C");
    run(&mut world, "--metadata", 1).unwrap();
    world
}

fn modes(world: &World, path: &str) -> [u32; 2] {
    Side::BOTH.map(|side| world.sides[side].files[path].mode)
}

fn set(run: &Run) -> u64 {
    run.outcome.counts.one.metadata_set + run.outcome.counts.two.metadata_set
}

/// Checks the modes of `a` after edits and a run, and that another run then does nothing.
#[track_caller]
fn check(mut world: World, script: &str, expected: [u32; 2]) -> Run {
    edit(&mut world, script);
    let first = run(&mut world, "--metadata", 2).unwrap();
    assert_eq!((first.outcome.exit_code, modes(&world, "a")), (0, expected), "{script}: {:?}", first.events);
    // What a run before left behind is looked for twice.
    world.state.remove("one..two.journal");
    let state = world.state.clone();
    let again = run(&mut world, "--metadata", 3).unwrap();
    assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "{script}");
    assert_eq!((modes(&world, "a"), world.state), (expected, state), "{script}");
    first
}

#[test]
fn a_change_arrives() {
    check(in_step(), "1 chmod a 600", [0o600; 2]);
    check(in_step(), "2 chmod a 600", [0o600; 2]);
    let first = check(in_step(), "1 chmod a 600\n 2 chmod b 640", [0o600; 2]);
    assert_eq!(first.outcome.headline, "Path1 and Path2 are in step: 2 given new metadata.");
    let told = [
        "a: set the metadata on Path2: its metadata was changed",
        "b: set the metadata on Path1: its metadata was changed",
    ];
    let said = first.said("metadata-set");
    assert!(said.len() == 2 && said.iter().zip(told).all(|(said, told)| said.starts_with(told)), "{said:?}");
    assert!(first.copied().is_empty());
}

#[test]
fn of_two_changes_the_later_one_is_kept_and_named() {
    let told = |script, expected| check(in_step(), script, expected).said("metadata-set");
    let one = told("1 chmod a 600\n 2 chmod a 640", [0o640; 2]);
    assert_eq!(one, ["a: set the metadata on Path1: its metadata was changed later on Path2"]);
    let two = told("2 chmod a 640\n 1 chmod a 600", [0o600; 2]);
    assert_eq!(two, ["a: set the metadata on Path2: its metadata was changed later on Path1"]);
    let same = told("2 chmod a 600\n 1 chmod a 600", [0o600; 2]);
    assert!(same.is_empty(), "both want the same: {same:?}");
}

#[test]
fn what_goes_with_a_copy_a_move_or_a_new_time_goes_with_it() {
    for script in ["1 chmod a 600\n 1 write n N", "1 touch a\n 1 chmod a 600", "1 write a A2\n 1 chmod a 600"] {
        check(in_step(), script, [0o600; 2]);
    }
    let mut world = in_step();
    edit(&mut world, "1 move a m\n 1 chmod m 600");
    let moved = run(&mut world, "--metadata", 2).unwrap();
    assert_eq!((moved.outcome.counts.two.moved, set(&moved), modes(&world, "m")), (1, 0, [0o600; 2]));
    run(&mut world, "--metadata", 3).unwrap();
    assert_eq!(modes(&world, "m"), [0o600; 2]);
    // Whose time is kept and whose metadata is are two questions.
    check(in_step(), "2 touch a\n 1 touch a\n 2 chmod a 600", [0o600; 2]);
    // A new time must not hide what somebody changed after the file was listed.
    let mut world = in_step();
    edit(&mut world, "1 touch a");
    let planned = run_plan(&mut world, 2, PlanUse::Write { roots: Pair::new("/one".into(), "/two".into()) });
    assert!(planned.said("metadata-set").is_empty() && planned.said("touched").len() == 1, "{:?}", planned.events);
    edit(&mut world, "1 chmod a 600");
    assert_eq!(run_plan(&mut world, 3, PlanUse::Apply).outcome.exit_code, 1);
    check(world, "", [0o600; 2]);
}

#[test]
fn without_a_base_nothing_is_overwritten() {
    let mut world = World::default();
    edit(&mut world, "both write a A\n both write b B\n 1 chmod a 600");
    let first = run(&mut world, "--metadata", 1).unwrap();
    assert_eq!(modes(&world, "a"), [0o600, 0o644]);
    let told = first.said("metadata-unknown");
    assert!(told.len() == 1 && told[0].starts_with("the metadata of 1 files"), "{told:?}");
    // What differs stays so until somebody changes it.
    let second = run(&mut world, "--metadata", 2).unwrap();
    assert_eq!((second.said("metadata-unknown").len(), set(&second)), (0, 0));
    assert_eq!(modes(&world, "a"), [0o600, 0o644]);
    check(world.clone(), "2 chmod a 640", [0o640; 2]);
    // A resync, and a run without the option that changed something, take the base away.
    for between in ["--metadata --resync", "1 write n N"] {
        let mut world = in_step();
        if between.starts_with('1') {
            edit(&mut world, between);
            run(&mut world, "", 4).unwrap();
        }
        edit(&mut world, "1 chmod a 600");
        let options = if between.starts_with('1') { "--metadata" } else { between };
        let left = run(&mut world, options, 5).unwrap();
        assert_eq!((modes(&world, "a"), left.said("metadata-unknown").len()), ([0o600, 0o644], 1), "{between}");
        check(world, "1 chmod a 600", [0o600; 2]);
    }
}

#[test]
fn only_with_the_option() {
    let mut world = in_step();
    edit(&mut world, "1 chmod a 600");
    let state = world.state.clone();
    let plain = run(&mut world, "", 2).unwrap();
    assert_eq!((modes(&world, "a"), &world.state), ([0o600, 0o644], &state));
    assert!(plain.asked.iter().all(|verb| !matches!(verb, Verb::ListDirectory { metadata: true, .. })));
    // Such a run changed nothing, so the next one knows what it missed.
    run(&mut world, "--metadata", 3).unwrap();
    assert_eq!(modes(&world, "a"), [0o600; 2]);
}

#[test]
fn a_dry_run_says_it() {
    let mut world = in_step();
    edit(&mut world, "1 chmod a 600");
    let before = (world.sides.clone(), world.state.clone());
    let dry = run(&mut world, "--metadata --dry-run", 2).unwrap();
    assert_eq!(dry.outcome.headline, "Dry run: 1 given new metadata. Nothing was changed.");
    assert_eq!((world.sides.clone(), world.state.clone()), before);
    let explained = run(&mut world, "--metadata --explain=a", 2).unwrap().said("explained").join("\n");
    assert!(explained.contains("mode=100600") && explained.contains("mode=100644"), "{explained}");
}

fn run_plan(world: &mut World, seed: u64, plan: PlanUse) -> Run {
    let mut opening = opening(options("--metadata"), world, Random::new(seed).number());
    opening.plan = Some(plan);
    converse(&mut Session::open(opening).unwrap(), world, seed, usize::MAX).unwrap()
}

#[test]
fn a_plan_carries_it_out_unless_it_changed_since() {
    let check = |meanwhile: &str, exit_code, expected| {
        let mut world = in_step();
        edit(&mut world, "1 chmod a 600\n 2 chmod b 640");
        run_plan(&mut world, 2, PlanUse::Write { roots: Pair::new("/one".into(), "/two".into()) });
        edit(&mut world, meanwhile);
        let done = run_plan(&mut world, 3, PlanUse::Apply);
        assert_eq!((done.outcome.exit_code, modes(&world, "a")), (exit_code, expected), "{meanwhile}");
        assert_eq!(modes(&world, "b"), [0o640; 2], "{meanwhile}");
        run(&mut world, "--metadata", 4).unwrap();
        modes(&world, "a")
    };
    assert_eq!(check("", 0, [0o600; 2]), [0o600; 2]);
    assert_eq!(check("2 chmod a 444", 1, [0o600, 0o444]), [0o444; 2]);
    assert_eq!(check("1 chmod a 444", 1, [0o444, 0o644]), [0o444; 2]);
    assert_eq!(check("2 write a A2", 1, [0o600, 0o644]), [0o644; 2]);
}

#[test]
fn a_failure_is_tried_again() {
    let mut world = in_step();
    edit(&mut world, "1 chmod a 600\n 1 chmod b 600");
    world.broken.two.insert("a".into());
    assert_eq!(run(&mut world, "--metadata", 2).unwrap().outcome.exit_code, 1);
    assert_eq!((modes(&world, "a"), modes(&world, "b")), ([0o600, 0o644], [0o600; 2]));
    world.broken.two.clear();
    check(world, "", [0o600; 2]);
}

#[test]
fn a_killed_run_loses_no_change() {
    for requests in 0.. {
        let mut world = in_step();
        edit(&mut world, "1 chmod a 600\n 2 chmod c 640\n 2 write n N\n 1 touch b\n 1 chmod b 444");
        let ended = run_some(&mut world, "--metadata", requests, usize::try_from(requests).unwrap()).unwrap();
        run(&mut world, "--metadata", 3).unwrap();
        let found = ["a", "b", "c"].map(|path| modes(&world, path));
        assert_eq!(found, [[0o600; 2], [0o444; 2], [0o640; 2]], "killed after {requests}");
        if ended.is_some() {
            assert!(requests > 5);
            break;
        }
    }
}
