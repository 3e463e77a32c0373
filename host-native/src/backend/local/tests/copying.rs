//! Copies between two folders, directly and as a stream.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;
use bisync_engine::entry::Hash;
use bisync_engine::protocol::Expect;
use bisync_engine::protocol::FailureKind::{Changed, ImpossibleName, NotFound, Other, Refused, Temporary, WrongKind};

/// A copy of `a` on Path1 to `target` on Path2.
fn copy(source: &Fingerprint, target: &str, expect: Expect) -> CopyFile {
    let parent = rel(target).parent().unwrap();
    CopyFile {
        from: Side::One,
        path: rel("a"),
        source: source.clone(),
        target: rel(target),
        expect,
        disposal: Disposal::Discard,
        staging: Staging::Temporary(parent.join("temporary").unwrap()),
        verify: None,
    }
}

fn both() -> [World; 2] {
    [World::new(), World::streamed()]
}

#[test]
fn a_new_file_is_the_source_with_its_time() {
    for world in both() {
        for content in
            [Vec::new(), b"1".to_vec(), vec![b'x'; 64 * 1024], vec![b'y'; 64 * 1024 + 1], vec![b'z'; 3_000_000]]
        {
            let source = world.write(Side::One, "a", &content);
            let target = format!("new/{}/b", content.len());
            let reply = world.run(Verb::CopyFile(copy(&source, &target, Expect::Absent)));
            let found = world.describe(Side::Two, &target).unwrap();
            assert_eq!(reply, Reply::Done(Some(found.clone())));
            assert_eq!(found.fingerprint.modified, source.modified);
            assert_ne!(found.fingerprint.id, source.id);
            assert_eq!(fs::read(world.at(Side::Two, &target)).unwrap(), content);
            assert!(!world.at(Side::Two, &target).with_file_name("temporary").exists());
        }
    }
}

#[test]
fn what_is_replaced_is_discarded_or_kept() {
    for world in both() {
        let source = world.write(Side::One, "a", "new");
        let old = world.write(Side::Two, "b", "old");
        let verb = copy(&source, "b", Expect::Exactly(old));
        assert!(matches!(world.run(Verb::CopyFile(verb)), Reply::Done(Some(_))));
        assert_eq!(world.contents(Side::Two), ["b = new"]);

        for content in ["second", "third"] {
            let old = world.version(Side::Two, "b");
            let source = world.write(Side::One, "a", content);
            let mut verb = copy(&source, "b", Expect::Exactly(old));
            verb.disposal = Disposal::Backup(rel("kept/b"));
            assert!(matches!(world.run(Verb::CopyFile(verb)), Reply::Done(Some(_))));
        }
        assert_eq!(world.contents(Side::Two), ["b = third", "backup/kept/", "backup/kept/b = second"]);
    }
}

#[test]
fn what_is_not_as_expected_is_refused() {
    for world in both() {
        let source = world.write(Side::One, "a", "new");
        world.write(Side::One, "directory/x", "");
        let old = world.write(Side::Two, "b", "old");
        world.write(Side::Two, "directory/x", "");
        symlink("b", world.at(Side::Two, "link")).unwrap();
        symlink(world.folders.one.path(), world.at(Side::Two, "way-out")).unwrap();
        let before = [world.contents(Side::One), world.contents(Side::Two)];
        let stale = Fingerprint { modified: Some(at_second(5)), ..old.clone() };
        let another = Fingerprint { id: Some(bisync_engine::entry::FileId(9)), ..old.clone() };

        let check = |verb: CopyFile, expected| {
            let described = format!("{verb:?}");
            assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb))), Some(expected), "{described}");
            assert_eq!([world.contents(Side::One), world.contents(Side::Two)], before, "{described}");
        };
        let exactly = |version: &Fingerprint| Expect::Exactly(version.clone());
        check(copy(&source, "b", Expect::Absent), Refused);
        check(copy(&source, "link", Expect::Absent), Refused);
        check(copy(&source, "directory", Expect::Absent), Refused);
        check(copy(&source, "b", exactly(&stale)), Refused);
        check(copy(&source, "b", exactly(&another)), Refused);
        check(copy(&source, "none", exactly(&old)), Refused);
        check(copy(&source, "none/b", exactly(&old)), Refused);
        check(copy(&source, "link", exactly(&Fingerprint::default())), Refused);
        check(copy(&source, "directory", exactly(&Fingerprint::default())), Refused);
        check(copy(&source, "way-out/c", Expect::Absent), WrongKind);
        check(copy(&source, "way-out/a", exactly(&source)), WrongKind);
        check(copy(&source, "b/below", Expect::Absent), WrongKind);
        check(copy(&source, &"n".repeat(256), Expect::Absent), ImpossibleName);
        check(copy(&source, "raw\nname", Expect::Absent), ImpossibleName);
        check(copy(&Fingerprint { size: Some(9), ..source.clone() }, "c", Expect::Absent), Changed);
        check(CopyFile { path: rel("none"), ..copy(&source, "c", Expect::Absent) }, NotFound);
        check(CopyFile { path: rel("directory"), ..copy(&source, "c", Expect::Absent) }, WrongKind);
    }
}

