//! What the example shows, held to.

use std::path::Path;
use std::sync::LazyLock;

use crate::COMPONENT;
use crate::folder::Folder;
use crate::host::protocol::{
    CopyFile, DeleteFile, Disposal, Expect, FailureKind, Fingerprint, Instant, MoveFile, Outcome, SetTime, Side,
    Staging, Verb,
};
use crate::host::{Host, Limits, Pair, Run, RunError};

static HOST: LazyLock<Host> = LazyLock::new(|| {
    Host::load(Path::new(COMPONENT))
        .unwrap_or_else(|error| panic!("build the component with `cargo build --package bisync`: {error:#}"))
});

/// A run ends so, with the codes of what it said.
fn attempt(pair: &mut Pair, limits: Limits, number: u64) -> Result<(Outcome, Vec<String>), RunError> {
    let run = Run { now: Instant { seconds: 1_000_000, nanoseconds: 0 }, number };
    let mut said = Vec::new();
    let outcome = HOST.run(pair, &[], limits, run, |event| said.push(event.code.clone()))?;
    Ok((outcome, said))
}

fn run(pair: &mut Pair, number: u64) -> (Outcome, Vec<String>) {
    attempt(pair, Limits::default(), number).unwrap()
}

/// Two folders that have been in step, and were then changed on both sides.
fn changed() -> Pair {
    let mut pair = Pair::default();
    for (path, content) in [("list", "tea"), ("old", "old"), ("sub/deep/kept", "kept"), ("moved", "moved")] {
        pair.one.write(path, content, 100);
    }
    assert_eq!(run(&mut pair, 1).0.exit_code, 0);
    pair.one.write("sub/list", "from one", 200);
    pair.one.delete("old");
    pair.two.write("sub/deep/list", "from two", 200);
    pair.two.rename("moved", "sub/moved");
    pair
}

const IN_STEP: [(&str, &str); 5] = [
    ("list", "tea"),
    ("sub/deep/kept", "kept"),
    ("sub/deep/list", "from two"),
    ("sub/list", "from one"),
    ("sub/moved", "moved"),
];

#[test]
fn two_folders_become_the_same() {
    let mut pair = changed();
    let (outcome, _) = run(&mut pair, 2);
    assert_eq!((outcome.exit_code, outcome.counts.one.moved), (0, 1), "{outcome:?}");
    assert_eq!(pair.one.contents(), IN_STEP);
    assert_eq!(pair.two.contents(), IN_STEP);
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let mut pair = changed();
    run(&mut pair, 2);
    let before = pair.clone();
    let (outcome, said) = run(&mut pair, 3);
    assert_eq!((outcome.exit_code, said), (0, Vec::new()), "{outcome:?}");
    assert!(pair == before);
}

#[test]
fn a_conflict_is_kept_under_two_names() {
    let mut pair = changed();
    pair.one.write("list", "coffee", 300);
    pair.two.write("list", "milk", 400);
    let (outcome, _) = run(&mut pair, 2);
    assert_eq!(outcome.conflicts.iter().map(|conflict| &conflict.path).collect::<Vec<_>>(), ["list"]);
    let contents = pair.one.contents();
    assert!(contents.starts_with(&[("list.conflict1", "coffee"), ("list.conflict2", "milk")]), "{contents:?}");
    assert_eq!(pair.two.contents(), contents);
}

#[test]
fn what_is_not_what_was_listed_is_left_alone() {
    let mut pair = Pair::default();
    pair.one.write("list", "tea", 100);
    pair.two.write("list", "rice", 100);
    let version = |folder: &Folder| folder.describe("list").unwrap().fingerprint;
    let (listed, source) = (version(&pair.one), version(&pair.two));
    // Somebody else was faster; size and time are the same.
    pair.one.write("list", "sea", 100);
    let now = version(&pair.one);
    let before = pair.clone();

    let (side, path, temporary) = (Side::One, || "list".to_owned(), || "temporary".to_owned());
    let copy = |expect, disposal| {
        let (source, staging) = (source.clone(), Staging::Temporary(temporary()));
        let (path, target) = (path(), path());
        Verb::CopyFile(CopyFile { from: Side::Two, path, source, target, expect, disposal, staging, verify: None })
    };
    let moved = |expect: &Fingerprint, target: &str| {
        let (expect, target) = (expect.clone(), target.to_owned());
        Verb::MoveFile(MoveFile { side, path: path(), expect, target, temporary: temporary() })
    };
    let delete = |expect: &Fingerprint, disposal| {
        Verb::DeleteFile(DeleteFile { side, path: path(), expect: expect.clone(), disposal })
    };
    let backup = || Disposal::Backup("backup".to_owned());
    let modified = Instant { seconds: 200, nanoseconds: 0 };
    for (verb, kind) in [
        (copy(Expect::Absent, Disposal::Discard), FailureKind::Refused),
        (copy(Expect::Exactly(listed.clone()), Disposal::Discard), FailureKind::Refused),
        (copy(Expect::Exactly(now.clone()), backup()), FailureKind::Other),
        (moved(&listed, "new"), FailureKind::Refused),
        (moved(&now, "list"), FailureKind::Refused),
        (moved(&now, "../list"), FailureKind::ImpossibleName),
        (moved(&now, "list/below"), FailureKind::WrongKind),
        (delete(&listed, Disposal::Discard), FailureKind::Refused),
        (delete(&now, backup()), FailureKind::Other),
        (Verb::SetTime(SetTime { side, path: path(), expect: listed.clone(), modified }), FailureKind::Refused),
    ] {
        let said = pair.perform(verb.clone()).map_err(|failure| failure.kind);
        assert!(said == Err(kind), "{verb:?}: {said:?}");
        assert!(pair == before, "{verb:?}");
    }
}

