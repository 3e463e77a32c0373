//! Processes that others have started.

use std::fs;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

/// Kills a process and all that it started, and waits for its end. Servers whose listener alone is killed go on serving.
///
/// # Panics
/// When the processes of this machine cannot be listed.
pub fn kill_with_descendants(child: &mut Child) {
    let root = Pid::from_child(child);
    // What stands still starts nothing more.
    let _ = kill_process(root, Signal::STOP);
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        let started = children(process);
        for process in &started {
            let _ = kill_process(*process, Signal::STOP);
        }
        found.extend(started);
        next += 1;
    }
    for process in found.into_iter().rev() {
        let _ = kill_process(process, Signal::KILL);
    }
    let _ = child.wait();
}

/// Returns what a process has started and what still runs.
fn children(parent: Pid) -> Vec<Pid> {
    let is_child = |process: &fs::DirEntry| {
        let status = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name of the program, in parentheses, may hold anything; then come its state and its parent.
        let parent_of = status.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent_of == Some(parent.as_raw_nonzero().get())
    };
    let processes = fs::read_dir("/proc").unwrap().map_while(Result::ok).filter(is_child);
    processes.filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?)).collect()
}

/// Returns the command lines of a process and of all that it has started, as anybody can see them just now.
///
/// # Panics
/// When the processes of this machine cannot be listed.
pub fn command_lines(process: u32) -> Vec<String> {
    let root = i32::try_from(process).ok().and_then(Pid::from_raw);
    let mut found: Vec<_> = root.into_iter().collect();
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        found.extend(children(process));
        next += 1;
    }
    let line = |process: Pid| fs::read(format!("/proc/{}/cmdline", process.as_raw_nonzero())).ok();
    let text = |line: Vec<u8>| String::from_utf8_lossy(&line).replace('\0', " ");
    found.into_iter().filter_map(line).map(text).collect()
}
