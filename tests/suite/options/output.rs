//! Options of the group "Output".

use bisync_tests::real::home::Home;

#[test]
fn stats() {
    let home = Home::with(&[("one/a", "1")]);
    let ended = home.check(&["--stats=1h"], 0, "1 copied");
    assert!(ended.errors.contains("Listed: 1 files in 2 directories. Copied: 1 files, 1 B"), "{}", ended.errors);
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
