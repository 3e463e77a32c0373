//! Options of the group "Directories and names".

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bisync_tests::real::home::Home;

fn target(home: &Home, path: &str) -> Option<PathBuf> {
    fs::read_link(home.at(path)).ok()
}

fn link(home: &Home, to: &str, path: &str) {
    let path = home.at(path);
    let _ = fs::remove_file(&path);
    symlink(to, path).unwrap();
}

#[test]
fn skip_links() {
    let home = Home::with(&[("one/a", "1")]);
    link(&home, "a", "one/link");
    let ended = home.check(&["--skip-links"], 0, "1 copied");
    assert!(!ended.all().contains("link"), "{}", ended.all());
    home.check(&["--skip-links", "--links"], 0, "`--skip-links` is ignored");
}

#[test]
fn links() {
    let home = Home::with(&[("one/a", "1")]);
    link(&home, "a", "one/good");
    link(&home, "../nowhere", "one/broken");
    link(&home, "/", "two/outside");
    home.check(&["--links"], 0, "4 copied");
    let check = |name: &str, to: Option<&str>| {
        for side in ["one", "two"] {
            assert_eq!(target(&home, &format!("{side}/{name}")).as_deref(), to.map(Path::new), "{side}/{name}");
        }
    };
    check("good", Some("a"));
    check("broken", Some("../nowhere"));
    check("outside", Some("/"));
    assert!(home.read("work/one..two.path1.lst").unwrap().contains("\"good.rclonelink\""));
    home.check(&["--links"], 0, "nothing to do");

    // Changed, moved, deleted, with the old version kept.
    let backup = home.at("old");
    let with_backup = ["--links", "--backup-dir2", backup.to_str().unwrap()];
    link(&home, "elsewhere", "one/good");
    fs::create_dir(home.at("one/d")).unwrap();
    fs::rename(home.at("one/broken"), home.at("one/d/moved")).unwrap();
    fs::remove_file(home.at("one/outside")).unwrap();
    home.check(&with_backup, 0, "1 copied, 1 moved, 1 deleted");
    check("good", Some("elsewhere"));
    check("broken", None);
    check("d/moved", Some("../nowhere"));
    check("outside", None);
    assert_eq!(home.read("old/good.rclonelink").as_deref(), Some("a"));
    assert_eq!(home.read("old/outside.rclonelink").as_deref(), Some("/"));
    home.check(&with_backup, 0, "nothing to do");

    // Losers of a conflict that do not end like links are files; the same change is none.
    link(&home, "mine", "one/good");
    link(&home, "yours", "two/good");
    link(&home, "same", "one/d/moved");
    link(&home, "same", "two/d/moved");
    home.check(&["--links"], 0, "1 conflict");
    home.check_in_step();
    check("good", None);
    check("d/moved", Some("same"));
    assert_eq!(home.read("two/good.rclonelink.conflict1").as_deref(), Some("mine"));
    assert_eq!(home.read("one/good.rclonelink.conflict2").as_deref(), Some("yours"));
    home.check(&["--links"], 0, "nothing to do");
    link(&home, "mine", "one/good");
    link(&home, "yours", "two/good");
    home.check(&["--links", "--suffix-keep-extension"], 0, "1 conflict");
    check("good.conflict1", Some("mine"));
    check("good.conflict2", Some("yours"));
}

#[test]
fn links_trade_places_with_files_and_directories_in_one_run() {
    for directories in [&[][..], &["--create-empty-src-dirs"]] {
        let options = [&["--links", "--max-delete=100"], directories].concat();
        let home = Home::with(&[
            ("one/file", "1"),
            ("one/d/e/f", "2"),
            ("one/d.txt", "3"),
            ("one/stays", "4"),
            ("one/deep/x", "5"),
        ]);
        link(&home, "stays", "one/link");
        link(&home, "stays", "one/deep/link");
        home.check(&options, 0, "7 copied");
        for side in ["two", "one"] {
            let at = |path: &str| format!("{side}/{path}");
            for path in ["file", "link"] {
                fs::remove_file(home.at(at(path))).unwrap();
            }
            fs::remove_file(home.at(at("deep/link"))).unwrap();
            fs::remove_dir_all(home.at(at("d"))).unwrap();
            link(&home, "stays", &at("file"));
            link(&home, "deep", &at("d"));
            home.write(&at("link"), "a file");
            home.write(&at("deep/link/below"), "a directory");
            home.check(&options, 0, "4 copied, ");
            home.check_in_step();
            assert_eq!(target(&home, "one/d"), Some("deep".into()));
            home.check(&options, 0, "nothing to do");
            // And back again.
            for path in ["file", "link", "d"] {
                fs::remove_file(home.at(at(path))).unwrap();
            }
            fs::remove_dir_all(home.at(at("deep/link"))).unwrap();
            home.write(&at("file"), "1");
            home.write(&at("d/e/f"), "2");
            link(&home, "stays", &at("link"));
            link(&home, "stays", &at("deep/link"));
            home.check(&options, 0, "4 copied, ");
            home.check_in_step();
            home.check(&options, 0, "nothing to do");
        }
    }
}

