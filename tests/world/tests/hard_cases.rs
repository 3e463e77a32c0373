//! Cases in which a simpler engine would lose something: links, markers, spellings, listings of other options, damage.

use std::collections::BTreeSet;

use bisync_engine::entry::Instant;
use bisync_engine::protocol::{FailureKind, Verb};
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{Run, run, run_by, run_some, show};
use bisync_world::scenario::edit;
use bisync_world::schedule::{Fate, Fault, Operation, Schedule};
use bisync_world::world::World;

const NFC: &str = "\u{e9}";
const NFD: &str = "e\u{301}";
const THREE: &str = "1 write a A\n 1 write b B\n 1 write d/c C";

/// A world that was brought in step with these options.
fn world(script: &str, options: &str) -> World {
    let mut world = World::default();
    edit(&mut world, script);
    fine(&mut world, options);
    world
}

#[track_caller]
fn fine(world: &mut World, options: &str) -> Run {
    let run = run(world, options, 5).unwrap();
    assert_eq!(run.outcome.exit_code, 0, "{:?}\n{}", run.outcome, show(world));
    run
}

fn contents(world: &World) -> BTreeSet<String> {
    Side::BOTH.iter().flat_map(|side| world.contents(*side).into_values()).collect()
}

#[track_caller]
fn in_step(world: &World) {
    assert_eq!(world.contents(Side::One), world.contents(Side::Two));
}

#[test]
fn nothing_is_inferred_or_written_through_a_link() {
    let mut world = world(THREE, "");
    edit(&mut world, "1 delete d\n 1 link d\n 2 write d/n N");
    let run = run(&mut world, "", 2).unwrap();
    assert!(world.contents(Side::Two).contains_key("d/c"));
    assert!(!world.contents(Side::One).contains_key("d/n"), "{:?}", run.verbs);
}

#[test]
fn a_marker_hides_a_directory_and_deletes_nothing() {
    let marker = "--exclude-if-present=.ignore";
    let mut world = world(THREE, "");
    edit(&mut world, "1 write d/.ignore x");
    fine(&mut world, marker);
    assert!(world.contents(Side::Two).contains_key("d/c"));
    edit(&mut world, "1 write .ignore x\n 2 delete b");
    fine(&mut world, marker);
    assert!(world.contents(Side::One).contains_key("b"));
    let mut new = World::default();
    edit(&mut new, "1 write d/.ignore x\n 1 write a A");
    fine(&mut new, "--exclude-if-present=.ignore --create-empty-src-dirs");
    assert!(!new.sides.two.directories.contains("d"));
}

#[test]
fn options_that_change_between_runs_lose_no_edit() {
    let sets = ["", "--size-only", "--checksum", "--compare=size,modtime,checksum"];
    let scripts = ["1 write a Z\n 2 delete a", "1 write a Z\n 2 write a Y", "2 write a Z"];
    for first in sets {
        for then in sets.iter().filter(|then| **then != first && **then != "--size-only") {
            for script in scripts {
                let mut world = world(THREE, first);
                edit(&mut world, script);
                fine(&mut world, then);
                in_step(&world);
                assert!(contents(&world).contains("Z"), "{first} {then} {script}\n{}", show(&world));
                let again = fine(&mut world, then);
                assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "{first} {then}");
            }
        }
    }
}

/// Hosts that take turns may set times more or less finely.
#[test]
fn times_less_than_a_microsecond_apart_are_no_mismatch_of_listings() {
    for (nanoseconds, exit_code) in [(999, 0), (1000, 1)] {
        let mut world = World::default();
        for (side, nanoseconds) in [(Side::One, 5000), (Side::Two, 5000 + nanoseconds)] {
            world.write_at(side, "a", "A", Instant { seconds: 5, nanoseconds });
        }
        run(&mut world, "--modify-window=1ms", 1).unwrap();
        world.write(Side::One, "b", "B");
        let run = run(&mut world, "", 2).unwrap();
        assert_eq!(run.outcome.exit_code, exit_code, "{nanoseconds}: {:?}", run.outcome);
    }
}

