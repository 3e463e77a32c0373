//! A server finishes an upload that broke off when the run has ended, and ended well.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_tests::real::proxy::Proxy;
use bisync_tests::real::servers::{Protocol, Server};

/// Whether it is the first upload that comes this way.
fn is_first_upload(bytes: &[u8]) -> bool {
    static WAS_ONE: AtomicBool = AtomicBool::new(false);
    bytes.starts_with(b"PUT ") && !WAS_ONE.swap(true, Ordering::SeqCst)
}

#[test]
fn the_next_run_removes_what_was_finished_late() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::with(&[("one/a", "tea")]);
    fs::create_dir_all(home.at("served/two")).unwrap();
    let Some(server) = Server::try_start(&rclone, Protocol::Webdav, &home.at("served")) else { return };
    let proxy = Proxy::without(server.port(), is_first_upload);
    let two = format!("{}:two", server.connection_by(proxy.port()));
    let run = || {
        let ended = program::run(&program::bisync(), &home.at(""), &["one", &two, "--workdir=work", "--config="]);
        assert_eq!(ended.code, Some(0), "{}", ended.all());
    };
    let journal = || {
        let state = fs::read_dir(home.at("work")).unwrap().map(|entry| entry.unwrap().path());
        state.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "journal"))
    };
    run();
    assert_eq!(home.read("served/two/a").as_deref(), Some("tea"));
    let text = fs::read_to_string(journal().expect("the journal names the run")).unwrap();
    let late = format!("served/two/.bisync-{}-0.partial", text.trim_end().strip_prefix("run ").unwrap());
    home.write(&late, "tea");
    run();
    assert_eq!(home.read(&late), None);
    // It may be later still.
    home.write(&late, "tea");
    run();
    assert_eq!((home.read(&late), journal()), (None, None));
}
