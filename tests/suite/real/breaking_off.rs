//! What is tried when runs break off: edits whose end is certain, and what must hold whatever the moment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use bisync_engine::side::Side;
use bisync_tests::real::edits::{Edit, Time, folder};
use bisync_tests::real::folders::{Node, Tree, contents, copy_tree, difference, files, read_tree};
use bisync_tests::real::program;
use bisync_world::random::Random;
use tempfile::TempDir;

/// Small files on each side at the beginning.
const SMALL: usize = 120;
/// Files of a few megabytes.
const LARGE: usize = 3;
/// So many runs may be needed after one that broke off.
const RUNS: usize = 3;

/// Makes what is there before the first run.
pub(super) fn first_edits(random: &mut Random) -> Vec<Edit> {
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
pub(super) fn edits(random: &mut Random) -> Vec<Edit> {
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

/// How both sides are written.
pub(super) type Sides<'a> = [&'a str; 2];

/// Both sides in a home itself.
pub(super) const HERE: Sides<'_> = ["one", "two"];

/// Returns the arguments of a run of two folders, wherever they are.
pub(super) fn arguments<'a>([one, two]: Sides<'a>) -> [&'a str; 4] {
    [one, two, "--workdir=work", "--config="]
}

/// Runs until nothing fails any more.
pub(super) fn run_to_success(home: &Path, sides: Sides<'_>) {
    let mut said = String::new();
    for _ in 0..RUNS {
        let arguments = [&arguments(sides)[..], &["--max-delete=100", "-v"]].concat();
        let ended = program::run(&program::bisync(), home, &arguments);
        if ended.code == Some(0) {
            return;
        }
        said.push_str(&ended.all());
    }
    panic!("no success after {RUNS} runs:\n{said}");
}

/// Kills a run after this time.
pub(super) fn kill_after(home: &Path, sides: Sides<'_>, delay: Duration) {
    let mut command = program::command(&program::bisync(), home);
    let mut child = command.args(arguments(sides)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is random, not awaited: whatever it meets must be survived.
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Says whether a server has a file of this name for itself, which it shows to nobody: Apache's, or rclone's.
pub(super) fn is_of_a_server(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with(".davfs.tmp") || name.starts_with(".rclone_temp_put_")
}

/// Returns what a side holds, without what machines share about it, and what a server shows to nobody.
pub(super) fn side(home: &Path, side: Side) -> Tree {
    let mut tree = read_tree(&home.join(folder(side)));
    tree.retain(|path, _| !path.starts_with(".bisync/") && path != ".bisync" && !is_of_a_server(path));
    tree
}

/// Returns all there is on both sides, but for temporary files.
pub(super) fn both_sides(home: &Path) -> Tree {
    let is_temporary = |path: &str| path.rsplit('/').next().unwrap_or_default().starts_with(".bisync-");
    let each = |each| side(home, each).into_iter().map(move |(path, node)| (format!("{each}/{path}"), node));
    Side::BOTH.into_iter().flat_map(each).filter(|(path, _)| !is_temporary(path)).collect()
}

/// Whatever the moment: no file is half written, and no content is lost that a whole run keeps.
pub(super) fn check_nothing_is_half_done(known: &Tree, there: &Tree, whole: &Tree) {
    check_nothing_is_new(known, there, "half written");
    check_nothing_is_lost(there, whole);
}

/// No content is there that is not known.
fn check_nothing_is_new(known: &Tree, there: &Tree, what: &str) {
    let known = contents(known);
    let is_new = |content: &[u8]| known.binary_search(&content).is_err();
    let new = there.iter().find_map(|(path, node)| match node {
        Node::File(content, _) if is_new(content) => Some((path, beginning(content))),
        Node::File(..) | Node::Directory | Node::Link(_) | Node::Other => None,
    });
    assert_eq!(new, None, "{what}");
}

/// Whatever the moment: no content is lost that a whole run keeps.
pub(super) fn check_nothing_is_lost(there: &Tree, whole: &Tree) {
    let [there, whole] = [there, whole].map(contents);
    let lost = whole.iter().find(|content| there.binary_search(content).is_err());
    assert_eq!(lost.map(|content| beginning(content)), None, "lost");
}

fn beginning(content: &[u8]) -> String {
    String::from_utf8_lossy(content).chars().take(40).collect()
}

/// After the end: both sides are equal, also in their times where these are kept, and hold what a whole run leaves there.
pub(super) fn check(home: &Path, whole: &Path, keeps_times: bool) {
    check_in_step(home, whole, keeps_times);
    check_nothing_is_new(&side(whole, Side::One), &side(home, Side::One), "came back");
}

/// After the end: both sides are equal, also in their times where these are kept, hold all that a whole run leaves there, and no temporary file.
pub(super) fn check_in_step(home: &Path, whole: &Path, keeps_times: bool) {
    let [one, two, expected] =
        [(home, Side::One), (home, Side::Two), (whole, Side::One)].map(|(at, each)| side(at, each));
    let timed = |node| match node {
        Node::File(content, time) => Node::File(content, if keeps_times { time } else { 0 }),
        other => other,
    };
    let compared = |tree: &Tree| files(tree).into_iter().map(|(path, node)| (path, timed(node))).collect();
    let differ = difference("Path1", &compared(&one), "Path2", &compared(&two));
    assert!(differ.is_empty(), "both sides are not equal:\n{differ}");
    check_nothing_is_lost(&one, &expected);
    let is_leftover = |path: &String| path.contains(".bisync-") || path.contains(".partial");
    for tree in [&one, &two, &read_tree(&home.join("work"))] {
        assert_eq!(tree.keys().find(|path| is_leftover(path)), None, "a temporary file is left");
    }
}

/// Two homes with the same edits before a run: one is to be broken off, in the other all went well.
pub(super) struct Prepared {
    pub(super) broken: PathBuf,
    pub(super) whole: PathBuf,
    /// What there was before the run.
    pub(super) known: Tree,
    /// How long the run took in which all went well.
    pub(super) run_time: Duration,
    _home: TempDir,
}

/// Makes what is there before a run is broken off: some first runs are, and some later ones.
pub(super) fn prepare(random: &mut Random, sides: [&str; 2]) -> Prepared {
    let home = tempfile::tempdir().unwrap();
    let [broken, whole] = ["broken", "whole"].map(|name| home.path().join(name));
    for folder in Side::BOTH.map(folder) {
        fs::create_dir_all(broken.join(folder)).unwrap();
    }
    first_edits(random).iter().for_each(|edit| edit.apply(&broken));
    if !random.once_in(3) {
        run_to_success(&broken, sides);
        edits(random).iter().for_each(|edit| edit.apply(&broken));
    }
    let known = both_sides(&broken);
    copy_tree(&broken, &whole);
    let begin = Instant::now();
    run_to_success(&whole, sides);
    Prepared { broken, whole, known, run_time: begin.elapsed(), _home: home }
}
