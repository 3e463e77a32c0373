//! What S3 tells only of one object at a time is asked for once.

use std::fs;

use bisync_tests::real::edits::{Time, set_time};
use bisync_tests::real::home::Home;
use bisync_tests::real::interposed::Interposed;
use bisync_tests::real::program;
use bisync_tests::real::servers::{Protocol, Server};

const FILES: usize = 30;

#[test]
fn a_run_without_changes_remembers_what_it_asked_for() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::default();
    fs::create_dir_all(home.at("one")).unwrap();
    for number in 0..FILES {
        let file = format!("served/two/file-{number}");
        home.write(&file, "content");
        // What was written just now is not told apart from what is written next.
        set_time(&home.at(&file), Time(1_700_000_000, 0));
    }
    let server = Server::start(&rclone, Protocol::S3, &home.at("served"));
    let way = Interposed::to(server.port());
    let two = format!("{}:two", server.connection_by(way.port()));
    let run = |expected: &str| {
        let before = way.count("HEAD ");
        let ended = program::run(&program::bisync(), &home.at(""), &["one", &two, "--workdir=work", "--config="]);
        assert!(ended.code == Some(0) && ended.all().contains(expected), "{}", ended.all());
        way.count("HEAD ") - before
    };
    assert!(run("30 copied") >= FILES);
    for _ in 0..4 {
        assert_eq!(run("nothing to do"), 0);
        let is_cache = |name: &str| name.starts_with("work/s3-");
        let tree = home.tree();
        let caches: Vec<_> = tree.keys().filter(|name| is_cache(name)).collect();
        assert_eq!(caches.len(), 1);
        fs::remove_file(home.at(caches[0])).unwrap();
        assert_eq!(run("nothing to do"), FILES);
    }
}
