//! Links on a server are followed as `--copy-links` follows those of this machine: in no circle, and with all that lies behind them.

use std::fs;
use std::os::unix::fs::symlink;

use bisync_tests::real::folders::{Node, Tree, read_tree};
use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::{Protocol, Server};

/// Where the folder with the links is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    OnServer,
}

/// A folder without links, and one with them.
struct Pair {
    home: Home,
    server: Option<Server>,
}

impl Pair {
    /// Makes both; `None` where there is no server to be had.
    fn new(place: Place) -> Option<Self> {
        let home = Home::with(&[
            ("one/tea", "green"),
            ("served/two/d/f", "1"),
            ("served/two/d/g", "2"),
            ("served/two/a/h", "3"),
            ("served/two/b/i", "4"),
        ]);
        for (target, link) in [
            ("d", "dl"),
            (".", "loop"),
            ("..", "d/up"),
            // Each leads to where the other one lies.
            ("../b", "a/x"),
            ("../a", "b/y"),
        ] {
            symlink(target, home.at("served/two").join(link)).unwrap();
        }
        let server = match place {
            Place::Here => None,
            Place::OnServer => Some(Server::try_start(&program::rclone()?, Protocol::Openssh, &home.at("served"))?),
        };
        Some(Self { home, server })
    }

    fn run(&self, more: &[&str]) -> Ended {
        let arguments = match &self.server {
            None => vec!["one".to_owned(), "served/two".to_owned(), "--copy-links".to_owned()],
            Some(server) => {
                vec!["one".to_owned(), format!("{}:two", server.connection()), "--backend=native".to_owned()]
            }
        };
        let more = ["--workdir=work", "--config="].iter().chain(more).map(|flag| (*flag).to_owned());
        let arguments: Vec<_> = arguments.into_iter().chain(more).collect();
        program::run(&program::bisync(), &self.home.at(""), &arguments)
    }

    /// What both folders hold, times and links apart: the times of links are those at which the test made them, and a server's are whole
    /// seconds.
    fn trees(&self) -> [Tree; 2] {
        let shown = |(path, node)| match node {
            Node::File(content, _) => Some((path, Node::File(content, 0))),
            Node::Link(_) => None,
            other => Some((path, other)),
        };
        ["one", "served/two"].map(|folder| read_tree(&self.home.at(folder)).into_iter().filter_map(shown).collect())
    }
}

/// Does the same with links here and on a server, and makes sure that it comes to the same.
fn both(check: impl Fn(&Pair)) {
    let mut ends = [Place::Here, Place::OnServer].into_iter().filter_map(Pair::new).map(|pair| {
        check(&pair);
        pair.trees()
    });
    let here = ends.next();
    ends.for_each(|on_server| assert_eq!(here.as_ref(), Some(&on_server)));
}

/// Says whether a link was left alone, and why.
fn says(ended: &Ended, path: &str, why: &str) -> bool {
    let beginning = format!("{path}: skipped on Path2");
    ended.all().lines().any(|line| line.contains(&beginning) && line.ends_with(why))
}

#[test]
fn nobody_goes_round_in_circles() {
    both(|pair| {
        let ended = pair.run(&[]);
        assert_eq!(ended.code, Some(0), "{}", ended.all());
        for circle in ["loop", "d/up", "dl/up", "a/x/y", "b/y/x"] {
            let why = if pair.server.is_some() {
                "the symbolic link is not followed"
            } else {
                "leads nowhere or in a circle"
            };
            assert!(says(&ended, circle, why), "{circle}: {}", ended.all());
            assert!(!pair.home.at("one").join(circle).exists(), "{circle}");
        }
        for (path, content) in [("dl/f", "1"), ("dl/g", "2"), ("a/x/i", "4"), ("b/y/h", "3")] {
            assert_eq!(pair.home.read(&format!("one/{path}")).as_deref(), Some(content), "{path}");
        }
        let again = pair.run(&[]);
        assert!(again.all().contains("nothing to do"), "{}", again.all());
    });
}

#[test]
fn what_is_deleted_behind_a_link_is_deleted_where_it_is() {
    both(|pair| {
        let run = || {
            let ended = pair.run(&["--create-empty-src-dirs"]);
            assert_eq!(ended.code, Some(0), "{}", ended.all());
        };
        run();
        // The link is one more name of the directory.
        fs::remove_dir_all(pair.home.at("one/dl")).unwrap();
        run();
        assert_eq!(pair.home.read("served/two/d/f"), None);
        run();
        assert_eq!(pair.home.read("one/d/f"), None);
    });
}

#[test]
fn a_link_to_a_directory_goes_when_nothing_is_behind_it() {
    both(|pair| {
        fs::create_dir(pair.home.at("served/two/empty")).unwrap();
        symlink("empty", pair.home.at("served/two/el")).unwrap();
        let run = || {
            let ended = pair.run(&["--create-empty-src-dirs"]);
            assert_eq!(ended.code, Some(0), "{}", ended.all());
        };
        run();
        fs::remove_dir(pair.home.at("one/el")).unwrap();
        run();
        assert!(fs::symlink_metadata(pair.home.at("served/two/el")).is_err(), "the link is there still");
        assert!(pair.home.at("served/two/empty").is_dir(), "the directory itself is gone");
    });
}

#[test]
fn what_a_link_leads_to_is_what_is_kept_of_it() {
    for more in [&[][..], &["--inplace"]] {
        both(|pair| {
            for (target, link) in [("d/f", "deleted"), ("a/h", "replaced"), ("b/i", "also")] {
                symlink(target, pair.home.at("served/two").join(link)).unwrap();
            }
            let backup = match &pair.server {
                None => "--backup-dir2=served/kept".to_owned(),
                Some(server) => format!("--backup-dir2={}:kept", server.connection()),
            };
            let run = || {
                let ended = pair.run(&[&[backup.as_str(), "-v"], more].concat());
                assert_eq!(ended.code, Some(0), "{}", ended.all());
            };
            run();
            fs::remove_file(pair.home.at("one/deleted")).unwrap();
            pair.home.write("one/replaced", "another tea");
            pair.home.write("one/also", "and another");
            run();
            for (path, content) in [("deleted", "1"), ("replaced", "3"), ("also", "4")] {
                let kept = fs::symlink_metadata(pair.home.at("served/kept").join(path)).unwrap();
                assert!(kept.is_file(), "{path} is no file, on {:?}", pair.server.is_some());
                assert_eq!(pair.home.read(&format!("served/kept/{path}")).as_deref(), Some(content), "{path}");
            }
        });
    }
}

#[test]
fn what_a_link_leads_to_is_what_is_moved() {
    both(|pair| {
        symlink("d/f", pair.home.at("served/two/fl")).unwrap();
        let run = |expected: &str| {
            let ended = pair.run(&[]);
            assert!(ended.code == Some(0) && ended.all().contains(expected), "{expected}: {}", ended.all());
        };
        run("copied");
        fs::create_dir(pair.home.at("one/new")).unwrap();
        fs::rename(pair.home.at("one/fl"), pair.home.at("one/new/fl")).unwrap();
        run("1 moved");
        assert!(fs::symlink_metadata(pair.home.at("served/two/new/fl")).unwrap().is_file());
        assert!(fs::symlink_metadata(pair.home.at("served/two/fl")).is_err());
        run("nothing to do");
        assert_eq!(pair.home.read("one/new/fl").as_deref(), Some("1"));
    });
}