#[test]
fn a_file_is_written_in_place() {
    for world in both() {
        let source = world.write(Side::One, "a", "new content");
        let mut verb = copy(&source, "d/b", Expect::Absent);
        verb.staging = Staging::InPlace;
        let reply = world.run(Verb::CopyFile(verb.clone()));
        assert_eq!(reply, Reply::Done(world.describe(Side::Two, "d/b")));
        assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb.clone()))), Some(Refused), "it is there now");

        let old = world.version(Side::Two, "d/b");
        let source = world.write(Side::One, "a", "short");
        verb = CopyFile { source, expect: Expect::Exactly(old.clone()), ..verb };
        verb.disposal = Disposal::Backup(rel("kept"));
        let stale = Fingerprint { modified: Some(at_second(5)), ..old.clone() };
        let refused = CopyFile { expect: Expect::Exactly(stale), ..verb.clone() };
        assert_eq!(failure_kind(&world.run(Verb::CopyFile(refused))), Some(Refused));
        assert_eq!(world.contents(Side::Two), ["d/", "d/b = new content"]);
        assert!(matches!(world.run(Verb::CopyFile(verb.clone())), Reply::Done(Some(_))));
        assert_eq!(world.contents(Side::Two), ["backup/kept = new content", "d/", "d/b = short"]);
        let now = world.version(Side::Two, "d/b");
        assert_eq!((now.id, now.modified), (old.id, verb.source.modified), "it is the same file");
    }
}

#[test]
fn other_names_of_a_file_that_is_written_in_place_keep_its_content() {
    for world in both() {
        let source = world.write(Side::One, "a", "new");
        let old = world.write(Side::Two, "b", "old");
        std::fs::hard_link(world.at(Side::Two, "b"), world.at(Side::Two, "c")).unwrap();
        let verb = CopyFile { staging: Staging::InPlace, ..copy(&source, "b", Expect::Exactly(old)) };
        assert!(matches!(world.run(Verb::CopyFile(verb)), Reply::Done(Some(_))));
        assert_eq!(world.contents(Side::Two), ["b = new", "c = old"]);
    }
}

#[test]
fn half_a_file_never_passes_for_the_newer_one() {
    for world in both() {
        let old = world.write(Side::Two, "b", "old");
        let source = world.write(Side::One, "a", "new");
        let mut verb = copy(&source, "b", Expect::Exactly(old.clone()));
        verb.staging = Staging::InPlace;
        verb.verify = Some(Hash::new("md5", "0"));
        assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb.clone()))), Some(Temporary));
        assert_eq!(world.version(Side::Two, "b").modified, old.modified);
        verb = CopyFile { target: rel("c"), expect: Expect::Absent, ..verb };
        assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb))), Some(Temporary));
        assert_eq!(world.describe(Side::Two, "c"), None);
    }
}

#[test]
fn what_was_written_is_verified() {
    for world in both() {
        let source = world.write(Side::One, "a", "new");
        let old = world.write(Side::Two, "b", "old");
        let check = |algorithm, value, expected| {
            let old = world.version(Side::Two, "b");
            let verb = copy(&source, "b", Expect::Exactly(old));
            let reply = world.run(Verb::CopyFile(CopyFile { verify: Some(Hash::new(algorithm, value)), ..verb }));
            assert_eq!(failure_kind(&reply), expected, "{algorithm}");
        };
        check("md5", "00000000000000000000000000000000", Some(Temporary));
        check("sha1", "00", Some(Temporary));
        assert_eq!(world.version(Side::Two, "b"), old);
        assert_eq!(world.contents(Side::Two), ["b = old"]);
        check("md5", "22af645d1859cb5ca6da0c484f1f37ea", None);
        assert_eq!(world.contents(Side::Two), ["b = new"]);
        // A hash that nobody can compute here says nothing.
        check("dropbox", "00", None);
    }
}

