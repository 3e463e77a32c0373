//! Others are at work in the folders while the program runs. What they did last is what stays.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bisync_tests::random::Random;
use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};

/// So many runs while others write.
const RUNS: usize = 8;
/// Each who writes has so many files.
const FILES: usize = 40;
/// So many runs may be needed when all is quiet.
const QUIET_RUNS: usize = 3;

/// Writes, appends to, replaces and deletes files whose names begin with `name`, until it is to stop; returns what it left there.
///
/// What it writes is longer every time: a change of the same length within one tick of the file system's clock cannot be seen.
fn keep_writing(folder: &Path, name: &str, seed: u64, stop: &AtomicBool) -> BTreeMap<String, Option<String>> {
    let mut random = Random::new(seed);
    let mut left = BTreeMap::new();
    let mut versions = 0;
    while !stop.load(Ordering::Relaxed) {
        versions += 1;
        let path = format!("d{}/{name}{}", random.below(4), random.below(FILES));
        let file = folder.join(&path);
        let version = format!("{name}{}", "v".repeat(versions));
        let content = match random.below(8) {
            0 => {
                // The program may have removed the directory, or not made it yet.
                let _ = fs::remove_file(&file);
                None
            }
            1..=4 => {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &version).unwrap();
                Some(version)
            }
            _ => {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                let other = folder.join(format!("{path}.new"));
                fs::File::create(&other).unwrap().write_all(version.as_bytes()).unwrap();
                fs::rename(&other, &file).unwrap();
                Some(version)
            }
        };
        left.insert(path, content);
    }
    left
}

fn run_to_success(run: impl Fn() -> Ended) {
    let mut said = String::new();
    for _ in 0..QUIET_RUNS {
        let ended = run();
        if ended.code == Some(0) {
            return;
        }
        said.push_str(&ended.all());
    }
    panic!("no success after {QUIET_RUNS} runs:\n{said}");
}

#[test]
fn what_others_write_during_a_run_is_not_lost() {
    let home = Home::default();
    let stop = AtomicBool::new(false);
    let left = thread::scope(|scope| {
        let writers = [("one", "a", 1), ("two", "b", 2)].map(|(folder, name, seed)| {
            let (folder, stop) = (home.at(folder), &stop);
            scope.spawn(move || keep_writing(&folder, name, seed, stop))
        });
        let ended: Vec<Ended> = (0..RUNS).map(|_| home.run(&["--max-delete=100", "--force"])).collect();
        stop.store(true, Ordering::Relaxed);
        for ended in &ended {
            assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.all());
        }
        writers.map(|writer| writer.join().unwrap())
    });
    run_to_success(|| home.run(&["--max-delete=100", "--force"]));
    home.check_in_step();
    for (path, content) in left.into_iter().flatten() {
        assert_eq!(home.read(&format!("one/{path}")), content, "{path}");
    }
    assert!(home.tree().keys().all(|path| !path.contains(".bisync-")), "a temporary file is left");
}

#[test]
fn pairs_that_share_a_folder_may_run_at_once() {
    let home = Home::with(&[]);
    fs::create_dir(home.at("three")).unwrap();
    for number in 0..60 {
        home.write(&format!("one/d{}/{number}", number % 7), &format!("one {number}"));
        home.write(&format!("two/e{}/{number}", number % 7), &format!("two {number}"));
        home.write(&format!("three/f{}/{number}", number % 7), &format!("three {number}"));
    }
    let pair = |one: &'static str, two: &'static str| {
        let root: PathBuf = home.at("");
        move || program::run(&program::bisync(), &root, &[one, two, "--workdir=work"])
    };
    let (left, right) = (pair("one", "two"), pair("two", "three"));
    thread::scope(|scope| {
        let others = scope.spawn(|| (0..3).map(|_| right()).collect::<Vec<_>>());
        for ended in (0..3).map(|_| left()).collect::<Vec<_>>().into_iter().chain(others.join().unwrap()) {
            assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.all());
        }
    });
    for _ in 0..2 {
        run_to_success(&left);
        run_to_success(&right);
    }
    home.check_in_step();
    for number in 0..60 {
        for (folder, letter) in [("one", 'd'), ("two", 'e'), ("three", 'f')] {
            let path = format!("{letter}{}/{number}", number % 7);
            for there in ["one", "two", "three"] {
                assert_eq!(home.read(&format!("{there}/{path}")), Some(format!("{folder} {number}")), "{there}/{path}");
            }
        }
    }
}
