//! Options of the group "Choosing files".

use std::fs::{self, FileTimes};
use std::time::{Duration, UNIX_EPOCH};

use bisync_tests::real::disk::SmallDisk;
use bisync_tests::real::folders::{files, read_tree};
use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use rustix::fs::{XattrFlags, setxattr};
use rustix::mount::MountFlags;

#[test]
fn one_file_system() {
    let home = Home::with(&[("one/a", "1"), ("one/disk/hidden", ""), ("two/disk/b", "2")]);
    home.check(&[""; 0], 0, "3 copied");
    let Some(disk) = SmallDisk::mount(home.at("one/disk"), MountFlags::empty()) else { return };
    home.write("one/disk/foreign", "not to be copied");
    home.write("two/disk/b", "changed");
    home.write("two/disk/d/new", "3");
    fs::remove_file(home.at("two/disk/hidden")).unwrap();
    home.write("one/new", "4");
    let ended = home.check(&["-x"], 0, "1 copied");
    assert!(ended.all().contains("disk: skipped on Path1: it is on another file system"), "{}", ended.all());
    assert_eq!(home.read("two/new").as_deref(), Some("4"));
    assert_eq!((home.read("two/disk/foreign"), home.read("two/disk/b").as_deref()), (None, Some("changed")));
    assert_eq!((home.read("one/disk/b"), home.read("one/disk/d/new")), (None, None));
    let tested = ["filter-test", "--root=one", "-x", "disk/foreign", "disk/d/new", "new"];
    let tested = program::run(&program::bisync(), &home.at(""), &tested).output;
    for (path, expected) in [
        ("disk/foreign", "excluded: a directory of another file system"),
        ("disk/d/new", "excluded: a directory of another file system"),
        ("new ", "included: no rule matches"),
    ] {
        assert!(tested.lines().any(|line| line.starts_with(path) && line.ends_with(expected)), "{path}: {tested}");
    }
    drop(disk);
    // Nothing was forgotten meanwhile.
    home.check(&["-x"], 0, "2 copied, 1 deleted");
    home.check_in_step();
}

/// Two files that everybody may read, and two that only the owner may.
fn with_private_files() -> Home {
    let home = Home::with(&[("one/open", "1"), ("one/d/open", "2"), ("one/private", "3"), ("one/d/private", "4")]);
    ["one/open", "one/d/open"].iter().for_each(|path| home.set_mode(path, 0o644));
    ["one/private", "one/d/private"].iter().for_each(|path| home.set_mode(path, 0o600));
    home.write("rules", "# those of everybody\nmode=100644\n");
    home.write("signed", "- mode=100600\n+ uid=*\n- **\n");
    home
}

/// Checks which of those files a first run takes.
fn check_taken(option: &str, expected: &[&str]) {
    let home = with_private_files();
    home.check(&[option], 0, "copied");
    assert_eq!(files_of(&home, "two"), expected, "{option}");
    home.check(&[option], 0, "nothing to do");
}

fn files_of(home: &Home, folder: &str) -> Vec<String> {
    files(&read_tree(&home.at(folder))).keys().map(ToString::to_string).collect()
}

#[test]
fn metadata_include() {
    check_taken("--metadata-include=mode=100644", &["d/open", "open"]);
}

#[test]
fn metadata_include_from() {
    check_taken("--metadata-include-from=rules", &["d/open", "open"]);
}

#[test]
fn metadata_exclude() {
    let option = "--metadata-exclude=mode=*600";
    check_taken(option, &["d/open", "open"]);
    // What is left out from now on is forgotten, never deleted, also when only one side leaves it out.
    let home = with_private_files();
    home.check(&[""; 0], 0, "4 copied");
    home.set_mode("one/open", 0o600);
    home.write("one/open", "changed");
    fs::remove_file(home.at("two/d/private")).unwrap();
    home.check(&[option], 0, "nothing to do");
    assert_eq!((home.read("two/open").as_deref(), home.read("one/d/private").as_deref()), (Some("1"), Some("4")));
    home.set_mode("one/open", 0o644);
    home.check(&[option, "--conflict-resolve=path1"], 0, "1 copied");
    assert_eq!(home.read("two/open").as_deref(), Some("changed"));
}

#[test]
fn metadata_exclude_from() {
    check_taken("--metadata-exclude-from=rules", &["d/private", "private"]);
}

#[test]
fn metadata_filter() {
    check_taken("--metadata-filter=- mode=100644", &["d/private", "private"]);
    let home = with_private_files();
    home.check(&["--metadata-filter=mode=1"], 2, "rule `mode=1` of `--metadata-filter` starts with neither");
}

#[test]
fn metadata_filter_from() {
    check_taken("--metadata-filter-from=signed", &["d/open", "open"]);
}

/// What takes part is what `rclone lsf` lists.
#[test]
fn metadata_rules_choose_what_rclone_chooses() {
    let Some(rclone) = program::rclone() else { return };
    let tree = || {
        let home = with_private_files();
        let time = UNIX_EPOCH + Duration::from_millis(1_577_836_800_500);
        let times = FileTimes::new().set_modified(time).set_accessed(time);
        fs::File::open(home.at("one/open")).unwrap().set_times(times).unwrap();
        for (name, value) in [("user.Color", "red/dark"), ("user.mode", "1"), ("user.empty", "")] {
            if setxattr(home.at("one/d/open"), name, value.as_bytes(), XattrFlags::empty()).is_err() {
                eprintln!("attributes are not compared: the file system of {} has none", home.at("").display());
            }
        }
        home.set_mode("one/d/private", 0o4751);
        home
    };
    for flags in [
        "--metadata-include=mode=100644",
        "--metadata-include=mode=10[04]*",
        "--metadata-include=mode=1",
        "--metadata-exclude=[am]time=2020-01-01T00:00:00.5Z",
        "--metadata-include={a,m}time=2020-*",
        "--metadata-exclude=btime={{20[2-9].*}}",
        "--metadata-include=color=red/*",
        "--metadata-include=dark",
        "--metadata-include=Color=**",
        "--metadata-exclude=empty=",
        "--metadata-exclude=COLOR=* --ignore-case",
        "--metadata-include=mode=100644 --metadata-exclude=mode=100751",
        "--metadata-include=uid=* --exclude=/d/**",
        "--metadata-filter-from=signed",
        "--metadata-exclude-from=rules",
    ] {
        let home = tree();
        let flags: Vec<&str> = flags.split(' ').collect();
        let theirs = program::run(&rclone, &home.at(""), &[&["lsf", "-R", "--files-only", "one"], &*flags].concat());
        let mut listed: Vec<&str> = theirs.output.lines().collect();
        listed.sort_unstable();
        home.check(&flags, 0, "");
        assert_eq!(files_of(&home, "two"), listed, "{flags:?}: {}", theirs.errors);
    }
}
