//! A folder in another file system than in the last run: its disk is not mounted, or another one is.

use std::fs;

use bisync_tests::real::home::Home;

/// Where the program writes down in which file systems the folders are.
const FILE: &str = "work/one..two.file-systems";

/// Both folders are in step, and then a file is missing on Path2, which is in another file system. The system that tests run on may have one
/// file system only: so another one is written down as that of the last run.
fn elsewhere() -> Home {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("one/c", "3")]);
    home.check::<&str>(&[], 0, "3 copied");
    let written = home.read(FILE).unwrap();
    let one = written.lines().next().unwrap();
    home.write(FILE, &format!("{one}\nvfat 9A1B-2C3D\n"));
    fs::remove_file(home.at("two/b")).unwrap();
    home
}

#[test]
fn what_another_file_system_lacks_is_not_deleted() {
    let home = elsewhere();
    let before = home.tree();
    let expected = "Path2 `two` is in another file system than in the last run";
    for more in [&[][..], &["--dry-run"], &["--plan-out=plan"]] {
        home.check(more, 1, expected);
    }
    home.check(&["--lockout"], 7, expected);
    // A new disk that is empty or half full: what else stops a run is for other flags.
    home.check(&["--force"], 1, expected);
    home.check(&["--other-disk", "--max-delete=10"], 1, "too many deletes");
    assert_eq!(home.tree(), before);
    home.check(&["--other-disk"], 0, "1 deleted");
    home.check::<&str>(&[], 0, "nothing to do");
}

#[test]
fn a_run_that_deletes_nothing_does_not_ask_where_the_folders_are() {
    let home = elsewhere();
    home.check(&["--resync"], 0, "1 copied");
    home.check::<&str>(&[], 0, "nothing to do");
    // Whoever removes the listings begins anew.
    let home = elsewhere();
    for side in ["path1", "path2"] {
        fs::remove_file(home.at(format!("work/one..two.{side}.lst"))).unwrap();
    }
    home.check::<&str>(&[], 0, "1 copied");
}

#[test]
fn the_listings_of_the_run_before_the_last_count_as_well() {
    let home = elsewhere();
    for side in ["path1", "path2"] {
        let listing = home.at(format!("work/one..two.{side}.lst"));
        fs::rename(&listing, listing.with_extension("lst-old")).unwrap();
    }
    home.check(&["--recover"], 1, "is in another file system than in the last run");
}

/// Where the folders are then may not be where they belong.
#[test]
fn a_run_that_was_stopped_remembers_nothing() {
    let home = Home::with(&[("one/a", "1")]);
    home.check::<&str>(&[], 0, "1 copied");
    fs::remove_file(home.at(FILE)).unwrap();
    fs::remove_file(home.at("two/a")).unwrap();
    home.check::<&str>(&[], 1, "is it mounted?");
    assert_eq!(home.read(FILE), None);
    home.write("two/a", "1");
    home.check::<&str>(&[], 0, "in step");
    assert!(home.read(FILE).is_some());
}
