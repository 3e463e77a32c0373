//! Small worlds: what is there, what is run, what is there afterwards.

use bisync_engine::side::Side;
use bisync_world::host::run;
use bisync_world::scenario::{after, check, edit};
use bisync_world::world::World;

const THREE: &str = "1 write a A\n 1 write b B\n 1 write d/c C";

#[test]
fn a_first_run_copies_both_ways() {
    check("", "1 write a A\n 2 write b B", "", "a=A b=B");
    check(THREE, "", "", "a=A b=B d/c=C");
}

#[test]
fn changes_are_carried_over() {
    check(THREE, "1 write a A2", "", "a=A2 b=B d/c=C");
    check(THREE, "2 write a A2\n 1 write n N", "", "a=A2 b=B d/c=C n=N");
    check(THREE, "1 delete a", "", "b=B d/c=C");
    check(THREE, "2 delete d", "", "a=A b=B");
    check(THREE, "1 delete a\n 2 delete a", "", "b=B d/c=C");
}

#[test]
fn an_edit_beats_a_delete() {
    check(THREE, "1 delete a\n 2 write a A2", "", "a=A2 b=B d/c=C");
    check(THREE, "2 delete a\n 1 write a A2", "", "a=A2 b=B d/c=C");
}

#[test]
fn conflicts_keep_both() {
    check(THREE, "1 write a A1\n 2 write a A2", "", "a.conflict1=A1 a.conflict2=A2 b=B d/c=C");
    check(THREE, "1 write a A1\n 2 write a A1", "", "a=A1 b=B d/c=C");
    check("", "1 write a A1\n 2 write a A2", "", "a.conflict1=A1 a.conflict2=A2");
}

#[test]
fn moves_are_moves() {
    let (world, run) = after(THREE, "1 move d e", "");
    assert_eq!(run.outcome.counts.two.moved, 1, "{:?}", run.outcome);
    assert_eq!(run.outcome.counts.two.deleted, 0);
    assert_eq!(world.contents(Side::One), world.contents(Side::Two));
    check(THREE, "1 move a b2\n 1 move b a2", "", "a2=B b2=A d/c=C");
    check(THREE, "1 move a n\n 2 write a A2", "", "a=A2 b=B d/c=C n=A");
}

#[test]
fn a_file_and_a_directory_change_places() {
    check(THREE, "1 delete a\n 1 write a/x X", "", "a/x=X b=B d/c=C");
    check(THREE, "2 delete d\n 2 write d D", "", "a=A b=B d=D");
    check(THREE, "1 delete a\n 1 write a/x X\n 2 write a A2", "", "a.conflict1=A2 a/x=X b=B d/c=C");
    check(THREE, "2 delete d\n 2 write d D\n 1 write d/n N", "", "a=A b=B d.conflict1=D d/n=N");
    check("", "1 write a A\n 2 write a/x X", "", "a.conflict1=A a/x=X");
}

#[test]
fn a_filter_that_changes_deletes_nothing() {
    let (world, run) = after(THREE, "1 delete a", "--exclude=a");
    assert_eq!(run.outcome.exit_code, 0, "{}", run.outcome.headline);
    assert_eq!(world.contents(Side::Two).len(), 3);
    assert_eq!(world.contents(Side::One).len(), 2);
}

#[test]
fn an_unreadable_directory_is_left_alone() {
    let mut world = World::default();
    edit(&mut world, THREE);
    run(&mut world, "", 1).unwrap();
    edit(&mut world, "2 delete d/c\n 1 write a A2");
    world.broken.two.insert("d".into());
    let run = run(&mut world, "", 2).unwrap();
    assert_eq!(run.outcome.exit_code, 1);
    assert!(world.contents(Side::One).contains_key("d/c"));
    assert_eq!(world.contents(Side::Two)["a"], "A2");
}

#[test]
fn a_link_in_the_place_of_a_file_deletes_nothing() {
    let (world, _) = after(THREE, "1 delete a\n 1 link a", "");
    assert!(world.contents(Side::Two).contains_key("a"));
}

#[test]
fn names_that_differ_by_unicode_form_are_one() {
    let (mut world, first) = after("", "1 write caf\u{e9}/x X\n 2 write cafe\u{301}/x X\n 1 write caf\u{e9}/n N", "");
    assert_eq!(first.outcome.exit_code, 0, "{:?}", first.outcome);
    assert_eq!(world.contents(Side::Two).into_keys().collect::<Vec<_>>(), ["cafe\u{301}/n", "cafe\u{301}/x"]);
    edit(&mut world, "1 write caf\u{e9}/x X2\n 2 write cafe\u{301}/m M");
    let again = run(&mut world, "", 3).unwrap();
    assert_eq!(again.outcome.exit_code, 0, "{:?}", again.outcome);
    assert_eq!(world.contents(Side::Two)["cafe\u{301}/x"], "X2");
    assert_eq!(world.contents(Side::One)["caf\u{e9}/m"], "M");
}

#[test]
fn a_large_tree_is_read_to_its_end() {
    let mut world = World::default();
    for number in 0..60_000 {
        world.write(Side::One, &format!("d{:02}/e{:02}/file {number}", number / 6000, number / 300 % 20), "x");
    }
    assert_eq!(run(&mut world, "", 1).unwrap().outcome.counts.two.copied, 60_000);
    for seed in 2..4 {
        assert_eq!(run(&mut world, "", seed).unwrap().outcome.counts, {
            let files = bisync_engine::outcome::Counts { files: 60_000, ..Default::default() };
            bisync_engine::side::Pair::new(files, files)
        });
    }
}
