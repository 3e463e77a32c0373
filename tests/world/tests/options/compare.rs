//! Options of the group "Telling versions apart".

use bisync_engine::entry::Instant;
use bisync_engine::protocol::Verb;
use bisync_engine::side::Side;
use bisync_world::host::{Run, run};
use bisync_world::world::World;

/// When `a` was written before the first run.
const BEFORE: Instant = Instant { seconds: 1, nanoseconds: 0 };
const ONE_SECOND_LATER: Instant = Instant { seconds: 2, nanoseconds: 0 };

/// Runs, writes another version of `a` on Path1, and runs again.
fn rerun(options: &str, content: &str, modified: Instant) -> (World, Run) {
    let mut world = World::default();
    world.write_at(Side::One, "a", "A", BEFORE);
    world.write_at(Side::One, "b", "B", BEFORE);
    run(&mut world, options, 1).unwrap();
    world.write_at(Side::One, "a", content, modified);
    let run = run(&mut world, options, 2).unwrap();
    assert_eq!(run.outcome.exit_code, 0, "{:?}", run.outcome);
    (world, run)
}

/// Checks whether another version counts as changed, which is then carried over.
#[track_caller]
fn check(options: &str, content: &str, modified: Instant, is_seen: bool) {
    let (world, _) = rerun(options, content, modified);
    assert_eq!(world.contents(Side::Two)["a"] == content, is_seen, "{options}: `{content}` of {modified:?}");
}

/// Returns which hashes a run asks for when it lists Path1.
fn listed_hash(options: &str) -> Option<String> {
    let (_, run) = rerun(options, "A", BEFORE);
    run.asked.iter().find_map(|verb| match verb {
        Verb::ListDirectory { side: Side::One, hash, .. } => hash.clone(),
        _ => None,
    })
}

#[test]
fn compare() {
    check("", "X", ONE_SECOND_LATER, true);
    check("--compare=size", "X", ONE_SECOND_LATER, false);
    check("", "longer", BEFORE, true);
    check("--compare=modtime", "longer", BEFORE, false);
    check("", "X", BEFORE, false);
    check("--compare=checksum", "X", BEFORE, true);
    // It overrides the other options.
    check("--compare=size,modtime --size-only", "X", ONE_SECOND_LATER, true);
}

#[test]
fn checksum() {
    check("", "X", BEFORE, false);
    check("--checksum", "X", BEFORE, true);
    let touched = |options| rerun(options, "A", ONE_SECOND_LATER).1.outcome.counts.two.touched;
    assert_eq!((touched(""), touched("--checksum")), (1, 0), "the time alone is no change");
}

#[test]
fn size_only() {
    check("", "X", ONE_SECOND_LATER, true);
    check("--size-only", "X", ONE_SECOND_LATER, false);
    check("--size-only", "longer", BEFORE, true);
}

#[test]
fn ignore_size() {
    check("", "longer", BEFORE, true);
    check("--ignore-size", "longer", BEFORE, false);
    check("--ignore-size", "X", ONE_SECOND_LATER, true);
}

#[test]
fn modify_window() {
    check("--modify-window=1s", "X", ONE_SECOND_LATER, true);
    check("--modify-window=1001ms", "X", ONE_SECOND_LATER, false);
}

#[test]
fn ignore_listing_checksum() {
    let listing = |options| {
        let (world, _) = rerun(options, "A2", ONE_SECOND_LATER);
        String::from_utf8(world.state["one..two.path1.lst"].clone()).unwrap()
    };
    assert!(listing("--checksum").contains(" md5:"));
    assert!(!listing("--checksum --ignore-listing-checksum").contains(" md5:"));
}

#[test]
fn no_slow_hash() {
    // Sides in memory read whole files for their checksums.
    assert_eq!(listed_hash("--checksum").as_deref(), Some("md5"));
    assert_eq!(listed_hash("--checksum --no-slow-hash"), None);
    check("--checksum --no-slow-hash", "X", ONE_SECOND_LATER, true);
}

#[test]
fn slow_hash_sync_only() {
    const ALL: &str = "--compare=size,modtime,checksum";
    assert_eq!(listed_hash(ALL).as_deref(), Some("md5"));
    assert_eq!(listed_hash(&format!("{ALL} --slow-hash-sync-only")), None);
    // A first run meets two versions of the same size and time: only a checksum tells that they differ.
    let conflicts = |option: &str| {
        let mut world = World::default();
        world.write_at(Side::One, "a", "X", BEFORE);
        world.write_at(Side::Two, "a", "Y", BEFORE);
        run(&mut world, &format!("{ALL} {option}"), 1).unwrap().outcome.conflicts.len()
    };
    assert_eq!((conflicts("--no-slow-hash"), conflicts("--slow-hash-sync-only")), (0, 1));
}

#[test]
fn download_hash() {
    assert_eq!(listed_hash("--checksum --no-slow-hash"), None);
    assert_eq!(listed_hash("--checksum --no-slow-hash --download-hash").as_deref(), Some("md5"));
}
