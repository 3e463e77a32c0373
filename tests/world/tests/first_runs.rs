//! What is read and what is believed where there is no base: on a first run, and after one with other options.

use bisync_engine::entry::Instant;
use bisync_engine::protocol::Verb;
use bisync_engine::side::Side;
use bisync_world::host::{Run, run};
use bisync_world::nature::Nature;
use bisync_world::world::World;

const TIME: Instant = Instant { seconds: 1, nanoseconds: 0 };
const LATER: Instant = Instant { seconds: 2, nanoseconds: 0 };

const HASHES: fn() -> Nature = Nature::default;
const NO_HASHES: fn() -> Nature = || Nature { has_hashes: false, ..Nature::default() };
const UNKNOWN_SIZES: fn() -> Nature = || Nature { tells_sizes: false, ..NO_HASHES() };
const UNKNOWN_TIMES: fn() -> Nature = || Nature { tells_times: false, ..NO_HASHES() };
const OWN_TIMES: fn() -> Nature = || Nature { sets_time: false, ..NO_HASHES() };
const NO_TIMES: fn() -> Nature = || Nature { precision_ns: None, sets_time: false, ..NO_HASHES() };

/// What became of two files of one size, found without a base.
#[derive(Debug, PartialEq)]
enum Taken {
    /// They are one version, as far as what is compared goes; nothing was read.
    ForTheSame,
    /// Both were read.
    ToBeRead,
    /// They are two versions; nothing was read.
    ForDifferent,
}
use Taken::{ForDifferent, ForTheSame, ToBeRead};

fn is_read(run: &Run) -> bool {
    run.asked.iter().any(|verb| matches!(verb, Verb::SameContent { .. }))
}

/// Runs for the first time over `a` with the content `A` on Path1, and with this content and time on Path2.
#[track_caller]
fn check(options: &str, two: fn() -> Nature, content: &str, modified: Instant, expected: Taken) {
    let mut world = World::default();
    world.natures.two = two();
    world.write_at(Side::One, "a", "A", TIME);
    world.write_at(Side::Two, "a", content, modified);
    let run = run(&mut world, options, 1).unwrap();
    let found = match (is_read(&run), world.contents(Side::One).len()) {
        (true, _) => ToBeRead,
        (false, 1) => ForTheSame,
        (false, _) => ForDifferent,
    };
    assert_eq!(found, expected, "{options}: {:?}", run.outcome);
}

#[test]
fn a_first_run_reads_what_it_cannot_know() {
    check("", NO_HASHES, "A", TIME, ForTheSame);
    check("", NO_HASHES, "A", LATER, ToBeRead);
    check("", NO_HASHES, "longer", TIME, ForDifferent);
    check("", NO_TIMES, "A", TIME, ToBeRead);
    check("", OWN_TIMES, "A", TIME, ToBeRead);
    check("", UNKNOWN_TIMES, "A", TIME, ToBeRead);
    check("", UNKNOWN_SIZES, "A", TIME, ToBeRead);
    check("", UNKNOWN_SIZES, "longer", TIME, ToBeRead);
    check("--size-only", NO_HASHES, "B", LATER, ForTheSame);
    check("--size-only", NO_HASHES, "longer", TIME, ForDifferent);
    check("--checksum", HASHES, "A", LATER, ForTheSame);
    check("--checksum", HASHES, "B", TIME, ForDifferent);
    // Without a hash on both sides, size and time are compared instead.
    check("--checksum", NO_HASHES, "A", TIME, ForTheSame);
    check("--checksum", NO_HASHES, "A", LATER, ToBeRead);
    // Slow hashes are left out of the listings, but between the sides the content counts.
    check("--checksum --slow-hash-sync-only", HASHES, "A", TIME, ToBeRead);
    check("--compare=modtime,checksum", NO_HASHES, "A", TIME, ForTheSame);
    check("--compare=modtime,checksum", NO_HASHES, "A", LATER, ToBeRead);
}

#[test]
fn a_time_that_a_side_made_itself_is_not_given_to_the_other() {
    let check = |nature: fn() -> Nature, is_given: bool| {
        for options in ["", "--refresh-times"] {
            let mut world = World::default();
            world.natures.two = nature();
            world.write_at(Side::One, "a", "A", TIME);
            world.write_at(Side::Two, "a", "A", LATER);
            let first = run(&mut world, options, 1).unwrap();
            assert_eq!(first.asked.iter().any(|verb| matches!(verb, Verb::SetTime { .. })), is_given, "{options}");
            assert!(!is_read(&run(&mut world, options, 2).unwrap()), "{options}");
        }
    };
    check(NO_HASHES, true);
    check(OWN_TIMES, false);
}

/// It may be the time at which an old version was copied there.
#[test]
fn a_time_that_a_side_made_itself_decides_nothing_without_a_base() {
    let check = |nature: fn() -> Nature, has_base: bool, expected: &[&str]| {
        let mut world = World::default();
        world.natures.two = nature();
        if has_base {
            Side::BOTH.into_iter().for_each(|side| world.write_at(side, "a", "base", TIME));
            run(&mut world, "", 1).unwrap();
        }
        world.write_at(Side::One, "a", "one", LATER);
        world.write_at(Side::Two, "a", "two", Instant { seconds: 3, nanoseconds: 0 });
        run(&mut world, "--force --conflict-resolve=newer --conflict-loser=delete", 2).unwrap();
        assert_eq!(world.contents(Side::One).into_values().collect::<Vec<_>>(), expected, "{has_base}");
    };
    check(NO_HASHES, false, &["two"]);
    check(OWN_TIMES, true, &["two"]);
    check(OWN_TIMES, false, &["one", "two"]);
}
