//! Moves, deletes, times and directories.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use bisync_engine::protocol::FailureKind::{ImpossibleName, NotEmpty, PermissionDenied, Refused, WrongKind};
use bisync_engine::protocol::MoveFile;

const SIDE: Side = Side::One;

#[test]
fn a_file_is_moved_with_its_identity() {
    let world = World::new();
    let version = world.write(SIDE, "a", "1");
    let verb =
        MoveFile { side: SIDE, path: rel("a"), expect: version.clone(), target: rel("new/b"), temporary: rel("new/t") };
    let moved = world.run(Verb::MoveFile(verb));
    assert_eq!(moved, Reply::Done(world.describe(SIDE, "new/b")));
    assert_eq!(world.version(SIDE, "new/b"), version);
    assert_eq!(world.contents(SIDE), ["new/", "new/b = 1"]);
}

#[test]
fn what_is_not_as_expected_stays() {
    let world = World::new();
    let version = world.write(SIDE, "a", "1");
    world.write(SIDE, "b", "2");
    world.write(SIDE, "directory/c", "3");
    symlink("a", world.at(SIDE, "link")).unwrap();
    symlink("directory", world.at(SIDE, "way")).unwrap();
    let before = world.contents(SIDE);
    let any = Fingerprint::default();
    let stale = Fingerprint { size: Some(2), ..any.clone() };

    let check = |verb: Verb, expected| {
        let described = format!("{verb:?}");
        assert_eq!(failure_kind(&world.run(verb)), Some(expected), "{described}");
        assert_eq!(world.contents(SIDE), before, "{described}");
    };
    for (path, expect, expected) in [
        ("a", &stale, Refused),
        ("none", &any, Refused),
        ("none/deep", &any, Refused),
        ("directory", &any, Refused),
        ("link", &any, Refused),
        ("way/c", &any, WrongKind),
        ("", &any, WrongKind),
    ] {
        let (side, path, expect) = (SIDE, rel(path), expect.clone());
        let disposal = Disposal::Discard;
        check(Verb::DeleteFile { side, path: path.clone(), expect: expect.clone(), disposal }, expected);
        let modified = at_second(1);
        check(Verb::SetTime { side, path: path.clone(), expect: expect.clone(), modified }, expected);
        check(Verb::MoveFile(MoveFile { side, path, expect, target: rel("c"), temporary: rel("t") }), expected);
    }
    for (target, expected) in [
        ("b", Refused),
        ("directory", Refused),
        ("link", Refused),
        ("way/b", WrongKind),
        ("b/below", WrongKind),
        ("raw\tname", ImpossibleName),
    ] {
        let expect = version.clone();
        check(
            Verb::MoveFile(MoveFile { side: SIDE, path: rel("a"), expect, target: rel(target), temporary: rel("t") }),
            expected,
        );
    }
    assert_eq!(world.version(SIDE, "a"), version);
}

#[test]
fn what_is_deleted_is_discarded_or_kept() {
    let world = World::new();
    for (content, disposal) in [("1", Disposal::Discard), ("2", Disposal::Backup(rel("d/kept")))] {
        let expect = world.write(SIDE, "a", content);
        let reply = world.run(Verb::DeleteFile { side: SIDE, path: rel("a"), expect, disposal });
        assert_eq!(reply, Reply::Done(None));
    }
    assert_eq!(world.contents(SIDE), ["backup/d/", "backup/d/kept = 2"]);
}

#[test]
fn a_backup_may_be_on_another_file_system() {
    let memory = Path::new("/dev/shm");
    let Ok(elsewhere) = tempfile::tempdir_in(memory) else {
        eprintln!("skipped: there is no {}", memory.display());
        return;
    };
    let mut world = World::new();
    world.sides.one =
        Arc::new(Local::open(world.folders.one.path(), Some(elsewhere.path()), Sight::default()).unwrap());
    for content in ["first", "second"] {
        let expect = world.write(SIDE, "a", content);
        let disposal = Disposal::Backup(rel("d/a"));
        let reply = world.run(Verb::DeleteFile { side: SIDE, path: rel("a"), expect, disposal });
        assert_eq!(reply, Reply::Done(None));
    }
    let mut kept = Vec::new();
    collect(elsewhere.path(), "", &mut kept);
    assert_eq!(kept, ["d/", "d/a = second"]);
    assert!(world.contents(SIDE).is_empty());
}

#[test]
fn a_time_is_set_to_the_nanosecond() {
    let world = World::new();
    let expect = world.write(SIDE, "a", "1");
    for modified in [at_second(1_700_000_000), at_second(-2), at_second(0)] {
        let expect = Fingerprint { modified: None, ..expect.clone() };
        let reply = world.run(Verb::SetTime { side: SIDE, path: rel("a"), expect: expect.clone(), modified });
        let Reply::Done(Some(found)) = reply else { panic!("{reply:?}") };
        assert_eq!(found.fingerprint, Fingerprint { modified: Some(modified), ..expect });
    }
}

