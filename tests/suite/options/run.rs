//! Options of the group "Run".

use bisync_tests::real::home::Home;

#[test]
fn defaults_file() {
    let home = Home::with(&[("one/a", "1"), ("defaults.toml", "[defaults]\ndry-run = true\n")]);
    home.check(&["--defaults-file=defaults.toml"], 0, "Dry run: 1 copied");
    assert_eq!(home.read("two/a"), None);
}
