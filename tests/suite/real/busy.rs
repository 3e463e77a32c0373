//! Others are at work in the folders while the program runs. What they did last is what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bisync_tests::real::folders::contents;
use bisync_tests::real::home::Home;
use bisync_world::random::Random;

/// So many files are written on both sides.
const CONTESTED: usize = 1000;
/// So many runs may be needed when all is quiet.
const QUIET_RUNS: usize = 3;

fn run_to_success(home: &Home) {
    let mut said = String::new();
    for _ in 0..QUIET_RUNS {
        let ended = home.run(&["--force"]);
        if ended.code == Some(0) {
            return;
        }
        said.push_str(&ended.all());
    }
    panic!("no success after {QUIET_RUNS} runs:\n{said}");
}

/// Replaces each of the contested files once, in an order of its own; `last` is told who wrote last.
fn replace_each(folder: &Path, name: &str, seed: u64, last: &Mutex<BTreeMap<usize, String>>) {
    let mut random = Random::new(seed);
    let mut left: Vec<usize> = (0..CONTESTED).collect();
    while !left.is_empty() {
        let number = left.swap_remove(random.below(left.len()));
        let content = format!("{name} has written this into {number}");
        let file = folder.join(format!("{number}.{name}.new"));
        let mut new = fs::File::create(&file).unwrap();
        new.write_all(content.as_bytes()).unwrap();
        // The disk sets the pace: several runs go by meanwhile.
        new.sync_all().unwrap();
        let mut last = last.lock().unwrap();
        fs::rename(file, folder.join(number.to_string())).unwrap();
        last.insert(number, content);
    }
}

/// What is written into a file that a run is about to replace, or has just listed, is kept: whoever wrote last, at least.
#[test]
fn what_was_written_last_is_kept_where_both_sides_write() {
    let home = Home::default();
    (0..CONTESTED).for_each(|number| home.write(&format!("one/{number}"), "as it was"));
    home.check::<&str>(&[], 0, "copied");
    let (last, writing) = (Mutex::default(), AtomicUsize::new(2));
    thread::scope(|scope| {
        for (folder, name, seed) in [("one", "one", 1), ("two", "the other", 2)] {
            let (folder, last, writing) = (home.at(folder), &last, &writing);
            scope.spawn(move || {
                replace_each(&folder, name, seed, last);
                writing.fetch_sub(1, Ordering::Relaxed);
            });
        }
        while writing.load(Ordering::Relaxed) > 0 {
            let ended = home.run(&["--force"]);
            assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.all());
        }
    });
    run_to_success(&home);
    home.check_in_step();
    let tree = home.tree();
    assert!(tree.keys().all(|path| !path.contains(".bisync-")), "a temporary file is left");
    let contents: BTreeSet<&[u8]> = contents(&tree).into_iter().collect();
    let lost = |content: &&String| !contents.contains(content.as_bytes());
    let last = last.into_inner().unwrap();
    assert_eq!(last.values().filter(lost).collect::<Vec<_>>(), Vec::<&String>::new());
}
