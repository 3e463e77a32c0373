//! Options of the group "Running".

use std::fs;

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, wait_until};

/// Runs the program without paths.
fn check_shows(argument: &str, expected: &str) {
    let ended = program::run(&program::bisync(), &std::env::temp_dir(), &[argument]);
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
    assert!(ended.output.contains(expected), "{}", ended.output);
}

#[test]
fn help() {
    check_shows("--help", "Usage: bisync PATH1 PATH2");
    check_shows("-h", "--conflict-resolve");
}

#[test]
fn version() {
    check_shows("--version", "bisync 0.");
    check_shows("-V", "bisync 0.");
}

#[test]
fn defaults_file() {
    let home = Home::with(&[("one/a", "1"), ("defaults.toml", "[defaults]\ndry-run = true\n")]);
    home.check(&["--defaults-file=defaults.toml"], 0, "Dry run: 1 copied");
    assert_eq!(home.read("two/a"), None);
}

#[test]
fn plan_out() {
    let home = Home::with(&[("one/a", "1"), ("two/d/b", "2"), ("one/stays", "s")]);
    home.check(&[""; 0], 0, "3 copied");
    fs::remove_file(home.at("two/a")).unwrap();
    home.write("one/d/b", "changed");
    home.write("one/new", "n");
    home.check(&["--plan-out=plan"], 0, "Nothing was changed");
    assert_eq!((home.read("one/a").as_deref(), home.read("two/new")), (Some("1"), None));
    home.write("two/d/b", "changed as well");
    let apply = |arguments: &[&str]| program::run(&program::bisync(), &home.at(""), arguments);
    let ended = apply(&["apply", "plan"]);
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    assert!(ended.output.contains("d/b: cannot copy to Path2"), "{}", ended.all());
    assert_eq!((home.read("one/a"), home.read("two/new").as_deref()), (None, Some("n")));
    assert_eq!(home.read("two/d/b").as_deref(), Some("changed as well"));
    let again = apply(&["apply", "plan"]);
    assert!(again.code == Some(1) && again.all().contains("there was a run since"), "{}", again.all());
    let check = |arguments: &[&str], code, expected: &str| {
        let ended = apply(arguments);
        assert!(ended.code == Some(code) && ended.all().contains(expected), "{arguments:?}: {}", ended.all());
    };
    check(&["apply", "none"], 1, "cannot read the plan `none`");
    check(&["apply", "one/stays"], 2, "`one/stays` is no plan");
    check(&["apply", "plan", "--resync"], 2, "takes no `--resync`");
    check(&["apply"], 2, "bisync apply [options] FILE");
}

#[test]
fn a_plan_replaces_nothing_but_a_plan() {
    let home = Home::with(&[("one/a", "1"), ("notes", "mine"), ("free.new", "mine as well")]);
    home.check(&["--plan-out="], 2, "`--plan-out` needs a value");
    home.check(&["--plan-out=notes"], 2, "`notes` is there and is no plan");
    home.check(&["--plan-out=free"], 2, "`free.new` is there and is no plan");
    home.check(&["--plan-out=two"], 2, "`two` is there and is no plan");
    assert_eq!((home.read("notes").as_deref(), home.read("free.new").as_deref()), (Some("mine"), Some("mine as well")));
    home.check(&["--plan-out=plan"], 0, "1 copied");
    home.check(&["--plan-out=plan"], 0, "1 copied");
}

