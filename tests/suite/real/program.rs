//! The command line on real folders: what is refused, what is said, and what is written.

use std::fs;
use std::os::unix::fs::MetadataExt;

use bisync_tests::real::home::Home;
use bisync_tests::real::program;

#[test]
fn mistakes_are_refused_before_anything_is_done() {
    let home = Home::with(&[("one/a", "1"), ("two/b", "2"), ("file", ""), ("filters", "- *.tmp\n* bad\n")]);
    fs::create_dir(home.at("one/inner")).unwrap();
    let before = home.tree();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let ended = program::run(&program::bisync(), &home.at(""), &[arguments, &["--workdir=work"]].concat());
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.all());
        assert!(ended.errors.contains(expected), "{arguments:?}: {}", ended.errors);
        assert_eq!(ended.output, "", "{arguments:?}");
    };
    check(&["one", "none"], 1, "Path2 `none` does not exist");
    check(&["none", "two"], 1, "Path1 `none` does not exist");
    check(&["none", "two", "--lockout"], 7, "Path1 `none` does not exist");
    check(&["one", "none", "--resync"], 1, "Path2 `none` does not exist");
    check(&["one", "./one/"], 1, "the same directory");
    check(&["one", "one/inner"], 1, "Path2 lies inside Path1");
    check(&["one/inner", "one"], 1, "Path1 lies inside Path2");
    check(&["file", "two"], 1, "Path1 `file` is not a directory");
    check(&["one", "two", "--backup-dir1=one/old"], 1, "overlaps Path1");
    check(&["one", "two", "--resnc"], 2, "did you mean `--resync`?");
    check(&["one", "two", "--conflict-resolve=newr"], 2, "did you mean `newer`?");
    check(&["one", "two", "--quiet", "--verbose"], 2, "contradict each other");
    check(&["one", "two", "--create-empty-src-dirs", "--remove-empty-dirs"], 2, "--create-empty-src-dirs");
    check(&["one", "two", "--conflict-suffix=a,b,c"], 2, "3 suffixes");
    check(&["one", "two", "--filters-file=filters"], 2, "line 2");
    check(&["one", "two", "--filters-file=none"], 1, "cannot read `none`");
    check(&["one"], 2, "only `one` was given");
    check(&["one", "remote:two", "--config="], 2, "no remote is named `remote`");
    check(&["one", "a*:two"], 2, "is no name of a remote");
    let ended = program::run(&program::bisync(), &home.at(""), &["one", "two", "--workdir=two/work"]);
    assert_eq!((ended.code, ended.errors.contains("overlaps Path2")), (Some(1), true), "{}", ended.all());
    // The lock is claimed after that.
    let mut after = home.tree();
    after.remove("work");
    assert_eq!(after, before);
}

#[test]
fn a_damaged_listing_is_named_and_the_next_run_goes_on() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("one/c", "3")]);
    home.check(&[""; 0], 0, "3 copied");
    fs::remove_file(home.at("one/a")).unwrap();
    let listing = home.read("work/one..two.path2.lst").unwrap();
    home.write("work/one..two.path2.lst", &listing.replacen("-        1", "-        ?", 1));
    home.check(&[""; 0], 1, "line 2");
    assert_eq!(home.read("two/a").as_deref(), Some("1"), "nothing was done");
    // Without a base nothing is deleted.
    home.check(&[""; 0], 0, "1 copied");
    home.check_in_step();
    assert_eq!(home.read("one/a").as_deref(), Some("1"));
    fs::remove_file(home.at("one/a")).unwrap();
    home.check(&[""; 0], 0, "1 deleted");
    home.check_in_step();
}

#[test]
fn a_run_without_changes_writes_nothing() {
    let home = Home::with(&[("one/a", "1"), ("two/d/b", "2")]);
    home.check(&[""; 0], 0, "2 copied");
    let look = || ["path1", "path2"].map(|side| fs::metadata(home.at(format!("work/one..two.{side}.lst"))).unwrap());
    let (before, tree) = (look(), home.tree());
    home.check(&[""; 0], 0, "nothing to do");
    for (before, after) in before.iter().zip(&look()) {
        assert_eq!((before.ino(), before.modified().unwrap()), (after.ino(), after.modified().unwrap()));
    }
    assert_eq!(home.tree(), tree);
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let home = Home::with(&[("one/a", "1"), ("two/d/b", "2"), ("one/same", "x"), ("two/same", "yy")]);
    let before = home.tree();
    let ended = home.check(&["--dry-run"], 0, "Nothing was changed");
    for expected in ["a: copy to Path2", "d/\n  b: copy to Path1", "same.conflict1"] {
        assert!(ended.output.contains(expected), "{expected}: {}", ended.output);
    }
    assert_eq!(home.tree(), before);
    home.check(&[""; 0], 0, "conflict");
    fs::remove_file(home.at("one/a")).unwrap();
    let before = home.tree();
    home.check(&["-n"], 0, "a: delete from Path2");
    assert_eq!(home.tree(), before);
}
