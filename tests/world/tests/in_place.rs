//! Files that are written in place, by runs that die: half of one never wins, whatever was asked for.

use bisync_engine::protocol::{Staging, Verb};
use bisync_engine::side::Side;
use bisync_world::host::{run, run_by, show};
use bisync_world::scenario::edit;
use bisync_world::schedule::{Death, Fate, Fault, Operation, Schedule};
use bisync_world::world::World;

const BEFORE: &str = "1 write changed long-ago\n 1 write deleted D\n 1 write other O";
const WHOLE: &str = "all-that-was-written";

/// What lets one of two versions win.
const POLICIES: [&str; 11] = [
    "",
    "--conflict-resolve=newer --conflict-loser=delete",
    "--conflict-resolve=older --conflict-loser=delete",
    "--conflict-resolve=smaller --conflict-loser=delete",
    "--conflict-resolve=larger --conflict-loser=delete",
    "--conflict-resolve=path1 --conflict-loser=delete",
    "--conflict-resolve=path2 --conflict-loser=delete",
    "--conflict-resolve=path2 --conflict-loser=pathname",
    "--conflict-resolve=older --conflict-loser=delete --inplace --size-only",
    "--resync --resync-mode=path2",
    "--resync --resync-mode=smaller --inplace",
];

/// Whether there was a run before.
#[derive(Debug, Clone, Copy)]
enum Base {
    Listed,
    None,
}

/// What ends the writing of a file in its middle.
#[derive(Debug, Clone, Copy)]
enum End {
    Death(usize, Death),
    Failure(usize),
}

/// Breaks off runs that write in place to path2, whenever that can be. `check` gets what is left, and the paths at which there is half a
/// file.
fn half_written(base: Base, options: &str, check: impl Fn(World, &[&str], &str)) {
    let mut found = 0;
    let deaths = (8..26).flat_map(|requests| [Death::Kill, Death::Power].map(|death| End::Death(requests, death)));
    for end in deaths.chain([End::Failure(0), End::Failure(1)]) {
        for seed in 0..8 {
            let mut world = World::default();
            if let Base::Listed = base {
                edit(&mut world, BEFORE);
                run(&mut world, "", 1).unwrap();
                world.sides.one.files.remove("deleted");
            }
            for path in ["changed", "new"] {
                world.write(Side::One, path, WHOLE);
            }
            let mut schedule = Schedule::plain(seed, usize::MAX);
            match end {
                End::Death(requests, death) => schedule.death = Some((requests, death)),
                End::Failure(number) => schedule.faults.push(Fault::Nth(Operation::Copy, number, Fate::Half)),
            }
            world.watch_power();
            run_by(&mut world, &format!("--inplace --force {options}"), &mut schedule).unwrap();
            world.unflushed = None;
            let is_half = |content: &String| content != WHOLE && WHOLE.starts_with(content.as_str());
            let there = world.contents(Side::Two);
            let halves: Vec<&str> =
                ["changed", "new"].into_iter().filter(|path| there.get(*path).is_some_and(is_half)).collect();
            if !halves.is_empty() {
                found += 1;
                check(world, &halves, &format!("{base:?} {options} {end:?}, seed {seed}"));
            }
        }
    }
    assert!(found > 10, "{base:?} {options}: {found}");
}

fn run_well(world: &mut World, options: &str, name: &str) {
    let run = run(world, &format!("--force {options}"), 2).unwrap();
    assert_eq!(run.outcome.exit_code, 0, "{name}: {}", run.outcome.headline);
}

#[test]
fn half_a_file_never_wins() {
    for (base, policy) in [Base::Listed, Base::None].into_iter().flat_map(|base| POLICIES.map(|policy| (base, policy)))
    {
        half_written(base, "", |mut world, halves, name| {
            let name = format!("{name}, then {policy}");
            run_well(&mut world, policy, &name);
            for side in Side::BOTH {
                let there = world.contents(side);
                halves.iter().for_each(|path| assert_eq!(there[*path], WHOLE, "{name}\n{}", show(&world)));
                let known = ["changed", "deleted", "new", "other"];
                assert!(there.keys().all(|path| known.contains(&path.as_str())), "{name}\n{}", show(&world));
            }
            let left: Vec<_> = world.state.keys().filter(|blob| blob.contains("in-place")).collect();
            assert!(left.is_empty(), "{name}: {left:?}");
        });
    }
}

/// What the next run leaves is no more a version than what it found.
#[test]
fn half_a_file_never_wins_after_two_runs_that_died() {
    half_written(Base::Listed, "", |left, halves, name| {
        for (requests, seed) in (4..30).map(|requests| (requests, requests as u64)) {
            let name = format!("{name}, then after {requests}");
            let mut world = left.clone();
            run_by(&mut world, "--inplace --force", &mut Schedule::plain(seed, requests)).unwrap();
            run_well(&mut world, "--conflict-resolve=path2 --conflict-loser=delete", &name);
            for (side, path) in Side::BOTH.into_iter().flat_map(|side| halves.iter().map(move |path| (side, *path))) {
                assert_eq!(world.contents(side)[path], WHOLE, "{name}\n{}", show(&world));
            }
        }
    });
}

