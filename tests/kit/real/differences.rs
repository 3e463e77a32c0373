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
    /// Every version has a size of its own and nothing is just touched: rclone takes the size of a version whose size did
    /// not change for 0 when it looks for the larger or the smaller.
    pub equal_sizes: bool,
    /// A name keeps to one class of sizes: rclone takes a file that outgrew `--max-size` for deleted, and deletes the other.
    pub changing_size_class: bool,
}

impl Avoided {
    /// Returns what edits have to leave out with these flags.
    pub fn with(flags: &Flags) -> Self {
        Self {
            renames: flags.has("--backup-dir") || flags.has("--max-delete"),
            equal_sizes: flags.ends("larger") || flags.ends("smaller"),
            changing_size_class: flags.has_size_limits(),
        }
    }
}

/// Says why a difference between the two programs after a run is meant to be; `None` when it is not.
///
/// `before` are the sides before the run, the same for both.
pub fn excuse(flags: &Flags, before: &Pair<Tree>, rclone: &Ended) -> Option<&'static str> {
    let log = rclone.all();
    if flags.has("--conflict-loser=pathname") && overwrites(before, &log) {
        return Some("rclone overwrites a file that has the loser's name already; bisync chooses another name");
    }
    None
}

/// Says whether rclone renamed a loser to a name that was taken.
fn overwrites(before: &Pair<Tree>, log: &str) -> bool {
    let target = |line: &str| {
        let (_, rest) = line.split_once("Renaming Path")?;
        let (_, path) = rest.split_once(" copy")?;
        let path = path.split_once(" - ")?.1.trim();
        path.rsplit_once("one/").or_else(|| path.rsplit_once("two/")).map(|(_, path)| path.to_owned())
    };
    let mut targets = log.lines().filter_map(target);
    targets.any(|target| Side::BOTH.iter().any(|side| before[*side].contains_key(&target)))
}
