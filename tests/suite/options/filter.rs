//! Options of the group "Choosing files".

use std::fs;

use bisync_engine::side::Side;
use bisync_tests::real::disk::SmallDisk;
use bisync_tests::real::home::Home;
use bisync_tests::scenario::after;
use rustix::mount::MountFlags;

#[test]
fn delete_excluded() {
    let (world, run) = after("1 write a A\n 1 write b B", "1 write a A2", "--delete-excluded --exclude=b");
    assert_eq!(world.contents(Side::Two)["b"], "B", "what is left out is left alone");
    assert_eq!(run.said("option-ignored").len(), 1);
}

#[test]
fn one_file_system() {
    let home = Home::with(&[("one/a", "1"), ("one/disk/hidden", ""), ("two/disk/b", "2")]);
    home.check(&[""; 0], 0, "3 copied");
    let Some(disk) = SmallDisk::mount(home.at("one/disk"), MountFlags::empty()) else { return };
    home.write("one/disk/foreign", "not to be copied");
    home.write("two/disk/b", "changed");
    home.write("two/disk/d/new", "3");
    fs::remove_file(home.at("two/disk/hidden")).unwrap();
    home.write("one/new", "4");
    let ended = home.check(&["-x"], 0, "1 copied");
    assert!(ended.all().contains("disk: skipped on Path1: it is on another file system"), "{}", ended.all());
    assert_eq!(home.read("two/new").as_deref(), Some("4"));
    assert_eq!((home.read("two/disk/foreign"), home.read("two/disk/b").as_deref()), (None, Some("changed")));
    assert_eq!((home.read("one/disk/b"), home.read("one/disk/d/new")), (None, None));
    drop(disk);
    // Nothing was forgotten meanwhile.
    home.check(&["-x"], 0, "2 copied, 1 deleted");
    home.check_in_step();
}

#[test]
fn hash_filter() {
    let files = "1 write file1.jpg 1\n 1 write file2.jpg 2\n 1 write file3.jpg 3\n 1 write file4.jpg 4";
    let taken = |share: &str| {
        let (world, _) = after("1 write kept k", files, &format!("--hash-filter={share}"));
        world.contents(Side::Two).into_keys().filter(|path| path != "kept").collect::<Vec<_>>()
    };
    // The shares that rclone gives.
    assert_eq!(taken("0/2"), ["file1.jpg", "file2.jpg", "file4.jpg"]);
    assert_eq!(taken("1/2"), ["file3.jpg"]);
    assert_eq!(taken("3/2"), taken("1/2"));
    assert!([taken("0/2"), taken("1/2")].contains(&taken("@/2")));
}