/// Somebody goes on with half a file: their work may be nowhere else.
#[test]
fn what_was_made_of_half_a_file_is_kept_beside_the_whole() {
    for (base, policy) in [Base::Listed, Base::None].into_iter().flat_map(|base| POLICIES.map(|policy| (base, policy)))
    {
        half_written(base, "", |mut world, halves, name| {
            let name = format!("{name}, then {policy}");
            halves.iter().for_each(|path| world.write(Side::Two, path, &format!("edited {path}")));
            run_well(&mut world, policy, &name);
            for side in Side::BOTH {
                let there = world.contents(side);
                for path in halves {
                    assert_eq!(there[*path], WHOLE, "{name}\n{}", show(&world));
                    let is_kept = there.values().any(|content| *content == format!("edited {path}"));
                    assert!(is_kept, "{name}\n{}", show(&world));
                }
            }
        });
    }
}

/// The whole is edited or moved before the next run: half of it does not come back in its place.
#[test]
fn half_a_file_is_not_taken_for_what_became_of_the_whole() {
    for policy in POLICIES.into_iter().filter(|policy| !policy.contains("resync")) {
        half_written(Base::Listed, "", |mut world, halves, name| {
            let name = format!("{name}, then {policy}");
            world.write(Side::One, "changed", "edited once more");
            let moved = world.sides.one.files.remove("new").unwrap();
            world.sides.one.files.insert("moved".into(), moved);
            run_well(&mut world, policy, &name);
            for side in Side::BOTH {
                let there = world.contents(side);
                let found = [there.get("changed"), there.get("new"), there.get("moved")];
                let found = found.map(|content| content.map(String::as_str));
                if halves.contains(&"changed") {
                    assert_eq!(found[0], Some("edited once more"), "{name}\n{}", show(&world));
                }
                if halves.contains(&"new") {
                    assert_eq!(found[1..], [None, Some(WHOLE)], "{name}\n{}", show(&world));
                }
            }
        });
    }
}

/// The old version comes back on the other side: half a file is no edit of it, not even where it has its size and time.
#[test]
fn half_a_file_is_no_edit_of_the_version_before() {
    let mut before = World::default();
    edit(&mut before, BEFORE);
    let old = &before.sides.one.files["changed"];
    half_written(Base::Listed, "", |left, halves, name| {
        for looks_old in [false, true].into_iter().filter(|_| halves.contains(&"changed")) {
            let mut world = left.clone();
            world.sides.one.files.insert("changed".into(), old.clone());
            let half = world.sides.two.files.get_mut("changed").unwrap();
            if looks_old {
                (half.content, half.modified) = (WHOLE[..old.content.len()].to_owned(), old.modified);
            }
            run_well(&mut world, "", name);
            for side in Side::BOTH {
                assert_eq!(
                    world.contents(side).get("changed"),
                    Some(&old.content),
                    "{name} {looks_old}\n{}",
                    show(&world)
                );
            }
        }
    });
}

#[test]
fn half_a_file_replaces_no_backup() {
    half_written(Base::Listed, "--backup-dir2=kept", |mut world, halves, name| {
        run_well(&mut world, "--backup-dir2=kept", name);
        if halves.contains(&"changed") {
            assert_eq!(world.backups.two.get("changed").map(String::as_str), Some("long-ago"), "{name}");
        }
    });
}

/// What was not begun follows the rules that were asked for, and costs nothing.
#[test]
fn what_was_not_begun_is_what_it_was() {
    let mut found = 0;
    for (requests, seed) in (0..30).flat_map(|requests| (0..10).map(move |seed| (requests, seed))) {
        let mut world = World::default();
        edit(&mut world, BEFORE);
        run(&mut world, "", 1).unwrap();
        world.write(Side::One, "changed", WHOLE);
        let before = world.sides.two.clone();
        run_by(&mut world, "--inplace", &mut Schedule::plain(seed, requests)).unwrap();
        let is_named = world.state.keys().any(|blob| blob.contains("in-place"));
        if !is_named || world.sides.two != before {
            continue;
        }
        found += 1;
        let next = run(&mut world, "", 2).unwrap();
        assert!(!next.verbs.iter().any(|verb| matches!(verb, Verb::SameContent { .. })), "{requests} {seed}");
        assert_eq!(world.contents(Side::Two)["changed"], WHOLE, "{requests} {seed}");
    }
    assert!(found > 10, "{found}");
}

/// Another machine that takes over from this one knows nothing of what is half written.
#[test]
fn machines_that_share_their_state_write_nothing_in_place() {
    let mut world = World::default();
    world.write(Side::One, "new", WHOLE);
    let run = run(&mut world, "--inplace --remote-lock", 1).unwrap();
    assert!(run.verbs.iter().all(|verb| !matches!(verb, Verb::CopyFile(copy) if copy.staging == Staging::InPlace)));
    assert_eq!(run.said("option-ignored").len(), 1, "{:?}", run.events);
}

