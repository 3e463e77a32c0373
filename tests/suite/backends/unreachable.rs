//! A server goes away for good.

use bisync::backend::{ListDirectory, Stopping};

use super::*;

/// A folder on a server that can be ended.
struct Ending {
    backend: Arc<dyn Backend>,
    runtime: Runtime,
    server: Server,
    _home: TempDir,
}

/// Checks something with a folder on each kind of server.
fn each_ending(transport: &Transport, options: &[(&str, &str)], check: impl Fn(Protocol, &Ending)) {
    let Some(rclone) = program::rclone() else { return };
    for protocol in [Protocol::S3, Protocol::Webdav, Protocol::Apache, Protocol::Sftp, Protocol::Openssh] {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("bucket/folder")).unwrap();
        let Some(server) = Server::try_start(&rclone, protocol, home.path()) else { continue };
        let (runtime, place) = (runtime(), format!("{}:bucket/folder", server.connection()));
        let backend = opened_through(&runtime, &place, None, options, home.path(), transport);
        check(protocol, &Ending { backend, runtime, server, _home: home });
    }
}

impl Ending {
    fn list(&self) -> Result<Vec<Item>, Failure> {
        self.runtime.block_on(self.backend.list_whole(ListDirectory::plain(path(""))))
    }
}

#[test]
fn a_server_that_was_tried_in_vain_is_not_tried_again() {
    each_ending(&Transport::default(), &[("low-level-retries", "2")], |protocol, ending| {
        assert_eq!(ending.list(), Ok(Vec::new()), "{protocol:?}");
        ending.server.kill();
        // What was under way may fail in its own way.
        let failure = (0..3).map(|_| ending.list().unwrap_err()).last().unwrap();
        assert_eq!(failure.kind, FailureKind::Other, "{protocol:?}: {failure}");
        assert!(failure.message.ends_with("; the server is not tried again in this run"), "{protocol:?}: {failure}");
        // Nobody asks it any more, so that it makes no difference.
        ending.server.start_again();
        assert_eq!(ending.list().unwrap_err(), failure, "{protocol:?}");
    });
}

/// So many tries take hours.
const FOR_HOURS: (&str, &str) = ("low-level-retries", "100000");

#[test]
fn no_pause_is_waited_for_when_the_run_is_to_end() {
    let stopping = Stopping::default();
    let transport = Transport { stopping: stopping.clone(), ..Transport::default() };
    each_ending(&transport, &[FOR_HOURS], |protocol, ending| {
        ending.server.kill();
        std::thread::scope(|scope| {
            let listing = scope.spawn(|| ending.list());
            // Whether it waits already when it is told makes no difference.
            stopping.begin();
            assert!(listing.join().unwrap().is_err(), "{protocol:?}");
        });
    });
}
