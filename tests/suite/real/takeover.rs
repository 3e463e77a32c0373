//! rclone and `bisync` take turns on the same folders and the same listings: neither sees changes where the other left none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bisync_engine::side::{Pair, Side};
use bisync_tests::real::edits::{Edit, Time, folder};
use bisync_tests::real::folders::{Listing, difference, files, read_listing, read_tree};
use bisync_tests::real::program::{self, Ended};
use tempfile::TempDir;

/// Either program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Rclone,
    Bisync,
}

impl Tool {
    fn other(self) -> Self {
        match self {
            Self::Rclone => Self::Bisync,
            Self::Bisync => Self::Rclone,
        }
    }
}

/// Folders that both programs work on.
struct Shared {
    rclone: PathBuf,
    bisync: PathBuf,
    home: TempDir,
    flags: &'static [&'static str],
}

impl Shared {
    fn new(rclone: &Path, flags: &'static [&'static str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in Side::BOTH.map(folder) {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        Self { rclone: rclone.to_owned(), bisync: program::bisync(), home, flags }
    }

    fn edit(&self, edits: &[Edit]) {
        edits.iter().for_each(|edit| edit.apply(self.home.path()));
    }

    fn run(&self, tool: Tool, more: &[&str]) -> Ended {
        let both: [&[&str]; 3] = [&["one", "two", "--workdir=work", "-v"], self.flags, more];
        let ended = match tool {
            Tool::Rclone => {
                let own: &[&str] = &["bisync", "--config=", "--color=NEVER"];
                program::run(&self.rclone, self.home.path(), &[own, &both.concat()].concat())
            }
            Tool::Bisync => {
                program::run(&self.bisync, self.home.path(), &[&["--lockout"], &both.concat()[..]].concat())
            }
        };
        assert_eq!(ended.code, Some(0), "{tool:?} with {:?} and {more:?}:\n{}", self.flags, ended.all());
        ended
    }

    /// Runs a tool that must not find anything to do, and must leave the listings as they are.
    fn check_finds_nothing(&self, tool: Tool) {
        let before = self.listings();
        let ended = self.run(tool, &[]);
        let expected = match tool {
            Tool::Rclone => "No changes found",
            Tool::Bisync => "Path1 and Path2 are in step: nothing to do",
        };
        assert!(ended.all().contains(expected), "{tool:?} with {:?} found changes:\n{}", self.flags, ended.all());
        assert_eq!(self.listings(), before, "{tool:?} with {:?} changed the listings", self.flags);
        self.check_in_step();
    }

    fn check_in_step(&self) {
        // What the filter leaves out is on one side only.
        let [one, two] = Side::BOTH.map(|side| {
            let mut tree = files(&read_tree(&self.home.path().join(folder(side))));
            tree.retain(|path, _| !path.ends_with(".tmp"));
            tree
        });
        let difference = difference("Path1", &one, "Path2", &two);
        assert!(difference.is_empty(), "with {:?}:\n{difference}", self.flags);
    }

    fn listings(&self) -> Pair<Option<Listing>> {
        let listing = |side: &str| read_listing(&self.home.path().join(format!("work/one..two.{side}.lst")));
        Pair::new(listing("path1"), listing("path2"))
    }
}

/// Flags that both are given; the listings depend on them.
const FLAGS: [&[&str]; 6] = [
    &[],
    &["--checksum"],
    &["--compare=size,modtime,checksum"],
    &["--create-empty-src-dirs"],
    &["--size-only"],
    &["--filter=- *.tmp", "--checksum"],
];

fn write(side: Side, path: &str, content: &str, seconds: u64) -> Edit {
    Edit::Write(side, path.into(), content.into(), Time(seconds, 123_456_789))
}

fn first_edits() -> Vec<Edit> {
    let names = [
        "a.txt",
        "d/e f/deep.txt",
        "é ü.md",
        "quo\"te",
        "back\\slash",
        "..dots..",
        "e\u{301}nfd",
        "x.tmp",
        "tab\there",
    ];
    let mut edits: Vec<Edit> =
        names.iter().zip(1_700_000_000..).map(|(name, time)| write(Side::One, name, name, time)).collect();
    edits.push(write(Side::Two, "from two", "2", 1_600_000_000));
    edits.push(write(Side::Two, "before 1970 is not here", "", 1));
    edits.push(Edit::MakeDirectory(Side::One, "empty/deep".into()));
    edits
}

#[test]
fn each_goes_on_where_the_other_stopped() {
    let Some(rclone) = program::rclone() else { return };
    for first in [Tool::Bisync, Tool::Rclone] {
        for flags in FLAGS {
            let shared = Shared::new(&rclone, flags);
            shared.edit(&first_edits());
            shared.run(first, &["--resync"]);
            shared.check_finds_nothing(first.other());
            shared.check_finds_nothing(first);
        }
    }
}

#[test]
fn they_can_take_turns() {
    let Some(rclone) = program::rclone() else { return };
    for flags in FLAGS {
        let shared = Shared::new(&rclone, flags);
        shared.edit(&first_edits());
        shared.run(Tool::Bisync, &["--resync"]);
        for (round, tool) in (1..).zip([Tool::Rclone, Tool::Bisync, Tool::Rclone, Tool::Bisync]) {
            let time = 1_700_000_000 + round * 1000;
            // The length tells the versions apart for `--size-only` too.
            let content = "x".repeat(10 + usize::try_from(round).unwrap());
            shared.edit(&[
                write(Side::One, "a.txt", &content, time),
                write(Side::Two, &format!("new/{round}.txt"), &content, time + 10),
                write(Side::One, "both", &content, time + 20),
                write(Side::Two, "both", &format!("{content}other"), time + 30),
                Edit::Rename(Side::Two, "d".into(), format!("moved {round}")),
                Edit::Rename(Side::Two, format!("moved {}", round - 1), format!("moved {round}")),
                Edit::Delete(Side::One, format!("new/{}.txt", round - 1)),
                Edit::Delete(Side::Two, "empty".into()),
            ]);
            let ended = shared.run(tool, &[]);
            shared.check_in_step();
            assert!(shared.home.path().join(format!("one/moved {round}")).exists(), "{tool:?}: {}", ended.all());
            shared.check_finds_nothing(tool.other());
        }
        let versions: BTreeMap<_, _> = files(&read_tree(&shared.home.path().join("one")))
            .into_iter()
            .filter(|(path, _)| path.starts_with("both.conflict"))
            .collect();
        assert_eq!(versions.len(), 8, "{versions:?}");
    }
}
