//! Options of the group "Safety".

use bisync_tests::real::home::Home;

#[test]
fn other_disk() {
    let home = Home::with(&[("one/a", "1")]);
    home.check::<&str>(&[], 0, "1 copied");
    home.write("work/one..two.file-systems", "vfat 9A1B-2C3D\n\n");
    home.write("one/b", "2");
    home.check::<&str>(&[], 1, "Path1 `one` is in another file system than in the last run");
    home.check(&["--other-disk"], 0, "1 copied");
    home.check::<&str>(&[], 0, "nothing to do");
}