#[test]
fn a_listing_is_renewed_when_checksums_are_asked_for() {
    let mut world = world(THREE, "");
    fine(&mut world, "--checksum");
    let time = world.sides.one.files["a"].modified;
    world.write_at(Side::One, "a", "Z", time);
    fine(&mut world, "--checksum");
    in_step(&world);
}

#[test]
fn a_damaged_listing_of_the_run_before_is_kept_aside_as_well() {
    let mut world = world(THREE, "");
    edit(&mut world, "1 write n N");
    fine(&mut world, "");
    world.state.retain(|name, _| !name.ends_with(".lst"));
    if let Some(listing) = world.state.get_mut("one..two.path1.lst-old") {
        listing.truncate(90);
    }
    edit(&mut world, "1 delete a");
    let damaged = run(&mut world, "--recover", 2).unwrap();
    assert_eq!(damaged.outcome.exit_code, 1);
    assert!(damaged.outcome.headline.contains("`one..two.path1.lst-old`, is damaged"), "{}", damaged.outcome.headline);
    assert!(contents(&world).contains("A"));
    fine(&mut world, "--recover");
    in_step(&world);
}

#[test]
fn a_dry_run_writes_nothing_whatever_is_damaged() {
    for options in ["--dry-run", "--check-sync=only"] {
        let mut world = world(THREE, "");
        if let Some(listing) = world.state.get_mut("one..two.path1.lst") {
            listing.truncate(90);
        }
        let before = world.state.clone();
        assert_eq!(run(&mut world, options, 2).unwrap().outcome.exit_code, 1);
        assert_eq!(world.state, before, "{options}");
    }
}

#[test]
fn a_damaged_listing_is_kept_aside_and_the_next_run_goes_on() {
    let mut world = world(THREE, "");
    if let Some(listing) = world.state.get_mut("one..two.path2.lst") {
        listing.truncate(90);
    }
    edit(&mut world, "1 delete a\n 2 write b B2");
    let refused = run(&mut world, "", 2).unwrap();
    assert_eq!(refused.outcome.exit_code, 1);
    assert!(refused.outcome.headline.contains("one..two.path2.lst"), "{}", refused.outcome.headline);
    assert!(world.state.contains_key("one..two.path2.lst-err"));
    fine(&mut world, "");
    in_step(&world);
    assert!(contents(&world).is_superset(&["A", "B", "B2"].map(String::from).into()), "{}", show(&world));
}

#[test]
fn what_cannot_be_seen_is_not_counted_as_deleted() {
    let mut hidden = world("1 write d/c C\n 1 write d/e E", "");
    edit(&mut hidden, "1 write d/.ignore x");
    fine(&mut hidden, "--exclude-if-present=.ignore");
    let mut deep = world("1 write d/c C\n 1 write d/e E\n 1 write d/f F\n 1 write top T", "");
    fine(&mut deep, "--max-depth=1");
    let mut unreadable = world("1 write d/c C\n 1 write d/e E", "");
    unreadable.broken.one.insert("d".into());
    edit(&mut unreadable, "2 write n N");
    run(&mut unreadable, "", 2).unwrap();
    assert!(unreadable.contents(Side::One).contains_key("n"));
    let mut empty = world("1 mkdir x/y\n 1 mkdir z", "--create-empty-src-dirs");
    fine(&mut empty, "--create-empty-src-dirs");
}

