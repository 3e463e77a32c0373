//! Options of the group "Copying".

use bisync_engine::protocol::{Staging, Verb};
use bisync_engine::side::Side;
use bisync_world::host::{Run, run};
use bisync_world::scenario::{after, check, edit};
use bisync_world::world::World;

const TWO: &str = "1 write a A\n 1 write b B";

/// A run with an empty side, for what concerns the order and the amount of copies.
fn first_run(script: &str, options: &str) -> (World, Run) {
    let mut world = World::default();
    edit(&mut world, script);
    let run = run(&mut world, options, 7).unwrap();
    (world, run)
}

/// Path and content of all files of a side: `a=A b=B`.
fn contents(world: &World, side: Side) -> String {
    let contents = world.contents(side);
    contents.iter().map(|(path, content)| format!("{path}={content}")).collect::<Vec<_>>().join(" ")
}

fn touched(run: &Run) -> u64 {
    run.outcome.counts.one.touched + run.outcome.counts.two.touched
}

fn copied(run: &Run) -> u64 {
    run.outcome.counts.one.copied + run.outcome.counts.two.copied
}

#[test]
fn check_first() {
    // Many directories, so that the listing is not over when the first files are known.
    let script: String = (0..300).map(|number| format!("1 write d{number}/f x\n")).collect();
    let copies_before_listing = |options| {
        let (_, run) = first_run(&script, options);
        assert_eq!(copied(&run), 300);
        let last_listing = run.asked.iter().rposition(|verb| matches!(verb, Verb::ListDirectory { .. }));
        let first_copy = run.asked.iter().position(|verb| matches!(verb, Verb::CopyFile(_)));
        first_copy < last_listing
    };
    assert!(copies_before_listing(""));
    assert!(!copies_before_listing("--check-first"));
}

#[test]
fn order_by() {
    let script = "1 write a 333\n 1 write b 1\n 2 write c 22\n 1 write d 4444";
    let check = |options, expected: &[&str]| assert_eq!(first_run(script, options).1.copied(), expected, "{options}");
    check("", &["a", "b", "c", "d"]);
    check("--order-by=size", &["b", "c", "a", "d"]);
    check("--order-by=size,desc", &["d", "a", "c", "b"]);
    check("--order-by=name,descending", &["d", "c", "b", "a"]);
    check("--order-by=modtime,desc", &["d", "c", "b", "a"]);
    check("--order-by=size,mixed", &["d", "b", "a", "c"]);
}

#[test]
fn max_backlog() {
    let script: String = (0..50).map(|number| format!("1 write f{number} x\n")).collect();
    let most = |options| {
        let (_, run) = first_run(&script, options);
        assert_eq!(copied(&run), 50);
        run.most_copies
    };
    assert_eq!(most("--max-backlog=3"), 3);
    assert!(most("") > 3);
}

#[test]
fn max_transfer() {
    let script = "1 write a 1234\n 1 write b 12345678\n 1 write c 12\n 1 write d 1";
    let check = |options, expected: &str, exit_code| {
        let (mut world, first) = first_run(script, options);
        assert_eq!(contents(&world, Side::Two), expected, "{options}");
        assert_eq!(first.outcome.exit_code, exit_code, "{options}: {}", first.outcome.headline);
        assert_eq!(first.said("transfer-limit").len(), usize::from(exit_code == 8), "{options}");
        assert_eq!(run(&mut world, "", 8).unwrap().outcome.exit_code, 0);
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "the next run goes on");
    };
    check("--max-transfer=15B", "a=1234 b=12345678 c=12 d=1", 0);
    check("--max-transfer=10B", "a=1234", 8);
    check("--max-transfer=10B --check-first", "a=1234", 8);
    // What is larger than the limit holds up no other file.
    check("--max-transfer=3B", "c=12 d=1", 8);
}

#[test]
fn cutoff_mode() {
    let script = "1 write a 1234\n 1 write b 12345678\n 1 write c 12\n 1 write d 1";
    let check = |mode, expected: &str| {
        let (world, run) = first_run(script, &format!("--max-transfer=10B --cutoff-mode={mode}"));
        assert_eq!((contents(&world, Side::Two).as_str(), run.outcome.exit_code), (expected, 8), "{mode}");
    };
    check("hard", "a=1234");
    check("soft", "a=1234 b=12345678");
    check("cautious", "a=1234 c=12 d=1");
}