/// A file that comes much later to where one was to be written is no half of that one.
#[test]
fn what_is_nowhere_any_more_is_forgotten() {
    half_written(Base::None, "", |mut world, _, name| {
        for side in Side::BOTH {
            world.sides[side].files.clear();
        }
        world.write(Side::One, "other", "O");
        run_well(&mut world, "", name);
        world.write(Side::Two, "new", "N");
        run_well(&mut world, "", name);
        assert_eq!(world.contents(Side::One)["new"], "N", "{name}\n{}", show(&world));
    });
}

#[test]
fn what_the_filters_hide_is_not_forgotten() {
    half_written(Base::Listed, "", |mut world, halves, name| {
        run_well(&mut world, "--exclude=/changed --exclude=/new", name);
        run_well(&mut world, "--conflict-resolve=smaller --conflict-loser=delete", name);
        for (side, path) in Side::BOTH.into_iter().flat_map(|side| halves.iter().map(move |path| (side, *path))) {
            assert_eq!(world.contents(side)[path], WHOLE, "{name}\n{}", show(&world));
        }
    });
}

/// What is said of half a file is what the next run does.
#[test]
fn half_a_file_is_explained_and_nothing_done_in_a_dry_run() {
    half_written(Base::Listed, "", |mut world, halves, name| {
        let before = world.clone();
        let dry = run(&mut world, "--force --dry-run --explain=changed --explain=new", 2).unwrap();
        assert_eq!((&world.sides, &world.state), (&before.sides, &before.state), "{name}");
        let said = dry.said("explained").join("\n");
        if halves.contains(&"new") {
            assert!(
                said.contains("new: a run that did not end was writing the file of Path2 in place"),
                "{name}: {said}"
            );
        }
    });
}

/// A name that cannot be read is no reason to forget that there is one: not even where a first run begins at once.
#[test]
fn what_cannot_be_read_is_not_forgotten() {
    half_written(Base::None, "", |mut world, _, name| {
        let is_blob = |blob: &String| blob.ends_with(".in-place");
        let names: Vec<_> = world.state.keys().filter(|blob| is_blob(blob)).cloned().collect();
        for blob in names {
            world.state.insert(blob, b"damaged".to_vec());
        }
        let before = world.clone();
        for seed in 2..4 {
            let run = run(&mut world, "", seed).unwrap();
            assert_eq!(run.outcome.exit_code, 1, "{name}: {}", run.outcome.headline);
            assert_eq!((&world.sides, &world.state), (&before.sides, &before.state), "{name}");
        }
    });
}

/// What may be half a file has made room for the other side's, and the run died: nobody has deleted it.
#[test]
fn what_made_room_for_the_whole_was_not_deleted() {
    let mut before = World::default();
    edit(&mut before, BEFORE);
    let old = &before.sides.one.files["changed"];
    half_written(Base::Listed, "", |left, halves, name| {
        for requests in (4..20).filter(|_| halves.contains(&"changed")) {
            let name = format!("{name}, then after {requests}");
            let mut world = left.clone();
            world.sides.one.files.insert("changed".into(), old.clone());
            world.write(Side::Two, "changed", "edited half");
            run_by(&mut world, "--inplace --force", &mut Schedule::plain(requests as u64, requests)).unwrap();
            run_well(&mut world, "", &name);
            for side in Side::BOTH {
                let there = world.contents(side);
                assert_eq!(there.get("changed"), Some(&old.content), "{name}\n{}", show(&world));
                assert!(there.values().any(|content| content == "edited half"), "{name}\n{}", show(&world));
            }
        }
    });
}

/// A side may keep the name of a file in another form than the one in which it was written.
#[test]
fn half_a_file_is_known_by_whatever_name_it_has() {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let mut found = 0;
    for (requests, seed) in (8..20).flat_map(|requests| (0..40).map(move |seed| (requests, seed))) {
        let mut left = World::default();
        left.natures.two.decomposes = true;
        left.write(Side::One, composed, WHOLE);
        run_by(&mut left, "--inplace", &mut Schedule::plain(seed, requests)).unwrap();
        if left.contents(Side::Two).get(decomposed).is_none_or(|content| content == WHOLE) {
            continue;
        }
        found += 1;
        for again in (0..12).chain([usize::MAX]) {
            let name = format!("{requests} {seed}, then after {again}");
            let mut world = left.clone();
            run_by(&mut world, "--inplace", &mut Schedule::plain(seed, again)).unwrap();
            run_well(&mut world, "--conflict-resolve=path2 --conflict-loser=delete", &name);
            let there = [world.contents(Side::One), world.contents(Side::Two)];
            let expected = [composed, decomposed].map(|path| [(path.to_owned(), WHOLE.to_owned())].into());
            assert_eq!(there, expected, "{name}\n{}", show(&world));
            run_well(&mut world, "", &name);
            let blobs: Vec<_> = world.state.keys().filter(|blob| blob.contains("in-place")).collect();
            assert!(blobs.is_empty(), "{name}: {blobs:?}");
        }
    }
    assert!(found > 5, "{found}");
}
