//! Somebody else writes between the look at what is there and the change: a server that looks itself refuses the change, and both
//! contents stay.

use std::collections::BTreeSet;

use bisync_engine::protocol::MoveFile;
use bisync_tests::real::edits::{Time, set_time};
use bisync_tests::real::interposed::Interposed;

use super::*;

/// Files that go whole from memory, while they are read, and in parts of five MiB.
const SIZES: [usize; 3] = [3, 9 << 20, 11 << 20];

/// Options of a remote with which the largest of these files goes in parts.
const IN_PARTS: &str = ",upload_cutoff=10Mi,chunk_size=5Mi";

/// A folder on a server that looks itself, and a way to it on which somebody else is quicker.
struct Contested {
    subject: Subject,
    way: Interposed,
}

impl Contested {
    /// On moto; `None` where that is not installed.
    fn new() -> Option<Self> {
        Self::on(Protocol::Moto, IN_PARTS)
    }

    /// On a server, with more options of the remote; `None` where it is not installed.
    fn on(protocol: Protocol, more: &str) -> Option<Self> {
        let mut way = None;
        let subject = reached(Some(protocol), By::Us, |server| {
            let port = way.insert(Interposed::to(server.port())).port();
            format!("{}{more}", server.connection_by(port))
        })?;
        Some(Self { subject, way: way.unwrap() })
    }

    /// Before the next request whose first line holds these words, somebody else writes a file, or removes it.
    fn before(&self, words: &'static [&'static str], name: &str, content: Option<&'static str>) {
        let server = Arc::clone(self.subject.server.as_ref().unwrap());
        let (file, path) = (self.subject.directory.join(name), format!("bucket/folder/{name}"));
        self.way.before(words, move || {
            match content {
                Some(content) => fs::write(&file, content).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            server.bring_in(&path);
        });
    }

    /// Writes content of this size.
    fn write(&self, name: &str, size: usize, expect: Expect) -> Result<Found, Failure> {
        self.subject.write(copy_to(name, size, expect), &vec![b'm'; size], Ok(()))
    }

    fn move_file(&self, from: &str, target: &str) -> Result<Found, Failure> {
        let (expect, target) = (self.subject.version(from), path(target));
        let temporary = path(".bisync-y.tmp");
        let moved = MoveFile { side: Side::One, path: path(from), expect, target, temporary };
        self.subject.wait(self.subject.backend.move_file(moved, self.subject.backend.as_ref()))
    }

    /// Asserts that something was refused after somebody else had written, and what is there now.
    fn check<T: std::fmt::Debug>(&self, result: Result<T, Failure>, expected: &[(&str, &str)], what: &str) {
        assert!(self.way.is_done(), "{what}: nobody else wrote");
        assert_eq!(kind_of(result), FailureKind::Refused, "{what}");
        self.subject.check_files(&expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, content) in expected {
            assert_eq!(self.subject.peek(name).as_deref(), Some(*content), "{what}: {name}");
        }
    }
}

/// The request that puts a file of this size where it belongs.
fn last_request(size: usize) -> &'static [&'static str] {
    if size > 10 << 20 { &["POST ", "uploadId="] } else { &["PUT "] }
}

#[test]
fn what_comes_to_be_there_is_not_replaced() {
    for size in SIZES {
        let Some(contested) = Contested::new() else { return };
        contested.before(last_request(size), "new", Some("theirs"));
        contested.check(contested.write("new", size, Expect::Absent), &[("new", "theirs")], &format!("{size} bytes"));
    }
}

#[test]
fn what_is_edited_is_not_replaced() {
    // moto does not look when parts are put together.
    for size in [SIZES[0], SIZES[1]] {
        let Some(contested) = Contested::new() else { return };
        contested.subject.meddle("there", "first");
        let expect = Expect::Exactly(contested.subject.version("there"));
        contested.before(last_request(size), "there", Some("edited"));
        contested.check(contested.write("there", size, expect), &[("there", "edited")], &format!("{size} bytes"));
    }
}

#[test]
fn what_is_deleted_does_not_come_back() {
    for size in [SIZES[0], SIZES[1]] {
        let Some(contested) = Contested::new() else { return };
        contested.subject.meddle("there", "first");
        let expect = Expect::Exactly(contested.subject.version("there"));
        contested.before(last_request(size), "there", None);
        contested.check(contested.write("there", size, expect), &[], &format!("{size} bytes"));
    }
}

#[test]
fn what_is_edited_is_not_deleted() {
    let Some(contested) = Contested::new() else { return };
    contested.subject.meddle("there", "first");
    let listed = contested.subject.version("there");
    contested.before(&["DELETE "], "there", Some("edited"));
    let deleted = contested.subject.backend.delete_file(path("there"), listed, Disposal::Discard);
    contested.check(contested.subject.wait(deleted), &[("there", "edited")], "delete");
}

