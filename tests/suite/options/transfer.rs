//! Options of the group "Copying".

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bisync_engine::protocol::{Staging, Verb};
use bisync_engine::side::Side;
use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_tests::real::watched::{self, Gate, Watch};
use bisync_world::host::{Run, run};
use bisync_world::scenario::{after, check, edit};
use bisync_world::world::World;
use rustix::mount::{UnmountFlags, mount_bind, unmount};

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

/// Makes twelve directories with a file each.
fn twelve() -> Home {
    let home = Home::default();
    (0..12).for_each(|number| home.write(&format!("one/d{number}/file"), "x"));
    home
}

#[test]
fn retries() {
    let exit_code = |options| {
        let watch = Arc::new(Watch { failures: 3.into(), ..Watch::default() });
        watched::run(&Home::with(&[("one/a", "1")]).at(""), options, &watch).exit_code
    };
    assert_eq!(exit_code(""), 1, "it is tried three times");
    assert_eq!(exit_code("--retries=4"), 0);
}

#[test]
fn retries_sleep() {
    let watch = Arc::new(Watch { failures: 2.into(), ..Watch::default() });
    let begun = Instant::now();
    let ended = watched::run(&Home::with(&[("one/a", "1")]).at(""), "--retries-sleep=100ms", &watch);
    assert_eq!((ended.exit_code, begun.elapsed() >= Duration::from_millis(200)), (0, true));
}

#[test]
fn checkers() {
    let most = |number| {
        let watch = Arc::new(Watch { listing: Gate::new(number), ..Watch::default() });
        assert_eq!(watched::run(&twelve().at(""), &format!("--checkers={number}"), &watch).exit_code, 0);
        watch.listing.most()
    };
    // Eight is the default.
    assert_eq!((most(1), most(12)), (1, 12));
}

#[test]
fn transfers() {
    let most = |number| {
        let watch = Arc::new(Watch { copying: Gate::new(number), ..Watch::default() });
        assert_eq!(watched::run(&twelve().at(""), &format!("--transfers={number}"), &watch).exit_code, 0);
        watch.copying.most()
    };
    // Four is the default.
    assert_eq!((most(1), most(12)), (1, 12));
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

/// What `--metadata` keeps: permissions, owner, whole seconds of the last access, and an attribute.
fn metadata_of(home: &Home, path: &str) -> (u32, u32, i64, Option<Vec<u8>>) {
    let found = std::fs::symlink_metadata(home.at(path)).unwrap();
    let mut value = Vec::with_capacity(100);
    let color = rustix::fs::lgetxattr(home.at(path), "user.color", rustix::buffer::spare_capacity(&mut value));
    (found.mode() & 0o7777, found.uid(), found.atime(), color.is_ok().then_some(value))
}

#[test]
fn metadata() {
    const OWNER: u32 = 1234;
    let home = Home::with(&[("one/d/file", "1"), ("one/plain", "2"), ("one/still", "3")]);
    let old = std::fs::FileTimes::new().set_accessed(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000));
    std::fs::File::open(home.at("one/d/file")).unwrap().set_times(old).unwrap();
    home.set_mode("one/d", 0o751);
    home.set_mode("one/d/file", 0o4642);
    let set_color = |path: &str| {
        rustix::fs::setxattr(home.at(path), "user.color", b"blue", rustix::fs::XattrFlags::empty()).is_ok()
    };
    let color = (set_color("one/d") && set_color("one/d/file")).then(|| b"blue".to_vec());
    let is_root = rustix::process::geteuid().is_root();
    let owner = if is_root { OWNER } else { rustix::process::geteuid().as_raw() };
    if is_root {
        ["one/d", "one/d/file"].iter().for_each(|path| chown(home.at(path), Some(OWNER), None).unwrap());
        // Giving a file away takes this bit.
        home.set_mode("one/d/file", 0o4642);
    }
    let ended = home.check(&["-M"], 0, "3 copied");
    assert_eq!(ended.all().contains("only root can give files away"), !is_root, "{}", ended.all());
    let (mode, uid, accessed, found) = metadata_of(&home, "two/d/file");
    // Nobody becomes the owner of a program by a copy.
    assert_eq!((mode, uid, accessed, &found), (0o642, owner, 1_000_000, &color));
    let (mode, uid, _, found) = metadata_of(&home, "two/d");
    assert_eq!((mode, uid, &found), (0o751, owner, &color));
    home.check(&["-M"], 0, "nothing to do");

    // A file that is replaced keeps its own, unless the one that comes brings its metadata.
    let replace = |options: &[&str], mode| {
        home.write("two/plain", &format!("changed with {options:?}"));
        home.set_mode("two/plain", 0o600);
        home.check(options, 0, "1 copied");
        assert_eq!(metadata_of(&home, "one/plain").0, mode);
    };
    home.set_mode("one/plain", 0o641);
    replace(&[], 0o641);
    replace(&["--metadata"], 0o600);
}

