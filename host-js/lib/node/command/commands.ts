// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the engine's table of commands.

import type { Command } from "./table.js";

export const SUMMARY = "Keeps two directories in step, in both directions.";
export const CONFIGURATION = "Options come from the command line, else from variables (BISYNC_MAX_DELETE=10, then RCLONE_MAX_DELETE=10), else from ~/.config/bisync/config.toml: those of [pair.NAME] for the run of that pair, then [defaults].";
export const OUTPUT = "The result, and the plan of a dry run, go to standard output; messages to standard error.";
export const EXIT_CODES = "Exit codes: 0 in step; 1 something failed, or a safety limit stopped the run; 2 wrong usage; 7 critical; 8 --max-transfer was reached; 9 nothing was copied (--error-on-no-transfer); 10 --max-duration was over.";

/** What is done besides keeping two paths in step. */
export const COMMANDS: Command[] = [
  {
    name: "apply",
    operands: " [options] FILE",
    summary: "Carry out a plan that --plan-out wrote",
    details: "Each action is carried out only where what it expects is still there; the others are named. Options are those of the plan; those for output and speed can be given.",
    takes: ["watch", "watch-interval", "help", "version", "one-file-system", "other-disk", "remote-lock", "compare-dest", "copy-dest", "checkers", "transfers", "low-level-retries", "max-duration", "bwlimit", "bwlimit-file", "no-update-dir-modtime", "tpslimit", "tpslimit-burst", "config", "password-command", "backend", "contimeout", "timeout", "user-agent", "ca-cert", "no-check-certificate", "dump", "verbose", "quiet", "log-level", "log-file", "use-json-log", "color", "progress", "stats", "stats-log-level"],
    own: [],
  },
  {
    name: "explain",
    operands: " [options] PATH1 PATH2 PATH...",
    summary: "Say of each path what it was and is on both sides, and what would happen",
    details: "Nothing is changed. Paths are relative to the root of the pair, or lie below Path1 or Path2. A pair's name may stand for both of its paths. Options are those of a run.",
    takes: ["resync", "resync-mode", "dry-run", "explain", "interactive", "watch", "watch-interval", "defaults-file", "help", "version", "compare", "checksum", "size-only", "ignore-size", "modify-window", "ignore-listing-checksum", "no-slow-hash", "slow-hash-sync-only", "download-hash", "conflict-resolve", "conflict-loser", "conflict-suffix", "suffix-keep-extension", "create-empty-src-dirs", "remove-empty-dirs", "ignore-case-sync", "fix-case", "no-unicode-normalization", "links", "copy-links", "skip-links", "filters-file", "filter", "filter-from", "include", "include-from", "exclude", "exclude-from", "ignore-case", "files-from", "files-from-raw", "exclude-if-present", "min-size", "max-size", "min-age", "max-age", "max-depth", "delete-excluded", "hash-filter", "metadata-include", "metadata-include-from", "metadata-exclude", "metadata-exclude-from", "metadata-filter", "metadata-filter-from", "one-file-system", "max-delete", "force", "other-disk", "check-access", "check-filename", "check-sync", "workdir", "lockout", "resilient", "recover", "max-lock", "remote-lock", "no-cleanup", "backup-dir", "backup-dir1", "backup-dir2", "suffix", "retries", "retries-sleep", "check-first", "order-by", "max-backlog", "max-transfer", "cutoff-mode", "compare-dest", "copy-dest", "ignore-existing", "immutable", "ignore-times", "no-update-modtime", "refresh-times", "track-renames", "track-renames-strategy", "error-on-no-transfer", "checkers", "transfers", "metadata", "inplace", "partial-suffix", "ignore-checksum", "low-level-retries", "max-duration", "bwlimit", "bwlimit-file", "update", "no-traverse", "no-check-dest", "multi-thread-streams", "multi-thread-cutoff", "multi-thread-chunk-size", "multi-thread-write-buffer-size", "no-update-dir-modtime", "server-side-across-configs", "streaming-upload-cutoff", "tpslimit", "tpslimit-burst", "config", "password-command", "backend", "contimeout", "timeout", "user-agent", "ca-cert", "no-check-certificate", "dump", "verbose", "quiet", "log-level", "log-file", "use-json-log", "color", "progress", "stats", "stats-log-level"],
    own: [],
  },
  {
    name: "pairs",
    operands: "",
    summary: "List the pairs of the configuration file",
    details: "Each line holds the name, Path1 and Path2. `bisync NAME` keeps that pair in step.",
    takes: ["defaults-file"],
    own: [],
  },
  {
    name: "filter-test",
    operands: " [options] PATH...",
    summary: "Say of each path whether it takes part, and which rule decides",
    details: "Paths are relative to the root of the pair, and a directory has a `/` at its end. Nothing has to exist; with --root, what exists there is looked at. All options that choose files are taken, as in a run.",
    takes: ["defaults-file", "links", "copy-links", "filters-file", "filter", "filter-from", "include", "include-from", "exclude", "exclude-from", "ignore-case", "files-from", "files-from-raw", "exclude-if-present", "min-size", "max-size", "min-age", "max-age", "max-depth", "delete-excluded", "hash-filter", "metadata-include", "metadata-include-from", "metadata-exclude", "metadata-exclude-from", "metadata-filter", "metadata-filter-from", "one-file-system"],
    own: [
      { name: "root", kind: "text", value: "DIR", path: true, host: true, group: "Choosing files", help: "Look below this directory for kinds, sizes, times and marker files" },
      { name: "pair", kind: "text", value: "NAME", host: true, group: "Choosing files", help: "Take the rules of this pair" },
    ],
  },
  {
    name: "completions",
    operands: " bash|zsh|fish",
    summary: "Write a script that completes the command line in a shell",
    details: "bash: source <(bisync completions bash), in ~/.bashrc\nzsh:  source <(bisync completions zsh), in ~/.zshrc after compinit\nfish: bisync completions fish | source, in ~/.config/fish/config.fish",
    takes: [],
    own: [],
  },
  {
    name: "man",
    operands: "",
    summary: "Write the manual page",
    details: "To read it: bisync man | man -l -",
    takes: [],
    own: [],
  },
];

/** The commands of the program that are not carried out here. */
export const NOT_HERE_EITHER: Command[] = [
  {
    name: "remotes",
    operands: "",
    summary: "List the remotes of rclone's configuration",
    details: "Each line holds the name, the kind, and who serves it: this program itself (native), or the rclone that is installed. A folder of a remote is written `name:path`.",
    takes: ["defaults-file", "config", "password-command", "backend"],
    own: [],
  },
];
