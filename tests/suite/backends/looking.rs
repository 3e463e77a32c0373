//! Somebody looks at a file all the time while it is replaced.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use bisync_tests::real::request::ask;

use super::*;

/// It goes in many pieces.
const SIZE: usize = 1 << 20;
/// So often it is replaced.
const TIMES: u8 = 12;

/// Returns the content of a file as anybody else sees it; `None` where there is none.
fn seen(subject: &Subject, protocol: Option<Protocol>) -> Option<Vec<u8>> {
    match protocol {
        Some(Protocol::Moto | Protocol::Apache) => {
            let (status, content) = ask(subject.server.as_ref()?.port(), "GET", "/bucket/folder/there", b"");
            (status == 200).then_some(content)
        }
        _ => fs::read(subject.directory.join("there")).ok(),
    }
}

/// Looks at a file while it is replaced, and returns which versions were seen; 0 stands for no file.
fn look(subject: &Subject, protocol: Option<Protocol>) -> BTreeSet<u8> {
    let write = |version: u8, expect: Expect| {
        let content = vec![version; SIZE];
        subject.write(copy_to("there", SIZE, expect), &content, Ok(())).unwrap();
    };
    write(1, Expect::Absent);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut versions = BTreeSet::new();
            while !is_done.load(Ordering::SeqCst) {
                let content = seen(subject, protocol).unwrap_or_default();
                let version = content.first().copied().unwrap_or_default();
                let is_whole = content.iter().all(|byte| *byte == version) && [0, SIZE].contains(&content.len());
                assert!(is_whole, "{}: {} bytes, of version {version} first", subject.name, content.len());
                versions.insert(version);
            }
            versions
        });
        for version in 2..=TIMES {
            write(version, Expect::Exactly(subject.version("there")));
        }
        is_done.store(true, Ordering::SeqCst);
        looking.join().unwrap()
    })
}

#[test]
fn who_looks_sees_the_old_content_or_the_new() {
    let servers = [Protocol::Openssh, Protocol::Moto].map(|protocol| (Some(protocol), served(Some(protocol), By::Us)));
    for (protocol, subject) in [(None, Some(local()))].into_iter().chain(servers) {
        let Some(subject) = subject else { continue };
        let versions = look(&subject, protocol);
        assert!(!versions.contains(&0), "{}: nothing was there for a moment", subject.name);
        assert!(versions.len() > 1, "{}: {versions:?}", subject.name);
    }
}

/// Apache takes away what is replaced before the new content gets its name.
#[test]
fn who_looks_at_apache_sees_no_half_of_a_file() {
    let Some(subject) = served(Some(Protocol::Apache), By::Us) else { return };
    assert!(look(&subject, Some(Protocol::Apache)).len() > 1);
}