#[test]
fn metadata_alone() {
    let home = Home::with(&[("one/d/file", "1"), ("two/plain", "2"), ("one/e/file", "3")]);
    home.check(&["-M"], 0, "3 copied");
    home.set_mode("one/d/file", 0o600);
    home.set_mode("two/plain", 0o444);
    home.set_mode("two/e", 0o750);
    let modes = || ["one/d/file", "two/d/file", "one/plain", "one/e"].map(|path| metadata_of(&home, path).0);
    let before = modes();
    home.check(&[""; 0], 0, "nothing to do");
    home.check(&["-M", "--dry-run"], 0, "3 given new metadata. Nothing was changed.");
    assert_eq!(modes(), before);
    home.check(&["-M"], 0, "3 given new metadata");
    assert_eq!(modes(), [0o600, 0o600, 0o444, 0o750]);
    home.check(&["-M"], 0, "nothing to do");
    let red = rustix::fs::setxattr(home.at("two/d/file"), "user.color", b"red", rustix::fs::XattrFlags::empty());
    if red.is_ok() {
        home.check(&["-M"], 0, "1 given new metadata");
        assert_eq!(metadata_of(&home, "one/d/file").3.as_deref(), Some(&b"red"[..]));
    }
    if rustix::process::geteuid().is_root() {
        chown(home.at("two/e"), Some(1234), Some(1235)).unwrap();
        chown(home.at("one/plain"), Some(1234), None).unwrap();
        home.check(&["-M"], 0, "2 given new metadata");
        assert_eq!((metadata_of(&home, "one/e").1, metadata_of(&home, "two/plain").1), (1234, 1234));
    }
    // A plan is refused where the metadata is not what was listed.
    home.set_mode("one/d/file", 0o640);
    home.check(&["-M", "--plan-out=plan"], 0, "1 given new metadata");
    home.set_mode("two/d/file", 0o604);
    let refused = program::run(&program::bisync(), &home.at(""), &["apply", "plan"]).all();
    assert!(refused.contains("its metadata has changed in the meantime"), "{refused}");
    assert_eq!(modes()[..2], [0o640, 0o604]);
    home.check(&["-M"], 0, "1 given new metadata");
    assert_eq!(modes()[..2], [0o604, 0o604]);
    // A run without the option that changes something leaves nothing to tell changes by.
    home.set_mode("one/e", 0o700);
    home.set_mode("one/d/file", 0o600);
    home.write("one/new", "4");
    home.check(&[""; 0], 0, "1 copied");
    let left = home.check(&["-M"], 0, "nothing to do");
    assert!(left.all().contains("of 2 files or directories differs"), "{}", left.all());
    assert_eq!(modes()[..2], [0o600, 0o604]);
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

/// Copies four files of 10 KiB, and checks that it takes at least so many milliseconds.
fn check_takes(option: &str, least: u64) {
    let home = Home::default();
    for name in ["one/a", "one/b", "one/c", "two/d"] {
        home.write(name, &"x".repeat(10 << 10));
    }
    let begin = Instant::now();
    home.check(&[option], 0, "4 copied");
    assert!(begin.elapsed() >= Duration::from_millis(least), "{option}");
    home.check_in_step();
}

#[test]
fn bwlimit() {
    check_takes("--bwlimit=40k", 1000);
    check_takes("--bwlimit=00:00,40k 12:00,20k", 1000);
}

#[test]
fn bwlimit_file() {
    check_takes("--bwlimit-file=20k", 500);
}

#[test]
fn inplace() {
    let home = Home::with(&[("one/a", "old"), ("one/b", "old")]);
    home.check(&[""; 0], 0, "2 copied");
    let inode = |path: &str| fs::metadata(home.at(path)).unwrap().ino();
    let (before, kept) = (inode("two/a"), inode("two/b"));
    home.write("one/a", "longer than before");
    home.write("one/new", "new");
    home.check(&["--inplace", "--backup-dir2=kept"], 0, "2 copied");
    home.check_in_step();
    assert_eq!(inode("two/a"), before);
    assert_eq!(home.read("kept/a").as_deref(), Some("old"));
    home.write("one/b", "changed");
    home.check(&[""; 0], 0, "1 copied");
    assert_ne!(inode("two/b"), kept);
    home.check(&["--inplace"], 0, "nothing to do");
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
fn max_duration() {
    let home = Home::default();
    home.write("one/a", &"x".repeat(300 << 10));
    // It would take five minutes.
    home.check(&["--bwlimit=1k", "--max-duration=500ms"], 10, "the time of --max-duration is over");
    assert!(fs::read_dir(home.at("two")).unwrap().next().is_none(), "nothing is left half done");
    home.check(&["--max-duration=1h"], 0, "1 copied");
    home.check_in_step();
}

#[test]
fn cutoff_mode_of_a_duration() {
    // A file that was begun is finished. A slow machine may not have come so far: then it gets more time.
    let is_finished = |seconds: u32| {
        let home = Home::default();
        home.write("one/a", &"x".repeat(20 << 10));
        let (limit, duration) = (format!("--bwlimit={}k", 10 / seconds), format!("--max-duration={seconds}s"));
        home.check(&[&limit, &duration, "--cutoff-mode=SOFT"], 10, "the time of --max-duration is over");
        home.read("two/a").is_some()
    };
    assert!([1, 2, 5].into_iter().any(is_finished));
}

#[test]
fn low_level_retries() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("one/c", "3")]);
    home.check(&[""; 0], 0, "3 copied");
    // A file on which something is mounted is in use as long as it is.
    if let Err(error) = mount_bind(home.at("two/a"), home.at("two/a")) {
        eprintln!("skipped: only root can mount something: {error}");
        return;
    }
    fs::remove_file(home.at("one/a")).unwrap();
    let begin = Instant::now();
    home.check(&["--low-level-retries=51", "--retries=1"], 1, "a: cannot delete from Path2: ");
    let took = begin.elapsed();
    unmount(home.at("two/a"), UnmountFlags::DETACH).unwrap();
    assert!(took >= Duration::from_millis(500), "a moment between two tries: {took:?}");
    home.check(&[""; 0], 0, "1 deleted");
}

