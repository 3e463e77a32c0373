//! Several machines that share a pair: what one of them knew, the next one knows; what only looks like the folder that it knew
//! is none.
//!
//! A machine is a state of its own, the directory `work`. `BISYNC_MACHINE_SEEDS=1000` tries more kills.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bisync_engine::side::Side;
use bisync_tests::real::edits::folder;
use bisync_tests::real::folders::{copy_tree, difference, files};
use bisync_tests::real::home::Home;
use bisync_tests::real::program;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

use super::breaking_off::{
    HERE, both_sides, check, check_nothing_is_half_done, edits, first_edits, kill_after, run_to_success, side,
};

/// So many are tried.
const CASES: u64 = 6;

/// A home whose folders were brought in step by a machine, which then went away.
fn shared() -> Home {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2"), ("two/c", "3")]);
    home.check(&["--remote-lock"], 0, "3 copied");
    leave(&home, "first");
    home
}

/// Another machine is next; this one may come back.
fn leave(home: &Home, name: &str) {
    fs::rename(home.at("work"), home.at(name)).unwrap();
}

/// Returns the names of what machines share about a folder.
fn shared_names(home: &Home, folder: &str) -> Vec<String> {
    let names = fs::read_dir(home.at(folder).join(".bisync")).unwrap();
    let mut names: Vec<String> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_next_machine_goes_on() {
    let home = shared();
    fs::remove_file(home.at("one/a")).unwrap();
    home.check(&["--remote-lock", "--dry-run"], 0, "1 deleted");
    assert!(!home.at("work").exists(), "a dry run keeps nothing");
    home.check(&["--remote-lock"], 0, "1 deleted");
    leave(&home, "second");
    // The first one learns what happened meanwhile.
    fs::rename(home.at("first"), home.at("work")).unwrap();
    fs::remove_file(home.at("two/b")).unwrap();
    home.write("one/a", "again");
    home.check(&["--remote-lock"], 0, "1 copied, 1 deleted");
    assert_eq!(home.read("two/a").as_deref(), Some("again"));
    // Of all states the last one is kept: a mark on one side, a mark and two listings on the other.
    assert_eq!((shared_names(&home, "one").len(), shared_names(&home, "two").len()), (1, 3));
    let known = shared_names(&home, "two");
    home.check(&["--remote-lock"], 0, "nothing to do");
    assert_eq!(shared_names(&home, "two"), known, "a run without changes writes no state");
}

#[test]
fn a_copy_of_a_folder_is_another_folder() {
    let home = shared();
    // As somebody would who sets up a new machine, and is interrupted.
    let copied = Command::new("cp").arg("-a").arg(home.at("one")).arg(home.at("copy")).status().unwrap();
    assert!(copied.success());
    fs::remove_file(home.at("copy/a")).unwrap();
    fs::rename(home.at("one"), home.at("original")).unwrap();
    fs::rename(home.at("copy"), home.at("one")).unwrap();
    // Neither another machine nor the one that knew the original takes it for that, whatever it may go on from.
    for machine in ["first", "second"] {
        if machine == "first" {
            fs::rename(home.at(machine), home.at("work")).unwrap();
        }
        fs::remove_file(home.at("one/a")).unwrap_or_default();
        fs::remove_dir_all(home.at("one/.bisync")).unwrap();
        copy_tree(&home.at("original/.bisync"), &home.at("one/.bisync"));
        home.check(&["--remote-lock", "--recover"], 0, "1 copied");
        assert_eq!(home.read("one/a").as_deref(), Some("1"), "what the copy lacks was not deleted");
        assert_eq!(home.read("two/a").as_deref(), Some("1"));
        leave(&home, machine);
    }
    // The original goes on where it was.
    fs::rename(home.at("one"), home.at("copy")).unwrap();
    fs::rename(home.at("original"), home.at("one")).unwrap();
    fs::remove_file(home.at("one/b")).unwrap();
    home.check(&["--remote-lock"], 0, "1 deleted");
}

#[test]
fn the_same_folders_in_another_order_end_what_was_known() {
    let home = Home::with(&[("one/a", "1"), ("one/b", "2")]);
    home.check(&["--remote-lock"], 0, "2 copied");
    let mut command = program::command(&program::bisync(), &home.at(""));
    fs::rename(home.at("one/a"), home.at("trash")).unwrap();
    fs::remove_file(home.at("two/a")).unwrap();
    let swapped = ["two", "one", "--workdir=other", "--remote-lock"];
    let ended = program::wait(program::start(command.args(swapped)), "bisync");
    assert_eq!(ended.code, Some(0));
    // It comes back from the trash as it was: the first machine would take it for what it knew, and delete it.
    fs::rename(home.at("trash"), home.at("one/a")).unwrap();
    home.check(&["--remote-lock"], 0, "1 copied");
    assert_eq!(home.read("two/a").as_deref(), Some("1"));
}

#[test]
fn what_a_critical_error_locked_out_stays_so() {
    let home = shared();
    fs::rename(home.at("first"), home.at("work")).unwrap();
    for side in Side::BOTH {
        let listing = home.at(format!("work/one..two.path{}.lst", side as usize + 1));
        fs::rename(&listing, listing.with_extension("lst-err")).unwrap();
    }
    home.check(&["--remote-lock", "--lockout"], 7, "--resync");
    home.check(&["--remote-lock", "--lockout", "--resync"], 0, "nothing to do");
}

#[test]
fn a_run_that_only_checks_changes_nothing() {
    let home = shared();
    let before = files(&home.tree());
    home.check(&["--remote-lock", "--check-sync=only"], 0, "say the same");
    let differences = difference("before", &before, "after", &files(&home.tree()));
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn a_run_that_was_cut_off_shares_what_it_did() {
    let home = shared();
    home.write("one/large", &"x".repeat(1 << 20));
    let slow = ["--remote-lock", "--max-duration=1s", "--bwlimit=100k", "--cutoff-mode=HARD"];
    home.write("one/new", "4");
    home.check(&slow, 10, "");
    assert_eq!(shared_names(&home, "two").len(), 3, "no lock is left");
    leave(&home, "second");
    fs::remove_file(home.at("one/b")).unwrap();
    home.check(&["--remote-lock"], 0, "1 deleted");
}

#[test]
fn a_folder_that_was_put_back_deletes_nothing() {
    let home = shared();
    let snapshot = home.at("snapshot");
    copy_tree(&home.at("one"), &snapshot);
    home.write("one/new", "4");
    fs::rename(home.at("first"), home.at("work")).unwrap();
    home.check(&["--remote-lock"], 0, "1 copied");
    // The folder itself is the same, what is in it is older.
    fs::remove_file(home.at("one/new")).unwrap();
    fs::remove_dir_all(home.at("one/.bisync")).unwrap();
    copy_tree(&snapshot.join(".bisync"), &home.at("one/.bisync"));
    home.check(&["--remote-lock"], 0, "not as the last shared run left them");
    assert_eq!(home.read("one/new").as_deref(), Some("4"));
}

#[test]
fn what_machines_share_is_never_carried_over() {
    let home = shared();
    home.write("one/d/.bisync/x", "1");
    home.write("three/y", "5");
    home.check(&[] as &[&str], 0, "nothing to do");
    assert!(!home.at("two/d").exists() && !home.at("two/d/.bisync").exists());
    let mut command = program::command(&program::bisync(), &home.at(""));
    let ended = program::wait(program::start(command.args(["one", "three", "--workdir=other"])), "bisync");
    assert_eq!(ended.code, Some(0));
    assert!(home.at("three/a").exists() && !home.at("three/.bisync").exists());
}

#[test]
fn a_run_without_the_flag_is_told() {
    let home = shared();
    fs::rename(home.at("first"), home.at("work")).unwrap();
    home.check(&[] as &[&str], 0, "which this run does without");
    let dry = home.check(&["--dry-run"], 0, "Nothing was changed");
    assert!(!dry.all().contains("does without"), "{}", dry.all());
}

#[test]
fn where_nothing_can_be_kept_nothing_is_run() {
    let home = Home::with(&[("one/a", "1"), ("two/.bisync", "somebody's")]);
    let ended = home.check(&["--remote-lock"], 1, "`.bisync` on Path2 cannot be used for --remote-lock");
    assert!(!home.at("two/a").exists(), "{}", ended.all());
    assert!(shared_names(&home, "one").is_empty(), "the lock on the other side is given up");
}

#[test]
fn machines_that_are_killed_lose_nothing() {
    for seed in seeds("BISYNC_MACHINE_SEEDS", CASES) {
        println!("seed {seed}");
        let home = tempfile::tempdir().unwrap();
        let mut random = Random::new(seed);
        let (killed, whole) = (home.path().join("killed"), home.path().join("whole"));
        for folder in Side::BOTH.map(folder) {
            fs::create_dir_all(killed.join(folder)).unwrap();
        }
        share(&killed);
        first_edits(&mut random).iter().for_each(|edit| edit.apply(&killed));
        if !random.once_in(3) {
            run_to_success(&killed, HERE);
            edits(&mut random).iter().for_each(|edit| edit.apply(&killed));
        }
        let known = both_sides(&killed);
        // It knows what the other machines know.
        copy_tree(&killed, &whole);
        for folder in Side::BOTH.map(folder) {
            let _ = fs::remove_dir_all(whole.join(folder).join(".bisync"));
        }
        fs::remove_dir_all(whole.join("config")).unwrap();
        let begin = Instant::now();
        run_to_success(&whole, HERE);
        let run_time = begin.elapsed();
        for _ in 0..2 + random.below(2) {
            take_turns(&killed, random.below(3));
            let share = u32::try_from(random.below(130)).unwrap();
            kill_after(&killed, HERE, run_time * share / 100);
            check_nothing_is_half_done(&known, &both_sides(&killed), &side(&whole, Side::One));
        }
        take_turns(&killed, random.below(3));
        run_to_success(&killed, HERE);
        // What a run left half written is known to the machine that it ran on alone.
        for machine in 0..3 {
            take_turns(&killed, machine);
            run_to_success(&killed, HERE);
        }
        check(&killed, &whole, true);
    }
}

/// Lets all runs of a home share their state.
fn share(home: &Path) {
    fs::create_dir_all(home.join("config/bisync")).unwrap();
    fs::write(home.join("config/bisync/config.toml"), "[defaults]\nremote-lock = true\n").unwrap();
}

/// Puts the state of this machine where runs look for it. Which one is there now is written down beside it.
fn take_turns(home: &Path, machine: usize) {
    let now = fs::read_to_string(home.join("machine")).unwrap_or_else(|_| "0".to_owned());
    let away = home.join(format!("work{now}"));
    for (from, to) in [(home.join("work"), away), (home.join(format!("work{machine}")), home.join("work"))] {
        if from.exists() {
            fs::rename(from, to).unwrap();
        }
    }
    fs::write(home.join("machine"), machine.to_string()).unwrap();
}
