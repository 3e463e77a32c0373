use super::*;

#[test]
fn content_arrives_whole() {
    each(|subject| {
        let large: Vec<u8> = (0..6_000_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        for (name, content) in [("empty", &b""[..]), ("small", b"tea"), ("new/deep/large", &large)] {
            let found = subject.write(copy_to(name, content.len(), Expect::Absent), content, Ok(())).unwrap();
            assert_eq!(found.fingerprint.size, Some(content.len() as u64), "{}", subject.name);
            assert!(subject.peek_bytes(name).unwrap() == content, "{}: {name}", subject.name);
            assert!(subject.read(name, subject.version(name)).unwrap() == content, "{}: {name}", subject.name);
        }
        subject.check_files(&["empty", "new/deep/large", "small"]);
    });
}

#[test]
fn a_file_is_made_only_where_there_is_none() {
    each(|subject| {
        subject.meddle("there", "theirs");
        let kind = kind_of(subject.write(copy_to("there", 3, Expect::Absent), b"tea", Ok(())));
        assert_eq!(
            (kind, subject.peek("there").as_deref()),
            (FailureKind::Refused, Some("theirs")),
            "{}",
            subject.name
        );
        subject.check_files(&["there"]);
    });
}

#[test]
fn a_file_is_replaced_only_when_it_is_what_was_listed() {
    each(|subject| {
        subject.meddle("there", "theirs");
        let listed = subject.version("there");
        subject.meddle("there", "theirs, edited");
        let stale = subject.write(copy_to("there", 3, Expect::Exactly(listed.clone())), b"tea", Ok(()));
        assert_eq!(kind_of(stale), FailureKind::Refused, "{}", subject.name);
        assert_eq!(subject.peek("there").as_deref(), Some("theirs, edited"), "{}", subject.name);
        subject.remove("there");
        let gone = subject.write(copy_to("there", 3, Expect::Exactly(listed)), b"tea", Ok(()));
        assert_eq!(kind_of(gone), FailureKind::Refused, "{}", subject.name);
        subject.check_files(&[]);
        subject.meddle("there", "theirs");
        let expect = Expect::Exactly(subject.version("there"));
        subject.write(copy_to("there", 3, expect), b"tea", Ok(())).unwrap();
        assert_eq!(subject.peek("there").as_deref(), Some("tea"), "{}", subject.name);
        subject.check_files(&["there"]);
    });
}

#[test]
fn content_of_the_same_size_and_time_is_replaced_too() {
    each(|subject| {
        subject.write(copy_to("there", 3, Expect::Absent), b"old", Ok(())).unwrap();
        let expect = Expect::Exactly(subject.version("there"));
        subject.write(copy_to("there", 3, expect), b"new", Ok(())).unwrap();
        assert_eq!(subject.peek("there").as_deref(), Some("new"), "{}", subject.name);
    });
}

#[test]
fn what_is_replaced_is_kept_where_that_is_wanted() {
    each(|subject| {
        subject.meddle("there", "theirs");
        let expect = Expect::Exactly(subject.version("there"));
        let copy = CopyFile { disposal: Disposal::Backup(path("d/there.old")), ..copy_to("there", 3, expect) };
        subject.write(copy, b"tea", Ok(())).unwrap();
        assert_eq!(subject.peek("there").as_deref(), Some("tea"), "{}", subject.name);
        assert_eq!(subject.kept("d/there.old").as_deref(), Some("theirs"), "{}", subject.name);
    });
}

#[test]
fn a_source_that_fails_half_way_changes_nothing() {
    each(|subject| {
        subject.meddle("there", "theirs");
        for (name, expect) in [("new", Expect::Absent), ("there", Expect::Exactly(subject.version("there")))] {
            let failure = Failure { kind: FailureKind::Changed, message: "it changed".into() };
            let result = subject.write(copy_to(name, 3, expect), b"tea", Err(failure));
            assert_eq!(kind_of(result), FailureKind::Changed, "{}", subject.name);
        }
        subject.check_files(&["there"]);
        assert_eq!(subject.peek("there").as_deref(), Some("theirs"), "{}", subject.name);
    });
}

#[test]
fn less_than_was_promised_is_not_a_copy() {
    each(|subject| {
        let result = subject.write(copy_to("new", 5, Expect::Absent), b"tea", Ok(()));
        assert!(result.is_err(), "{}: {result:?}", subject.name);
        subject.check_files(&[]);
    });
}

#[test]
fn another_version_is_not_read() {
    each(|subject| {
        subject.meddle("file", "first");
        let listed = subject.version("file");
        subject.meddle("file", "second one");
        assert_eq!(kind_of(subject.read("file", listed)), FailureKind::Changed, "{}", subject.name);
    });
}

/// From a folder of this machine, rclone and the local backend read by themselves.
#[test]
fn a_local_file_is_copied_as_it_was_listed() {
    each(|subject| {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("source"), "tea").unwrap();
        let source = Local::open(home.path(), None, Sight::default()).unwrap();
        let version = |backend: &Local| subject.wait(backend.describe(path("source"))).unwrap().unwrap().fingerprint;
        let listed = version(&source);
        let copy = CopyFile { source: listed.clone(), ..copy_to("target", 3, Expect::Absent) };
        let copied = |copy: CopyFile| match subject.backend.copy_from(&source, &copy) {
            Some(answer) => subject.wait(answer),
            None => {
                let _inside = subject.runtime.enter();
                let content = source.read(copy.path.clone(), copy.source.clone());
                subject.wait(subject.backend.write(copy, content))
            }
        };
        let found = copied(copy).unwrap();
        assert_eq!(subject.peek("target").as_deref(), Some("tea"), "{}", subject.name);
        // To the precision that there is.
        let capabilities = subject.backend.capabilities();
        let precision = capabilities.time_precision_ns.filter(|_| capabilities.sets_time);
        if let (Some(precision), Some(there), Some(here)) = (precision, found.fingerprint.modified, listed.modified) {
            assert!(there.distance_ns(here) < u128::from(precision).max(1), "{}: {there:?} {here:?}", subject.name);
        }
        fs::write(home.path().join("source"), "coffee").unwrap();
        let copy = CopyFile { source: listed, ..copy_to("other", 3, Expect::Absent) };
        assert_eq!(kind_of(copied(copy)), FailureKind::Changed, "{}", subject.name);
        subject.check_files(&["target"]);
    });
}
