//! Options of the group "Running".

use bisync_world::host::run;
use bisync_world::scenario::{after, check, edit};
use bisync_world::world::World;

const THREE: &str = "1 write a A\n 1 write b B\n 1 write d/c C";

#[test]
fn resync() {
    let script = "1 delete a\n 1 write b B1\n 2 write b B2";
    check(THREE, script, "", "b.conflict1=B1 b.conflict2=B2 d/c=C");
    check(THREE, script, "--resync", "a=A b=B1 d/c=C");
}

#[test]
fn resync_mode() {
    let script = "1 delete a\n 1 write b ONE1\n 2 write b TWO";
    let check = |word, b: &str| check(THREE, script, &format!("--resync-mode={word}"), &format!("a=A b={b} d/c=C"));
    check("path1", "ONE1");
    check("path2", "TWO");
    check("newer", "TWO");
    check("older", "ONE1");
    check("larger", "ONE1");
    check("smaller", "TWO");
}

#[test]
fn dry_run() {
    let mut world = World::default();
    edit(&mut world, "1 write a A\n 2 write b B");
    let before = (world.sides.clone(), world.state.clone());
    let mut copied = |options| {
        let counts = run(&mut world, options, 1).unwrap().outcome.counts;
        (counts.one.copied + counts.two.copied, (world.sides.clone(), world.state.clone()) == before)
    };
    assert_eq!(copied("--dry-run"), (2, true), "it says what would be done");
    assert_eq!(copied(""), (2, false));
}

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