#[test]
fn what_fails_is_told_to_the_engine() {
    let mut pair = changed();
    let run = Run { now: Instant { seconds: 1_000_000, nanoseconds: 0 }, number: 2 };
    // This host keeps no backups, so the file that would go there has to stay.
    let outcome = HOST.run(&mut pair, &[("backup-dir2", "backup")], Limits::default(), run, |_| {}).unwrap();
    let failed: Vec<_> = outcome.failures.iter().map(|failure| failure.path.as_str()).collect();
    assert_eq!((outcome.exit_code, failed), (1, vec!["old"]));
    assert!(pair.two.contents().contains(&("old", "old")));
}

#[test]
fn an_option_that_is_wrong_is_named() {
    let run = Run { now: Instant { seconds: 0, nanoseconds: 0 }, number: 1 };
    let result = HOST.run(&mut Pair::default(), &[("max-delete", "many")], Limits::default(), run, |_| {});
    assert!(matches!(&result, Err(RunError::Options(error)) if error.option.as_deref() == Some("max-delete")));
}

/// The engine gets this little: it must say so, and nothing may have happened.
fn check_too_little(pair: &Pair, limits: Limits, message: &str) {
    let mut tried = pair.clone();
    let error = attempt(&mut tried, limits, 2).unwrap_err().to_string();
    assert!(error.contains(message), "{limits:?}: {error}");
    assert!(tried == *pair, "{limits:?}");
}

/// The same, with more new files than fit into little memory or into one part of a blob.
fn many() -> Pair {
    let mut pair = changed();
    for number in 0..20_000 {
        pair.one.write(&format!("many/{number}"), "one of many", 200);
    }
    pair
}

#[test]
fn long_listings_come_back_whole() {
    let mut pair = many();
    assert_eq!(run(&mut pair, 2).0.counts.two.copied, 20_001);
    assert_eq!(run(&mut pair, 3).1, Vec::<String>::new());
}

#[test]
fn too_little_memory_is_a_clear_error() {
    let pair = many();
    // Too little to begin with, and too little for the listing.
    for memory_bytes in [64 << 10, 4 << 20] {
        check_too_little(&pair, Limits { memory_bytes, ..Limits::default() }, "memory");
    }
}

#[test]
fn too_little_fuel_is_a_clear_error() {
    let pair = changed();
    for fuel_per_call in [0, 1_000] {
        check_too_little(&pair, Limits { fuel_per_call, ..Limits::default() }, "fuel");
    }
}

#[test]
fn a_run_that_breaks_off_anywhere_is_completed_by_the_next() {
    let mut broken_off = 0;
    let mut fuel_per_call = 1_000;
    loop {
        let mut pair = changed();
        let ended = attempt(&mut pair, Limits { fuel_per_call, ..Limits::default() }, 2).is_ok();
        run(&mut pair, 3);
        assert_eq!(pair.one.contents(), IN_STEP, "{fuel_per_call}");
        assert_eq!(pair.two.contents(), IN_STEP, "{fuel_per_call}");
        if ended {
            break;
        }
        broken_off += 1;
        fuel_per_call += fuel_per_call / 8;
    }
    assert!(broken_off > 10, "{broken_off}");
}

#[test]
fn the_excerpts_in_the_documentation_are_from_here() {
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let sources = [include_str!("host.rs"), include_str!("folder.rs")].map(trimmed);
    let blocks = include_str!("../../../docs/hosts.md").split("```").skip(1).step_by(2);
    let excerpts: Vec<_> = blocks.filter_map(|block| block.strip_prefix("rust\n")).map(trimmed).collect();
    assert_eq!(excerpts.len(), 5);
    for excerpt in excerpts {
        assert!(sources.iter().any(|source| source.contains(&excerpt)), "{excerpt}");
    }
}