/// Two folders of which the first has three files, and a third folder with one of them and another version of the second.
fn home_with_reference() -> Home {
    let home = Home::with(&[("one/same", "same"), ("one/other", "other"), ("one/new", "new"), ("more/other", "OTHER")]);
    fs::copy(home.at("one/same"), home.at("more/same")).unwrap();
    let modified = fs::metadata(home.at("one/same")).unwrap().modified().unwrap();
    for name in ["one/same", "more/same", "one/other"] {
        File::options().write(true).open(home.at(name)).unwrap().set_modified(modified).unwrap();
    }
    home
}

#[test]
fn compare_dest() {
    let home = home_with_reference();
    let ended = home.check(&["--compare-dest=more", "-v"], 0, "2 copied");
    assert!(ended.all().contains("same: not copied: `more` holds it"), "{}", ended.all());
    assert_eq!((home.read("two/same"), home.read("two/other").as_deref()), (None, Some("other")));
    // Nothing is recorded of it, so it is neither deleted nor forgotten.
    home.check(&[""; 0], 0, "1 copied");
    assert_eq!((home.read("one/same").as_deref(), home.read("two/same").as_deref()), (Some("same"), Some("same")));
}

#[test]
fn copy_dest() {
    let home = home_with_reference();
    // What tells where the content came from.
    home.set_mode("more/same", 0o750);
    home.check(&["--copy-dest=more", "-v"], 0, "3 copied");
    assert_eq!(fs::metadata(home.at("two/same")).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(home.read("two/other").as_deref(), Some("other"));
    // The same size and time are not enough: both sides would be taken to be in step.
    for more in [&["--copy-dest=more"][..], &["--copy-dest=more", "--size-only"], &["--copy-dest=more", "--checksum"]] {
        let home = home_with_reference();
        let modified = fs::metadata(home.at("one/same")).unwrap().modified().unwrap();
        home.write("more/same", "SAME");
        File::options().write(true).open(home.at("more/same")).unwrap().set_modified(modified).unwrap();
        home.check(more, 0, "3 copied");
        home.check_in_step();
    }
    home.check(&["--copy-dest=more", "--compare-dest=more"], 2, "cannot use `--compare-dest`");
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
fn no_update_dir_modtime() {
    let home = Home::with(&[("one/old/a", "1"), ("one/old/deep/d", "4"), ("one/there/c", "3")]);
    fs::create_dir(home.at("two/there")).unwrap();
    let date = |path: &str, seconds: u64| {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        File::open(home.at(path)).unwrap().set_modified(time).unwrap();
    };
    let modified = |path: &str| fs::metadata(home.at(path)).unwrap().modified().unwrap();
    ["one/old/deep", "one/old", "one/there", "two/there"].iter().zip(1..).for_each(|(path, time)| date(path, time));
    home.check::<&str>(&[], 0, "3 copied");
    for path in ["old", "old/deep"] {
        assert_eq!(modified(&format!("two/{path}")), modified(&format!("one/{path}")), "{path}");
    }
    assert_ne!(modified("two/there"), modified("one/there"), "it was there before");

    home.write("two/new/e", "5");
    date("two/new", 5);
    home.check(&["--no-update-dir-modtime"], 0, "1 copied");
    assert_ne!(modified("one/new"), modified("two/new"));
}
