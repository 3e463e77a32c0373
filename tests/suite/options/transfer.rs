//! Options of the group "Copying".

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_tests::real::watched::{self, Gate, Watch};
use rustix::mount::{UnmountFlags, mount_bind, unmount};

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
fn metadata_of_a_renamed_directory() {
    let home = Home::with(&[("one/a/b/file", "1")]);
    home.check(&["-M"], 0, "1 copied");
    home.set_mode("one/a", 0o711);
    home.set_mode("one/a/b", 0o700);
    std::fs::rename(home.at("one/a"), home.at("one/c")).unwrap();
    home.check(&["-M"], 0, "1 moved");
    assert_eq!(["two/c", "two/c/b"].map(|path| metadata_of(&home, path).0), [0o711, 0o700]);
    home.check(&["-M"], 0, "nothing to do");
    assert_eq!(["one/c", "one/c/b"].map(|path| metadata_of(&home, path).0), [0o711, 0o700]);
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
