//! The program is killed at random moments; the runs after it lose nothing and bring both sides in step.
//!
//! `BISYNC_KILL_SEEDS=1000` tries more, `BISYNC_KILL_SEEDS=17..18` that one alone. When the kill comes depends on the machine;
//! what must hold afterwards does not.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bisync_engine::side::Side;
use bisync_tests::real::edits::{Edit, Time, folder};
use bisync_tests::real::folders::{Tree, contents, copy_tree, difference, files, read_tree};
use bisync_tests::real::program;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

/// So many are tried.
const KILLS: u64 = 30;
/// Small files on each side at the beginning.
const SMALL: usize = 120;
/// Files of a few megabytes.
const LARGE: usize = 3;
/// So many runs may be needed after a kill.
const RUNS: usize = 3;

const ARGUMENTS: [&str; 3] = ["one", "two", "--workdir=work"];

#[test]
fn a_killed_run_loses_nothing() {
    for seed in seeds("BISYNC_KILL_SEEDS", KILLS) {
        println!("seed {seed}");
        let home = tempfile::tempdir().unwrap();
        let mut random = Random::new(seed);
        let killed = home.path().join("killed");
        for folder in Side::BOTH.map(folder) {
            fs::create_dir_all(killed.join(folder)).unwrap();
        }
        first_edits(&mut random).iter().for_each(|edit| edit.apply(&killed));
        // Some first runs are killed, some later ones.
        if !random.once_in(3) {
            run_to_success(&killed);
            edits(&mut random).iter().for_each(|edit| edit.apply(&killed));
        }
        let known = both_sides(&killed);
        let whole = home.path().join("whole");
        copy_tree(&killed, &whole);
        let begin = Instant::now();
        run_to_success(&whole);
        let run_time = begin.elapsed();
        for _ in 0..1 + random.below(2) {
            let share = u32::try_from(random.below(110)).unwrap();
            kill_after(&killed, run_time * share / 100);
            check_nothing_is_half_done(&known, &both_sides(&killed), &side(&whole, Side::One));
        }
        run_to_success(&killed);
        check(&killed, &whole);
    }
}

fn first_edits(random: &mut Random) -> Vec<Edit> {
    let mut edits = Vec::new();
    for number in 0..SMALL {
        let path = format!("d{}/{number}", number % 7);
        let times = [1_600_000_000, 1_600_000_000 + u64::from(random.once_in(9))];
        for (side, time) in Side::BOTH.into_iter().zip(times) {
            // Some are on one side only, some are different, and have another size: a first run looks no further.
            if !random.once_in(3) {
                let version = if random.once_in(15) { ["one alone", "alone on two"][side as usize] } else { "base" };
                edits.push(Edit::Write(side, path.clone(), format!("{number} {version}"), Time(time, 5)));
            }
        }
    }
    edits.extend((0..LARGE).map(|number| large(random, number, "base")));
    edits
}

fn large(random: &mut Random, number: usize, version: &str) -> Edit {
    let side = *random.pick(&Side::BOTH);
    let megabytes = 1 + random.below(4);
    let content = format!("{number} {version} ").repeat(megabytes << 17);
    Edit::Write(side, format!("large/{number}"), content, Time(1_600_000_000 + random.number() % 1_000_000, 0))
}

/// Edits after a run: no path is edited on one side and deleted on the other, so that what is there at the end is certain.
fn edits(random: &mut Random) -> Vec<Edit> {
    let mut edits = Vec::new();
    for number in 0..SMALL {
        let (path, side) = (format!("d{}/{number}", number % 7), *random.pick(&Side::BOTH));
        let time = Time(1_700_000_000 + number as u64, 0);
        let write = |side: Side| Edit::Write(side, path.clone(), format!("{number} edited on {side}"), time);
        match random.below(6) {
            0 => edits.push(write(side)),
            1 => edits.push(Edit::Delete(side, path)),
            2 => edits.push(Edit::Rename(side, path.clone(), format!("moved/{number}"))),
            3 if random.once_in(3) => edits.extend(Side::BOTH.map(write)),
            _ => {}
        }
    }
    edits.push(large(random, 0, "edited"));
    edits.push(large(random, LARGE, "new"));
    edits
}

fn kill_after(home: &Path, delay: Duration) {
    let mut command = program::command(&program::bisync(), home);
    let mut child = command.args(ARGUMENTS).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is random, not awaited: whatever it meets must be survived.
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn run_to_success(home: &Path) {
    let mut said = String::new();
    for _ in 0..RUNS {
        let ended = program::run(&program::bisync(), home, &[&ARGUMENTS[..], &["--max-delete=100", "-v"]].concat());
        if ended.code == Some(0) {
            return;
        }
        said.push_str(&ended.all());
    }
    panic!("no success after {RUNS} runs:\n{said}");
}

fn side(home: &Path, side: Side) -> Tree {
    read_tree(&home.join(folder(side)))
}

/// Returns all there is on both sides, but for temporary files.
fn both_sides(home: &Path) -> Tree {
    let is_temporary = |path: &str| path.rsplit('/').next().unwrap_or_default().starts_with(".bisync-");
    let each = |each| side(home, each).into_iter().map(move |(path, node)| (format!("{each}/{path}"), node));
    Side::BOTH.into_iter().flat_map(each).filter(|(path, _)| !is_temporary(path)).collect()
}

/// Whatever the moment: no file is half written, and no content is lost that a whole run keeps.
fn check_nothing_is_half_done(known: &Tree, there: &Tree, whole: &Tree) {
    let [known, there, whole] = [known, there, whole].map(contents);
    let half = there.iter().find(|content| known.binary_search(content).is_err());
    assert_eq!(half.map(|content| beginning(content)), None, "half written");
    let lost = whole.iter().find(|content| there.binary_search(content).is_err());
    assert_eq!(lost.map(|content| beginning(content)), None, "lost");
}

fn beginning(content: &[u8]) -> String {
    String::from_utf8_lossy(content).chars().take(40).collect()
}

fn check(killed: &Path, whole: &Path) {
    let [one, two, expected] =
        [(killed, Side::One), (killed, Side::Two), (whole, Side::One)].map(|(home, each)| side(home, each));
    let differ = difference("Path1", &files(&one), "Path2", &files(&two));
    assert!(differ.is_empty(), "both sides are not equal:\n{differ}");
    let (found, expected) = (contents(&one), contents(&expected));
    let missing = expected.iter().find(|content| !found.contains(content));
    assert_eq!(missing.map(|content| beginning(content)), None, "lost");
    let risen = found.iter().find(|content| !expected.contains(content));
    assert_eq!(risen.map(|content| beginning(content)), None, "came back");
    let is_leftover = |path: &String| path.contains(".bisync-") || path.contains(".partial");
    for tree in [&one, &two, &read_tree(&killed.join("work"))] {
        assert_eq!(tree.keys().find(|path| is_leftover(path)), None, "a temporary file is left");
    }
}
