//! Options of the group "Running".

use bisync_tests::real::home::Home;
use bisync_tests::scenario::after;

#[test]
fn error_on_no_transfer() {
    let check = |script, options, expected| {
        let (_, run) = after("1 write a A\n 1 write b B", script, options);
        assert_eq!(run.outcome.exit_code, expected, "{script} {options}");
    };
    check("", "", 0);
    check("", "--error-on-no-transfer", 9);
    check("1 delete a", "--error-on-no-transfer", 9);
    check("1 write a A2", "--error-on-no-transfer", 0);
}

#[test]
fn defaults_file() {
    let home = Home::with(&[("one/a", "1"), ("defaults.toml", "[defaults]\ndry-run = true\n")]);
    home.check(&["--defaults-file=defaults.toml"], 0, "Dry run: 1 copied");
    assert_eq!(home.read("two/a"), None);
}
