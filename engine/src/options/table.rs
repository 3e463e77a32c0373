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
        "Start anew: make both sides hold all files of either; Path1 wins where they differ",
    )
    .short('1'),
    OptionSpec::new("resync-mode", PREFERENCES, Group::Run, "Start anew, and let this version win where files differ")
        .default("none"),
    OptionSpec::flag("dry-run", Group::Run, "Show what would be done, and change nothing").short('n'),
    OptionSpec::new(
        "plan-out",
        Kind::Text,
        Group::Run,
        "Change nothing, and write the plan to a file, for `bisync apply`",
    )
    .value_name("FILE")
    .host(),
    OptionSpec::new(
        "explain",
        Kind::List,
        Group::Run,
        "Change nothing, and say what is known of a path and what follows",
    )
    .value_name("PATH"),
    OptionSpec::flag("interactive", Group::Run, "Ask before each change").short('i').host(),
    OptionSpec::new(
        "defaults-file",
        Kind::Text,
        Group::Run,
        "Read defaults and pairs from this file; empty: from none",
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
        "Times that differ by less than this are the same",
    )
    .default("1ns"),
    OptionSpec::flag("ignore-listing-checksum", Group::Compare, "Keep no checksums in the listings"),
    OptionSpec::flag(
        "no-slow-hash",
        Group::Compare,
        "Use no checksums on a side that has to read whole files for them",
    ),
    OptionSpec::flag(
        "slow-hash-sync-only",
        Group::Compare,
        "Use slow checksums only between the sides, not to find what changed",
    ),
    OptionSpec::flag("download-hash", Group::Compare, "Compute checksums from the content where a side offers none"),
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
        "What becomes of the other: renamed with a number, renamed by its side, or deleted",
    )
    .default("num"),
    OptionSpec::new(
        "conflict-suffix",
        Kind::Text,
        Group::Conflicts,
        "What is appended to a renamed loser; two with a comma between for Path1 and Path2; may hold dates: {DateOnly}",
    )
    .default("conflict")
    .value_name("TEXT[,TEXT]"),
    OptionSpec::flag("suffix-keep-extension", Group::Conflicts, "Put suffixes before the extension: a.conflict1.txt"),
    // Directories and names.
    OptionSpec::flag("create-empty-src-dirs", Group::Names, "Carry over the making and removing of empty directories"),
    OptionSpec::flag("remove-empty-dirs", Group::Names, "Remove all empty directories on both sides at the end"),
    OptionSpec::flag("ignore-case-sync", Group::Names, "Take names that differ only by case for the same"),
    OptionSpec::flag(
        "fix-case",
        Group::Names,
        "Rename files on Path2 whose names differ only by case from those on Path1",
    ),
    OptionSpec::flag(
        "no-unicode-normalization",
        Group::Names,
        "Take names that differ only by Unicode form for different",
    ),
    OptionSpec::flag(
        "links",
        Group::Names,
        "Keep symbolic links: they take part as files whose names end in .rclonelink",
    )
    .short('l'),
    OptionSpec::flag("copy-links", Group::Names, "Follow symbolic links: what they lead to takes part").short('L'),
    OptionSpec::flag("skip-links", Group::Names, "Say nothing about symbolic links that are skipped"),
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
        "A rule: + PATTERN includes, - PATTERN excludes, ! forgets all before",
    )
    .short('f')
    .value_name("RULE"),
    OptionSpec::new("filter-from", Kind::Files, Group::Filter, "Read rules from a file"),
    OptionSpec::new("include", Kind::List, Group::Filter, "Take only files that match").value_name("PATTERN"),
    OptionSpec::new("include-from", Kind::Files, Group::Filter, "Read patterns of files to take from a file"),
    OptionSpec::new("exclude", Kind::List, Group::Filter, "Leave out files that match").value_name("PATTERN"),
    OptionSpec::new("exclude-from", Kind::Files, Group::Filter, "Read patterns of files to leave out from a file"),
    OptionSpec::flag("ignore-case", Group::Filter, "Patterns match whatever the case"),
    OptionSpec::new(
        "files-from",
        Kind::Files,
        Group::Filter,
        "Take just the files named in a file; no other rules then",
    ),
    OptionSpec::new("files-from-raw", Kind::Files, Group::Filter, "Like --files-from, every line as it stands"),
    OptionSpec::new(
        "exclude-if-present",
        Kind::List,
        Group::Filter,
        "Leave out directories that hold a file of this name",
    )
    .value_name("NAME"),
    OptionSpec::new("min-size", Kind::Size, Group::Filter, "Leave out files smaller than this").default("off"),
    OptionSpec::new("max-size", Kind::Size, Group::Filter, "Leave out files larger than this").default("off"),
    OptionSpec::new("min-age", Kind::Age, Group::Filter, "Leave out files modified later than this").default("off"),
    OptionSpec::new("max-age", Kind::Age, Group::Filter, "Leave out files modified earlier than this").default("off"),
    OptionSpec::new("max-depth", Kind::Number, Group::Filter, "Descend so many levels; 1 is the top alone, -1 all")
        .default("-1"),
    OptionSpec::flag("delete-excluded", Group::Filter, "Ignored with a notice: what is left out is never deleted"),
    OptionSpec::new(
        "hash-filter",
        Kind::Partition,
        Group::Filter,
        "Take the share K of N equal shares of all files; @/N: any of them",
    ),
    OptionSpec::new(
        "metadata-include",
        Kind::List,
        Group::Filter,
        "Take only files with metadata KEY=VALUE that matches",
    )
    .value_name("PATTERN"),
    OptionSpec::new(
        "metadata-include-from",
        Kind::Files,
        Group::Filter,
        "Read patterns of metadata to take from a file",
    ),
    OptionSpec::new("metadata-exclude", Kind::List, Group::Filter, "Leave out files with metadata that matches")
        .value_name("PATTERN"),
    OptionSpec::new(
        "metadata-exclude-from",
        Kind::Files,
        Group::Filter,
        "Read patterns of metadata to leave out from a file",
    ),
    OptionSpec::new("metadata-filter", Kind::List, Group::Filter, "A rule for metadata: + PATTERN, - PATTERN or !")
        .value_name("RULE"),
    OptionSpec::new("metadata-filter-from", Kind::Files, Group::Filter, "Read rules for metadata from a file"),
    OptionSpec::flag("one-file-system", Group::Filter, "Leave out directories that are on another file system")
        .short('x')
        .host(),
    // Safety.
    OptionSpec::new(
        "max-delete",
        Kind::Percentage,
        Group::Safety,
        "Stop when more than this share of a side's files is gone",
    )
    .default("50"),
    OptionSpec::flag("force", Group::Safety, "Go on although too many files were deleted or all were changed"),
    OptionSpec::flag(
        "check-access",
        Group::Safety,
        "Stop unless the check files are found in the same places on both sides",
    ),
    OptionSpec::new("check-filename", Kind::Text, Group::Safety, "Name of the files for --check-access")
        .default("RCLONE_TEST")
        .value_name("NAME"),
    OptionSpec::new(
        "check-sync",
        Kind::Choice(&["true", "false", "only"]),
        Group::Safety,
        "Check that both listings agree at the end; only: check, and do nothing else",
    )
    .default("true"),
    // State and recovery.
    OptionSpec::new("workdir", Kind::Text, Group::Recovery, "Where the listings are kept (else ~/.local/state/bisync)")
        .value_name("DIR")
        .host(),
    OptionSpec::flag("lockout", Group::Recovery, "After a critical error, run no more until --resync, as rclone does"),
    OptionSpec::flag("resilient", Group::Recovery, "With --lockout: let the next run try again after lesser errors"),
    OptionSpec::flag(
        "recover",
        Group::Recovery,
        "With --lockout: take the listings of the run before when these are lost",
    ),
    OptionSpec::new(
        "max-lock",
        Kind::Duration,
        Group::Recovery,
        "A lock older than this has expired; 0: never; at least 2m",
    )
    .default("0"),
    OptionSpec::flag(
        "remote-lock",
        Group::Recovery,
        "Share the pair with other machines: locks and listings are kept in .bisync on both sides",
    )
    .host(),
    OptionSpec::flag("no-cleanup", Group::Recovery, "Keep working files"),
    // Backups.
    OptionSpec::new("backup-dir", Kind::Text, Group::Backup, "Keep what is replaced or deleted here, for both sides")
        .value_name("DIR"),
    OptionSpec::new("backup-dir1", Kind::Text, Group::Backup, "The same for Path1").value_name("DIR"),
    OptionSpec::new("backup-dir2", Kind::Text, Group::Backup, "The same for Path2").value_name("DIR"),
    OptionSpec::new("suffix", Kind::Text, Group::Backup, "Append this to the names of files in the backup directory"),
    // Copying.
    OptionSpec::new("retries", Kind::Number, Group::Transfer, "Try so many times what may work when tried again")
        .default("3"),
    OptionSpec::new("retries-sleep", Kind::Duration, Group::Transfer, "Wait this long before trying again")
        .default("0"),
    OptionSpec::flag("check-first", Group::Transfer, "Decide everything before anything is copied"),
    OptionSpec::new("order-by", Kind::Order, Group::Transfer, "Copy in this order, as in size,descending"),
    OptionSpec::new("max-backlog", Kind::Number, Group::Transfer, "Decide so many files ahead of what is copied")
        .default("10000"),
    OptionSpec::new("max-transfer", Kind::Size, Group::Transfer, "Copy no more than this in all; the next run goes on")
        .default("off"),
    OptionSpec::new(
        "cutoff-mode",
        Kind::Choice(&["HARD", "SOFT", "CAUTIOUS"]),
        Group::Transfer,
        "At a limit: begin nothing more, finish one file (SOFT), or copy what still fits (CAUTIOUS)",
    )
    .default("HARD"),
    OptionSpec::new("compare-dest", Kind::List, Group::Transfer, "Copy no file that this directory holds as well")
        .value_name("DIR")
        .host(),
    OptionSpec::new(
        "copy-dest",
        Kind::List,
        Group::Transfer,
        "Copy a file from this directory, where that holds it as well",
    )
    .value_name("DIR")
    .host(),
    OptionSpec::flag("ignore-existing", Group::Transfer, "Replace no file that exists on the other side"),
    OptionSpec::flag("immutable", Group::Transfer, "Replace no file; fail where one would have to be"),
    OptionSpec::flag("ignore-times", Group::Transfer, "Copy a changed file although its content may be the same")
        .short('I'),
    OptionSpec::flag("no-update-modtime", Group::Transfer, "Leave times alone where the contents are the same"),
    OptionSpec::flag(
        "refresh-times",
        Group::Transfer,
        "Give files in step the same time where the contents are the same",
    ),
    OptionSpec::flag("track-renames", Group::Transfer, "Carry a moved file over as a move; =false: copy and delete")
        .default("true"),
    OptionSpec::new(
        "track-renames-strategy",
        Kind::Words(&["hash", "modtime", "leaf", "size"]),
        Group::Transfer,
        "What tells a moved file, with its size: its content, its time, its last name",
    )
    .default("hash"),
    OptionSpec::flag("error-on-no-transfer", Group::Run, "Exit with code 9 when nothing was copied"),
    OptionSpec::new("checkers", Kind::Number, Group::Transfer, "List and check so many things at a time")
        .default("8")
        .host(),
    OptionSpec::new("transfers", Kind::Number, Group::Transfer, "Copy so many files at a time").default("4").host(),
    OptionSpec::flag(
        "metadata",
        Group::Transfer,
        "Keep permissions, owner and extended attributes in step, too; copies keep the time of last access",
    )
    .short('M'),
    OptionSpec::flag("inplace", Group::Transfer, "Write into the file itself rather than to a temporary one"),
    OptionSpec::new("partial-suffix", Kind::Text, Group::Transfer, "What the names of temporary files end with")
        .default(".partial"),
    OptionSpec::flag("ignore-checksum", Group::Transfer, "Do not check the checksum of what was copied"),
    OptionSpec::new("low-level-retries", Kind::Number, Group::Transfer, "Try so many times at once what is in use")
        .default("10")
        .host(),
    OptionSpec::new("max-duration", Kind::Duration, Group::Transfer, "Stop after this long; the next run goes on")
        .default("off")
        .host(),
    OptionSpec::new(
        "bwlimit",
        Kind::Bandwidth,
        Group::Transfer,
        "Copy no faster than this a second in all; may depend on the time: 08:00,512k 23:00,off",
    )
    .default("off")
    .host(),
    OptionSpec::new(
        "bwlimit-file",
        Kind::Bandwidth,
        Group::Transfer,
        "Copy no file faster than this a second; the limit of the time when its copy begins",
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
        "Fetch large files from S3, or by rclone, in so many streams; else ignored with a notice",
    )
    .default("4"),
    OptionSpec::new(
        "multi-thread-cutoff",
        Kind::Size,
        Group::Transfer,
        "Fetch larger files in several streams; else ignored with a notice",
    )
    .default("256Mi"),
    OptionSpec::new(
        "multi-thread-chunk-size",
        Kind::Size,
        Group::Transfer,
        "Carried out by rclone where it serves a remote; else ignored with a notice",
    )
    .default("64Mi"),
    OptionSpec::new(
        "multi-thread-write-buffer-size",
        Kind::Size,
        Group::Transfer,
        "Carried out by rclone where it serves a remote; else ignored with a notice",
    )
    .default("128Ki"),
    OptionSpec::flag(
        "no-update-dir-modtime",
        Group::Transfer,
        "Let directories that are made keep the time at which they were made",
    )
    .host(),
    OptionSpec::flag(
        "server-side-across-configs",
        Group::Transfer,
        "Carried out by rclone where it serves a remote; else ignored with a notice",
    ),
    OptionSpec::new(
        "streaming-upload-cutoff",
        Kind::Size,
        Group::Transfer,
        "Carried out by rclone where it serves a remote; else ignored with a notice",
    )
    .default("100Ki"),
    OptionSpec::new("tpslimit", Kind::Decimal, Group::Transfer, "Make at most so many requests a second of remotes")
        .default("0")
        .host(),
    OptionSpec::new("tpslimit-burst", Kind::Number, Group::Transfer, "After a rest, make so many requests at once")
        .default("1")
        .host(),
    // Remotes.
    OptionSpec::new("config", Kind::Text, Group::Remotes, "rclone's configuration (else the one that rclone finds)")
        .value_name("FILE")
        .host(),
    OptionSpec::new(
        "password-command",
        Kind::Text,
        Group::Remotes,
        "What prints the password of an encrypted configuration (COMMAND is words with blanks between)",
    )
    .value_name("COMMAND")
    .host(),
    OptionSpec::new(
        "backend",
        Kind::Choice(&["auto", "native", "rclone"]),
        Group::Remotes,
        "Who serves remotes: this program where it can, or always rclone",
    )
    .default("auto")
    .host(),
    OptionSpec::new("contimeout", Kind::Duration, Group::Remotes, "Wait so long for a connection").default("1m").host(),
    OptionSpec::new("timeout", Kind::Duration, Group::Remotes, "Wait so long for a connection on which nothing comes")
        .default("5m")
        .host(),
    OptionSpec::new("user-agent", Kind::Text, Group::Remotes, "The name by which servers know this program").host(),
    OptionSpec::new("ca-cert", Kind::List, Group::Remotes, "Trust the certificates in this file")
        .value_name("FILE")
        .host(),
    OptionSpec::flag("no-check-certificate", Group::Remotes, "Trust every server. It may be anybody").host(),
    OptionSpec::new(
        "dump",
        Kind::Words(&["headers"]),
        Group::Remotes,
        "Show requests to servers that are reached over HTTP from here, and their answers, without secrets",
    )
    .host(),
    // Output.
    OptionSpec::new(
        "verbose",
        Kind::Count,
        Group::Output,
        "Say what is done and why (-v), also where only the listings change (-vv)",
    )
    .short('v')
    .host(),
    OptionSpec::flag("quiet", Group::Output, "Say nothing but errors").short('q').host(),
    OptionSpec::new(
        "log-level",
        Kind::Choice(&["DEBUG", "INFO", "NOTICE", "ERROR"]),
        Group::Output,
        "The least important messages that are shown",
    )
    .default("NOTICE")
    .value_name("LEVEL")
    .host(),
    OptionSpec::new("log-file", Kind::Text, Group::Output, "Append the messages to this file")
        .value_name("FILE")
        .host(),
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
        "Say how far it is whenever this much time has passed, and at the end; 0: never",
    )
    .default("0")
    .host(),
    OptionSpec::new(
        "stats-log-level",
        Kind::Choice(&["DEBUG", "INFO", "NOTICE", "ERROR"]),
        Group::Output,
        "How important the messages of --stats are",
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