#[test]
fn ignore_existing() {
    let (world, run) = after(TWO, "1 write a A2\n 1 write n N\n 2 delete b", "--ignore-existing");
    assert_eq!(contents(&world, Side::One), "a=A2 n=N");
    assert_eq!(contents(&world, Side::Two), "a=A n=N");
    assert_eq!(run.said("left-alone"), ["a: not copied to Path2, where it exists (--ignore-existing)"]);
    assert_eq!(run.outcome.exit_code, 0);
    let (world, _) = after(TWO, "1 write a A1\n 2 write a A2", "--ignore-existing --resync");
    assert_eq!((contents(&world, Side::One).as_str(), contents(&world, Side::Two).as_str()), ("a=A1 b=B", "a=A2 b=B"));
}

#[test]
fn immutable() {
    let (world, run) = after(TWO, "1 write a A2\n 1 write n N\n 2 delete b", "--immutable");
    assert_eq!(contents(&world, Side::Two), "a=A n=N");
    assert_eq!(run.said("failed"), ["a: differs on Path1, and is not replaced on Path2 (--immutable)"]);
    assert_eq!(run.outcome.exit_code, 1);
    let both = "1 write a A1\n 2 write a A2";
    let (world, run) = after(TWO, both, "--immutable --conflict-resolve=newer --conflict-loser=delete");
    assert_eq!((contents(&world, Side::One).as_str(), run.outcome.exit_code), ("a=A1 b=B", 1));
    check(TWO, both, "--immutable", "a.conflict1=A1 a.conflict2=A2 b=B");
}

#[test]
fn track_renames() {
    let counts = |options| {
        let (world, run) = after(TWO, "1 move a c", options);
        assert_eq!(contents(&world, Side::Two), "b=B c=A");
        let counts = run.outcome.counts.two;
        (counts.moved, counts.copied, counts.deleted)
    };
    assert_eq!(counts(""), (1, 0, 0));
    assert_eq!(counts("--track-renames=false"), (0, 1, 1));
}

#[test]
fn track_renames_strategy() {
    let moved = |script, options: &str| {
        let (world, run) = after(TWO, script, options);
        assert_eq!(world.contents(Side::One), world.contents(Side::Two));
        let asked = run.asked.iter().any(|verb| matches!(verb, Verb::SameContent { .. }));
        (run.outcome.counts.two.moved, asked)
    };
    assert_eq!(moved("1 move a d/a", ""), (1, true), "the content is compared");
    assert_eq!(moved("1 move a d/a", "--track-renames-strategy=modtime"), (1, false));
    assert_eq!(moved("1 move a d/a", "--track-renames-strategy=leaf"), (1, false));
    assert_eq!(moved("1 move a c", "--track-renames-strategy=leaf"), (0, false));
    assert_eq!(moved("1 move a c", "--track-renames-strategy=modtime,leaf"), (0, false));
}

/// Checks that an option is accepted, changes nothing, and that this is said.
fn check_ignored(option: &str) {
    let (world, run) = after(TWO, "1 write a A2\n 2 write b B2", option);
    assert_eq!(contents(&world, Side::One), "a=A2 b=B2");
    let said = run.said("option-ignored");
    let name = option.split('=').next().unwrap_or_default();
    assert!(said.len() == 1 && said[0].starts_with(&format!("`{name}` is ignored")), "{said:?}");
}

#[test]
fn update() {
    check_ignored("--update");
}

#[test]
fn no_traverse() {
    check_ignored("--no-traverse");
}

#[test]
fn no_check_dest() {
    check_ignored("--no-check-dest");
}

#[test]
fn server_side_across_configs() {
    check_ignored("--server-side-across-configs");
}

#[test]
fn streaming_upload_cutoff() {
    check_ignored("--streaming-upload-cutoff=1M");
}

