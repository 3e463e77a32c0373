use bisync_engine::protocol::{Emptiness, MoveFile};

use super::*;

impl Subject {
    fn move_file(&self, from: &str, expect: Fingerprint, target: &str) -> Result<Found, Failure> {
        let target = path(target);
        let temporary = target.parent().unwrap().join(".bisync-y.tmp").unwrap();
        let moved = MoveFile { side: Side::One, path: path(from), expect, target, temporary };
        self.wait(self.backend.move_file(moved, self.backend.as_ref()))
    }

    fn delete(&self, name: &str, expect: Fingerprint, disposal: Disposal) -> Result<(), Failure> {
        self.wait(self.backend.delete_file(path(name), expect, disposal))
    }
}

#[test]
fn a_file_is_moved_only_when_it_is_what_was_listed_and_nothing_is_in_its_way() {
    each(|subject| {
        subject.meddle("from", "tea");
        subject.meddle("there", "theirs");
        let listed = subject.version("from");
        assert_eq!(
            kind_of(subject.move_file("from", listed.clone(), "there")),
            FailureKind::Refused,
            "{}",
            subject.name
        );
        assert_eq!(subject.peek("there").as_deref(), Some("theirs"), "{}", subject.name);
        subject.move_file("from", listed, "new/to").unwrap();
        assert_eq!(subject.peek("new/to").as_deref(), Some("tea"), "{}", subject.name);
        let listed = subject.version("new/to");
        subject.meddle("new/to", "edited since");
        assert_eq!(kind_of(subject.move_file("new/to", listed, "else")), FailureKind::Refused, "{}", subject.name);
        subject.check_files(&["new/to", "there"]);
    });
}

#[test]
fn a_file_is_deleted_only_when_it_is_what_was_listed() {
    each(|subject| {
        subject.meddle("file", "tea");
        let listed = subject.version("file");
        subject.meddle("file", "edited since");
        assert_eq!(
            kind_of(subject.delete("file", listed, Disposal::Discard)),
            FailureKind::Refused,
            "{}",
            subject.name
        );
        subject.check_files(&["file"]);
        subject.delete("file", subject.version("file"), Disposal::Discard).unwrap();
        subject.check_files(&[]);
    });
}

#[test]
fn a_deleted_file_is_kept_where_that_is_wanted() {
    each(|subject| {
        subject.meddle("d/file", "tea");
        subject.delete("d/file", subject.version("d/file"), Disposal::Backup(path("d/file"))).unwrap();
        subject.check_files(&[]);
        assert_eq!(subject.kept("d/file").as_deref(), Some("tea"), "{}", subject.name);
    });
}

#[test]
fn a_time_is_set_and_nothing_else() {
    each(|subject| {
        if !subject.backend.capabilities().sets_time {
            return;
        }
        subject.meddle("file", "tea");
        let set = |expect| subject.wait(subject.backend.set_time(path("file"), expect, at(1_500_000_000)));
        let listed = subject.version("file");
        let found = set(listed.clone()).unwrap_or_else(|failure| panic!("{}: {failure}", subject.name));
        assert_eq!(found.fingerprint.modified, Some(at(1_500_000_000)), "{}", subject.name);
        assert_eq!(subject.peek("file").as_deref(), Some("tea"), "{}", subject.name);
        assert_eq!(kind_of(set(listed)), FailureKind::Refused, "{}", subject.name);
    });
}

#[test]
fn directories_are_made_and_removed_only_when_empty() {
    each(|subject| {
        if !subject.traits.empty_directories {
            return;
        }
        let make = |name: &str| subject.wait(subject.backend.make_directory(path(name), subject.backend.as_ref()));
        let remove = |name: &str, emptiness| subject.wait(subject.backend.remove_directory(path(name), emptiness));
        assert_eq!(make("a/b/c").unwrap().kind, Kind::Directory, "{}", subject.name);
        make("a/b/c").unwrap();
        subject.meddle("full/x/file", "tea");
        assert_eq!(kind_of(remove("a", Emptiness::Empty)), FailureKind::NotEmpty, "{}", subject.name);
        for emptiness in [Emptiness::Empty, Emptiness::NoFiles] {
            assert_eq!(kind_of(remove("full", emptiness)), FailureKind::NotEmpty, "{}", subject.name);
        }
        remove("a", Emptiness::NoFiles).unwrap();
        remove("a", Emptiness::Empty).unwrap();
        assert!(!subject.directory.join("a").exists() && subject.peek("full/x/file").is_some(), "{}", subject.name);
        subject.meddle("file", "tea");
        let made = make("file").map_err(|failure| failure.kind);
        assert_eq!(made, Err(FailureKind::WrongKind), "{}", subject.name);
    });
}

#[test]
fn a_directory_is_not_replaced_by_a_file() {
    each(|subject| {
        if !subject.traits.empty_directories {
            // Where keys are all there is, a file may have the name of a directory.
            return;
        }
        subject.meddle("there/inside", "theirs");
        subject.meddle("file", "tea");
        let results = [
            subject.write(copy_to("there", 3, Expect::Absent), b"tea", Ok(())),
            subject.move_file("file", subject.version("file"), "there"),
        ];
        assert!(results.iter().all(Result::is_err), "{}: {results:?}", subject.name);
        assert_eq!(subject.peek("there/inside").as_deref(), Some("theirs"), "{}", subject.name);
        subject.check_files(&["file", "there/inside"]);
    });
}
