//! Where options come from, besides the command line.

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};

/// Runs the program on both folders with variables.
fn run(home: &Home, variables: &[(&str, &str)], more: &[&str]) -> Ended {
    let mut command = home.command(more);
    command.envs(variables.iter().copied());
    program::wait(program::start(&mut command), "bisync")
}

#[test]
fn the_environment_gives_options() {
    let home = Home::with(&[("one/a", "1"), ("one/b.tmp", "2"), ("one/c.bak", "3")]);
    let ended = run(&home, &[("BISYNC_EXCLUDE", "*.tmp"), ("RCLONE_EXCLUDE", "*.bak")], &[]);
    assert!(ended.output.contains("1 copied"), "{}", ended.all());
    let ended = run(&home, &[("BISYNC_MAX_DELETE", "half")], &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.errors.contains("variable `BISYNC_MAX_DELETE`: `--max-delete` cannot be `half`"), "{}", ended.errors);
    let ended = run(&home, &[("BISYNC_DRYRUN", "true")], &["--dry-run"]);
    assert!(ended.errors.contains("did you mean `BISYNC_DRY_RUN`?"), "{}", ended.errors);
    let ended = run(&home, &[("RCLONE_DRY_RUN", "true"), ("RCLONE_SUCH_THING", "1")], &[]);
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
    assert!(ended.output.contains("Dry run: 2 copied"), "{}", ended.output);
}