#[test]
fn directories_that_the_sides_spell_differently_stay_one() {
    let before = format!("1 write {NFC}/x X\n 2 write {NFD}/x X\n 1 write k K");
    let mut conflict = world(&before, "");
    edit(&mut conflict, &format!("1 write {NFC}/x X1\n 2 write {NFD}/x X2"));
    fine(&mut conflict, "--force");
    for side in Side::BOTH {
        assert_eq!(conflict.sides[side].directories.len(), 1, "{}", show(&conflict));
    }
    fine(&mut conflict, "--force");
    // Whether the directory turns out to be unreadable before or after the other spelling is read.
    for seed in 0..20 {
        let mut blind = world(&before, "");
        blind.broken.one.insert(NFC.into());
        edit(&mut blind, &format!("2 delete {NFD}/x"));
        run(&mut blind, "--force", seed).unwrap();
        blind.broken.one.clear();
        fine(&mut blind, "--force");
        assert!(!blind.contents(Side::One).contains_key(&format!("{NFC}/x")), "seed {seed}\n{}", show(&blind));
    }
    let mut large = world(&format!("1 write {NFC} X\n 2 write {NFD} X\n 1 write k K"), "");
    edit(&mut large, &format!("1 write {NFC} fifteen-letters"));
    fine(&mut large, "--force --max-size=10B");
    assert_eq!(large.sides.one.files.len(), 2, "{}", show(&large));
}

#[test]
fn files_and_directories_take_each_others_place() {
    const SYNC: &str = "--create-empty-src-dirs --force";
    let mut edited = world(THREE, SYNC);
    edit(&mut edited, "1 write a A2\n 2 delete a\n 2 mkdir a");
    fine(&mut edited, SYNC);
    fine(&mut edited, SYNC);
    in_step(&edited);
    let mut nested = world("1 write d/s/x X\n 1 write d/t/y Y\n 1 mkdir d/u\n 1 write k K\n 1 write l L", SYNC);
    edit(&mut nested, "1 delete d\n 1 write d D");
    fine(&mut nested, SYNC);
    in_step(&nested);
    let mut unflagged = world("1 write d/x X\n 1 mkdir e\n 1 write k K\n 1 write l L", SYNC);
    edit(&mut unflagged, "1 delete d\n 1 write d D\n 2 delete e\n 2 write e E");
    fine(&mut unflagged, "");
    in_step(&unflagged);
}

#[test]
fn an_empty_directory_keeps_its_name_on_a_first_run() {
    for options in ["", "--check-first"] {
        let mut world = World::default();
        edit(&mut world, "1 mkdir a\n 2 write a A");
        fine(&mut world, options);
        in_step(&world);
        assert!(world.contents(Side::One).contains_key("a.conflict1"), "{options}\n{}", show(&world));
    }
}

#[test]
fn versions_of_one_size_and_time_are_read_where_there_is_a_base() {
    for listed_on_both in [true, false] {
        let mut world = world(THREE, "");
        if !listed_on_both && let Some(listing) = world.state.get_mut("one..two.path2.lst") {
            let text = String::from_utf8_lossy(listing).into_owned();
            let rest = text.lines().filter(|line| !line.ends_with("\"a\"")).map(|line| format!("{line}\n"));
            *listing = rest.collect::<String>().into_bytes();
            assert_ne!(listing.len(), text.len());
        }
        let time = Instant { seconds: world.clock + 1, nanoseconds: 0 };
        world.write_at(Side::One, "a", "X", time);
        world.write_at(Side::Two, "a", "Y", time);
        fine(&mut world, "");
        in_step(&world);
        assert!(contents(&world).is_superset(&["X", "Y"].map(String::from).into()), "{}", show(&world));
    }
}

#[test]
fn directories_that_take_no_part_any_more_are_forgotten() {
    const SYNC: &str = "--create-empty-src-dirs";
    let mut world = world("1 mkdir e\n 1 write a A\n 1 write b B", SYNC);
    fine(&mut world, "");
    edit(&mut world, "1 delete e");
    // To delete it there, the run would have to know that both sides had it once.
    fine(&mut world, SYNC);
    for side in Side::BOTH {
        assert!(world.sides[side].directories.contains("e"), "{side}\n{}", show(&world));
    }
    // So a file can be moved to where one was.
    let mut world = self::world("1 mkdir e\n 1 write a A\n 1 write b B", SYNC);
    edit(&mut world, "both delete e\n 1 move a e");
    assert_eq!(fine(&mut world, "").outcome.counts.two.moved, 1);
}

