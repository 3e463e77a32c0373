//! Limits of bandwidth, each way its own.

use bisync::backend::{Pages, References, Sides, Stopping, perform};
use bisync::limits::{Held, Passage};
use bisync_engine::protocol::{Reply, Verb};
use bisync_engine::side::Pair;

use super::*;

#[test]
fn what_goes_up_and_what_comes_down_is_limited_apart() {
    for protocol in [Protocol::S3, Protocol::Webdav, Protocol::Sftp] {
        // In so fast a limit nobody waits.
        held(protocol, "off", [0, 0, 0]);
        held(protocol, "999G", [3 + 5, 3, 5 + 3]);
        held(protocol, "999G:off", [0, 3, 0]);
        held(protocol, "off:999G", [0, 0, 5 + 3]);
    }
}

/// Copies three bytes to a server and five bytes from it, compares the three bytes, and checks how many were held to the limits: all
/// copies, upwards, downwards.
fn held(protocol: Protocol, limit: &str, [all, up, down]: [u64; 3]) {
    let Some(rclone) = program::rclone() else { return };
    let (home, runtime) = (tempfile::tempdir().unwrap(), runtime());
    let (here, there) = (home.path().join("here"), home.path().join("served/bucket"));
    for (folder, name, content) in [(&here, "three", "tea"), (&there, "five", "spice")] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), content).unwrap();
    }
    let server = Server::start(&rclone, protocol, &home.path().join("served"));
    let options = Options::parse(&[("bwlimit".to_owned(), limit.to_owned())]).unwrap();
    let passage = Arc::new(Passage::new(&options, Arc::default()));
    let transport = Transport { passage: Arc::clone(&passage), ..Transport::default() };
    let place = format!("{}:bucket", server.connection());
    let folders: Pair<Arc<dyn Backend>> = Pair::new(
        Arc::new(Local::open_with(&here, None, Sight::default(), transport.clone()).unwrap()),
        opened_through(&runtime, &place, None, &[], home.path(), &transport),
    );
    let sides = Sides {
        folders: folders.clone(),
        references: References::default(),
        passage: Arc::clone(&passage),
        stopping: Stopping::default(),
    };
    let _inside = runtime.enter();
    let version =
        |side: Side, name| pollster::block_on(folders[side].describe(path(name))).unwrap().unwrap().fingerprint;
    for (from, name) in [(Side::One, "three"), (Side::Two, "five")] {
        let staging = Staging::Temporary(path(".bisync-x.tmp"));
        let (source, target) = (version(from, name), path(name));
        let copy = CopyFile { from, path: path(name), source, target, staging, ..copy_to(name, 0, Expect::Absent) };
        let copied = pollster::block_on(perform(&sides, Verb::CopyFile(copy), &mut Pages::default()));
        assert!(matches!(copied, Reply::Done(_)), "{protocol:?}: {copied:?}");
    }
    let [one, two] = Side::BOTH.map(|side| (path("three"), version(side, "three")));
    assert_eq!(
        pollster::block_on(perform(&sides, Verb::SameContent { one, two }, &mut Pages::default())),
        Reply::Same(true)
    );
    assert_eq!(passage.held(), Held { all, up, down }, "{protocol:?} {limit}");
}
