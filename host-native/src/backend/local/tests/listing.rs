//! What is listed, described and compared.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use super::*;
use bisync_engine::entry::Kind;
use bisync_engine::protocol::FailureKind::{Changed, NotFound, Other, WrongKind};
use rustix::fs::{XattrFlags, fsetxattr};
use rustix::process::geteuid;

#[test]
fn a_directory_is_listed_with_everything_in_it() {
    let world = World::new();
    let version = world.write(Side::One, "d/file", "12345");
    world.write(Side::One, "d/sub/below", "not listed");
    symlink("file", world.at(Side::One, "d/link")).unwrap();
    let _socket = UnixListener::bind(world.at(Side::One, "d/socket")).unwrap();
    fs::write(world.at(Side::One, OsStr::from_bytes(b"d/\xFF\n")), "").unwrap();

    let items = world.list(Side::One, "d", None);
    let kinds: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.found.kind)).collect();
    let expected = [
        ("file", Kind::File),
        ("link", Kind::Link),
        ("socket", Kind::Special),
        ("sub", Kind::Directory),
        ("‛FF␊", Kind::File),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(items[0].found.fingerprint, version);
    assert_eq!(version.size, Some(5));
    assert!(version.modified.is_some());
    assert_eq!(items[3].found.fingerprint, Fingerprint::default());
    assert!(world.list(Side::One, "d/sub", Some("md5"))[0].found.fingerprint.hash.is_some());
    assert_eq!(world.list(Side::Two, "", None), []);
}

#[test]
fn hashes_are_those_of_the_world() {
    let world = World::new();
    world.write(Side::One, "abc", "abc");
    world.write(Side::One, "empty", "");
    let check = |hash: &str, expected: [&str; 2]| {
        let items = world.list(Side::One, "", Some(hash));
        let hashes: Vec<_> = items.iter().map(|item| item.found.fingerprint.hash.as_ref().unwrap().as_str()).collect();
        assert_eq!(hashes, expected);
    };
    check("md5", ["md5:900150983cd24fb0d6963f7d28e17f72", "md5:d41d8cd98f00b204e9800998ecf8427e"]);
    check("sha1", ["sha1:a9993e364706816aba3e25717850c26c9cd0d89d", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"]);
    let unknown = Verb::ListDirectory { side: Side::One, path: rel(""), hash: Some("crc32".into()), metadata: false };
    assert_eq!(failure_kind(&world.run(unknown)), Some(Other));
}

#[test]
fn metadata_has_the_keys_of_rclone() {
    let world = World::new();
    world.write(Side::One, "file", "");
    fs::create_dir(world.at(Side::One, "d")).unwrap();
    let file = fs::File::open(world.at(Side::One, "file")).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o4751)).unwrap();
    let mut attributes = vec![("user.Color", "red", "color=red"), ("user.b", "", "b="), ("user.uid", "7", "none")];
    attributes.retain(|(name, value, _)| fsetxattr(&file, *name, value.as_bytes(), XattrFlags::empty()).is_ok());

    let verb = Verb::ListDirectory { side: Side::One, path: rel(""), hash: None, metadata: true };
    let Reply::Page { items, .. } = world.run(verb) else { panic!("it is not listed") };
    let metadata = |name: &str| items.iter().find(|item| item.name == name).unwrap().metadata.clone();
    assert!(metadata("d").unwrap().pairs.iter().any(|(key, _)| key == "mode"));
    let lines: Vec<_> = metadata("file").unwrap().pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(lines[0], "mode=104751");
    assert_eq!(lines[1], format!("uid={}", geteuid().as_raw()));
    let keys: Vec<_> = lines.iter().take(6).map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(keys, ["mode", "uid", "gid", "atime", "btime", "mtime"]);
    let mut found = lines[6..].to_vec();
    found.sort();
    let mut expected: Vec<_> = attributes.iter().map(|(_, _, line)| *line).filter(|line| *line != "none").collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(world.list(Side::One, "", None).iter().all(|item| item.metadata.is_none()));
}

