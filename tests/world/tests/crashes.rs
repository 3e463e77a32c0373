//! Runs that die at every request there is, and what the next one finds.

use std::collections::BTreeSet;

use bisync_engine::protocol::{FailureKind, Verb};
use bisync_engine::side::Side;
use bisync_engine::temporary::run_of;
use bisync_world::host::{run, run_by, show};
use bisync_world::random::Random;
use bisync_world::scenario::edit;
use bisync_world::schedule::{Death, Fate, Fault, Operation, Schedule};
use bisync_world::world::World;

const BEFORE: &str = "1 write a A\n 1 write d/b B\n 1 write d/c C\n 2 write e E\n 2 write f F";
const EDITS: &str = "1 write d/b BB\n 2 write n/m M\n 1 delete e\n 2 write a A2\n 1 write a A1\n 1 write d/n N";

/// Runs that die after so many requests, in several orders; and what is left of each.
fn dead(death: Death, check: impl Fn(&mut World, &str)) {
    for requests in 0..45 {
        for seed in 0..12 {
            let mut world = World::default();
            edit(&mut world, BEFORE);
            run(&mut world, "", 1).unwrap();
            edit(&mut world, EDITS);
            let mut schedule = Schedule::plain(seed, usize::MAX);
            schedule.death = Some((requests, death));
            world.watch_power();
            run_by(&mut world, "", &mut schedule).unwrap();
            world.unflushed = None;
            check(&mut world, &format!("{death:?} after {requests}, seed {seed}"));
        }
    }
}

#[test]
fn a_loss_of_power_damages_no_listing() {
    dead(Death::Power, |world, name| {
        let next = run(world, "", 2).unwrap();
        assert_eq!(next.outcome.exit_code, 0, "{name}: {}", next.outcome.headline);
        for side in Side::BOTH {
            // Nothing is lost, and nothing that was deleted came back; a conflict may have left a copy more.
            let found: BTreeSet<String> = world.contents(side).into_values().collect();
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            assert_eq!(found, ["A1", "A2", "BB", "C", "F", "M", "N"], "{name}\n{}", show(world));
        }
    });
}

#[test]
fn what_a_dead_run_left_behind_is_known_and_goes() {
    for death in [Death::Kill, Death::Power] {
        dead(death, |world, name| {
            run(world, "", 2).unwrap();
            let is_leftover = |path: &String| run_of(path.rsplit('/').next().unwrap_or_default()).is_some();
            let left: Vec<_> = Side::BOTH.iter().flat_map(|side| world.sides[*side].files.keys()).collect();
            assert!(!left.iter().any(|path| is_leftover(path)), "{name}: {left:?}\n{}", show(world));
        });
    }
}

#[test]
fn a_run_that_cannot_say_what_it_may_leave_behind_changes_nothing() {
    let mut stopped = 0;
    for write in 0..8 {
        for fate in [Fate::Failed(FailureKind::NoSpace), Fate::Half] {
            let mut world = World::default();
            edit(&mut world, BEFORE);
            run(&mut world, "", 1).unwrap();
            edit(&mut world, EDITS);
            // What a run that was killed left behind is not forgotten over it.
            world.state.insert("one..two.journal".into(), b"run 00000000000000aa\n".to_vec());
            let before = world.clone();
            let journal = |world: &World| world.state.get("one..two.journal").cloned().unwrap_or_default();
            let mut says_so = |world: &mut World, verb: &Verb| {
                let is_change = matches!(verb, Verb::CopyFile(_) | Verb::MoveFile(_) | Verb::DeleteFile { .. });
                let runs = journal(world).iter().filter(|byte| **byte == b'\n').count();
                assert!(!is_change || runs == 2, "{fate:?} of write {write}: {verb:?}");
            };
            let mut schedule = Schedule::plain(write as u64, usize::MAX);
            schedule.faults.push(Fault::Nth(Operation::WriteState, write, fate));
            schedule.intruder = Some(&mut says_so);
            let run = run_by(&mut world, "", &mut schedule).unwrap().unwrap();
            if world.sides == before.sides {
                stopped += 1;
                assert_eq!(run.outcome.exit_code, 1, "{fate:?} of write {write}");
                assert_eq!(journal(&world), journal(&before), "{fate:?} of write {write}");
            }
        }
    }
    assert!(stopped > 2, "{stopped}");
}

/// What lies where the next run cannot look, or what it cannot remove, is not forgotten, not even when the power goes then.
#[test]
fn what_a_dead_run_left_behind_goes_when_it_can() {
    let leftover = "d/.bisync-00000000000000aa-1.partial";
    let unlistable = Fault::At(Side::One, "d".into(), FailureKind::PermissionDenied);
    let undeletable = Fault::Nth(Operation::Remove, 0, Fate::Failed(FailureKind::PermissionDenied));
    for (seed, fault) in (0..20).flat_map(|seed| [(seed, unlistable.clone()), (seed, undeletable.clone())]) {
        let name = format!("{fault:?}, seed {seed}");
        let mut world = World::default();
        edit(&mut world, BEFORE);
        run(&mut world, "", 1).unwrap();
        world.write(Side::One, leftover, "B");
        world.write(Side::Two, "n", "N");
        world.state.insert("one..two.journal".into(), b"run 00000000000000aa\n".to_vec());
        let mut schedule = Schedule::plain(seed, usize::MAX);
        schedule.faults.push(fault);
        world.watch_power();
        let hindered = run_by(&mut world, "", &mut schedule).unwrap().unwrap();
        world.lose_power(&mut Random::new(seed));
        assert_eq!(hindered.outcome.exit_code, 1, "{name}");
        assert!(world.sides.one.files.contains_key(leftover), "{name}");
        assert_eq!(run(&mut world, "", 3).unwrap().outcome.exit_code, 0, "{name}");
        assert!(!world.sides.one.files.contains_key(leftover), "{name}");
        // A server may finish it late: once more it is looked for.
        world.write(Side::One, leftover, "B");
        assert_eq!(run(&mut world, "", 4).unwrap().outcome.exit_code, 0, "{name}");
        assert!(!world.sides.one.files.contains_key(leftover), "{name}");
        assert_eq!(world.state.get("one..two.journal"), None, "{name}");
    }
}
