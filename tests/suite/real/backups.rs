//! Backup directories: where none may be.

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};

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
    let mut after = home.tree();
    after.remove("work");
    assert_eq!(after, before);
}
