//! Backup directories: where none may be, and what is kept in them when something else is there already.

use std::fs;

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::{Protocol, Server};

fn run(home: &Home, arguments: &[&str]) -> Ended {
    let arguments = [arguments, &["--workdir=work", "--config=rclone.conf"]].concat();
    program::run(&program::bisync(), &home.at(""), &arguments)
}

/// Nothing is asked of these servers, as nobody listens there.
const REMOTES: &str = "[dav]\ntype = webdav\nurl = http://127.0.0.1:1\n\n\
                       [box]\ntype = sftp\nhost = 127.0.0.1\nport = 1\n\n\
                       [bucket]\ntype = s3\nprovider = Minio\nendpoint = http://127.0.0.1:1\n\n\
                       [left]\ntype = ftp\nhost = 127.0.0.1\nport = 1\n";

#[test]
fn a_backup_directory_overlaps_neither_side() {
    let home = Home::with(&[("one/a", "1"), ("two/b", "2"), ("rclone.conf", REMOTES)]);
    let before = home.tree();
    let check = |arguments: &[&str], expected: &str| {
        let ended = run(&home, arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.all());
        assert!(ended.all().contains(expected), "{arguments:?}: {}", ended.all());
    };
    check(&["one", "two", "--backup-dir1=one/old"], "the backup directory `one/old` overlaps Path1");
    check(&["one", "two", "--backup-dir2=one/old"], "the backup directory `one/old` overlaps Path1");
    check(&["one", "two", "--backup-dir1=two"], "the backup directory `two` overlaps Path2");
    check(&["one", "two", "--backup-dir=two/old"], "the backup directory `two/old` overlaps Path2");
    // What is kept of Path2 would replace files of Path1.
    check(&["one", "two", "--backup-dir2=."], "the backup directory `.` overlaps Path1");
    for remote in ["dav", "box", "bucket", "left"] {
        let two = format!("{remote}:z/two");
        for (backup, flag) in [("z/two/old", "--backup-dir2"), ("z/two", "--backup-dir2"), ("z", "--backup-dir2")] {
            let expected =
                format!("the backup directory `{remote}:{backup}` overlaps Path2: choose a directory outside");
            check(&["one", &two, &format!("{flag}={remote}:{backup}")], &expected);
        }
        let one = format!("{remote}:z/one");
        let expected = format!("the backup directory `{remote}:z/one/old` overlaps Path1");
        check(&[&one, &two, &format!("--backup-dir2={remote}:z/one/old")], &expected);
    }
    check(&["one", "dav:z", "--backup-dir2=dav:/z/old"], "the backup directory `dav:/z/old` overlaps Path2");
    // A rule that leaves something of it to the runs excludes nothing of what may be kept.
    check(&["one", "two", "--backup-dir1=one/old", "--exclude=/old/*.bak"], "overlaps Path1");
    check(&["one", "two", "--backup-dir1=one/old", "--exclude=/older/**"], "overlaps Path1");
    check(&["one", "two", "--backup-dir1=one", "--exclude=/**"], "overlaps Path1");
    let mut after = home.tree();
    after.remove("work");
    assert_eq!(after, before);
    // As in rclone, it may lie where no run looks.
    let mut others = ["--backup-dir1=one/old/1", "--backup-dir2=one/old/2"].into_iter();
    assert!(others.all(|backup| run(&home, &["one", "two", backup, "--exclude=/old/**"]).code == Some(0)));
    check(
        &["one", "dav:z", "--backup-dir2=dav:z/old", "--exclude=/old/**", "--low-level-retries=1"],
        "connection refused",
    );
}

/// Makes a file of what was a directory, and deletes that one too: both have to be kept at the same path.
fn replace_and_delete(home: &Home, two: &str, backup: &str) -> Ended {
    let run = || run(home, &["one", two, backup]);
    let well = |ended: Ended| assert_eq!(ended.code, Some(0), "{}", ended.all());
    home.write("one/x/f", "in a directory");
    home.write("one/kept", "");
    well(run());
    fs::remove_dir_all(home.at("one/x")).unwrap();
    well(run());
    // Directories that have become empty stay.
    let _ = fs::remove_dir(home.at("two/x"));
    home.write("one/x", "a file");
    well(run());
    fs::remove_file(home.at("one/x")).unwrap();
    run()
}

#[test]
fn a_file_and_a_directory_of_the_same_name_are_both_kept() {
    let home = Home::with(&[("rclone.conf", "")]);
    let backup = "--backup-dir2=old";
    let ended = replace_and_delete(&home, "two", backup);
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(home.read("two/x"), None);
    let kept = |home: &Home| ["x/f", "x.1", "x.2"].map(|path| home.read(&format!("old/{path}")));
    let [directory, file] = ["in a directory", "a file"].map(|content| Some(content.to_owned()));
    assert_eq!(kept(&home), [directory.clone(), file.clone(), None]);
    // No backup that is there is replaced by that of another file, as `x.1` may be one.
    home.write("one/x", "another file");
    run(&home, &["one", "two", backup]);
    home.write("one/x", "edited");
    assert_eq!(run(&home, &["one", "two", backup]).code, Some(0));
    assert_eq!(home.read("two/x").as_deref(), Some("edited"));
    assert_eq!(kept(&home), [directory, file, Some("another file".to_owned())]);
}

#[test]
fn a_directory_in_the_place_of_a_backup_on_a_server_is_named() {
    let Some(rclone) = program::rclone() else { return };
    for protocol in [Protocol::Openssh, Protocol::Sftp, Protocol::Webdav] {
        let home = Home::with(&[("rclone.conf", "")]);
        fs::create_dir_all(home.at("served/two")).unwrap();
        let Some(server) = Server::try_start(&rclone, protocol, &home.at("served")) else { continue };
        let [two, backup] = ["two", "old"].map(|name| format!("{}:{name}", server.connection()));
        fs::create_dir_all(home.at("served/old/x")).unwrap();
        home.write("one/x", "a file");
        home.write("one/kept", "");
        assert_eq!(run(&home, &["one", &two]).code, Some(0));
        fs::remove_file(home.at("one/x")).unwrap();
        let ended = run(&home, &["one", &two, &format!("--backup-dir2={backup}")]);
        let expected = "x: cannot delete from Path2: cannot back up to `x`: a directory is there";
        assert!(ended.all().contains(expected), "{protocol:?}: {}", ended.all());
        assert_eq!(home.read("served/two/x").as_deref(), Some("a file"), "{protocol:?}");
    }
}
