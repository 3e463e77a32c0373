//! Options of the group "Directories and names".

use bisync_engine::side::Side;
use bisync_world::host::run;
use bisync_world::scenario::{after, edit};
use bisync_world::world::World;

const CAFE: [&str; 2] = ["caf\u{e9}", "cafe\u{301}"];

fn contents(world: &World, side: Side) -> String {
    let contents = world.contents(side);
    contents.iter().map(|(path, content)| format!("{path}={content}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn create_empty_src_dirs() {
    let directories = |options| {
        let (world, _) = after("1 write a A\n both mkdir old", "1 mkdir x/y\n 2 delete old", options);
        let names = |side| world.sides[side].directories.iter().cloned().collect::<Vec<_>>().join(" ");
        [names(Side::One), names(Side::Two)]
    };
    assert_eq!(directories(""), ["old x x/y", ""]);
    let mut world = World::default();
    edit(&mut world, "1 write a A\n 1 mkdir old");
    run(&mut world, "--create-empty-src-dirs", 1).unwrap();
    assert!(world.sides.two.directories.contains("old"));
    edit(&mut world, "1 mkdir x/y\n 2 delete old");
    run(&mut world, "--create-empty-src-dirs", 2).unwrap();
    for side in Side::BOTH {
        assert_eq!(world.sides[side].directories.iter().collect::<Vec<_>>(), ["x", "x/y"], "{side}");
    }
}

#[test]
fn remove_empty_dirs() {
    let directories = |options| {
        let (world, _) = after("1 write a A\n 1 write d/b B", "1 mkdir x/y\n 2 mkdir d/z", options);
        Side::BOTH.map(|side| world.sides[side].directories.iter().cloned().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(directories(""), ["d x x/y", "d d/z"]);
    assert_eq!(directories("--remove-empty-dirs"), ["d", "d"]);
}

#[test]
fn ignore_case_sync() {
    let check = |options, one, two| {
        let (world, run) = after("1 write k K", "1 write A x\n 2 write a x", options);
        assert_eq!(run.outcome.exit_code, 0, "{:?}", run.outcome);
        assert_eq!((contents(&world, Side::One).as_str(), contents(&world, Side::Two).as_str()), (one, two));
    };
    check("", "A=x a=x k=K", "A=x a=x k=K");
    check("--ignore-case-sync", "A=x k=K", "a=x k=K");
    let (mut world, _) = after("1 write k K", "1 write A x\n 2 write a x", "--ignore-case-sync");
    edit(&mut world, "2 delete a");
    run(&mut world, "--ignore-case-sync", 4).unwrap();
    assert_eq!(contents(&world, Side::One), "k=K", "they are one file");
}

#[test]
fn fix_case() {
    let on_two = |options| contents(&after("1 write k K", "1 write A x\n 2 write a x", options).0, Side::Two);
    assert_eq!(on_two("--ignore-case-sync"), "a=x k=K");
    assert_eq!(on_two("--ignore-case-sync --fix-case"), "A=x k=K");
    // What is new in a directory goes where its name is corrected to.
    let (world, _) =
        after("1 write k K", "1 write D/x X\n 1 write D/n N\n 2 write d/x X", "--ignore-case-sync --fix-case");
    assert_eq!(contents(&world, Side::Two), "D/n=N D/x=X k=K");
}

#[test]
fn no_unicode_normalization() {
    let [composed, decomposed] = CAFE;
    let script = format!("1 write {composed}/x X\n 2 write {decomposed}/x X\n 1 write {composed}/n N");
    let names = |options| after("1 write k K", &script, options).0.contents(Side::Two).into_keys().collect::<Vec<_>>();
    assert_eq!(names(""), [&format!("{decomposed}/n"), &format!("{decomposed}/x"), "k"]);
    let both = ["/n", "/x"].map(|name| format!("{composed}{name}"));
    assert_eq!(names("--no-unicode-normalization"), [&format!("{decomposed}/x"), &both[0], &both[1], "k"]);
}