#[test]
fn a_directory_that_a_file_takes_the_place_of_goes_once() {
    const SYNC: &str = "--create-empty-src-dirs --force";
    let removals = |script: &str| {
        let mut world = world("1 write d/s/x X\n 1 write k K", SYNC);
        edit(&mut world, script);
        let run = fine(&mut world, SYNC);
        in_step(&world);
        let is_removal = |verb: &&Verb| matches!(verb, Verb::RemoveDirectory { .. });
        run.asked.iter().filter(is_removal).count()
    };
    assert_eq!(removals("1 delete d"), 2);
    assert_eq!(removals("1 delete d\n 1 write d D"), 1);
}

#[test]
fn a_lockout_without_a_listing_does_nothing() {
    for seed in 0..100 {
        for options in ["--lockout", "--lockout --check-access --resilient"] {
            let mut world = World::default();
            edit(&mut world, "1 write a A\n 2 write b B");
            let refused = run(&mut world, options, seed).unwrap();
            assert_eq!(refused.outcome.exit_code, 7);
            assert_eq!(world.contents(Side::Two).len(), 1, "seed {seed}");
        }
    }
}

#[test]
fn a_move_that_a_hash_proves_reads_nothing() {
    let mut world = world("1 write big BIGBIG\n 1 write k K", "--checksum");
    edit(&mut world, "1 move big big2");
    let moved = fine(&mut world, "--checksum --force");
    assert_eq!(moved.outcome.counts.two.moved, 1);
    assert!(!moved.verbs.iter().any(|verb| matches!(verb, Verb::SameContent { .. })));
}

#[test]
fn the_same_content_of_another_time_is_no_move() {
    const ALL: &str = "--compare=size,modtime,checksum --force";
    let mut world = world("1 write big BIGBIG\n 1 write k K", ALL);
    edit(&mut world, "1 delete big\n 1 write big2 BIGBIG");
    fine(&mut world, ALL);
    assert_eq!(world.sides.one.files["big2"].modified, world.sides.two.files["big2"].modified);
    assert_eq!(fine(&mut world, ALL).outcome.headline, "Path1 and Path2 are in step: nothing to do.");
}

#[test]
fn a_dry_run_knows_which_directories_will_be_empty() {
    let mut world = World::default();
    edit(
        &mut world,
        "1 write a/b/c C\n 1 write a/d D\n 1 write e/f F\n 1 write keep/x.tmp X\n both mkdir g/h\n 1 write m/n N",
    );
    run(&mut world, "--exclude=*.tmp", 1).unwrap();
    edit(&mut world, "1 delete a/b/c\n 2 delete e/f\n 1 move m/n o/n\n 2 mkdir keep");
    let options = "--remove-empty-dirs --exclude=*.tmp";
    let planned = run(&mut world, &format!("{options} --dry-run"), 2).unwrap();
    let done = run(&mut world, options, 2).unwrap();
    let removed = |run: &bisync_world::host::Run| run.outcome.counts.map(|counts| counts.directories_removed);
    assert_eq!(removed(&planned), removed(&done));
    assert_eq!(done.outcome.exit_code, 0);
    let left: Vec<_> = world.sides.one.directories.iter().map(String::as_str).collect();
    assert_eq!(left, ["a", "keep", "o"]);
    let left: Vec<_> = world.sides.two.directories.iter().map(String::as_str).collect();
    assert_eq!(left, ["a", "o"]);
}

/// The file that takes the place of a directory takes the place of the empty ones below it, too.
#[test]
fn a_file_takes_the_place_of_directories_that_become_empty() {
    let mut world = world("1 write d/e/f F\n 1 write d.txt T\n 1 write d/g/h H", "");
    edit(&mut world, "1 delete d\n 1 write d D\n both mkdir d.x");
    let options = "--remove-empty-dirs --force";
    let removed = |run: &Run| run.outcome.counts.map(|counts| counts.directories_removed);
    let planned = run(&mut world, &format!("{options} --dry-run"), 2).unwrap();
    let done = fine(&mut world, options);
    assert_eq!((removed(&planned), removed(&done)), (removed(&done), Pair::new(1, 2)));
    in_step(&world);
}

