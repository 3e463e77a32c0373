//! The same edits, the same flags, the same end: once with two folders of one machine, once with a server behind one side or both, once
//! with machines that take turns.
//!
//! `BISYNC_REMOTE_SEEDS=1000` tries more cases, `BISYNC_REMOTE_SEEDS=17..18` that one alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bisync_engine::side::{Pair, Side};
use bisync_tests::real::cases::Case;
use bisync_tests::real::edits::{Edit, folder};
use bisync_tests::real::folders::{Tree, difference, files, read_tree};
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::{Protocol, Server};
use bisync_world::seeds::seeds;

/// So many cases run in about half a minute.
const CASES: u64 = 24;

/// Flags whose results are not the same everywhere: they are about what servers do not have, or name folders of this machine. With
/// `--no-update-modtime` times differ on purpose, which is reported whenever listings are written anew.
const LEFT_OUT: [&str; 10] = [
    "--backup-dir",
    "--compare-dest",
    "--copy-links",
    "--create-empty-src-dirs",
    "--links",
    "--metadata",
    "--no-update-modtime",
    "--one-file-system",
    "--remove-empty-dirs",
    "--skip-links",
];

/// Which sides are on a server.
#[derive(Debug, Clone, Copy)]
struct Placing {
    protocol: Protocol,
    served: Pair<bool>,
}

/// Machines that take turns, each with a state of its own.
const MACHINES: usize = 3;

const PLACINGS: [Placing; 11] = [
    Placing { protocol: Protocol::S3, served: Pair { one: false, two: true } },
    Placing { protocol: Protocol::Webdav, served: Pair { one: true, two: false } },
    Placing { protocol: Protocol::Sftp, served: Pair { one: false, two: true } },
    Placing { protocol: Protocol::Moto, served: Pair { one: false, two: true } },
    Placing { protocol: Protocol::S3, served: Pair { one: true, two: true } },
    Placing { protocol: Protocol::S3, served: Pair { one: true, two: false } },
    Placing { protocol: Protocol::Webdav, served: Pair { one: false, two: true } },
    Placing { protocol: Protocol::Sftp, served: Pair { one: true, two: false } },
    Placing { protocol: Protocol::Webdav, served: Pair { one: true, two: true } },
    Placing { protocol: Protocol::Moto, served: Pair { one: true, two: true } },
    Placing { protocol: Protocol::Sftp, served: Pair { one: true, two: true } },
];

#[test]
fn the_end_is_the_same_wherever_the_sides_are() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_REMOTE_SEEDS", CASES) {
        let placing = PLACINGS[usize::try_from(seed).unwrap() % PLACINGS.len()];
        try_case(&rclone, seed, &comparable(case(seed), placing), placing, 1);
    }
}

#[test]
fn machines_that_take_turns_are_as_one() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_REMOTE_SEEDS", CASES) {
        let mut placing = PLACINGS[usize::try_from(seed / 2).unwrap() % PLACINGS.len()];
        // Moto holds what it serves in memory, and is a new one for each run: nothing is shared there.
        if seed % 2 == 0 || placing.protocol == Protocol::Moto {
            placing = Placing { protocol: Protocol::S3, served: Pair::from_fn(|_| false) };
        }
        try_case(&rclone, seed, &comparable(case(seed), placing), placing, MACHINES);
    }
}

/// Leaves out what compares something else where there are no checksums.
fn comparable(mut case: Case, placing: Placing) -> Case {
    match placing.protocol {
        Protocol::S3 | Protocol::Moto => {}
        Protocol::Sftp | Protocol::Openssh | Protocol::Webdav | Protocol::Apache => {
            case.flags.always.retain(|flag| !flag.contains("checksum") && !flag.contains("hash"));
        }
    }
    case
}

/// A random case that can run anywhere: with times of whole seconds, which every server keeps.
fn case(seed: u64) -> Case {
    let mut case = Case::random(seed);
    case.flags.always.retain(|flag| !LEFT_OUT.iter().any(|beginning| flag.starts_with(beginning)));
    for edit in case.rounds.iter_mut().flat_map(|round| &mut round.edits) {
        if let Edit::Write(.., time) | Edit::Touch(.., time) = edit {
            time.1 = 0;
        }
    }
    case.rounds
        .iter_mut()
        .for_each(|round| round.edits.retain(|edit| !matches!(edit, Edit::Link(..) | Edit::Refer(..))));
    case
}

fn try_case(rclone: &Path, seed: u64, case: &Case, placing: Placing, machines: usize) {
    let home = tempfile::tempdir().unwrap();
    // The directory `bucket` is what S3 calls one.
    let [near, far, served] = ["near", "far", "served"].map(|name| home.path().join(name));
    for home in [&near, &far] {
        fs::create_dir(home).unwrap();
        fs::write(home.join("rclone.conf"), "").unwrap();
        fs::write(home.join("filters.txt"), case.flags.filters.as_deref().unwrap_or_default()).unwrap();
    }
    for side in Side::BOTH.map(folder) {
        let behind = served.join("bucket").join(side);
        fs::create_dir_all(&behind).unwrap();
        fs::create_dir(near.join(side)).unwrap();
        // Where a folder is served, it is edited behind the server's back.
        symlink(behind, far.join(side)).unwrap();
    }
    for (number, round) in case.rounds.iter().enumerate() {
        round.edits.iter().for_each(|edit| [&near, &far].into_iter().for_each(|home| edit.apply(home)));
        // What a server has seen it remembers: each run has a new one, which finds what is there.
        let remembers = ["--dir-cache-time=1h".to_owned()];
        let Some(server) = Server::try_start_with(rclone, placing.protocol, &served, &remembers) else { return };
        // It is the same remote for each machine and each run, whatever its port.
        fs::write(far.join("rclone.conf"), server.section("server")).unwrap();
        let place = |side: Side| {
            if placing.served[side] { format!("server:bucket/{}", folder(side)) } else { folder(side).to_owned() }
        };
        let more = [&case.flags.always[..], &round.flags].concat();
        let run = |home: &PathBuf, one: String, two: String, own: [String; 2]| {
            let arguments = [&[one, two, "--config=rclone.conf".into(), "-v".into()], &own[..], &more[..]].concat();
            program::run(&program::bisync(), home, &arguments)
        };
        let alone = ["--workdir=work".into(), "--remote-lock=false".into()];
        let in_turn = [format!("--workdir=work{}", number % machines), format!("--remote-lock={}", machines > 1)];
        let ended =
            [run(&near, "one".into(), "two".into(), alone), run(&far, place(Side::One), place(Side::Two), in_turn)];
        Side::BOTH.map(folder).iter().for_each(|side| server.bring_out(&format!("bucket/{side}")));
        let said = || ended.each_ref().map(Ended::all).join("\non servers:\n");
        let context = format!("seed {seed}, round {number}, {placing:?}, {more:?}");
        assert_eq!(ended[0].code, ended[1].code, "{context}:\n{}", said());
        for side in Side::BOTH {
            let [here, there] = [&near, &far].map(|home| shown(&read_tree(&home.join(folder(side)))));
            let text = difference("on this machine", &here, "on servers", &there);
            assert!(text.is_empty(), "{context}: files of {side} differ:\n{text}\n{}", said());
        }
    }
}

/// The files of a side, without what machines share about it.
fn shown(tree: &Tree) -> Tree {
    files(tree).into_iter().filter(|(path, _)| !path.starts_with(".bisync/")).collect()
}