#[test]
fn a_plan_holds_wherever_it_is_carried_out() {
    let plan = |home: &Home, more: &[&str]| {
        let arguments = [&["one", "two", "--plan-out=plan"], more].concat();
        let ended = program::run(&program::bisync(), &home.at(""), &arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.all());
    };
    let apply = |home: &Home, from: &str, code, expected: &str| {
        let plan = home.at("plan");
        let ended = program::run(&program::bisync(), &home.at(from), &["apply".as_ref(), plan.as_os_str()]);
        assert!(ended.code == Some(code) && ended.all().contains(expected), "{}", ended.all());
    };
    // The same words mean another directory there.
    let home = Home::with(&[("one/a", "1"), ("reference/b", "2"), ("else/reference/a", "x")]);
    plan(&home, &["--copy-dest=reference"]);
    let text = home.read("plan").unwrap();
    assert!(text.contains(&format!("[\"copy-dest\",\"{}\"]", home.at("reference").display())), "{text}");
    // What is said on the command line goes before what the plan was made with.
    let home = Home::with(&[("one/a", "1")]);
    plan(&home, &["--quiet"]);
    let ended = program::run(&program::bisync(), &home.at(""), &["apply", "plan", "-v"]);
    assert!(ended.all().contains("a: copied to Path2"), "{}", ended.all());
    // A disk that is not mounted is no place for a plan, though a resync would make the directory.
    let home = Home::with(&[("two/a", "1")]);
    plan(&home, &["--resync"]);
    fs::remove_dir(home.at("one")).unwrap();
    apply(&home, "", 1, "does not exist");
    assert!(!home.at("one").exists());
    // Another directory would be recorded in the listings of this pair.
    let home = Home::with(&[("one/a", "1"), ("three/b", "2")]);
    plan(&home, &[]);
    let text = home.read("plan").unwrap().replacen("/two\"", "/three\"", 1);
    home.write("plan", &text);
    apply(&home, "", 1, "a plan is for one pair");
    assert_eq!(home.read("three/a"), None);
}

#[test]
fn what_cannot_be_planned_is_told_after_choosing() {
    let home = Home::with(&[("one/a", "1"), ("one/d/x.rclonelink", "a file"), ("answers", "a\n")]);
    std::os::unix::fs::symlink("a", home.at("one/d/x")).unwrap();
    let arguments = ["one", "two", "--workdir=work", "-i", "--links"];
    let ended = program::run_with_input(&program::bisync(), &home.at(""), &arguments, &home.at("answers"));
    assert!(ended.code == Some(1) && ended.output.contains("Not in step:\n  d: cannot list"), "{}", ended.all());
    assert_eq!(home.read("two/a").as_deref(), Some("1"));
    // The code for a run that copies nothing is not that of a plan that cannot be made.
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("answers", "a\n")]);
    home.check(&[""; 0], 0, "2 copied");
    fs::remove_file(home.at("one/a")).unwrap();
    let arguments = ["one", "two", "--workdir=work", "-i", "--error-on-no-transfer"];
    let ended = program::run_with_input(&program::bisync(), &home.at(""), &arguments, &home.at("answers"));
    assert!(ended.code == Some(9) && ended.output.contains("1 deleted"), "{}", ended.all());
    assert_eq!(home.read("two/a"), None);
}

#[test]
fn explain() {
    let home = Home::with(&[("one/a", "1"), ("one/d/b", "2"), ("one/c", "3")]);
    home.check(&[""; 0], 0, "3 copied");
    home.write("two/d/b", "changed");
    let before = home.tree();
    let ended = home.check(&["--explain=d/b", "--explain=x.tmp", "--exclude=*.tmp"], 0, "");
    for expected in
        ["d/b: Path2: a file, 7 B", "(changed)", "copy to Path1", "x.tmp: takes no part: excluded by rule `*.tmp`"]
    {
        assert!(ended.output.contains(expected), "{expected}: {}", ended.output);
    }
    assert!(!ended.output.contains("Dry run") && !ended.output.contains("\na:"), "{}", ended.output);
    assert_eq!(home.tree(), before);
    let command = ["explain", "one", "two", "one/d/b", "--workdir=work"];
    let ended = program::run(&program::bisync(), &home.at(""), &command);
    assert!(ended.output.contains("d/b: copy to Path1: changed on Path2"), "{}", ended.all());
    let ended =
        home.check(&["--explain=d"], 0, "d: Path1: a directory\nd: Path2: a directory\nd: what becomes of a directory");
    assert!(!ended.output.contains("(new)"), "{}", ended.output);
}

