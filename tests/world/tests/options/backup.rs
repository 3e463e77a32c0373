//! Options of the group "Backups".

use bisync_engine::side::Side;
use bisync_world::scenario::after;

const TWO: &str = "1 write a.txt A\n 1 write b B";

/// Deletes on Path1 and edits on Path2, and returns what each side's backup directory holds then.
fn kept(options: &str) -> [String; 2] {
    let (world, run) = after(TWO, "1 delete b\n 2 write a.txt A2", options);
    assert_eq!(run.outcome.exit_code, 0, "{:?}", run.outcome);
    Side::BOTH.map(|side| {
        let kept = world.backups[side].iter().map(|(path, content)| format!("{path}={content}"));
        kept.collect::<Vec<_>>().join(" ")
    })
}

#[test]
fn backup_dir() {
    assert_eq!(kept(""), ["", ""]);
    assert_eq!(kept("--backup-dir=/old"), ["a.txt=A", "b=B"]);
}

#[test]
fn backup_dir1() {
    assert_eq!(kept("--backup-dir1=/old"), ["a.txt=A", ""]);
}

#[test]
fn backup_dir2() {
    assert_eq!(kept("--backup-dir2=/old"), ["", "b=B"]);
}

#[test]
fn suffix() {
    assert_eq!(kept("--backup-dir=/old --suffix=.bak"), ["a.txt.bak=A", "b.bak=B"]);
    assert_eq!(kept("--backup-dir=/old --suffix=.bak --suffix-keep-extension"), ["a.bak.txt=A", "b.bak=B"]);
}
