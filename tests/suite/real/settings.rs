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

#[test]
fn the_file_gives_defaults_and_pairs() {
    let home = Home::with(&[("one/a", "1"), ("one/b.tmp", "2"), ("one/c.bak", "3"), ("one/d.old", "4")]);
    let bisync = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = program::command(&program::bisync(), &home.at(""));
        command.args(arguments).envs(variables.iter().copied());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        program::wait(program::start(&mut command), "bisync")
    };
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let ended = bisync(arguments, &[]);
        assert_eq!(ended.code, Some(code), "{}", ended.all());
        assert!(ended.all().contains(expected), "{}", ended.all());
        ended
    };
    check(&["work"], 2, "two paths are needed");
    let file = "[defaults]\nexclude = ['*.tmp']\ndry-run = true\n\n\
                [pair.work]\npath1 = '../../one'\npath2 = '../../two'\nexclude = ['*.bak']\n";
    home.write("config/bisync/config.toml", file);
    check(&["pairs"], 0, "work  ");
    check(&["wrok"], 2, "did you mean `work`?");
    check(&["work"], 0, "Dry run: 2 copied");
    check(&["one", "two"], 0, "Dry run: 3 copied");
    let ended = bisync(&["work"], &[("RCLONE_EXCLUDE", "*.old"), ("RCLONE_DRY_RUN", "false")]);
    assert!(ended.output.contains("in step: 1 copied"), "{}", ended.all());
    check(&["work", "--dry-run=false"], 0, "in step: 1 copied");
    home.write("other.toml", "[defaults]\nmax-delte = 1\n");
    check(&["one", "two", "--defaults-file=other.toml"], 2, "other.toml` line 2: unknown option `max-delte`");
    check(&["one", "two", "--defaults-file=none.toml"], 1, "cannot read");
    check(&["one", "two", "--defaults-file="], 0, "in step: 2 copied");
}
