//! The same edits, the same flags, the same end: once with two folders of one machine, once with a server behind one side or both, once
//! with machines that take turns.
//!
//! `BISYNC_REMOTE_SEEDS=1000` tries more cases, `BISYNC_REMOTE_SEEDS=17..18` that one alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bisync_engine::side::Side;
use bisync_tests::real::cases::Case;
use bisync_tests::real::edits::{Edit, folder};
use bisync_tests::real::flags::Flags;
use bisync_tests::real::folders::{Node, Tree, difference, files, read_tree};
use bisync_tests::real::placing::{Place, Placing, Servers};
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::Protocol;
use bisync_world::seeds::seeds;

/// So many cases run in about a minute.
const CASES: u64 = 28;

/// Flags whose results are not the same everywhere. With `--links` a link is a file with another name on a server; with
/// `--no-update-modtime` times differ on purpose, which is reported whenever listings are written anew.
const LEFT_OUT: [&str; 2] = ["--links", "--no-update-modtime"];

/// Flags that are about times.
const TIMED: [&str; 6] =
    ["--min-age", "--max-age", "--update", "--modify-window", "--track-renames-strategy", "--compare-dest"];

/// Machines that take turns, each with a state of its own.
const MACHINES: usize = 3;

/// Who speaks to the servers.
#[derive(Debug, Clone, Copy)]
enum By {
    /// The program itself.
    Us,
    /// rclone, as its child.
    Rclone,
}

const HERE: Place = Place::Here;
const S3: Place = Place::On(Protocol::S3);
const MOTO: Place = Place::On(Protocol::Moto);
const SFTP: Place = Place::On(Protocol::Sftp);
const OPENSSH: Place = Place::On(Protocol::Openssh);
const WEBDAV: Place = Place::On(Protocol::Webdav);
const APACHE: Place = Place::On(Protocol::Apache);

const PLACINGS: [(Placing, By); 28] = [
    (Placing::new(HERE, S3), By::Us),
    (Placing::new(WEBDAV, HERE), By::Us),
    (Placing::new(HERE, SFTP), By::Us),
    (Placing::new(HERE, MOTO), By::Us),
    (Placing::new(S3, S3), By::Us),
    (Placing::new(OPENSSH, HERE), By::Us),
    (Placing::new(HERE, APACHE), By::Us),
    (Placing::new(SFTP, HERE), By::Rclone),
    (Placing::new(OPENSSH, S3), By::Us),
    (Placing::new(S3, HERE), By::Us),
    (Placing::new(HERE, WEBDAV), By::Us),
    (Placing::new(SFTP, HERE), By::Us),
    (Placing::new(WEBDAV, WEBDAV), By::Us),
    (Placing::new(MOTO, HERE), By::Us),
    (Placing::new(HERE, OPENSSH), By::Us),
    (Placing::new(APACHE, HERE), By::Us),
    (Placing::new(HERE, WEBDAV), By::Rclone),
    (Placing::new(WEBDAV, SFTP), By::Us),
    (Placing::new(MOTO, MOTO), By::Us),
    (Placing::new(SFTP, SFTP), By::Us),
    (Placing::new(OPENSSH, OPENSSH), By::Us),
    (Placing::new(S3, HERE), By::Rclone),
    (Placing::new(APACHE, MOTO), By::Us),
    (Placing::new(HERE, OPENSSH), By::Rclone),
    (Placing::new(S3, WEBDAV), By::Us),
    (Placing::new(APACHE, APACHE), By::Us),
    (Placing::new(OPENSSH, WEBDAV), By::Rclone),
    (Placing::new(MOTO, S3), By::Us),
];

#[test]
fn the_end_is_the_same_wherever_the_sides_are() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_REMOTE_SEEDS", CASES) {
        let (placing, by) = PLACINGS[usize::try_from(seed).unwrap() % PLACINGS.len()];
        try_case(&rclone, seed, &case(seed, placing), placing, by, 1);
    }
}

