//! Options of the group "Safety".

use bisync_engine::protocol::Verb;
use bisync_engine::side::Side;
use bisync_world::scenario::{after, check};

const THREE: &str = "1 write a A\n 1 write b B\n 1 write d/c C";

/// Checks that a run stops before it changes anything.
#[track_caller]
fn check_stops(before: &str, script: &str, options: &str) {
    let (world, run) = after(before, script, options);
    assert_eq!(run.outcome.exit_code, 1, "{options}: {}", run.outcome.headline);
    assert_ne!(world.contents(Side::One), world.contents(Side::Two), "{options}: {}", run.outcome.headline);
}

#[test]
fn max_delete() {
    let two_of_three = "1 delete a\n 1 delete b";
    check_stops(THREE, two_of_three, "");
    check_stops(THREE, two_of_three, "--max-delete=66");
    check(THREE, two_of_three, "--max-delete=67", "d/c=C");
    check_stops(THREE, "1 delete a", "--max-delete=0");
}

#[test]
fn force() {
    let two_of_three = "1 delete a\n 1 delete b";
    check_stops(THREE, two_of_three, "");
    check(THREE, two_of_three, "--force", "d/c=C");
    let all_changed = "1 write a A2\n 1 write b B2\n 1 write d/c C2";
    // Few files are often all edited.
    check(THREE, all_changed, "", "a=A2 b=B2 d/c=C2");
    let (five, all_changed) =
        (format!("{THREE}\n 1 write e E\n 1 write f F"), format!("{all_changed}\n 1 write e E2\n 1 write f F2"));
    check_stops(&five, &all_changed, "");
    check(&five, &all_changed, "--force", "a=A2 b=B2 d/c=C2 e=E2 f=F2");
}

#[test]
fn check_access() {
    const MARKED: &str = "1 write a A\n 1 write d/RCLONE_TEST x\n 1 write RCLONE_TEST x";
    let lost = "2 delete d/RCLONE_TEST\n 1 write a A2";
    check(MARKED, lost, "", "a=A2 RCLONE_TEST=x");
    check_stops(MARKED, lost, "--check-access");
    check(MARKED, "1 write a A2", "--check-access", "a=A2 d/RCLONE_TEST=x RCLONE_TEST=x");
    check_stops(THREE, "1 write a A2", "--check-access");
}

#[test]
fn check_filename() {
    let check_with_marker = |marker: &str, options: &str| {
        let (_, run) = after(&format!("1 write a A\n 1 write b B\n 1 write {marker} x"), "1 write a A2", options);
        run.outcome.exit_code
    };
    assert_eq!(check_with_marker(".here", "--check-access"), 1);
    assert_eq!(check_with_marker(".here", "--check-access --check-filename=.here"), 0);
    assert_eq!(check_with_marker("RCLONE_TEST", "--check-access --check-filename=.here"), 1);
}

#[test]
fn check_sync() {
    let checks = |options| {
        let (world, run) = after(THREE, "1 write a A2", options);
        let is_new_listing = |verb: &&Verb| matches!(verb, Verb::ReadState { name, .. } if name.ends_with(".lst-new"));
        (world.contents(Side::Two)["a"].clone(), run.verbs.iter().any(|verb| is_new_listing(&verb)))
    };
    assert_eq!(checks(""), ("A2".to_owned(), true));
    assert_eq!(checks("--check-sync=false"), ("A2".to_owned(), false));
    assert_eq!(checks("--check-sync=only"), ("A".to_owned(), false));
    let (_, run) = after(THREE, "1 write a A2", "--check-sync=only");
    assert_eq!(run.outcome.headline, "Both listings say the same.");
}
