//! Names that servers have and paths cannot: they are reported, and stay as they are.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::request::ask;
use bisync_tests::real::servers::{Protocol, Server};

/// Keys as they are in the first line of a request, and what is said of them.
const KEYS: [(&str, &str); 5] =
    [("a//b", "a/／"), ("../up", "．．"), ("d/./same", "d/．"), ("d/..", "d/．．"), ("end//", "end/／")];

fn run(home: &Home, two: &str, more: &[&str]) -> Ended {
    let arguments = [&["one", two, "--workdir=work", "--config="], more].concat();
    program::run(&program::bisync(), &home.at(""), &arguments)
}

#[test]
fn keys_that_no_path_leads_to_are_reported_and_left_alone() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")]);
    let Some(server) = Server::try_start(&rclone, Protocol::Moto, &home.at("served")) else { return };
    for (key, _) in KEYS {
        let (status, said) = ask(server.port(), "PUT", &format!("/two/{}", key.replace('.', "%2E")), key.as_bytes());
        assert_eq!(status, 200, "{key}: {}", String::from_utf8_lossy(&said));
    }
    for _ in 0..2 {
        let ended = run(&home, &format!("{}:two", server.connection()), &["-v", "--backend=native"]);
        assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.all());
        for (key, reported) in KEYS {
            assert!(ended.all().contains(reported), "nothing is said of {key}, {reported}:\n{}", ended.all());
            let (status, content) = ask(server.port(), "GET", &format!("/two/{}", key.replace('.', "%2E")), b"");
            assert_eq!((status, content), (200, key.as_bytes().to_vec()), "{key}");
        }
        assert_eq!(home.read("one/rice").as_deref(), Some("basmati"), "{}", ended.all());
        let names: Vec<_> = fs::read_dir(home.at("one")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}

/// A key with a control character has a path, and the file that it leads to has the same name.
#[test]
fn keys_with_control_characters_go_both_ways() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/here\u{2}x", "one"), ("served/two/rice", "basmati")]);
    let Some(server) = Server::try_start(&rclone, Protocol::Moto, &home.at("served")) else { return };
    assert_eq!(ask(server.port(), "PUT", "/two/there%01%1Fy", b"two").0, 200);
    let ended = run(&home, &format!("{}:two", server.connection()), &["--backend=native"]);
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(home.read("one/there\u{1}\u{1f}y").as_deref(), Some("two"), "{}", ended.all());
    assert_eq!(ask(server.port(), "GET", "/two/here%02x", b""), (200, b"one".to_vec()));
    let ended = run(&home, &format!("{}:two", server.connection()), &["--backend=native"]);
    assert!(ended.all().contains("nothing to do"), "{}", ended.all());
}

#[test]
fn names_that_are_no_text_are_reported_and_left_alone() {
    let Some(rclone) = program::rclone() else { return };
    for backend in ["--backend=native", "--backend=rclone"] {
        let home = Home::with(&[("one/tea", "green"), ("served/two/rice", "basmati")]);
        let odd = |name: &[u8]| home.at("served/two").join(OsStr::from_bytes(name));
        // The last two are shown under one name.
        let files = [odd(b"caf\xe9"), odd(b"th\xe9/x"), odd(b"pur\xe9e"), odd(b"pur\xe8e")];
        fs::create_dir(odd(b"th\xe9")).unwrap();
        files.iter().for_each(|file| fs::write(file, "latin").unwrap());
        let Some(server) = Server::try_start(&rclone, Protocol::Openssh, &home.at("served")) else { return };
        for _ in 0..2 {
            let ended = run(&home, &format!("{}:two", server.connection()), &["-v", backend]);
            let are_told = ["caf", "th", "pur"].iter().all(|name| ended.all().contains(&format!("{name}\u{fffd}")));
            assert!(ended.code == Some(0) && are_told, "{backend}: {}", ended.all());
            files.iter().for_each(|file| assert_eq!(fs::read(file).unwrap(), b"latin"));
            assert_eq!(home.read("served/two/tea").as_deref(), Some("green"), "{}", ended.all());
            assert_eq!(home.read("one/rice").as_deref(), Some("basmati"), "{}", ended.all());
            assert_eq!(fs::read_dir(home.at("one")).unwrap().count(), 2, "{}", ended.all());
        }
    }
}

/// By rclone a name that really holds the character which stands for what is no text leads to its file.
#[test]
fn a_name_may_hold_the_replacement_character() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/tea", "green"), ("served/two/d\u{fffd}/caf\u{fffd}", "latte")]);
    let server = Server::start(&rclone, Protocol::Sftp, &home.at("served"));
    let run = || run(&home, &format!("{}:two", server.connection()), &["-v", "--backend=rclone"]);
    let ended = run();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(home.read("one/d\u{fffd}/caf\u{fffd}").as_deref(), Some("latte"), "{}", ended.all());
    let ended = run();
    assert!(ended.all().contains("nothing to do"), "{}", ended.all());
}