#[test]
fn machines_that_take_turns_are_as_one() {
    let Some(rclone) = program::rclone() else { return };
    for seed in seeds("BISYNC_REMOTE_SEEDS", CASES) {
        let (mut placing, by) = PLACINGS[usize::try_from(seed / 2).unwrap() % PLACINGS.len()];
        // Moto holds what it serves in memory, and is a new one for each run: nothing is shared there.
        if seed % 2 == 0 || placing.is_on(&[Protocol::Moto]) {
            placing = Placing::new(HERE, HERE);
        }
        try_case(&rclone, seed, &case(seed, placing), placing, by, MACHINES);
    }
}

/// A random case whose end is the same with these servers as without: it leaves out what they do not have.
fn case(seed: u64, placing: Placing) -> Case {
    let mut case = Case::random(seed);
    let always = &mut case.flags.always;
    always.retain(|flag| !LEFT_OUT.iter().any(|beginning| flag.starts_with(beginning)));
    if placing.is_keyed() {
        always.retain(|flag| !has_directories(flag));
    }
    let reads_files = always.iter().any(|flag| flag == "--download-hash");
    if placing.is_on(&[Protocol::Webdav, Protocol::Apache]) && !reads_files {
        // Without checksums something else is compared.
        always.retain(|flag| !(flag.starts_with("--compare=") && flag.contains("checksum")) && flag != "--checksum");
    }
    for edit in case.rounds.iter_mut().flat_map(|round| &mut round.edits) {
        if let Edit::Write(.., time) | Edit::Touch(.., time) | Edit::Refer(.., time) = edit {
            // Servers keep whole seconds.
            time.1 = 0;
        }
    }
    // What a link leads to is a server's affair.
    let is_same = |edit: &Edit| !matches!(edit, Edit::Link(side, ..) if placing.places[*side] != HERE);
    case.rounds.iter_mut().for_each(|round| round.edits.retain(is_same));
    if keeps_times(placing) { case } else { timeless(case) }
}

/// Leaves out of a case what needs times.
fn timeless(mut case: Case) -> Case {
    let by_time = |flag: &String| flag.ends_with("newer") || flag.ends_with("older");
    if by_time(&case.flags.resync) {
        let resync = std::mem::replace(&mut case.flags.resync, "--resync".into());
        let flags = case.rounds.iter_mut().flat_map(|round| &mut round.flags);
        flags.filter(|flag| **flag == resync).for_each(|flag| *flag = "--resync".into());
    }
    let is_timed = |flag: &String| TIMED.iter().any(|beginning| flag.starts_with(beginning)) || by_time(flag);
    let compares = |flag: &String| flag.starts_with("--compare=") && flag.contains("modtime");
    case.flags.always.retain(|flag| !is_timed(flag) && !compares(flag));
    case.rounds.iter_mut().for_each(|round| round.edits.retain(|edit| !matches!(edit, Edit::Touch(..))));
    case
}

/// Says whether both sides keep the times of files.
fn keeps_times(placing: Placing) -> bool {
    !placing.is_on(&[Protocol::Apache])
}

/// Says whether a flag is about directories without files.
fn has_directories(flag: &str) -> bool {
    flag == "--create-empty-src-dirs" || flag == "--remove-empty-dirs"
}