#[test]
fn directories_are_made_where_nothing_is_in_the_way() {
    let world = World::new();
    world.write(SIDE, "file", "");
    symlink("file", world.at(SIDE, "link")).unwrap();
    fs::create_dir(world.at(SIDE, "there")).unwrap();
    let check = |path: &str, expected| {
        let reply = world.run(Verb::MakeDirectory { side: SIDE, path: rel(path) });
        assert_eq!(failure_kind(&reply), expected, "{path}");
        if expected.is_none() {
            assert_eq!(reply, Reply::Done(world.describe(SIDE, path)), "{path}");
        }
    };
    check("", None);
    check("there", None);
    check("a/b/c", None);
    check("file", Some(WrongKind));
    check("file/below", Some(WrongKind));
    check("link", Some(WrongKind));
    check(&"n".repeat(256), Some(ImpossibleName));
}

#[test]
fn directories_are_removed_as_empty_as_they_have_to_be() {
    let check = |path: &str, emptiness, expected: Option<FailureKind>, left: &[&str]| {
        let world = World::new();
        fs::create_dir_all(world.at(SIDE, "hollow/a/b")).unwrap();
        fs::create_dir_all(world.at(SIDE, "hollow/c")).unwrap();
        world.write(SIDE, "full/a/file", "1");
        let reply = world.run(Verb::RemoveDirectory { side: SIDE, path: rel(path), emptiness });
        assert_eq!(failure_kind(&reply), expected, "{path} {emptiness:?}");
        assert_eq!(
            world.contents(SIDE),
            [&["full/", "full/a/", "full/a/file = 1"], left].concat(),
            "{path} {emptiness:?}"
        );
    };
    let all = ["hollow/", "hollow/a/", "hollow/a/b/", "hollow/c/"];
    check("hollow", Emptiness::Empty, Some(NotEmpty), &all);
    check("hollow", Emptiness::NoFiles, None, &[]);
    check("hollow/c", Emptiness::Empty, None, &all[..3]);
    check("hollow/a", Emptiness::NoFiles, None, &["hollow/", "hollow/c/"]);
    check("none", Emptiness::Empty, None, &all);
    check("none/deep", Emptiness::NoFiles, None, &all);
    check("full", Emptiness::Empty, Some(NotEmpty), &all);
    check("full", Emptiness::NoFiles, Some(NotEmpty), &all);
    check("full/a/file", Emptiness::Empty, Some(WrongKind), &all);
    check("full/a/file", Emptiness::NoFiles, Some(WrongKind), &all);
    check("", Emptiness::NoFiles, Some(WrongKind), &all);
}

#[test]
fn flushing_works_with_and_without_a_backup() {
    let world = World::new();
    assert_eq!(world.run(Verb::Flush { side: SIDE }), Reply::Done(None));
    let expect = world.write(SIDE, "a", "1");
    world.run(Verb::DeleteFile { side: SIDE, path: rel("a"), expect, disposal: Disposal::Backup(rel("a")) });
    assert_eq!(world.run(Verb::Flush { side: SIDE }), Reply::Done(None));
}

#[test]
fn a_side_holds_no_state() {
    let reply = World::new().run(Verb::RemoveState { name: "x".into() });
    assert_eq!(failure_kind(&reply), Some(FailureKind::Other));
}

/// Takes away or gives back the right to change a directory; the root user has to use the immutable flag.
#[cfg(target_os = "linux")]
fn set_writable(directory: &Path, writable: bool) {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
    let permissions = fs::Permissions::from_mode(if writable { 0o755 } else { 0o555 });
    let open = fs::File::open(directory).unwrap();
    if let Ok(mut flags) = ioctl_getflags(&open) {
        flags.set(IFlags::IMMUTABLE, !writable);
        ioctl_setflags(&open, flags).ok();
    }
    // What is immutable has no changing permissions either.
    open.set_permissions(permissions).ok();
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_may_not_be_changed_is_left_as_it_is() {
    let world = World::new();
    let version = world.write(SIDE, "fixed/a", "1");
    let elsewhere = world.write(SIDE, "b", "2");
    let source = world.write(Side::Two, "c", "3");
    let before = world.contents(SIDE);
    set_writable(&world.at(SIDE, "fixed"), false);
    if fs::write(world.at(SIDE, "fixed/probe"), "").is_ok() {
        eprintln!("skipped: this user may change everything on this file system");
        return;
    }
    let (side, path, target) = (SIDE, rel("fixed/a"), rel("fixed/new"));
    let copy = CopyFile {
        from: Side::Two,
        path: rel("c"),
        source,
        target: target.clone(),
        expect: bisync_engine::protocol::Expect::Absent,
        disposal: Disposal::Discard,
        staging: Staging::Temporary(rel("fixed/temporary")),
        verify: None,
    };
    let verbs = [
        Verb::DeleteFile { side, path: path.clone(), expect: version.clone(), disposal: Disposal::Discard },
        Verb::DeleteFile { side, path: path.clone(), expect: version.clone(), disposal: Disposal::Backup(rel("k")) },
        Verb::MoveFile(MoveFile { side, path, expect: version, target: rel("d"), temporary: rel("t") }),
        Verb::MoveFile(MoveFile {
            side,
            path: rel("b"),
            expect: elsewhere,
            target: target.clone(),
            temporary: rel("t"),
        }),
        Verb::MakeDirectory { side, path: target },
        Verb::CopyFile(copy),
    ];
    let outcomes = verbs.map(|verb| (format!("{verb:?}"), failure_kind(&world.run(verb))));
    set_writable(&world.at(SIDE, "fixed"), true);
    for (verb, outcome) in outcomes {
        assert_eq!(outcome, Some(PermissionDenied), "{verb}");
    }
    assert_eq!(world.contents(SIDE), before);
}