/// What it does to remotes is shown in `real/remotes.rs`.
#[test]
fn tpslimit() {
    check_ignored("--tpslimit=0.5");
}

/// What it does to remotes is shown in `limits/requests.rs`.
#[test]
fn tpslimit_burst() {
    check_ignored("--tpslimit-burst=5");
}

#[test]
fn partial_suffix() {
    let names = |options| {
        let (_, run) = first_run("1 write d/a A\n 2 write b B", options);
        let staged = run.asked.iter().filter_map(|verb| match verb {
            Verb::CopyFile(copy) => Some(copy.staging.clone()),
            _ => None,
        });
        staged.filter_map(|staging| if let Staging::Temporary(path) = staging { Some(path) } else { None }).collect()
    };
    let check = |options, end: &str| {
        let names: Vec<bisync_engine::path::RelPath> = names(options);
        assert!(names.len() == 2 && names.iter().all(|name| name.as_str().ends_with(end)), "{names:?}");
    };
    check("", ".partial");
    check("--partial-suffix=~", "~");
    let mut world = World::default();
    assert!(run(&mut world, "--partial-suffix=.longer-than-that", 1).is_err());
    assert!(run(&mut world, "--partial-suffix=a/b", 1).is_err());
    // What a killed run left is known whatever it ends with.
    edit(&mut world, "1 write .bisync-0123456789abcdef-1~ half");
    run(&mut world, "", 1).unwrap();
    assert_eq!(contents(&world, Side::Two), "");
}

#[test]
fn ignore_checksum() {
    let damaged = |options: &str| {
        let mut world = World::default();
        edit(&mut world, "1 write a old\n 1 write b b");
        run(&mut world, options, 1).unwrap();
        edit(&mut world, "1 write a new");
        world.corrupts = true;
        let run = run(&mut world, options, 2).unwrap();
        (contents(&world, Side::Two), run.outcome.exit_code)
    };
    assert_eq!(damaged("--checksum"), ("a=old b=b".to_owned(), 1));
    assert_eq!(damaged("--checksum --ignore-checksum"), ("a=wen b=b".to_owned(), 0));
    assert_eq!(damaged(""), ("a=wen b=b".to_owned(), 0), "nothing is known that could be checked");
}

#[test]
fn multi_thread_streams() {
    check_ignored("--multi-thread-streams=8");
}

#[test]
fn multi_thread_cutoff() {
    check_ignored("--multi-thread-cutoff=1M");
}

#[test]
fn multi_thread_chunk_size() {
    check_ignored("--multi-thread-chunk-size=1M");
}

#[test]
fn multi_thread_write_buffer_size() {
    check_ignored("--multi-thread-write-buffer-size=1M");
}

#[test]
fn ignore_times() {
    let counts = |options| {
        let (world, run) = after(TWO, "1 touch a", options);
        assert_eq!(world.sides.one.files["a"].modified, world.sides.two.files["a"].modified);
        (copied(&run), touched(&run))
    };
    assert_eq!(counts(""), (0, 1), "the same content is not copied again");
    assert_eq!(counts("--ignore-times"), (1, 0));
    let copies = |options| copied(&after(TWO, "", options).1);
    assert_eq!((copies("--resync"), copies("--resync --ignore-times")), (0, 2));
}

#[test]
fn no_update_modtime() {
    let (mut world, first) = after(TWO, "1 touch a\n 2 touch b", "--no-update-modtime");
    assert_eq!((copied(&first), touched(&first)), (0, 0));
    assert_ne!(world.sides.one.files["a"].modified, world.sides.two.files["a"].modified);
    let again = run(&mut world, "--no-update-modtime", 9).unwrap();
    assert_eq!((copied(&again), touched(&again)), (0, 0), "both times are recorded");
}

#[test]
fn refresh_times() {
    let (mut world, _) = after(TWO, "1 touch a", "--no-update-modtime");
    let mut same_times = |options| {
        let run = run(&mut world, options, 9).unwrap();
        assert_eq!(run.outcome.exit_code, 0);
        world.sides.one.files["a"].modified == world.sides.two.files["a"].modified
    };
    assert!(!same_times(""));
    assert!(same_times("--refresh-times"));
}