#[test]
fn what_cannot_be_listed() {
    let world = World::new();
    world.write(Side::One, "file", "");
    symlink("/", world.at(Side::One, "link")).unwrap();
    let check = |path: &str, expected| {
        let reply = world.run(Verb::ListDirectory { side: Side::One, path: rel(path), hash: None, metadata: false });
        assert_eq!(failure_kind(&reply), Some(expected), "{path}");
    };
    check("none", NotFound);
    check("file", WrongKind);
    check("link", WrongKind);
    check("link/etc", WrongKind);
}

#[test]
fn what_there_is_is_described() {
    let world = World::new();
    world.write(Side::One, "d/file", "1");
    symlink("d", world.at(Side::One, "link")).unwrap();
    let check = |path: &str, expected| {
        assert_eq!(world.describe(Side::One, path).map(|found| found.kind), expected, "{path}");
    };
    check("", Some(Kind::Directory));
    check("d", Some(Kind::Directory));
    check("d/file", Some(Kind::File));
    check("link", Some(Kind::Link));
    check("none", None);
    check("none/deep", None);
    check("d/file/below", None);
    check("link/file", None);
    assert!(world.version(Side::One, "d").modified.is_some());
    assert_eq!(world.version(Side::One, "d").size, None);
}

#[test]
fn identity_outlives_a_name() {
    let world = World::new();
    let version = world.write(Side::One, "a", "1");
    fs::rename(world.at(Side::One, "a"), world.at(Side::One, "b")).unwrap();
    assert_eq!(world.version(Side::One, "b"), version);
    assert_ne!(world.write(Side::One, "a", "1"), version);
}

#[test]
fn contents_are_compared_byte_for_byte() {
    let world = World::new();
    let big = vec![b'x'; 1_000_000];
    let mut other = big.clone();
    other[999_999] = b'y';
    let check = |one: &[u8], two: &[u8], expected| {
        let one = (rel("f"), world.write(Side::One, "f", one));
        let two = (rel("f"), world.write(Side::Two, "f", two));
        assert_eq!(world.run(Verb::SameContent { one, two, half: None }), Reply::Same(expected));
    };
    check(b"", b"", true);
    check(b"a", b"a", true);
    check(b"a", b"b", false);
    check(b"a", b"", false);
    check(&big, &big, true);
    check(&big, &other, false);

    let (one, two) = (world.version(Side::One, "f"), world.version(Side::Two, "f"));
    let stale = Fingerprint { size: Some(3), ..Fingerprint::default() };
    let check = |one: (&str, &Fingerprint), two: (&str, &Fingerprint), expected| {
        let owned = |(path, version): (&str, &Fingerprint)| (rel(path), version.clone());
        let reply = world.run(Verb::SameContent { one: owned(one), two: owned(two), half: None });
        assert_eq!(failure_kind(&reply), Some(expected));
    };
    check(("f", &stale), ("f", &two), Changed);
    check(("f", &one), ("f", &stale), Changed);
    check(("f", &one), ("none", &two), NotFound);
}

#[test]
fn capabilities_are_those_of_the_file_system() {
    let world = World::new();
    world.write(Side::One, "a name with letters", "");
    let again = Local::open(world.folders.one.path(), None, Sight::default()).unwrap();
    for capabilities in [world.sides.one.capabilities(), again.capabilities()] {
        assert_eq!(capabilities.hashes, ["md5", "sha1"]);
        assert!(capabilities.sets_time && capabilities.slow_hashes && !capabilities.case_insensitive);
        assert_eq!(capabilities.time_precision_ns, Some(1));
    }
    assert_eq!(Local::open(&world.at(Side::One, "none"), None, Sight::default()).unwrap_err().kind, NotFound);
    assert_eq!(
        Local::open(&world.at(Side::One, "a name with letters"), None, Sight::default()).unwrap_err().kind,
        WrongKind
    );
}

#[test]
fn hard_links_do_not_look_like_case_insensitivity() {
    let world = World::new();
    world.write(Side::One, "a", "");
    fs::hard_link(world.at(Side::One, "a"), world.at(Side::One, "A")).unwrap();
    assert!(!Local::open(world.folders.one.path(), None, Sight::default()).unwrap().capabilities().case_insensitive);
}
