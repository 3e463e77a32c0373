//! Where `bisync` deliberately does something else than `rclone bisync`: the one list of what random cases avoid, and of
//! what a comparison excuses. Each names the difference; `docs/rclone-differences.md` gives the reasons.

use bisync_engine::side::{Pair, Side};

use super::flags::Flags;
use super::folders::Tree;
use super::program::Ended;

/// What random edits leave out.
///
/// Avoided everywhere, because rclone cannot be compared there: a file in the place of a directory or the reverse (rclone
/// stops, 7, and not even `--resync` mends it); a new time less than a second before the listed one (rclone keeps the listed
/// one); `--remove-empty-dirs` with filters (rclone fails, 7, on a directory that holds only excluded files); an empty side
/// with `--force` (rclone stops, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avoided {
    /// Nothing is renamed: rclone counts a rename as a delete for `--max-delete`, and puts the old name into the backup
    /// directory, where bisync moves the file.
    pub renames: bool,
    /// No version has the size of another, and no time alone is changed. For `larger` and `smaller`: rclone takes the size of
    /// a version whose size did not change for 0, and lets Path2's time win where the sizes are equal. For backups: bisync
    /// copies, and backs up, what rclone only touches.
    pub equal_sizes: bool,
    /// A name keeps to one class of sizes: rclone takes a file that outgrew `--max-size` for deleted, and deletes the other.
    pub changing_size_class: bool,
}

impl Avoided {
    /// Returns what edits have to leave out with these flags.
    pub fn with(flags: &Flags) -> Self {
        Self {
            renames: flags.has("--backup-dir") || flags.has("--max-delete"),
            equal_sizes: flags.ends("larger") || flags.ends("smaller") || flags.has("--backup-dir"),
            changing_size_class: flags.has_size_limits(),
        }
    }
}

/// What is known after a run that differed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What both were given.
    pub flags: &'a Flags,
    /// The sides before the run, the same for both programs.
    pub before: &'a Pair<Tree>,
    /// The sides as bisync left them.
    pub bisync_after: &'a Pair<Tree>,
    /// What rclone said.
    pub rclone: &'a Ended,
    /// What bisync said.
    pub bisync: &'a Ended,
}

impl Facts<'_> {
    /// Says why the difference is meant to be; `None` when it is not.
    pub fn excuse(&self) -> Option<&'static str> {
        if !self.flags.compares_times() && self.bisync.all().contains(": moved to `") {
            return Some(
                "without times, bisync takes a new file of the same content for a move, and moves the old time",
            );
        }
        if self.flags.has("--conflict-loser=pathname") && self.rclone_overwrites() {
            return Some("rclone overwrites a file that has the loser's name already; bisync chooses another name");
        }
        None
    }

    /// Says whether rclone renamed a loser to a name that was taken.
    fn rclone_overwrites(&self) -> bool {
        let target = |line: &str| {
            let (_, rest) = line.split_once("Renaming Path")?;
            let (_, path) = rest.split_once(" copy")?;
            let path = path.split_once(" - ")?.1.trim();
            path.split_once('/').map(|(_, path)| path.to_owned())
        };
        let log = self.rclone.all();
        let mut targets = log.lines().filter_map(target);
        targets.any(|target| Side::BOTH.iter().any(|side| self.before[*side].contains_key(&target)))
    }
}

/// Says whether rclone's listings are right only after a run more.
pub fn needs_another_run(flags: &Flags, rclone: &Ended) -> bool {
    let log = rclone.all();
    // When Path2 wins a conflict, rclone leaves the winner out of both listings, finds it new on both sides the next time,
    // and then lists it.
    let forgets_winner = log.contains("The winner is: Path2");
    // The same befalls a directory that was deleted on one side while something new came into it on the other.
    let forgets_directory = flags.has("--create-empty-src-dirs") && log.contains(": Removing directory");
    (forgets_winner || forgets_directory) && !log.contains("as --dry-run is set")
}