#[test]
fn explanations_say_what_a_run_leaves_alone() {
    let names = ["d/x", "a", "excluded", "secret", "stays"];
    let files = names.map(|name| (format!("one/{name}"), "1"));
    let home = Home::with(&files.each_ref().map(|(path, content)| (path.as_str(), *content)));
    home.check(&[""; 0], 0, "5 copied");
    fs::remove_dir_all(home.at("one/d")).unwrap();
    std::os::unix::fs::symlink("a", home.at("one/d")).unwrap();
    home.set_mode("one/secret", 0o600);
    let options = ["--exclude=excluded", "--metadata-exclude=mode=*600"];
    let check = |path: &str, expected: &str| {
        let ended = home.check(&[&options[..], &[&format!("--explain={path}")]].concat(), 0, expected);
        for wrong in ["(deleted)", "to be deleted", "gone from"] {
            assert!(!ended.output.contains(wrong), "{path}: {}", ended.output);
        }
    };
    check("d/x", "d/x: left alone on both sides: what is above it on one side is no directory");
    check("d/new", "d/new: left alone on both sides: what is above it on one side is no directory");
    check("secret", "secret: left alone on both sides: something that is there takes no part");
    check("excluded", "excluded: leaves the listings, and is left alone on both sides: excluded by rule `excluded`");
    check("a", "a: in step");
    home.check(&options, 0, "nothing to do");
    assert_eq!(home.read("two/d/x").as_deref(), Some("1"));
}

#[test]
fn interactive() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("two/c", "3"), ("answers", "n\nwhat\ny\nq\n")]);
    let ended = program::run_with_input(
        &program::bisync(),
        &home.at(""),
        &["one", "two", "--workdir=work", "-i"],
        &home.at("answers"),
    );
    assert!(ended.code == Some(0) && ended.output.contains("The plan is carried out: 1 copied"), "{}", ended.all());
    assert_eq!((home.read("two/a"), home.read("two/b").as_deref(), home.read("one/c")), (None, Some("2"), None));
    assert!(ended.errors.contains("a: copy to Path2: new on Path1"), "{}", ended.errors);
}

#[test]
fn watch() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("one/d/c", "3")]);
    let child = home.start(&["--watch", "--watch-interval=off"]);
    wait_until("the first run", || home.read("work/one..two.path1.lst").is_some());
    home.write("one/d/new", "4");
    wait_until("what is new on Path1", || home.read("two/d/new").as_deref() == Some("4"));
    home.write("two/later/deep", "5");
    wait_until("what is new on Path2", || home.read("one/later/deep").as_deref() == Some("5"));
    home.write("two/later/deep", "edited");
    wait_until("an edit in a directory that is new", || home.read("one/later/deep").as_deref() == Some("edited"));
    fs::remove_file(home.at("one/b")).unwrap();
    wait_until("a deletion", || home.read("two/b").is_none());
    let ended = program::interrupt(child, "bisync");
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(ended.all().contains("watching Path1 and Path2 for changes; Ctrl-C ends"), "{}", ended.all());
    assert!(!ended.all().contains("nothing to do"), "runs that do nothing are not told: {}", ended.all());
    home.check_in_step();
    // Who wants to see something wants one run.
    home.write("one/seen", "6");
    home.check(&["--watch", "--dry-run"], 0, "Dry run: 1 copied");
}

/// What it is good for is seen on a server, which tells nobody of changes: `real/watching.rs`.
#[test]
fn watch_interval() {
    let home = Home::with(&[("one/a", "1")]);
    let child = home.start(&["--watch", "--watch-interval=2h"]);
    wait_until("the first run", || home.read("two/a").is_some());
    let ended = program::interrupt(child, "bisync");
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(ended.all().contains("watching Path1 and Path2 for changes, and looking every 2h"), "{}", ended.all());
    home.check(&["--watch", "--watch-interval=soon"], 2, "`soon`");
}