#[test]
fn a_deleted_directory_stays_where_something_in_it_is_carried_over() {
    let options = "--create-empty-src-dirs --force";
    let kept = ["1 write d/e/f Z", "1 write d/e/n N", "1 mkdir d/e/m"];
    for (script, stays) in kept.into_iter().map(|script| (script, true)).chain([("1 mkdir n", false)]) {
        let mut world = world("1 write k K\n 1 write d/e/f F\n 1 write d/g/h H", options);
        edit(&mut world, &format!("{script}\n 2 delete d"));
        let plan = run(&mut world, &format!("{options} --dry-run"), 2).unwrap();
        let done = fine(&mut world, options);
        assert_eq!(plan.outcome.counts, done.outcome.counts, "{script}");
        assert!(done.said("directory-kept").is_empty(), "{script}");
        let there = |side: Side| ["d/e", "d/g"].map(|path| world.sides[side].directories.contains(path));
        assert_eq!(Side::BOTH.map(there), [[stays, false]; 2], "{script}");
        let again = fine(&mut world, options);
        assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "{script}");
    }
}

#[test]
fn directories_that_a_new_limit_of_depth_leaves_out_do_not_count_as_deleted() {
    let mut world = world("1 write a A\n 1 mkdir d\n 1 mkdir e", "--create-empty-src-dirs");
    fine(&mut world, "--create-empty-src-dirs --max-depth=1");
    assert_eq!(world.sides.map(|side| side.directories.len()), Pair::new(2, 2));
}

/// A directory gets another spelling on a side, once and then once more; what is done to the files in it at the same time goes on.
#[test]
fn a_directory_with_another_spelling_has_the_same_files() {
    let before =
        |first: &str| format!("1 write {first}/x X\n 1 write {first}/s/y Y\n 1 write k K\n 1 write l L\n 1 write m M");
    let (nfc, nfd) = ((NFC, NFD, NFC, ""), (NFD, NFC, NFD, ""));
    for (first, then, at_last, options) in
        [nfc, nfd, ("a", "A", "a", "--ignore-case-sync"), ("abc", "ABC", "Abc", "--ignore-case-sync")]
    {
        for (one, two) in [("1", "2"), ("2", "1")] {
            let check = |edits: &str, expected: &[&str]| {
                let mut world = world(&before(first), options);
                for (from, to) in [(first, then), (then, at_last)] {
                    edit(&mut world, &format!("{one} move {from} {to}"));
                    if to == then {
                        edit(&mut world, &edits.replace("THEN", then).replace("FIRST", first));
                    }
                    let run = fine(&mut world, options);
                    assert_eq!(run.outcome.counts.map(|counts| counts.moved), Pair::new(0, 0), "{edits}");
                    let again = fine(&mut world, options);
                    assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "{edits}");
                }
                for (side, directory) in [(one, at_last), (two, first)] {
                    let found = world.contents(if side == "1" { Side::One } else { Side::Two });
                    let expected = expected.iter().map(|name| name.replace('D', directory));
                    assert_eq!(
                        found.into_keys().filter(|path| path.contains('/')).collect::<Vec<_>>(),
                        expected.collect::<Vec<_>>(),
                        "{edits}"
                    );
                }
            };
            check("", &["D/s/y", "D/x"]);
            check(&format!("{one} write THEN/x Z\n {two} write FIRST/n N"), &["D/n", "D/s/y", "D/x"]);
            check(&format!("{two} write FIRST/x Z\n {one} delete THEN/s/y"), &["D/x"]);
            check(&format!("{two} delete FIRST/x"), &["D/s/y"]);
            check(
                &format!("{one} write THEN/x Z\n {two} write FIRST/x W"),
                &["D/s/y", "D/x.conflict1", "D/x.conflict2"],
            );
        }
    }
}

