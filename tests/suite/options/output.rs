//! Options of the group "Output".

use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_tests::real::terminal::Terminal;

#[test]
fn verbose() {
    let says = |options: &[&str], expected| {
        let home = Home::with(&[("one/a", "1"), ("one/same", "3"), ("two/same", "3")]);
        home.check(options, 0, "1 copied").errors.contains(expected)
    };
    assert!(!says(&[], "a: copied to Path2"));
    assert!(says(&["-v"], "a: copied to Path2"));
    assert!(!says(&["-v"], "debug: same: "));
    assert!(says(&["-vv"], "debug: same: "));
    assert!(says(&["--verbose=2"], "debug: same: "));
}

#[test]
fn quiet() {
    let home = Home::with(&[("one/a", "1")]);
    assert_eq!(home.check(&["--quiet"], 0, "").all(), "");
    home.check(&["--quiet", "--max-delete=0", "--check-access"], 1, "RCLONE_TEST");
}

#[test]
fn log_level() {
    let errors = |level| {
        let home = Home::with(&[("one/a", "1"), ("one/same", "3"), ("two/same", "3")]);
        home.check(&[format!("--log-level={level}"), "--update".to_owned()], 0, "").errors
    };
    let check = |level, notice, info| {
        let errors = errors(level);
        let says = (errors.contains("`--update` is ignored"), errors.contains("a: copied to Path2"));
        assert_eq!(says, (notice, info), "{level}: {errors}");
    };
    check("ERROR", false, false);
    check("NOTICE", true, false);
    check("INFO", true, true);
    assert!(errors("DEBUG").contains("debug: same: "));
}

#[test]
fn log_file() {
    let home = Home::with(&[("one/a", "1")]);
    let ended = home.check(&["--log-file=log", "-v"], 0, "1 copied");
    assert_eq!(ended.errors, "");
    let log = home.read("log").unwrap();
    assert!(log.contains("INFO  : a: copied to Path2") && log.contains("in step: 1 copied"), "{log}");
    home.write("one/b", "2");
    home.check(&["--log-file=log", "-v"], 0, "1 copied");
    assert!(home.read("log").unwrap().starts_with(&log), "it is appended to");
}

#[test]
fn use_json_log() {
    let home = Home::with(&[("one/a \"quoted\"", "1"), ("two/d/b", "2"), ("one/same", "x"), ("two/same", "yy")]);
    let ended = home.check(&["--use-json-log", "-vv"], 0, "summary");
    assert_eq!(ended.output, "");
    let lines: Vec<serde_json::Value> = ended.errors.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        for key in ["time", "level", "code", "message"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
    }
    assert!(lines.iter().any(|line| line["path"] == "a \"quoted\"" && line["code"] == "copied"), "{}", ended.errors);
    let summary = &lines.last().unwrap()["summary"];
    assert_eq!((&summary["exit_code"], &summary["path2"]["copied"]), (&0.into(), &2.into()), "{summary}");
    assert_eq!(summary["conflicts"][0]["path"], "same");
}

#[test]
fn color() {
    let has_color = |options: &[&str]| {
        let home = Home::with(&[("one/a", "1")]);
        home.check(options, 0, "1 copied").output.contains('\u{1b}')
    };
    // What tests read is no terminal.
    assert!(!has_color(&[]));
    assert!(has_color(&["--color=always"]));
    assert!(!has_color(&["--color=never"]));
}

/// Counts how often a line with numbers in it was drawn where a line was before.
fn redrawn(text: &str) -> usize {
    let lines = text.split('\n').flat_map(|line| line.split('\r').skip(1));
    lines.filter(|line| line.contains(|letter: char| letter.is_ascii_digit()) && line.contains(" files")).count()
}

#[test]
fn progress() {
    let large = "x".repeat(20_000);
    let home = || Home::with(&[("one/large", large.as_str())]);
    let start = |home: &Home, options: &[&str]| {
        let (terminal, end) = Terminal::open();
        let child = program::start(home.command(options).env("TERM", "xterm").stderr(end));
        (terminal, child)
    };
    // It lasts as long as it takes to see that.
    let slow = home();
    let (mut terminal, mut child) = start(&slow, &["--bwlimit=500B"]);
    let drawn = terminal.read_until(|text| redrawn(text) > 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(redrawn(&drawn) > 2, "{drawn:?}");
    // It lasts longer than it takes to be drawn.
    let plain = home();
    let (mut terminal, mut child) = start(&plain, &["--bwlimit=20000B", "--progress=false"]);
    assert_eq!(terminal.read_until(|_| false), "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let ended = home().check(&["--bwlimit=20000B"], 0, "1 copied");
    assert_eq!(ended.errors, "", "what is no terminal is not drawn on");
}

#[test]
fn stats() {
    let home = Home::with(&[("one/a", "1")]);
    let ended = home.check(&["--stats=1h"], 0, "1 copied");
    assert!(ended.errors.contains("Copied: 1 of 1 files, 1 B of 1 B"), "{}", ended.errors);
    assert_eq!(home.check(&["--stats=0"], 0, "").errors, "");
}

#[test]
fn stats_log_level() {
    let home = Home::with(&[("one/a", "1")]);
    let ended = home.check(&["--stats=1h", "--stats-log-level=INFO"], 0, "1 copied");
    assert_eq!(ended.errors, "");
    let ended = home.check(&["--stats=1h", "--stats-log-level=INFO", "-v"], 0, "nothing to do");
    assert!(ended.errors.contains("Listed: 2 files"), "{}", ended.errors);
}
