use super::*;

/// Names that mean something to rclone's rules, and plain ones.
const NAMES: [&str; 6] = ["a", "b", "c*", "[d]", "e{1,2}", r"f\?"];

/// A folder of this machine with these files in the directory `d`, and copies of them as they were listed.
fn source(subject: &Subject, home: &TempDir) -> (Local, Vec<CopyFile>) {
    fs::create_dir(home.path().join("d")).unwrap();
    for name in NAMES {
        fs::write(home.path().join("d").join(name), format!("content of {name}")).unwrap();
    }
    let source = Local::open(home.path(), None, Sight::default()).unwrap();
    let copies = NAMES.iter().enumerate().map(|(number, name)| {
        let name = format!("d/{name}");
        let listed = subject.wait(source.describe(path(&name))).unwrap().unwrap().fingerprint;
        let staging = Staging::Temporary(path(&format!("d/.bisync-x{number}.tmp")));
        CopyFile { path: path(&name), source: listed, staging, ..copy_to(&name, 0, Expect::Absent) }
    });
    let copies = copies.collect();
    (source, copies)
}

/// Copies together; `None` where a backend does not.
fn copy(subject: &Subject, source: &Local, copies: &[CopyFile]) -> Option<Vec<Option<Found>>> {
    let copies: Vec<_> = copies.iter().collect();
    subject.backend.copy_together(source, &copies).map(|answer| subject.wait(answer))
}

#[test]
fn new_files_are_copied_together_and_nothing_is_replaced() {
    each(|subject| {
        let home = tempfile::tempdir().unwrap();
        let (source, copies) = source(subject, &home);
        subject.meddle("d/a", "theirs");
        if subject.traits.empty_directories {
            fs::create_dir(subject.directory.join("d/b")).unwrap();
        }
        fs::write(home.path().join("d/c*"), "changed since it was listed").unwrap();
        let Some(copied) = copy(subject, &source, &copies) else { return };
        let name = subject.name;
        assert_eq!(subject.peek("d/a").as_deref(), Some("theirs"), "{name}");
        let is_copied: Vec<_> = copied.iter().map(Option::is_some).collect();
        assert_eq!(is_copied, [false, !subject.traits.empty_directories, false, true, true, true], "{name}");
        for (copy, found) in copies.iter().zip(&copied) {
            let Some(found) = found else { continue };
            assert_eq!(Some(found), subject.describe(copy.target.as_str()).as_ref(), "{name}: {}", copy.target);
            assert_eq!(found.fingerprint.size, copy.source.size, "{name}: {}", copy.target);
            let expected = format!("content of {}", copy.target.name());
            assert_eq!(subject.peek(copy.target.as_str()), Some(expected), "{name}: {}", copy.target);
        }
        let mut expected = vec!["d/[d]", "d/a", "d/e{1,2}", r"d/f\?"];
        if !subject.traits.empty_directories {
            expected.insert(2, "d/b");
        }
        subject.check_files(&expected);
    });
}

#[test]
fn names_that_may_be_one_are_not_copied_together() {
    each(|subject| {
        let home = tempfile::tempdir().unwrap();
        let (source, mut copies) = source(subject, &home);
        subject.meddle("d/E{1,2}", "theirs");
        copies[1].target = path("d/A");
        let Some(copied) = copy(subject, &source, &copies) else { return };
        // Of `a` and `A` the second is left; whether what is there is taken for `e{1,2}` is up to the storage.
        let is_copied = [0, 1, 2, 3, 5].map(|place| copied[place].is_some());
        assert_eq!(is_copied, [true, false, true, true, true], "{}", subject.name);
        assert_eq!(subject.peek("d/E{1,2}").as_deref(), Some("theirs"), "{}", subject.name);
    });
}

#[test]
fn what_is_to_be_replaced_is_not_copied_together() {
    each(|subject| {
        let home = tempfile::tempdir().unwrap();
        let (source, mut copies) = source(subject, &home);
        subject.meddle("d/a", "theirs");
        copies[0].expect = Expect::Exactly(subject.version("d/a"));
        assert_eq!(copy(subject, &source, &copies), None, "{}", subject.name);
    });
}

#[test]
fn files_are_read_together_as_they_were_listed() {
    each(|subject| {
        // Of the last two one might take the place of the other on the way.
        let names = ["a", "b", "c*", "[d]", r"f\?", "ij", "IJ"];
        let copies = names.map(|name| {
            let content = format!("content of {name}");
            let name = format!("d/{name}");
            subject.meddle(&name, &content);
            CopyFile { path: path(&name), source: subject.version(&name), ..copy_to(&name, 0, Expect::Absent) }
        });
        subject.meddle("d/a", "changed since it was listed");
        fs::remove_file(subject.directory.join("d/b")).unwrap();
        let copies: Vec<_> = copies.iter().collect();
        let Some(answer) = subject.backend.read_together(&copies) else { return };
        let expected =
            names.map(|name| ["c*", "[d]", r"f\?"].contains(&name).then(|| format!("content of {name}").into_bytes()));
        assert_eq!(subject.wait(answer), expected, "{}", subject.name);
    });
}

#[test]
fn names_that_make_rclone_list_everything_are_not_read_together() {
    each(|subject| {
        let copies = NAMES.map(|name| {
            let name = format!("d/{name}");
            subject.meddle(&name, "tea");
            CopyFile { path: path(&name), source: subject.version(&name), ..copy_to(&name, 3, Expect::Absent) }
        });
        let copies: Vec<_> = copies.iter().collect();
        assert!(subject.backend.read_together(&copies).is_none(), "{}", subject.name);
    });
}

#[test]
fn a_remote_may_have_times_of_its_own() {
    let connection = |server: &Server| format!("{},set_modtime=false", server.connection());
    let Some(subject) = reached(Some(Protocol::Sftp), By::Rclone, connection) else { return };
    subject.write(copy_to("a", 3, Expect::Absent), b"tea", Ok(())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let (source, copies) = source(&subject, &home);
    assert!(copy(&subject, &source, &copies).unwrap().iter().all(Option::is_some));
}
