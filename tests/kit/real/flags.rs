//! Random flags that both programs are given, and what edits must heed because of them.

use bisync_world::random::Random;

/// What a case is run with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// For every run.
    pub always: Vec<String>,
    /// In place of `--resync`, for runs that start anew.
    pub resync: String,
    /// What `filters.txt` holds, when a flag names that file.
    pub filters: Option<String>,
    /// The name of the files that `--check-access` looks for.
    pub check_name: Option<String>,
}

/// Preferences of `--conflict-resolve` and `--resync-mode`.
const PREFERENCES: [&str; 7] = ["none", "path1", "path2", "newer", "older", "larger", "smaller"];

const SUFFIXES: [&str; 5] = ["lost", "one,two", ".c", "old.1,x.y", "a..b"];

const COMPARE: [&str; 14] = [
    "--compare=size",
    "--compare=modtime",
    "--compare=checksum",
    "--compare=size,modtime",
    "--compare=size,checksum",
    "--compare=modtime,checksum",
    "--compare=size,modtime,checksum",
    "--checksum",
    "--size-only",
    "--ignore-size",
    "--checksum --ignore-listing-checksum",
    "--compare=size,modtime,checksum --slow-hash-sync-only",
    "--compare=size,modtime,checksum --no-slow-hash",
    "--compare=modtime,checksum --download-hash",
];

const RULES: [&str; 7] = [
    "--filter=- *.md",
    "--filter=- /d/**",
    "--filter=+ *.txt --filter=+ /b --filter=- *",
    "--include=*.{txt,gz}",
    "--exclude=/d/e f/**",
    "--exclude=.* --exclude=é*",
    "--filters-file=filters.txt",
];

const FILTERS: [&str; 3] =
    ["- *.gz\n", "# comment\n+ /d/e f/*.txt\n- /d/**\n", "- sp*\n; another comment\n\n+ *.txt\n- /d/e f/**\n+ **\n"];

/// What concerns copying, names and single files, drawn singly and in pairs.
const MORE: [&str; 49] = [
    "--ignore-existing",
    "--immutable",
    "--ignore-times",
    "--no-update-modtime",
    "--refresh-times",
    "--check-first",
    "--order-by=size,desc",
    "--order-by=name",
    "--order-by=modtime,mixed",
    "--max-backlog=1",
    "--track-renames",
    "--track-renames --track-renames-strategy=modtime",
    "--track-renames --track-renames-strategy=leaf",
    "--modify-window=1h",
    "--metadata",
    "--links",
    "--copy-links",
    "--skip-links",
    "--one-file-system",
    "--hash-filter=0/2",
    "--exclude-if-present=.marker",
    "--max-depth=1",
    "--max-depth=2",
    "--min-age=2023-06-01",
    "--max-age=2023-01-01",
    "--ignore-case --exclude=*.GZ",
    "--files-from=filters.txt",
    "--ignore-case-sync",
    "--fix-case",
    "--no-unicode-normalization",
    "--backup-dir1=backup1 --backup-dir2=backup2 --suffix=.old",
    "--backup-dir1=backup1 --backup-dir2=backup2 --suffix=-old --suffix-keep-extension",
    "--update",
    "--inplace",
    "--ignore-checksum",
    "--partial-suffix=.part",
    "--bwlimit=100M",
    "--transfers=1",
    "--checkers=1",
    "--max-transfer=1G --cutoff-mode=soft",
    "--max-duration=1h",
    "--low-level-retries=2",
    "--no-update-dir-modtime",
    "--no-traverse",
    "--no-check-dest",
    "--multi-thread-streams=2 --multi-thread-cutoff=1",
    "--server-side-across-configs --streaming-upload-cutoff=1k",
    "--tpslimit=10000",
    "--compare-dest=reference",
];

/// What `--files-from` names.
const FILES: &str = "a.txt\nb\nd/a.txt\nd/e f/b\n# comment\nkept/kept.txt\n/d/end.\n";

impl Flags {
    /// Draws flags; about one in three of each kind is given.
    pub fn random(random: &mut Random) -> Self {
        let mut flags = Self { resync: "--resync".into(), ..Self::default() };
        if random.once_in(3) {
            flags.resync = format!("--resync-mode={}", random.pick(&PREFERENCES[1..]));
        }
        if random.once_in(3) {
            flags.add(&format!("--conflict-resolve={}", random.pick(&PREFERENCES)));
        }
        if random.once_in(3) {
            flags.add(&format!("--conflict-loser={}", random.pick(&["num", "pathname", "delete"])));
        }
        if random.once_in(3) {
            flags.add(&format!("--conflict-suffix={}", random.pick(&SUFFIXES)));
        }
        if random.once_in(4) {
            flags.add("--suffix-keep-extension");
        }
        if random.once_in(2) {
            flags.split(random.pick::<&str>(&COMPARE));
        }
        flags.choose_files(random);
        flags.choose_safety(random);
        match random.below(6) {
            0 => flags.add("--create-empty-src-dirs"),
            1 if !flags.has_rules() => flags.add("--remove-empty-dirs"),
            _ => {}
        }
        if random.once_in(2) {
            flags.choose_more(random);
        }
        flags
    }

