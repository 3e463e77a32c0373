//! Where `bisync` deliberately does something else than `rclone bisync`: the one list of what random cases avoid, and of
//! what a comparison excuses. Each names the difference; `docs/rclone-differences.md` gives the reasons.

use bisync_engine::side::{Pair, Side};

use super::flags::Flags;
use super::folders::{Listing, Tree};
use super::program::Ended;

/// What random edits leave out.
///
/// Avoided everywhere, because rclone cannot be compared there: a file in the place of a directory or the reverse (rclone
/// stops, 7, and not even `--resync` mends it); links with backup
/// directories (rclone fails to move a followed one there, and keeps others as links); a new time less than a second before the listed one (rclone keeps the listed
/// one); `--remove-empty-dirs` with filters (rclone fails, 7, on a directory that holds only excluded files); an empty side
/// with `--force` (rclone stops, 7); `--copy-dest` (rclone knows no server-side copy between local folders, 7); one name in two Unicode forms (rclone says "out of sync", 7, when such a file is deleted).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avoided {
    /// Nothing is renamed: rclone counts a rename as a delete for `--max-delete`, and puts the old name into the backup
    /// directory, where bisync moves the file.
    pub renames: bool,
    /// No version has the size of another, and no time alone is changed. For `larger` and `smaller`: rclone takes the size of
    /// a version whose size did not change for 0, and lets Path2's time win where the sizes are equal. For backups: bisync
    /// copies, and backs up, what rclone only touches. For `--compare-dest`: rclone takes a file of another time for the
    /// reference when the contents are the same.
    pub equal_sizes: bool,
    /// No directory is deleted or renamed: with `--create-empty-src-dirs` and filters, rclone makes one anew that was deleted
    /// while the other side's holds files that are left out; bisync leaves each side as it is.
    pub directories: bool,
    /// A name keeps to one class of sizes and ages: rclone takes a file that outgrew `--max-size`, or is no longer older than
    /// `--min-age`, for deleted, and deletes the other.
    pub changing_class: bool,
}

impl Avoided {
    /// Returns what edits have to leave out with these flags.
    pub fn with(flags: &Flags) -> Self {
        Self {
            renames: flags.has("--backup-dir") || flags.has("--max-delete"),
            equal_sizes: flags.ends("larger")
                || flags.ends("smaller")
                || flags.has("--backup-dir")
                || flags.has("--compare-dest"),
            directories: flags.has("--create-empty-src-dirs") && flags.has_rules(),
            changing_class: flags.has_size_limits() || flags.has_age_limits(),
        }
    }
}

/// What is known after a run that differed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What both were given in all runs.
    pub flags: &'a Flags,
    /// How rclone writes both folders.
    pub roots: &'a Pair<String>,
    /// Whether this run was to start anew.
    pub starts_anew: bool,
    /// The sides before the run, the same for both programs.
    pub before: &'a Pair<Tree>,
    /// rclone's listings before the run.
    pub listed: &'a Pair<Option<Listing>>,
    /// Whether the listings differ only where rclone's has the other side's version, which is not what is there.
    pub lists_other_side: bool,
    /// Whether rclone's listings differ only in that they have more directories.
    pub lists_more_directories: bool,
    /// What rclone said.
    pub rclone: &'a Ended,
    /// What bisync said.
    pub bisync: &'a Ended,
}