fn try_case(rclone: &Path, seed: u64, case: &Case, placing: Placing, by: By, machines: usize) {
    let home = tempfile::tempdir().unwrap();
    // The directory `bucket` is what S3 calls one.
    let [near, far, served] = ["near", "far", "served"].map(|name| home.path().join(name));
    for home in [&near, &far] {
        fs::create_dir(home).unwrap();
        fs::write(home.join("rclone.conf"), "").unwrap();
        fs::write(home.join("filters.txt"), case.flags.filters.as_deref().unwrap_or_default()).unwrap();
        fs::create_dir(home.join("reference")).unwrap();
    }
    for side in Side::BOTH {
        for name in [folder(side), backup(side)] {
            let behind = served.join("bucket").join(name);
            fs::create_dir_all(&behind).unwrap();
            fs::create_dir(near.join(name)).unwrap();
            // Where a folder is served, it is edited behind the server's back.
            match placing.places[side] {
                Place::Here => fs::create_dir(far.join(name)).unwrap(),
                Place::On(_) => symlink(behind, far.join(name)).unwrap(),
            }
        }
    }
    for (number, round) in case.rounds.iter().enumerate() {
        round.edits.iter().for_each(|edit| [&near, &far].into_iter().for_each(|home| edit.apply(home)));
        // What a server has seen it remembers: each run has a new one, which finds what is there.
        let Some(servers) = placing.serve(rclone, &served) else { return };
        // They are the same remotes for each machine and each run, whatever their ports.
        fs::write(far.join("rclone.conf"), servers.configuration()).unwrap();
        let more = [&case.flags.always[..], &round.flags].concat();
        let run = |home: &PathBuf, own: &[String], arguments: Vec<String>| {
            let arguments = [&["--config=rclone.conf".into(), "-v".into()], own, &arguments].concat();
            program::run(&program::bisync(), home, &arguments)
        };
        let here = Placing::new(HERE, HERE).serve(rclone, &served).unwrap();
        let alone = ["--workdir=work".into(), "--remote-lock=false".into()];
        let backend = match by {
            By::Us => "--backend=native",
            By::Rclone => "--backend=rclone",
        };
        let in_turn = [
            format!("--workdir=work{}", number % machines),
            format!("--remote-lock={}", machines > 1),
            backend.to_owned(),
        ];
        let ended = [run(&near, &alone, arguments(&here, &more)), run(&far, &in_turn, arguments(&servers, &more))];
        for side in Side::BOTH {
            [folder(side), backup(side)].iter().for_each(|name| servers.bring_out(side, &format!("bucket/{name}")));
        }
        let said = || ended.each_ref().map(Ended::all).join("\non servers:\n");
        let context = format!("seed {seed}, round {number}, {placing:?}, {by:?}, {more:?}");
        assert_eq!(ended[0].code, ended[1].code, "{context}:\n{}", said());
        for name in Side::BOTH.into_iter().flat_map(|side| [folder(side), backup(side)]) {
            let [here, there] =
                [&near, &far].map(|home| shown(&read_tree(&home.join(name)), &case.flags, keeps_times(placing)));
            let text = difference("on this machine", &here, "on servers", &there);
            assert!(text.is_empty(), "{context}: files of {name} differ:\n{text}\n{}", said());
        }
    }
}

/// Where what a side replaces and deletes is kept, if that is wanted.
fn backup(side: Side) -> &'static str {
    match side {
        Side::One => "backup1",
        Side::Two => "backup2",
    }
}

/// Returns both sides and the flags, in which backups are where their side is.
fn arguments(servers: &Servers, flags: &[String]) -> Vec<String> {
    let written = |side: Side, name: &str| servers.written(side, &format!("bucket/{name}"), name);
    let sides = Side::BOTH.map(|side| written(side, folder(side)));
    let flag = |flag: &String| {
        let mut given = flag.clone();
        for (side, option) in Side::BOTH.into_iter().zip(["--backup-dir1=", "--backup-dir2="]) {
            if flag.strip_prefix(option) == Some(backup(side)) {
                given = format!("{option}{}", written(side, backup(side)));
            }
        }
        given
    };
    sides.into_iter().chain(flags.iter().map(flag)).collect()
}

/// What is compared of a side: not what machines share about it, and no directories where these are not kept in step.
fn shown(tree: &Tree, flags: &Flags, keeps_times: bool) -> Tree {
    let with_directories = flags.always.iter().any(|flag| has_directories(flag));
    let tree = if with_directories { tree.clone() } else { files(tree) };
    let timed = |node| match node {
        Node::File(content, time) => Node::File(content, if keeps_times { time } else { 0 }),
        other => other,
    };
    let own = |path: &String| path == ".bisync" || path.starts_with(".bisync/");
    tree.into_iter().filter(|(path, _)| !own(path)).map(|(path, node)| (path, timed(node))).collect()
}