/// Edits of that time are told from what was there before.
#[test]
fn a_directory_may_get_the_spelling_of_the_other_side() {
    let check = |edits: &str, expected: &[&str]| {
        let options = "--ignore-case-sync";
        let mut world = world("1 write a/x X\n 1 write a/y Y\n 1 write k K\n 1 write l L", options);
        edit(&mut world, "1 move a A");
        fine(&mut world, options);
        edit(&mut world, &format!("1 move A a\n {edits}"));
        let run = fine(&mut world, options);
        assert!(run.outcome.conflicts.is_empty(), "{edits}: {:?}", run.outcome);
        let found = Side::BOTH.map(|side| world.contents(side));
        let found = found.map(|side| side.into_iter().map(|(path, content)| format!("{path}={content}")));
        assert_eq!(found.map(Iterator::collect::<Vec<_>>), [expected, expected], "{edits}");
        let again = fine(&mut world, options);
        assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "{edits}");
    };
    check("", &["a/x=X", "a/y=Y", "k=K", "l=L"]);
    check("1 write a/x Z", &["a/x=Z", "a/y=Y", "k=K", "l=L"]);
    check("2 write a/x Z", &["a/x=Z", "a/y=Y", "k=K", "l=L"]);
    check("1 delete a/x", &["a/y=Y", "k=K", "l=L"]);
    check("2 delete a/x", &["a/y=Y", "k=K", "l=L"]);
}

/// What a run could not do is done by the next one, also where the spelling is new.
#[test]
fn what_failed_below_a_directory_with_another_spelling_is_made_up_for() {
    let check = |edits: &str, hindered: Operation, expected: &[&str]| {
        let options = "--ignore-case-sync";
        let mut world = world("1 write a/x X\n 1 write a/y Y\n 1 write k K\n 1 write l L", options);
        edit(&mut world, &format!("1 move a A\n {edits}"));
        let mut schedule = Schedule::plain(1, usize::MAX);
        schedule.faults.push(Fault::Nth(hindered, 0, Fate::Failed(FailureKind::PermissionDenied)));
        let run = run_by(&mut world, options, &mut schedule).unwrap().unwrap();
        assert_eq!(run.outcome.failures.len(), 1, "{edits}: {:?}", run.outcome);
        let run = fine(&mut world, options);
        assert!(run.outcome.conflicts.is_empty(), "{edits}: {:?}", run.outcome);
        let found = Side::BOTH.map(|side| world.contents(side));
        let found =
            found.map(|side| side.into_iter().map(|(path, content)| format!("{path}={content}").to_lowercase()));
        assert_eq!(found.map(Iterator::collect::<Vec<_>>), [expected, expected], "{edits}");
        let again = fine(&mut world, options);
        assert_eq!(again.outcome.headline, "Path1 and Path2 are in step: nothing to do.", "{edits}");
    };
    check("2 delete a/x", Operation::Remove, &["a/y=y", "k=k", "l=l"]);
    check("2 write a/x Z", Operation::Copy, &["a/x=z", "a/y=y", "k=k", "l=l"]);
    check("1 write A/x Z", Operation::Copy, &["a/x=z", "a/y=y", "k=k", "l=l"]);
}

#[test]
fn a_spelling_that_could_not_be_fixed_is_fixed_by_the_next_run() {
    let options = "--ignore-case-sync --fix-case";
    let mut world = world("1 write a/x X\n 1 write k K\n 1 write l L", options);
    edit(&mut world, "1 move a A");
    let mut schedule = Schedule::plain(1, usize::MAX);
    schedule.faults.push(Fault::Nth(Operation::Move, 0, Fate::Failed(FailureKind::PermissionDenied)));
    let hindered = run_by(&mut world, options, &mut schedule).unwrap().unwrap();
    assert_eq!(hindered.outcome.failures.len(), 1, "{:?}", hindered.outcome);
    let run = fine(&mut world, options);
    assert_eq!(run.outcome.counts.map(|counts| (counts.copied, counts.deleted)), Pair::new((0, 0), (0, 0)));
    in_step(&world);
}