#[test]
fn a_link_steps_aside_for_work_of_the_other_side() {
    let files = ["one/d/a", "one/d/b", "one/stays", "one/x", "one/y"];
    let home = Home::with(&files.map(|path| (path, "1")));
    home.check(&["--links"], 0, "5 copied");
    fs::remove_dir_all(home.at("one/d")).unwrap();
    link(&home, "stays", "one/d");
    home.write("two/d/b", "changed");
    home.write("two/d/new", "new");
    link(&home, "stays", "two/both");
    home.write("one/both", "a file");
    home.check(&["--links"], 0, "2 conflicts");
    home.check_in_step();
    for (path, expected) in [
        ("one/d/a", None),
        ("one/d/b", Some("changed")),
        ("one/d/new", Some("new")),
        ("two/d.rclonelink.conflict1", Some("stays")),
        ("two/both", Some("a file")),
        ("one/both.rclonelink.conflict1", Some("stays")),
    ] {
        assert_eq!(home.read(path).as_deref(), expected, "{path}");
    }
    home.check(&["--links"], 0, "nothing to do");
}

#[test]
fn a_link_steps_aside_on_the_first_run_too() {
    let home = Home::with(&[("one/a", "1"), ("two/both", "a file")]);
    link(&home, "a", "one/both");
    let ended = home.check(&["--links", "-v"], 0, "1 conflict");
    assert!(ended.all().contains("a link on Path1, something else of its name on Path2"), "{}", ended.all());
    home.check_in_step();
    assert_eq!(home.read("one/both").as_deref(), Some("a file"));
    assert_eq!(home.read("two/both.rclonelink.conflict1").as_deref(), Some("a"));
}

#[test]
fn links_with_checksums_are_told_apart_by_what_they_lead_to() {
    let home = Home::with(&[("one/a", "1")]);
    link(&home, "to-a", "one/link");
    home.check(&["--links", "--checksum"], 0, "2 copied");
    link(&home, "to-b", "two/link");
    home.check(&["--links", "--checksum"], 0, "1 copied");
    assert_eq!(target(&home, "one/link"), Some("to-b".into()));
    home.check(&["--links", "--checksum"], 0, "nothing to do");
}

#[test]
fn a_name_that_stands_for_two_things_is_left_alone() {
    let home = Home::with(&[("one/d/x.rclonelink", "a file"), ("one/a", "1"), ("two/d/b", "2")]);
    link(&home, "to", "one/d/x");
    let before = home.tree();
    home.check(&["--links"], 1, "`x.rclonelink` is there, and stands for a link that is there as well");
    for path in ["one/d/x", "one/d/x.rclonelink", "two/d/b"] {
        assert_eq!(home.tree().get(path), before.get(path), "{path}");
    }
    assert_eq!(home.read("two/a").as_deref(), Some("1"));
    fs::remove_file(home.at("one/d/x.rclonelink")).unwrap();
    home.check(&["--links"], 0, "2 copied");
    assert_eq!(target(&home, "two/d/x"), Some("to".into()));
}

#[test]
fn copy_links() {
    let home = Home::with(&[("one/a", "1"), ("apart/file", "behind"), ("apart/dir/b", "2")]);
    link(&home, "../apart/file", "one/file");
    link(&home, "../apart/dir", "one/dir");
    link(&home, "nowhere", "one/broken");
    link(&home, "a/below/a/file", "one/below");
    link(&home, &"long".repeat(100), "one/long");
    link(&home, ".", "one/dir/circle");
    fs::create_dir(home.at("one/real")).unwrap();
    link(&home, "../real", "one/real/round");
    let ended = home.check(&["--copy-links"], 0, "copied");
    for path in ["broken", "below", "long", "real/round", "dir/circle"] {
        assert!(ended.all().contains(&format!("{path}: skipped on Path1: the symbolic link leads nowhere")), "{path}");
    }
    assert_eq!(home.read("two/file").as_deref(), Some("behind"));
    assert_eq!(home.read("two/dir/b").as_deref(), Some("2"));
    home.check(&["-L"], 0, "nothing to do");
    // What is behind changes; a link that leads nowhere now hides what was there.
    home.write("apart/dir/b", "newer");
    fs::rename(home.at("apart/file"), home.at("apart/gone")).unwrap();
    home.check(&["-L"], 0, "1 copied");
    assert_eq!(home.read("two/dir/b").as_deref(), Some("newer"));
    assert_eq!(home.read("two/file").as_deref(), Some("behind"));
    fs::rename(home.at("apart/gone"), home.at("apart/file")).unwrap();
    // The other side changes: a file takes the place of the link, and what is behind stays as it was.
    home.write("two/file", "from two");
    home.write("two/dir/b", "b from two");
    home.check(&["-L"], 0, "2 copied");
    assert_eq!(home.read("one/file").as_deref(), Some("from two"));
    assert_eq!(home.read("apart/file").as_deref(), Some("behind"));
    assert_eq!(home.read("apart/dir/b").as_deref(), Some("b from two"));
    home.check(&["-L"], 0, "nothing to do");
    home.check(&["-L", "-l"], 2, "cannot use `--copy-links`: `--links` keeps links as links");
}

#[test]
fn a_followed_link_that_is_moved_or_kept_does_not_come_to_lead_elsewhere() {
    let home = Home::with(&[("apart/file", "behind"), ("apart/old", "kept")]);
    link(&home, "../apart/file", "one/link");
    link(&home, "../apart/old", "one/old");
    home.check(&["-L"], 0, "2 copied");
    fs::create_dir(home.at("two/d")).unwrap();
    fs::rename(home.at("two/link"), home.at("two/d/moved")).unwrap();
    fs::remove_file(home.at("two/old")).unwrap();
    home.check(&["-L", "--backup-dir1", home.at("backup").to_str().unwrap()], 0, "1 moved");
    assert_eq!(home.read("one/d/moved").as_deref(), Some("behind"));
    assert_eq!(home.read("backup/old").as_deref(), Some("kept"));
    assert_eq!(home.read("apart/old").as_deref(), Some("kept"));
    home.check(&["-L"], 0, "nothing to do");
}