#[test]
fn a_backup_that_fails_changes_nothing() {
    for world in both() {
        let source = world.write(Side::One, "a", "new");
        let old = world.write(Side::Two, "b", "old");
        // No system has names as long as that.
        let mut verb = copy(&source, "b", Expect::Exactly(old.clone()));
        verb.disposal = Disposal::Backup(rel(&"kept".repeat(100)));
        assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb))), Some(ImpossibleName));
        assert_eq!(world.contents(Side::Two), ["b = old"]);
        assert_eq!(world.version(Side::Two, "b"), old);
    }
}

#[test]
fn a_backup_gives_way_to_a_directory() {
    for world in both() {
        let source = world.write(Side::One, "a", "new");
        let old = world.write(Side::Two, "b", "old");
        fs::create_dir_all(world.backups.path().join("made/Path2/kept")).unwrap();
        let mut verb = copy(&source, "b", Expect::Exactly(old));
        verb.disposal = Disposal::Backup(rel("kept"));
        assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb))), None);
        assert_eq!(world.contents(Side::Two), ["b = new", "backup/kept.1 = old", "backup/kept/"]);
    }
}

#[test]
fn without_a_backup_directory_nothing_is_backed_up() {
    let mut world = World::new();
    world.sides.two = Arc::new(Local::open(world.folders.two.path(), None, Sight::default()).unwrap());
    let (source, old) = (world.write(Side::One, "a", "new"), world.write(Side::Two, "b", "old"));
    let mut verb = copy(&source, "b", Expect::Exactly(old));
    verb.disposal = Disposal::Backup(rel("kept"));
    assert_eq!(failure_kind(&world.run(Verb::CopyFile(verb))), Some(Other));
    assert_eq!(world.contents(Side::Two), ["b = old"]);
}

#[test]
fn permissions_come_from_the_source_or_stay() {
    let world = World::new();
    let bits = |path: &str| fs::metadata(world.at(Side::Two, path)).unwrap().mode() & 0o7777;
    let source = world.write(Side::One, "a", "new");
    let old = world.write(Side::Two, "old", "old");
    fs::set_permissions(world.at(Side::One, "a"), fs::Permissions::from_mode(0o4500)).unwrap();
    fs::set_permissions(world.at(Side::Two, "old"), fs::Permissions::from_mode(0o666)).unwrap();
    world.run(Verb::CopyFile(copy(&source, "new", Expect::Absent)));
    world.run(Verb::CopyFile(copy(&source, "old", Expect::Exactly(old))));
    assert_eq!((bits("new"), bits("old")), (0o500, 0o666));
}

#[test]
fn names_come_over_byte_for_byte() {
    let world = World::new();
    let source = world.write(Side::One, "a", "1");
    let reply = world.run(Verb::CopyFile(copy(&source, "d‛FF/x‛E2‛80‛9B␊", Expect::Absent)));
    assert!(matches!(reply, Reply::Done(Some(_))));
    assert_eq!(world.contents(Side::Two), [r"d\xff/", r"d\xff/x\xe2\x80\x9b\n = 1"]);
}

#[test]
fn holes_stay_holes() {
    let world = World::new();
    let file = fs::File::create(world.at(Side::One, "a")).unwrap();
    let data = vec![b'x'; 100_000];
    std::os::unix::fs::FileExt::write_all_at(&file, &data, 8_000_000).unwrap();
    file.set_len(20_000_000).unwrap();
    drop(file);
    let source = world.version(Side::One, "a");
    assert!(matches!(world.run(Verb::CopyFile(copy(&source, "b", Expect::Absent))), Reply::Done(Some(_))));
    assert!(fs::read(world.at(Side::One, "a")).unwrap() == fs::read(world.at(Side::Two, "b")).unwrap());
    let blocks = |side, path| fs::metadata(world.at(side, path)).unwrap().blocks();
    assert!(blocks(Side::Two, "b") <= blocks(Side::One, "a") + 64);
}

#[test]
fn deep_trees_are_copied() {
    for world in both() {
        let source = world.write(Side::One, "a", "deep");
        let target = format!("{}/file", vec!["d".repeat(200); 30].join("/"));
        assert!(target.len() > 4096);
        assert!(matches!(world.run(Verb::CopyFile(copy(&source, &target, Expect::Absent))), Reply::Done(Some(_))));
        let found = world.version(Side::Two, &target);
        assert_eq!((found.size, found.modified), (Some(4), source.modified));
    }
}