#[test]
fn what_is_edited_is_not_moved() {
    let Some(contested) = Contested::new() else { return };
    contested.subject.meddle("there", "first");
    // Before the copy, and between it and the removal.
    for (words, edited) in [(&["PUT ", "/target"][..], "edited"), (&["DELETE ", "/there"], "edited once more")] {
        contested.before(words, "there", Some(edited));
        contested.check(contested.move_file("there", "target"), &[("there", edited)], words[0]);
    }
}

#[test]
fn the_time_of_what_is_edited_is_not_set() {
    let Some(contested) = Contested::new() else { return };
    contested.subject.meddle("there", "first");
    let listed = contested.subject.version("there");
    contested.before(&["PUT "], "there", Some("edited"));
    let set = contested.subject.backend.set_time(path("there"), listed, at(1_500_000_000));
    contested.check(contested.subject.wait(set), &[("there", "edited")], "set time");
}

impl Contested {
    /// Writes a file that was not written just now: of such a one Apache does not know yet whether it is still the same.
    fn meddle_long_ago(&self, name: &str, content: &str) -> Fingerprint {
        self.subject.meddle(name, content);
        set_time(&self.subject.directory.join(name), Time(1_500_000_000, 0));
        self.subject.version(name)
    }
}

#[test]
fn apache_replaces_nothing_that_comes_to_be_there() {
    let Some(contested) = Contested::on(Protocol::Apache, "") else { return };
    contested.before(&["MOVE "], "new", Some("theirs"));
    contested.check(contested.write("new", 3, Expect::Absent), &[("new", "theirs")], "new");
    contested.subject.meddle("from", "first");
    contested.before(&["MOVE "], "target", Some("theirs too"));
    let expected = [("from", "first"), ("new", "theirs"), ("target", "theirs too")];
    contested.check(contested.move_file("from", "target"), &expected, "move");
}

#[test]
fn apache_replaces_deletes_and_moves_nothing_that_is_edited() {
    let Some(contested) = Contested::on(Protocol::Apache, "") else { return };
    let expect = Expect::Exactly(contested.meddle_long_ago("there", "first"));
    contested.before(&["MOVE "], "there", Some("edited"));
    contested.check(contested.write("there", 3, expect), &[("there", "edited")], "replace");
    let listed = contested.meddle_long_ago("there", "second");
    contested.before(&["DELETE "], "there", Some("edited again"));
    let deleted = contested.subject.backend.delete_file(path("there"), listed, Disposal::Discard);
    contested.check(contested.subject.wait(deleted), &[("there", "edited again")], "delete");
    contested.meddle_long_ago("there", "third");
    contested.before(&["MOVE "], "there", Some("edited once more"));
    contested.check(contested.move_file("there", "target"), &[("there", "edited once more")], "move");
}

#[test]
fn apache_brings_back_nothing_that_is_deleted() {
    let Some(contested) = Contested::on(Protocol::Apache, "") else { return };
    let expect = Expect::Exactly(contested.meddle_long_ago("there", "first"));
    contested.before(&["MOVE "], "there", None);
    contested.check(contested.write("there", 3, expect), &[], "replace");
}

/// Writes so many new files that it was found out whether the server looks itself.
fn write_many(subject: &Subject) {
    for number in 0..40 {
        subject.write(copy_to(&format!("new-{number}"), 3, Expect::Absent), b"new", Ok(())).unwrap();
    }
}

#[test]
fn nobody_else_looks_before_new_files_where_the_server_does() {
    let Some(contested) = Contested::new() else { return };
    let (subject, way) = (&contested.subject, &contested.way);
    write_many(subject);
    let names: Vec<_> = (0..40).map(|number| format!("new-{number}")).collect::<BTreeSet<_>>().into_iter().collect();
    subject.check_files(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let looked = way.count("HEAD ");
    assert!(looked < 20, "{looked}");
    subject.meddle("there", "theirs");
    for size in &SIZES[..2] {
        assert_eq!(
            kind_of(subject.write(copy_to("there", *size, Expect::Absent), &vec![b'm'; *size], Ok(()))),
            FailureKind::Refused
        );
        assert_eq!(subject.peek("there").as_deref(), Some("theirs"), "{size} bytes");
    }
}

#[test]
fn where_the_server_does_not_look_we_do_every_time() {
    let Some(subject) = served(Some(Protocol::S3), By::Us) else { return };
    write_many(&subject);
    subject.meddle("there", "theirs");
    assert_eq!(kind_of(subject.write(copy_to("there", 3, Expect::Absent), b"tea", Ok(()))), FailureKind::Refused);
    assert_eq!(subject.peek("there").as_deref(), Some("theirs"));
}