impl Facts<'_> {
    /// Says why the difference is meant to be; `None` when it is not.
    pub fn excuse(&self) -> Option<&'static str> {
        let said = self.bisync.all();
        let moved = said.contains(": moved to `") || said.contains(": move to `");
        if moved && self.rclone.all().contains("all files were changed") {
            return Some("to rclone, moved files are changed ones, and that all were changed stops it");
        }
        let was_small = Side::BOTH.iter().all(|side| self.before[*side].len() < 10);
        let is_stopped = said.contains("entries of the last run have changed");
        if was_small && !is_stopped && self.rclone.all().contains("all files were changed") {
            return Some("rclone stops a pair of which all files changed, however few they are");
        }
        if moved && !self.flags.compares_times() {
            return Some(
                "without times, bisync takes a new file of the same content for a move, and moves the old time",
            );
        }
        let losers = self.losers();
        let is_there = |path: &String| Side::BOTH.iter().any(|side| self.before[*side].contains_key(path));
        if self.flags.has("--conflict-loser=pathname") && losers.iter().any(is_there) {
            return Some("rclone overwrites a file that has the loser's name already; bisync chooses another name");
        }
        if losers.iter().any(|path| self.was_listed(path)) {
            return Some(
                "rclone lists the wrong version of a loser whose new name was that of a file deleted since the last run",
            );
        }
        if self.flags.has_rules() && self.counts_hidden_files() {
            return Some(
                "rclone lists a loser whose new name the filters hide, and counts it as deleted in the next run",
            );
        }
        if self.rclone.all().contains("hash unexpectedly blank") {
            return Some(
                "rclone lists some new files without their hash, with a warning, when directories are listed too",
            );
        }
        if self.rclone.all().contains("immutable file modified") || said.contains("(--immutable)") {
            return Some("rclone stops at the first file that --immutable keeps, even where only times differ");
        }
        if self.flags.has("--ignore-existing") && self.rclone.all().contains("are out of sync") {
            return Some("rclone leaves times alone with --ignore-existing, and then calls the sides out of sync");
        }
        if self.flags.has("--ignore-existing") && said.contains(": set the time on") {
            return Some("rclone leaves times alone with --ignore-existing");
        }
        if self.rclone.all().contains("at least one modtime is missing") && self.flags.has("--modify-window") {
            return Some("rclone knows no time of a file whose time changed by less than --modify-window");
        }
        if self.starts_anew && self.lists_other_side && self.flags.has("--modify-window") {
            return Some(
                "a --resync of rclone's lists the time of Path1 for both files that --modify-window makes the same",
            );
        }
        let by_time = self.flags.ends("newer") || self.flags.ends("older");
        if self.starts_anew && by_time && self.flags.has("--modify-window") {
            return Some("within --modify-window, newer and older find no winner in rclone; bisync looks at the times");
        }
        if self.lists_more_directories && self.flags.has("--create-empty-src-dirs") && self.flags.has("--max-depth") {
            return Some("rclone lists the directories at --max-depth, into which neither looks");
        }
        if self.starts_anew && self.flags.has("--ignore-size") && self.flags.has("--modify-window") {
            return Some(
                "a --resync of rclone's leaves files of different sizes alone with --ignore-size and --modify-window",
            );
        }
        let shows = self.flags.has("--backup-dir") || self.flags.has("--copy-links");
        if self.starts_anew && self.flags.has("--ignore-times") && shows {
            return Some(
                "with --ignore-times, a --resync of rclone's copies back what it has just copied: over links, and into backups",
            );
        }
        if said.contains("(--ignore-existing)") {
            return Some("rclone replaces files with --ignore-existing in a --resync and in conflicts");
        }
        if said.contains(": not copied: `reference` holds it") {
            return Some("rclone lists what --compare-dest leaves out as if it were on both sides");
        }
        if self.flags.has("--compare-dest") && self.rclone.all().contains("panic: runtime error") {
            return Some("rclone crashes in a conflict with --compare-dest");
        }
        let shares_content = ["it changed while it was read", "it has changed in the meantime"];
        if self.flags.has("--copy-links") && shares_content.iter().any(|failure| said.contains(failure)) {
            return Some("what the same run changes through a link, bisync leaves to the next run");
        }
        if self.flags.has("--links") && said.contains(".rclonelink: conflict") {
            return Some(
                "the loser of a conflict between links is a file for bisync, and a link of a new name for rclone",
            );
        }
        if self.flags.has("--resilient") && self.starts_anew && self.rclone.code == Some(7) {
            return Some("rclone gives up its listings when a --resync fails, --resilient or not; bisync keeps them");
        }
        None
    }

    /// Returns the new names that rclone gave to the losers of conflicts.
    fn losers(&self) -> Vec<String> {
        let new_name = |line: &str| {
            let (_, rest) = line.split_once("Renaming Path")?;
            let (_, path) = rest.split_once(" copy")?.1.split_once(" - ")?;
            let path = unquoted(path);
            let below = |root: &String| path.strip_prefix(root.as_str())?.strip_prefix('/').map(str::to_owned);
            below(&self.roots.one).or_else(|| below(&self.roots.two))
        };
        self.rclone.all().lines().filter_map(new_name).collect()
    }

    /// Says whether rclone takes for deleted what is still there.
    fn counts_hidden_files(&self) -> bool {
        let is_there = |line: &str| {
            let (side, path) = line.split_once("File was deleted")?;
            let side = if side.contains("Path1") { Side::One } else { Side::Two };
            Some(self.before[side].contains_key(&unquoted(path.split_once("- ")?.1)))
        };
        self.rclone.all().lines().any(|line| is_there(line) == Some(true))
    }

    fn was_listed(&self, path: &str) -> bool {
        let quoted = path.replace('"', "\\\"");
        Side::BOTH.iter().any(|side| self.listed[*side].as_ref().is_some_and(|listing| listing.contains_key(&quoted)))
    }
}

/// Returns a path as it is; rclone puts some into quotes.
fn unquoted(path: &str) -> String {
    let path = path.trim();
    path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).unwrap_or(path).replace("\\\"", "\"")
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