#[test]
fn a_file_steps_aside_for_a_directory_of_another_spelling() {
    let mut world = world("1 write k K", "--ignore-case-sync");
    edit(&mut world, "1 write Name F\n 2 write name/x X");
    fine(&mut world, "--ignore-case-sync");
    let expected = ["Name.conflict1", "k", "name/x"];
    for side in Side::BOTH {
        assert_eq!(world.contents(side).into_keys().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_limit_before_the_first_write_is_no_lockout() {
    let mut world = World::default();
    edit(&mut world, "1 write a A\n 1 write b B\n 1 write c C");
    run(&mut world, "--lockout --resync", 1).unwrap();
    edit(&mut world, "1 delete a\n 1 delete b\n 1 write c C2");
    let stopped = run(&mut world, "--lockout --immutable", 2).unwrap();
    assert_eq!(stopped.outcome.exit_code, 1, "{}", stopped.outcome.headline);
    assert!(stopped.outcome.headline.contains("too many deletes"), "{}", stopped.outcome.headline);
    assert!(world.state.keys().all(|name| !name.ends_with("-err")));
}

#[test]
fn a_dry_run_reads_what_a_killed_run_was_about_to_record() {
    let listing = |world: &World| world.state.contains_key("one..two.path1.lst-new");
    let journal = |world: &World| world.state.get("one..two.journal").is_some_and(|text| text.ends_with(b"commit\n"));
    let mut seen = 0;
    for requests in 1..60 {
        let mut killed = World::default();
        edit(&mut killed, " 1 write a A");
        let is_over = run_some(&mut killed, "", 1, requests).unwrap().is_some();
        if is_over || !listing(&killed) || !journal(&killed) {
            continue;
        }
        seen += 1;
        // Whatever answer comes last, the run goes on.
        for seed in 0..40 {
            let told = run(&mut killed.clone(), "--dry-run", seed).unwrap();
            assert_eq!(told.outcome.headline, "Dry run: nothing to do. Nothing was changed.");
        }
    }
    assert!(seen > 0);
}

#[test]
fn what_an_old_listing_says_of_the_reserved_name_deletes_nothing() {
    let mut world = world("1 write a.bisync/x X\n 1 write b B", "");
    for side in Side::BOTH {
        world.rename(side, "a.bisync", ".bisync");
    }
    for listing in ["one..two.path1.lst", "one..two.path2.lst"] {
        let text = String::from_utf8(world.state[listing].clone()).unwrap();
        assert!(text.contains("\"a.bisync/x\""), "{text}");
        world.state.insert(listing.into(), text.replace("\"a.bisync/x\"", "\".bisync/x\"").into_bytes());
    }
    world.delete(Side::Two, ".bisync/x");
    fine(&mut world, "");
    assert!(world.contents(Side::One).contains_key(".bisync/x"));
    assert!(!world.contents(Side::Two).contains_key(".bisync/x"));
}

/// A file that has another name now is not looked for in vain.
#[test]
fn what_was_done_before_a_failure_is_told() {
    let mut world = world(THREE, "");
    edit(&mut world, "1 write a A1\n2 write a A2");
    let mut schedule = Schedule::plain(1, usize::MAX);
    schedule.faults.push(Fault::Nth(Operation::Move, 1, Fate::Failed(FailureKind::PermissionDenied)));
    let hindered = run_by(&mut world, "", &mut schedule).unwrap().unwrap();
    assert_eq!(hindered.outcome.exit_code, 1);
    assert_eq!(hindered.said("moved"), ["a: moved to `a.conflict1` on Path1: changed on both sides"]);
    assert_eq!(hindered.outcome.failures.len(), 1, "{:?}", hindered.outcome);
}