    fn choose_more(&mut self, random: &mut Random) {
        for _ in 0..1 + random.below(2) {
            let more = *random.pick::<&str>(&MORE);
            let clashes = match more.split(['=', ' ']).next().unwrap_or_default() {
                "--files-from" => self.has_rules() || self.has("--remove-empty-dirs"),
                "--backup-dir1" => self.has("--backup-dir") || self.has("--copy-links") || self.has("--links"),
                "--copy-links" => self.has("--links") || self.has("--copy-links") || self.has("--backup-dir"),
                "--links" => self.has("--copy-links") || self.has("--links") || self.has("--backup-dir"),
                flag => self.has(flag),
            };
            let alone = self.has("--remove-empty-dirs") || self.has("--files-from");
            if clashes || (alone && leaves_out(more)) {
                continue;
            }
            self.split(more);
            if more.starts_with("--files-from") {
                self.filters = Some(FILES.into());
            }
        }
    }

    fn choose_files(&mut self, random: &mut Random) {
        if random.once_in(3) {
            self.split(random.pick::<&str>(&RULES));
        }
        if self.always.iter().any(|flag| flag == "--filters-file=filters.txt") {
            self.filters = Some((*random.pick(&FILTERS)).into());
        }
        if random.once_in(8) {
            let limit = *random.pick(&["--max-size=20B", "--min-size=20B"]);
            self.add(limit);
        }
    }

    fn choose_safety(&mut self, random: &mut Random) {
        match random.below(6) {
            0 => self.add(&format!("--max-delete={}", random.pick(&["0", "10", "25", "75", "100"]))),
            1 => self.add("--force"),
            _ => {}
        }
        if random.once_in(8) {
            self.add("--check-access");
            self.check_name = Some("RCLONE_TEST".into());
            if random.once_in(2) {
                self.add("--check-filename=.here");
                self.check_name = Some(".here".into());
            }
        }
        if random.once_in(8) {
            self.add("--check-sync=false");
        }
        if random.once_in(8) {
            self.add("--resilient");
        }
        if random.once_in(8) {
            self.add("--recover");
        }
        for side in 1..=2 {
            if random.once_in(6) {
                self.add(&format!("--backup-dir{side}=backup{side}"));
            }
        }
    }

    fn add(&mut self, flag: &str) {
        self.always.push(flag.into());
    }

    fn split(&mut self, flags: &str) {
        let words = flags.split(" --").enumerate();
        self.always.extend(words.map(|(index, word)| if index == 0 { word.into() } else { format!("--{word}") }));
    }

    /// Says whether there are symbolic links. Not with rules, which may hide all else: rclone stops at an
    /// empty side; nor with `--remove-empty-dirs`: rclone fails at a directory that holds but a link.
    pub fn draws_links(&self) -> bool {
        !self.has_rules()
            && !self.has("--remove-empty-dirs")
            && ["--links", "--copy-links", "--skip-links"].iter().any(|flag| self.has(flag))
    }

    /// Says whether one of the flags begins so.
    pub fn has(&self, beginning: &str) -> bool {
        self.always.iter().any(|flag| flag.starts_with(beginning)) || self.resync.starts_with(beginning)
    }

    /// Says whether one of the flags ends so.
    pub fn ends(&self, end: &str) -> bool {
        self.always.iter().any(|flag| flag.ends_with(end)) || self.resync.ends_with(end)
    }

    /// Says whether versions are told apart by their times.
    pub fn compares_times(&self) -> bool {
        let is_timeless = |flag: &String| match flag.strip_prefix("--compare=") {
            Some(words) => !words.contains("modtime"),
            None => flag == "--checksum" || flag == "--size-only",
        };
        !self.always.iter().any(is_timeless)
    }

    /// Says whether some files are left out.
    pub fn has_rules(&self) -> bool {
        self.always.iter().any(|flag| leaves_out(flag))
    }

    /// Says whether files are left out by their age.
    pub fn has_age_limits(&self) -> bool {
        self.has("--max-age") || self.has("--min-age")
    }

    /// Returns how rclone's listings begin: some flags make a name for the sides of their own.
    pub fn rclone_session(&self) -> &'static str {
        let named = ["--copy-links", "--skip-links", "--one-file-system"].iter().any(|flag| self.has(flag));
        if named { "local_one..local_two" } else { "one..two" }
    }

    /// Says whether files are left out by their size.
    pub fn has_size_limits(&self) -> bool {
        self.has("--max-size") || self.has("--min-size")
    }
}

fn leaves_out(flag: &str) -> bool {
    let beginnings = [
        "--filter",
        "--include",
        "--exclude",
        "--max-size",
        "--min-size",
        "--max-age",
        "--min-age",
        "--max-depth",
        "--hash-filter",
        "--files-from",
        "--exclude-if-present",
        "--ignore-case --exclude",
    ];
    beginnings.iter().any(|beginning| flag.starts_with(beginning))
}
