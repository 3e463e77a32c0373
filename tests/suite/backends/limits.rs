//! Limits of bandwidth, each way its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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
        pollster::block_on(perform(&sides, Verb::SameContent { one, two, half: None }, &mut Pages::default())),
        Reply::Same(true)
    );
    assert_eq!(passage.held(), Held { all, up, down }, "{protocol:?} {limit}");
}

/// A file of which rclone would carry so little at a time that it takes more than an hour.
#[test]
fn a_file_on_its_way_by_rclone_is_counted_and_breaks_off() {
    if program::rclone().is_none() {
        return;
    }
    let (home, runtime) = (tempfile::tempdir().unwrap(), runtime());
    let (here, there) = (home.path().join("here"), home.path().join("there"));
    [&here, &there].into_iter().for_each(|folder| fs::create_dir(folder).unwrap());
    fs::File::create(here.join("large")).unwrap().set_len(1 << 30).unwrap();
    let bytes = Arc::new(AtomicU64::new(0));
    let passage = Arc::new(Passage::new(&Options::default(), Arc::clone(&bytes)));
    let transport = Transport { passage: Arc::clone(&passage), ..Transport::default() };
    let source = Local::open(&here, None, Sight::default()).unwrap();
    let folder = address(&format!(":local,nounc:{}", there.display()));
    let given = [("bwlimit".to_owned(), "200k".to_owned())];
    let rclone = Arc::new(Rclone::new(None, &given, [&folder].into_iter(), &transport));
    let target = runtime.block_on(rclone.open(&folder, None)).unwrap();
    let _inside = runtime.enter();
    let version = pollster::block_on(source.describe(path("large"))).unwrap().unwrap().fingerprint;
    let copy = CopyFile { path: path("large"), source: version, ..copy_to("large", 0, Expect::Absent) };
    // Whoever shows how far it is sees some of it, and then breaks it off.
    let watching = std::thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(120);
        while bytes.load(Ordering::Relaxed) == 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        passage.close();
        bytes.load(Ordering::Relaxed)
    });
    let copied = pollster::block_on(target.copy_from(&source, &copy).unwrap());
    let seen = watching.join().unwrap();
    assert_eq!(kind_of(copied), FailureKind::Stopped);
    assert!(seen > 0 && seen < 1 << 30, "{seen}");
    assert!(!there.join("large").exists());
}
