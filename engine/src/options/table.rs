//! The table of all options.

use super::spec::{Group, Kind, OptionSpec};

/// Which version is preferred, for `--resync-mode` and `--conflict-resolve`.
const PREFERENCES: Kind = Kind::Choice(&["none", "path1", "path2", "newer", "older", "larger", "smaller"]);

/// All options, by group. Names and meaning are those of rclone's bisync unless `docs/rclone-differences.md` says otherwise.
pub const OPTIONS: &[OptionSpec] = &[
    // Running.
    OptionSpec::flag(
        "resync",
        Group::Run,
        "Start over: copy missing files in both directions; Path1 wins where files differ",
    )
    .short('1'),
    OptionSpec::new("resync-mode", PREFERENCES, Group::Run, "Start over; this version wins where files differ")
        .default("none"),
    OptionSpec::flag("dry-run", Group::Run, "Show what a run would do, and change nothing").short('n'),
    OptionSpec::new("plan-out", Kind::Text, Group::Run, "Change nothing; write the plan to a file for `bisync apply`")
        .value_name("FILE")
        .host(),
    OptionSpec::new(
        "explain",
        Kind::List,
        Group::Run,
        "Change nothing; show what is known about a path, and what a run would do",
    )
    .value_name("PATH"),
    OptionSpec::flag("interactive", Group::Run, "Ask before each change").short('i').host(),
    OptionSpec::flag("watch", Group::Run, "Keep running: run again when something changes in a local folder").host(),
    OptionSpec::new(
        "watch-interval",
        Kind::Duration,
        Group::Run,
        "With --watch, run again after this time in any case",
    )
    .default("5m")
    .host(),
    OptionSpec::new(
        "defaults-file",
        Kind::Text,
        Group::Run,
        "Read defaults and pairs from this file (empty: read none)",
    )
    .value_name("FILE")
    .host(),
    OptionSpec::flag("help", Group::Run, "Show this help").short('h').host(),
    OptionSpec::flag("version", Group::Run, "Show the version").short('V').host(),
    // Telling versions apart.
    OptionSpec::new(
        "compare",
        Kind::Words(&["size", "modtime", "checksum"]),
        Group::Compare,
        "What tells versions apart; overrides --checksum, --size-only and --ignore-size (without them: size,modtime)",
    ),
    OptionSpec::flag("checksum", Group::Compare, "Tell versions apart by size and checksum").short('c'),
    OptionSpec::flag("size-only", Group::Compare, "Tell versions apart by size alone"),
    OptionSpec::flag("ignore-size", Group::Compare, "Do not tell versions apart by size"),
    OptionSpec::new(
        "modify-window",
        Kind::Duration,
        Group::Compare,
        "Times that differ by less than this count as equal",
    )
    .default("1ns"),
    OptionSpec::flag("ignore-listing-checksum", Group::Compare, "Keep no checksums in the listings"),
    OptionSpec::flag(
        "no-slow-hash",
        Group::Compare,
        "Do not use checksums on a side that must read whole files to compute them",
    ),
    OptionSpec::flag(
        "slow-hash-sync-only",
        Group::Compare,
        "Use slow checksums only to compare both sides, not to detect changes",
    ),
    OptionSpec::flag("download-hash", Group::Compare, "Read files to compute checksums where a side offers none"),
    // Conflicts.
    OptionSpec::new(
        "conflict-resolve",
        PREFERENCES,
        Group::Conflicts,
        "Which version wins when both sides changed a file",
    )
    .default("none"),
    OptionSpec::new(
        "conflict-loser",
        Kind::Choice(&["num", "pathname", "delete"]),
        Group::Conflicts,
        "What happens to the other version: renamed with a number, renamed after its side, or deleted",
    )
    .default("num"),
    OptionSpec::new(
        "conflict-suffix",
        Kind::Text,
        Group::Conflicts,
        "Suffix of a renamed loser; two, separated by a comma, for Path1 and Path2; may contain dates: {DateOnly}",
    )
    .default("conflict")
    .value_name("TEXT[,TEXT]"),
    OptionSpec::flag("suffix-keep-extension", Group::Conflicts, "Put suffixes before the extension: a.conflict1.txt"),
    // Directories and names.
    OptionSpec::flag(
        "create-empty-src-dirs",
        Group::Names,
        "Synchronise directories too: create and remove empty ones on the other side",
    ),
    OptionSpec::flag("remove-empty-dirs", Group::Names, "Remove all empty directories on both sides at the end"),
    OptionSpec::flag("ignore-case-sync", Group::Names, "Treat names that differ only by case as the same"),
    OptionSpec::flag(
        "fix-case",
        Group::Names,
        "Rename files on Path2 whose names differ only by case from those on Path1",
    ),
    OptionSpec::flag(
        "no-unicode-normalization",
        Group::Names,
        "Treat names that differ only by Unicode form as different",
    ),
    OptionSpec::flag(
        "links",
        Group::Names,
        "Synchronise symbolic links; filters and listings see them as files ending in .rclonelink",
    )
    .short('l'),
    OptionSpec::flag("copy-links", Group::Names, "Follow symbolic links, and synchronise what they point to")
        .short('L'),
    OptionSpec::flag("skip-links", Group::Names, "Skip symbolic links without a notice"),
    // Choosing files.
    OptionSpec::new(
        "filters-file",
        Kind::File,
        Group::Filter,
        "Rules to include (+) and exclude (-), before --filter-from",
    ),
    OptionSpec::new(
        "filter",
        Kind::List,
        Group::Filter,
        "A rule: + PATTERN includes, - PATTERN excludes, ! discards all rules before it",
    )
    .short('f')
    .value_name("RULE"),
    OptionSpec::new("filter-from", Kind::Files, Group::Filter, "Read rules from a file"),
    OptionSpec::new("include", Kind::List, Group::Filter, "Include only files that match").value_name("PATTERN"),
    OptionSpec::new("include-from", Kind::Files, Group::Filter, "Read --include patterns from a file"),
    OptionSpec::new("exclude", Kind::List, Group::Filter, "Exclude files that match").value_name("PATTERN"),
    OptionSpec::new("exclude-from", Kind::Files, Group::Filter, "Read --exclude patterns from a file"),
    OptionSpec::flag("ignore-case", Group::Filter, "Ignore case when matching patterns"),
    OptionSpec::new(
        "files-from",
        Kind::Files,
        Group::Filter,
        "Synchronise only the files listed in a file; no other rules apply",
    ),
    OptionSpec::new("files-from-raw", Kind::Files, Group::Filter, "Like --files-from, but take every line literally"),
    OptionSpec::new(
        "exclude-if-present",
        Kind::List,
        Group::Filter,
        "Exclude directories that contain a file of this name",
    )
    .value_name("NAME"),
    OptionSpec::new("min-size", Kind::Size, Group::Filter, "Exclude files smaller than this").default("off"),
    OptionSpec::new("max-size", Kind::Size, Group::Filter, "Exclude files larger than this").default("off"),
    OptionSpec::new("min-age", Kind::Age, Group::Filter, "Exclude files modified later than this").default("off"),
    OptionSpec::new("max-age", Kind::Age, Group::Filter, "Exclude files modified earlier than this").default("off"),
    OptionSpec::new(
        "max-depth",
        Kind::Number,
        Group::Filter,
        "Number of directory levels to descend; 1: only the top, -1: all",
    )
    .default("-1"),
    OptionSpec::flag("delete-excluded", Group::Filter, "Ignored with a notice: excluded files are never deleted"),
    OptionSpec::new(
        "hash-filter",
        Kind::Partition,
        Group::Filter,
        "Include only share K of N equal shares of all files; @/N: a random share",
    ),
    OptionSpec::new(
        "metadata-include",
        Kind::List,
        Group::Filter,
        "Include only files with metadata KEY=VALUE that matches",
    )
    .value_name("PATTERN"),
    OptionSpec::new(
        "metadata-include-from",
        Kind::Files,
        Group::Filter,
        "Read --metadata-include patterns from a file",
    ),
    OptionSpec::new("metadata-exclude", Kind::List, Group::Filter, "Exclude files with metadata that matches")
        .value_name("PATTERN"),
    OptionSpec::new(
        "metadata-exclude-from",
        Kind::Files,
        Group::Filter,
        "Read --metadata-exclude patterns from a file",
    ),
    OptionSpec::new("metadata-filter", Kind::List, Group::Filter, "A rule for metadata: + PATTERN, - PATTERN or !")
        .value_name("RULE"),
    OptionSpec::new("metadata-filter-from", Kind::Files, Group::Filter, "Read rules for metadata from a file"),
    OptionSpec::flag("one-file-system", Group::Filter, "Exclude directories on other file systems").short('x').host(),
    // Safety.
    OptionSpec::new(
        "max-delete",
        Kind::Percentage,
        Group::Safety,
        "Stop when more than this percentage of a side's files was deleted",
    )
    .default("50"),
    OptionSpec::flag(
        "force",
        Group::Safety,
        "Continue although too many files were deleted, all changed, or a side is empty",
    ),
    OptionSpec::flag("other-disk", Group::Safety, "Continue although a side is on another disk than in the last run")
        .host(),
    OptionSpec::flag("check-access", Group::Safety, "Stop unless both sides have the check files in the same places"),
    OptionSpec::new("check-filename", Kind::Text, Group::Safety, "Name of the files for --check-access")
        .default("RCLONE_TEST")
        .value_name("NAME"),
    OptionSpec::new(
        "check-sync",
        Kind::Choice(&["true", "false", "only"]),
        Group::Safety,
        "Check at the end that both listings agree; only: check, and do nothing else",
    )
    .default("true"),
    // State and recovery.
    OptionSpec::new(
        "workdir",
        Kind::Text,
        Group::Recovery,
        "Directory of the listings (otherwise ~/.local/state/bisync)",
    )
    .value_name("DIR")
    .host(),
    OptionSpec::flag(
        "lockout",
        Group::Recovery,
        "After a critical error, refuse to run until --resync, as rclone does",
    ),
    OptionSpec::flag(
        "resilient",
        Group::Recovery,
        "With --lockout: let the next run try again after less serious errors",
    ),
    OptionSpec::flag("recover", Group::Recovery, "Use the previous run's listings when the current ones are missing"),
    OptionSpec::new(
        "max-lock",
        Kind::Duration,
        Group::Recovery,
        "A lock expires after this long; 0: never; minimum 2m",
    )
    .default("0"),
    OptionSpec::flag(
        "remote-lock",
        Group::Recovery,
        "Share the pair with other machines: keep locks and listings in .bisync on both sides",
    )
    .host(),
    OptionSpec::flag("no-cleanup", Group::Recovery, "Keep working files"),
    // Backups.
    OptionSpec::new(
        "backup-dir",
        Kind::Text,
        Group::Backup,
        "Move replaced and deleted files of both sides to this directory",
    )
    .value_name("DIR"),
    OptionSpec::new("backup-dir1", Kind::Text, Group::Backup, "Backup directory of Path1").value_name("DIR"),
    OptionSpec::new("backup-dir2", Kind::Text, Group::Backup, "Backup directory of Path2").value_name("DIR"),
    OptionSpec::new("suffix", Kind::Text, Group::Backup, "Suffix of the names of files in the backup directory"),
    // Copying.
    OptionSpec::new("retries", Kind::Number, Group::Transfer, "Number of attempts after temporary errors").default("3"),
    OptionSpec::new("retries-sleep", Kind::Duration, Group::Transfer, "Pause between these attempts").default("0"),
    OptionSpec::flag("check-first", Group::Transfer, "Finish all decisions before the first copy"),
    OptionSpec::new("order-by", Kind::Order, Group::Transfer, "Copy files in this order, for example size,descending"),
    OptionSpec::new("max-backlog", Kind::Number, Group::Transfer, "Number of files decided ahead of the copies")
        .default("10000"),
    OptionSpec::new(
        "max-transfer",
        Kind::Size,
        Group::Transfer,
        "Copy no more than this in total; the next run continues",
    )
    .default("off"),
    OptionSpec::new(
        "cutoff-mode",
        Kind::Choice(&["HARD", "SOFT", "CAUTIOUS"]),
        Group::Transfer,
        "At --max-transfer: start no file beyond it (HARD), exceed it by one (SOFT), skip what does not fit (CAUTIOUS)",
    )
    .default("HARD"),
    OptionSpec::new("compare-dest", Kind::List, Group::Transfer, "Do not copy a file that this directory also holds")
        .value_name("DIR")
        .host(),
    OptionSpec::new(
        "copy-dest",
        Kind::List,
        Group::Transfer,
        "Copy a file from this directory if it also holds the file",
    )
    .value_name("DIR")
    .host(),
    OptionSpec::flag("ignore-existing", Group::Transfer, "Do not replace files that exist on the other side"),
    OptionSpec::flag("immutable", Group::Transfer, "Never replace a file; report an error for that file instead"),
    OptionSpec::flag("ignore-times", Group::Transfer, "Copy a changed file even if its content may be the same")
        .short('I'),
    OptionSpec::flag("no-update-modtime", Group::Transfer, "Do not set times of files whose contents are the same"),
    OptionSpec::flag(
        "refresh-times",
        Group::Transfer,
        "Also set equal times on files in step whose contents are the same",
    ),
    OptionSpec::flag(
        "track-renames",
        Group::Transfer,
        "Carry over a moved file as a move; =false: as a copy and a delete",
    )
    .default("true"),
    OptionSpec::new(
        "track-renames-strategy",
        Kind::Words(&["hash", "modtime", "leaf", "size"]),
        Group::Transfer,
        "How a moved file is recognised, besides its size: by its content, time or file name",
    )
    .default("hash"),
    OptionSpec::flag("error-on-no-transfer", Group::Run, "Exit with code 9 when nothing was copied"),
    OptionSpec::new("checkers", Kind::Number, Group::Transfer, "Number of listings and checks at a time")
        .default("8")
        .host(),
    OptionSpec::new("transfers", Kind::Number, Group::Transfer, "Number of files copied at a time").default("4").host(),
    OptionSpec::flag(
        "metadata",
        Group::Transfer,
        "Synchronise permissions, owner and extended attributes too; copies keep the access time",
    )
    .short('M'),
    OptionSpec::flag("inplace", Group::Transfer, "Write directly into the target file instead of a temporary file"),
    OptionSpec::new("partial-suffix", Kind::Text, Group::Transfer, "Suffix of the names of temporary files")
        .default(".partial"),
    OptionSpec::flag("ignore-checksum", Group::Transfer, "Do not verify the checksums of copied files"),
    OptionSpec::new(
        "low-level-retries",
        Kind::Number,
        Group::Transfer,
        "Number of quick attempts for a request, or for a file in use",
    )
    .default("10")
    .host(),
    OptionSpec::new("max-duration", Kind::Duration, Group::Transfer, "Stop after this long; the next run continues")
        .default("off")
        .host(),
    OptionSpec::new(
        "bwlimit",
        Kind::Bandwidth,
        Group::Transfer,
        "Copy at most this much per second in total; may depend on the time of day: 08:00,512k 23:00,off",
    )
    .default("off")
    .host(),
    OptionSpec::new(
        "bwlimit-file",
        Kind::Bandwidth,
        Group::Transfer,
        "Copy at most this much per second of each file; the limit when its copy starts counts",
    )
    .default("off")
    .host(),
    OptionSpec::flag("update", Group::Transfer, "Ignored with a notice, as in rclone's bisync").short('u'),
    OptionSpec::flag("no-traverse", Group::Transfer, "Ignored with a notice, as in rclone's bisync"),
    OptionSpec::flag("no-check-dest", Group::Transfer, "Ignored with a notice, as in rclone's bisync"),
    OptionSpec::new(
        "multi-thread-streams",
        Kind::Number,
        Group::Transfer,
        "Number of streams for a large download from S3 or by rclone; otherwise ignored with a notice",
    )
    .default("4"),
    OptionSpec::new(
        "multi-thread-cutoff",
        Kind::Size,
        Group::Transfer,
        "Download files larger than this in several streams; otherwise ignored with a notice",
    )
    .default("256Mi"),
    OptionSpec::new(
        "multi-thread-chunk-size",
        Kind::Size,
        Group::Transfer,
        "Passed to rclone for remotes it serves; otherwise ignored with a notice",
    )
    .default("64Mi"),
    OptionSpec::new(
        "multi-thread-write-buffer-size",
        Kind::Size,
        Group::Transfer,
        "Passed to rclone for remotes it serves; otherwise ignored with a notice",
    )
    .default("128Ki"),
    OptionSpec::flag(
        "no-update-dir-modtime",
        Group::Transfer,
        "Do not set the times of directories that a run creates",
    )
    .host(),
    OptionSpec::flag(
        "server-side-across-configs",
        Group::Transfer,
        "Passed to rclone for remotes it serves; otherwise ignored with a notice",
    ),
    OptionSpec::new(
        "streaming-upload-cutoff",
        Kind::Size,
        Group::Transfer,
        "Passed to rclone for remotes it serves; otherwise ignored with a notice",
    )
    .default("100Ki"),
    OptionSpec::new("tpslimit", Kind::Decimal, Group::Transfer, "Maximum number of requests per second to remotes")
        .default("0")
        .host(),
    OptionSpec::new("tpslimit-burst", Kind::Number, Group::Transfer, "Requests that may be made at once after a pause")
        .default("1")
        .host(),
    // Remotes.
    OptionSpec::new(
        "config",
        Kind::Text,
        Group::Remotes,
        "rclone's configuration file (otherwise the one that rclone finds)",
    )
    .value_name("FILE")
    .host(),
    OptionSpec::new(
        "password-command",
        Kind::Text,
        Group::Remotes,
        "Command that prints the password of an encrypted configuration (words separated by blanks)",
    )
    .value_name("COMMAND")
    .host(),
    OptionSpec::new(
        "backend",
        Kind::Choice(&["auto", "native", "rclone"]),
        Group::Remotes,
        "Which program serves remotes: bisync where it can (auto), only bisync (native), or always rclone",
    )
    .default("auto")
    .host(),
    OptionSpec::new("contimeout", Kind::Duration, Group::Remotes, "Give up on connecting after this long")
        .default("1m")
        .host(),
    OptionSpec::new("timeout", Kind::Duration, Group::Remotes, "Give up on a connection after this long without data")
        .default("5m")
        .host(),
    OptionSpec::new("user-agent", Kind::Text, Group::Remotes, "User agent sent to HTTP servers").host(),
    OptionSpec::new("ca-cert", Kind::List, Group::Remotes, "Trust the certificates in this file")
        .value_name("FILE")
        .host(),
    OptionSpec::flag("no-check-certificate", Group::Remotes, "Do not verify server certificates (insecure)").host(),
    OptionSpec::new(
        "dump",
        Kind::Words(&["headers"]),
        Group::Remotes,
        "Log HTTP requests and responses of S3 and WebDAV remotes served by bisync (secrets hidden)",
    )
    .host(),
    // Output.
    OptionSpec::new(
        "verbose",
        Kind::Count,
        Group::Output,
        "Show each action and its reason (-v), also where only the listings change (-vv)",
    )
    .short('v')
    .host(),
    OptionSpec::flag("quiet", Group::Output, "Show only errors").short('q').host(),
    OptionSpec::new(
        "log-level",
        Kind::Choice(&["DEBUG", "INFO", "NOTICE", "ERROR"]),
        Group::Output,
        "Show messages of this level and above",
    )
    .default("NOTICE")
    .value_name("LEVEL")
    .host(),
    OptionSpec::new("log-file", Kind::Text, Group::Output, "Append messages to this file").value_name("FILE").host(),
    OptionSpec::flag("use-json-log", Group::Output, "Write each message as a line of JSON").host(),
    OptionSpec::new("color", Kind::Choice(&["auto", "always", "never"]), Group::Output, "When to use colours")
        .default("auto")
        .value_name("WHEN")
        .host(),
    OptionSpec::flag("progress", Group::Output, "Show the progress on a terminal; =false: do not")
        .short('P')
        .default("true")
        .host(),
    OptionSpec::new(
        "stats",
        Kind::Duration,
        Group::Output,
        "Report progress at this interval, and at the end; 0: never",
    )
    .default("0")
    .host(),
    OptionSpec::new(
        "stats-log-level",
        Kind::Choice(&["DEBUG", "INFO", "NOTICE", "ERROR"]),
        Group::Output,
        "Level of the messages of --stats",
    )
    .default("NOTICE")
    .value_name("LEVEL")
    .host(),
];

/// Returns the option of this name.
pub fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|spec| spec.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Value;

    #[test]
    fn names_are_unique() {
        let check = |mut names: Vec<String>| {
            names.sort();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        };
        check(OPTIONS.iter().map(|spec| spec.name.to_owned()).collect());
        check(OPTIONS.iter().filter_map(|spec| spec.short).map(|short| short.to_string()).collect());
    }

    #[test]
    fn entries_are_complete() {
        for spec in OPTIONS {
            assert!(spec.default.is_empty() || Value::parse(spec.kind, spec.default).is_some(), "{}", spec.name);
            assert!(!spec.help.is_empty() && !spec.help.ends_with('.'), "{}", spec.name);
            assert_eq!(spec.takes_value(), !spec.value_name.is_empty(), "{}", spec.name);
        }
    }
}
