use super::*;

#[test]
fn everything_is_listed_once_with_its_name() {
    each(|subject| {
        let plain = [".hidden", "blank after ", "a", "a-b", "ä", "é", "日本", "%41", "a+b&c=d#e?f", "~", "[x]{y}*"];
        let odd = [" blank before", "new\nline", "tab\tx", "back\\slash", "quote\"'"];
        let names: Vec<&str> = plain.iter().chain(&odd).copied().collect();
        let is_possible = |name: &&str| subject.traits.any_name || !name.contains('\n');
        let names: Vec<&str> = names.into_iter().filter(is_possible).collect();
        for name in &names {
            subject.meddle(name, name);
        }
        subject.meddle("a.d/below", "x");
        let items = subject.list("").unwrap();
        let files: Vec<_> = items.iter().filter(|item| is_file(&item.found)).collect();
        let listed: Vec<_> = files.iter().map(|item| &*item.name).collect();
        assert_eq!(files.len(), names.len(), "{}: {listed:?}", subject.name);
        for item in files {
            // Each can be read by the name that it is listed with.
            let content = subject.read(&item.name, item.found.fingerprint.clone());
            let content = String::from_utf8(
                content.unwrap_or_else(|failure| panic!("{}: {}: {failure}", subject.name, item.name)),
            );
            assert!(names.contains(&content.unwrap().as_str()), "{}: {item:?}", subject.name);
        }
        let directories: Vec<_> = items.iter().filter(|item| !is_file(&item.found)).map(|item| &*item.name).collect();
        assert_eq!(directories, ["a.d"], "{}", subject.name);
        assert_eq!(subject.list("a.d").unwrap().len(), 1, "{}", subject.name);
    });
}

#[test]
fn two_unicode_forms_are_two_files() {
    each(|subject| {
        subject.meddle("e\u{301}", "one");
        subject.meddle("\u{e9}", "other");
        let names: Vec<_> = subject.list("").unwrap().into_iter().map(|item| item.name).collect();
        assert_eq!(names, ["e\u{301}", "\u{e9}"], "{}", subject.name);
    });
}

#[test]
fn sizes_times_and_hashes_are_those_of_the_file() {
    each(|subject| {
        subject.write(copy_to("empty", 0, Expect::Absent), b"", Ok(())).unwrap();
        subject.write(copy_to("five", 5, Expect::Absent), b"12345", Ok(())).unwrap();
        let capabilities = subject.backend.capabilities();
        for (name, size, md5) in
            [("empty", 0, "d41d8cd98f00b204e9800998ecf8427e"), ("five", 5, "827ccb0eea8a706c4c34a16891f84e7b")]
        {
            let version = subject.version(name);
            assert_eq!(version.size, Some(size), "{}", subject.name);
            if capabilities.sets_time {
                assert_eq!(version.modified, Some(at(1_600_000_000)), "{}", subject.name);
            }
            if capabilities.hashes.iter().any(|hash| hash == "md5") {
                let listed = subject.wait(subject.backend.list_whole(hashed("", "md5")));
                let listed = listed.unwrap().into_iter().find(|item| item.name == name).unwrap();
                let hash = listed.found.fingerprint.hash.unwrap();
                assert_eq!(hash.as_str(), format!("md5:{md5}"), "{}", subject.name);
            }
        }
    });
}

#[test]
fn what_is_not_there_is_nothing() {
    each(|subject| {
        assert_eq!(subject.describe("no"), None, "{}", subject.name);
        assert_eq!(subject.describe("no/no"), None, "{}", subject.name);
        assert!(subject.describe("").is_some_and(|found| found.kind == Kind::Directory), "{}", subject.name);
        if subject.traits.empty_directories {
            assert_eq!(kind_of(subject.list("no")), FailureKind::NotFound, "{}", subject.name);
        }
    });
}

/// Lists directories together; `None` where a backend does not.
fn list_together(subject: &Subject, directories: &[&str]) -> Option<Vec<Option<Vec<Item>>>> {
    let paths: Vec<_> = directories.iter().map(|directory| path(directory)).collect();
    let paths: Vec<_> = paths.iter().collect();
    let mut listed = subject.backend.list_together(&paths, None).map(|answer| subject.wait(answer))?;
    listed.iter_mut().flatten().for_each(|items| items.sort_by(|left, right| left.name.cmp(&right.name)));
    Some(listed)
}

#[test]
fn directories_that_are_listed_together_are_as_each_by_itself() {
    each(|subject| {
        for name in ["a/one", "a/b/two", "c/three", "c/four"] {
            subject.meddle(name, name);
        }
        let directories = ["a", "c", "no", "", "a/b"];
        let Some(listed) = list_together(subject, &directories) else { return };
        for (directory, items) in directories.iter().zip(&listed) {
            let alone = subject.list(directory).ok();
            assert_eq!(items.as_ref(), alone.as_ref(), "{}: {directory}", subject.name);
        }
        let lengths: Vec<_> = listed.iter().flatten().map(Vec::len).filter(|length| *length > 0).collect();
        assert_eq!(lengths, [2, 2, 2, 1], "{}", subject.name);
    });
}

#[test]
fn large_directories_are_listed_one_by_one() {
    each(|subject| {
        (0..250).for_each(|number| fs::create_dir_all(subject.directory.join(format!("a/{number}"))).unwrap());
        subject.meddle("b/one", "x");
        if list_together(subject, &["b", "b"]).is_none() || !subject.traits.empty_directories {
            return;
        }
        for (directory, is_small) in [("a", false), ("b", true)] {
            subject.list(directory).unwrap();
            assert_eq!(list_together(subject, &["b", "b"]).is_some(), is_small, "{}: {directory}", subject.name);
        }
    });
}
