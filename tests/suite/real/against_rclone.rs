//! `bisync --lockout` and the real `rclone bisync` side by side: the same edits, the same flags, the same results, on folders of this
//! machine and on servers.
//!
//! `BISYNC_RCLONE_SEEDS=1000` tries more cases of each, `BISYNC_RCLONE_SEEDS=17..18` that one alone. What is meant to differ stands in
//! [`bisync_tests::real::differences`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bisync_engine::side::{Pair, Side};
use bisync_tests::real::cases::{Case, Round};
use bisync_tests::real::differences::{Facts, needs_another_run};
use bisync_tests::real::edits::{Edit, REFERENCE, folder, quoted};
use bisync_tests::real::folders::{Listing, Tree, difference, files, read_listing, read_listing_in, read_tree};
use bisync_tests::real::placing::{Place, Placing, Servers};
use bisync_tests::real::program::{self, Ended};
use bisync_tests::real::servers::Protocol;
use bisync_world::seeds::seeds;

/// So many cases run in about a minute.
const CASES: u64 = 150;
/// So many cases with servers run in about a minute, each placing several times.
const CASES_ON_SERVERS: u64 = 36;
/// So many cases run at a time.
const AT_A_TIME: usize = 2;
/// A search for a smaller case gives up after so many.
const SHRINKING_STEPS: usize = 300;
/// After so many cases that failed, enough is known.
const FAILURES: usize = 5;

const HERE: Placing = Placing::new(Place::Here, Place::Here);

/// Folders of this machine and remotes either way round, and remotes of different kinds.
const ON_SERVERS: [Placing; 12] = [
    Placing::new(Place::Here, Place::On(Protocol::S3)),
    Placing::new(Place::On(Protocol::Openssh), Place::Here),
    Placing::new(Place::On(Protocol::S3), Place::On(Protocol::Webdav)),
    Placing::new(Place::Here, Place::On(Protocol::Webdav)),
    Placing::new(Place::On(Protocol::Sftp), Place::Here),
    Placing::new(Place::On(Protocol::Openssh), Place::On(Protocol::S3)),
    Placing::new(Place::Here, Place::On(Protocol::Openssh)),
    Placing::new(Place::On(Protocol::S3), Place::Here),
    Placing::new(Place::On(Protocol::Webdav), Place::On(Protocol::Sftp)),
    Placing::new(Place::On(Protocol::Webdav), Place::Here),
    Placing::new(Place::Here, Place::On(Protocol::Sftp)),
    Placing::new(Place::On(Protocol::Webdav), Place::On(Protocol::Openssh)),
];

struct Programs {
    bisync: PathBuf,
    rclone: PathBuf,
}

/// One of the programs, and where it runs: a directory of this name has its folders.
const RCLONE: &str = "rclone";
const BISYNC: &str = "bisync";

/// How a case went.
enum Verdict {
    Same,
    /// They differ, and are meant to.
    Excused(&'static str),
    Different(Difference),
}

struct Difference {
    /// What differs: `exit code`.
    what: &'static str,
    /// How it differs.
    detail: String,
    /// What both programs were told, round by round.
    arguments: Vec<Vec<String>>,
}

/// What can be seen after a run.
struct Seen {
    sides: Pair<Tree>,
    backups: Pair<Tree>,
    listings: Pair<Option<Listing>>,
}

impl Seen {
    fn forget_hashes(&mut self) {
        for side in Side::BOTH {
            for line in self.listings[side].iter_mut().flat_map(Listing::values_mut) {
                let words = line.split(' ').enumerate().map(|(index, word)| if index == 2 { "-" } else { word });
                *line = words.collect::<Vec<_>>().join(" ");
            }
        }
    }
}

#[test]
fn both_do_the_same() {
    compare_cases(CASES, |seed| (Case::random(seed), HERE));
}

#[test]
fn both_do_the_same_on_servers() {
    compare_cases(CASES_ON_SERVERS, |seed| {
        let placing = ON_SERVERS[usize::try_from(seed).unwrap() % ON_SERVERS.len()];
        (fitting(Case::random(seed), placing), placing)
    });
}

/// Changes a case to one that is the same for all servers that it runs on.
fn fitting(mut case: Case, placing: Placing) -> Case {
    if placing.is_keyed() {
        case.flags.always.retain(|flag| !flag.ends_with("-empty-src-dirs") && !flag.ends_with("-empty-dirs"));
    }
    for edit in case.rounds.iter_mut().flat_map(|round| &mut round.edits) {
        if let Edit::Write(.., time) | Edit::Touch(.., time) | Edit::Refer(.., time) = edit {
            // Servers keep whole seconds.
            time.1 = 0;
        }
    }
    // A server shows what a link leads to, or nothing.
    case.rounds.iter_mut().for_each(|round| round.edits.retain(|edit| !matches!(edit, Edit::Link(..))));
    case
}

/// Compares cases that are made of seeds.
fn compare_cases(count: u64, make: impl Fn(u64) -> (Case, Placing) + Sync) {
    let Some(rclone) = program::rclone() else { return };
    let programs = Programs { bisync: program::bisync(), rclone };
    let seeds = seeds("BISYNC_RCLONE_SEEDS", count);
    let next = AtomicU64::new(seeds.start);
    let (failures, excuses) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<&str, usize>::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || failures.lock().unwrap().len() >= FAILURES {
                        break;
                    }
                    let (case, placing) = make(seed);
                    match try_case(&case, placing, &programs) {
                        Verdict::Same => {}
                        Verdict::Excused(why) => *excuses.lock().unwrap().entry(why).or_default() += 1,
                        Verdict::Different(difference) => {
                            let report = report(seed, case, placing, difference, &programs);
                            println!("{report}");
                            failures.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    for (why, count) in excuses.into_inner().unwrap() {
        println!("excused {count} times: {why}");
    }
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "different for the seeds {failures:?}");
}

/// Runs a case with both programs, to the first difference.
fn try_case(case: &Case, placing: Placing, programs: &Programs) -> Verdict {
    let home = tempfile::tempdir().unwrap();
    let homes = [RCLONE, BISYNC].map(|name| home.path().join(name));
    for home in &homes {
        for folder in Side::BOTH.map(folder) {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        fs::create_dir(home.join(REFERENCE)).unwrap();
        if let Some(filters) = &case.flags.filters {
            fs::write(home.join("filters.txt"), filters).unwrap();
        }
    }
    let look_at = |homes: &[PathBuf; 2]| {
        let sessions = if placing == HERE { [Some(case.flags.rclone_session()), Some("one..two")] } else { [None; 2] };
        [look(&homes[0], sessions[0]), look(&homes[1], sessions[1])]
    };
    let mut told = Vec::new();
    let mut criticals = 0;
    for round in &case.rounds {
        homes.iter().for_each(|home| round.edits.iter().for_each(|edit| edit.apply(home)));
        let flags = flags(case, round, criticals);
        // What was done behind their backs, servers that begin now see.
        let Some(servers) = placing.serve(&programs.rclone, home.path()) else { return Verdict::Same };
        for home in &homes {
            fs::write(home.join("rclone.conf"), servers.configuration()).unwrap();
        }
        told.push(arguments(&servers, RCLONE, &flags));
        let [before, _] = look_at(&homes);
        let ended = run_both(programs, &homes, &servers, &flags);
        let mut seen = look_at(&homes);
        let mut found = compare(case, round, &ended, &seen);
        if found.is_none() && needs_another_run(&case.flags, &ended[0]) {
            run_both(programs, &homes, &servers, &case.flags.always);
            seen = look_at(&homes);
        }
        if ended[0].all().contains("no hashes in common") {
            // A `--resync` of rclone's lists none then, not even of the side that has some.
            seen.iter_mut().for_each(Seen::forget_hashes);
        }
        found = found.or_else(|| compare_listings(&seen));
        if let Some((what, detail)) = found {
            let [rclone, bisync] = &ended;
            let starts_anew = flags.contains(&case.flags.resync);
            let roots = Pair::from_fn(|side| root(&servers, RCLONE, side));
            let facts = Facts {
                flags: &case.flags,
                roots: &roots,
                starts_anew,
                before: &before.sides,
                listed: &before.listings,
                lists_other_side: lists_other_side(&seen),
                lists_more_directories: lists_more_directories(&seen),
                rclone,
                bisync,
            };
            if let Some(why) = facts.excuse() {
                return Verdict::Excused(why);
            }
            let [rclone, bisync] = ended.map(|ended| ended.all());
            let detail = format!("{detail}\nrclone said:\n{rclone}\nbisync said:\n{bisync}");
            return Verdict::Different(Difference { what, detail, arguments: told });
        }
        criticals = if ended[0].code == Some(7) { criticals + 1 } else { 0 };
    }
    Verdict::Same
}

fn run_both(programs: &Programs, homes: &[PathBuf; 2], servers: &Servers, flags: &[String]) -> [Ended; 2] {
    let own = ["bisync", "--color=NEVER", "--stats=0", "-v"].map(str::to_owned);
    let rclone = program::run(&programs.rclone, &homes[0], &[&own, &arguments(servers, RCLONE, flags)[..]].concat());
    let own = ["--lockout", "-v"].map(str::to_owned);
    let bisync = program::run(&programs.bisync, &homes[1], &[&own, &arguments(servers, BISYNC, flags)[..]].concat());
    [rclone, bisync]
}

/// Both are given the same flags. After two critical errors it is time for a `--resync`.
fn flags(case: &Case, round: &Round, criticals: usize) -> Vec<String> {
    let mut flags = [&case.flags.always[..], &round.flags].concat();
    if criticals >= 2 && round.flags.is_empty() {
        flags.push(case.flags.resync.clone());
    }
    flags
}

/// Returns what a program is told: its own folders, and backups where these are.
fn arguments(servers: &Servers, name: &str, flags: &[String]) -> Vec<String> {
    let mut arguments: Vec<String> = Side::BOTH.map(|side| root(servers, name, side)).into();
    arguments.extend(["--workdir=work", "--config=rclone.conf"].map(str::to_owned));
    arguments.extend(flags.iter().map(|flag| {
        let mut options = Side::BOTH.into_iter().zip(["--backup-dir1=", "--backup-dir2="]);
        let written = options.find_map(|(side, option)| {
            let folder = flag.strip_prefix(option)?;
            Some(format!("{option}{}", servers.written(side, &format!("{name}/{folder}"), folder)))
        });
        written.unwrap_or_else(|| flag.clone())
    }));
    arguments
}

/// Returns how the folder of a side is written for a program.
fn root(servers: &Servers, name: &str, side: Side) -> String {
    servers.written(side, &format!("{name}/{}", folder(side)), folder(side))
}

/// Looks at a home; where its listings have no `session` that is known, at those that there are.
fn look(home: &Path, session: Option<&str>) -> Seen {
    let listing = |side: &str| match session {
        Some(session) => read_listing(&home.join(format!("work/{session}.{side}.lst"))),
        None => read_listing_in(&home.join("work"), &format!(".{side}.lst")),
    };
    Seen {
        sides: Pair::from_fn(|side| read_tree(&home.join(folder(side)))),
        backups: Pair::new("backup1", "backup2").map(|folder| files(&read_tree(&home.join(folder)))),
        listings: Pair::new(listing("path1"), listing("path2")),
    }
}

fn compare(case: &Case, round: &Round, ended: &[Ended; 2], seen: &[Seen; 2]) -> Option<(&'static str, String)> {
    let [rclone, bisync] = ended;
    if rclone.code != bisync.code {
        return Some(("exit code", format!("rclone ended with {:?}, bisync with {:?}", rclone.code, bisync.code)));
    }
    let removes = case.flags.has("--remove-empty-dirs") && round.flags.is_empty() && rclone.code == Some(0);
    let with_directories = case.flags.has("--create-empty-src-dirs") || removes;
    let [rclone, bisync] = seen;
    for side in Side::BOTH {
        let tree = |seen: &Seen| if with_directories { seen.sides[side].clone() } else { files(&seen.sides[side]) };
        let text = difference("rclone", &tree(rclone), "bisync", &tree(bisync));
        if !text.is_empty() {
            return Some((["files of Path1", "files of Path2"][side as usize], text));
        }
        let text = difference("rclone", &rclone.backups[side], "bisync", &bisync.backups[side]);
        if !text.is_empty() {
            return Some((["backups of Path1", "backups of Path2"][side as usize], text));
        }
    }
    None
}

fn compare_listings([rclone, bisync]: &[Seen; 2]) -> Option<(&'static str, String)> {
    for side in Side::BOTH {
        let what = ["listing of Path1", "listing of Path2"][side as usize];
        match (&rclone.listings[side], &bisync.listings[side]) {
            (Some(left), Some(right)) if left != right => return Some((what, listings_differ(left, right))),
            (Some(_), Some(_)) | (None, None) => {}
            (left, _) => {
                let who = if left.is_some() { "rclone" } else { "bisync" };
                return Some((what, format!("only {who} has a listing")));
            }
        }
    }
    None
}

/// Says whether rclone lists on one side what both list on the other, wherever the listings differ.
fn lists_other_side([rclone, bisync]: &[Seen; 2]) -> bool {
    Side::BOTH.iter().all(|&side| {
        let [Some(left), Some(right)] = [&rclone.listings[side], &bisync.listings[side]] else { return false };
        let [other_left, other_right] = [&rclone.listings[side.other()], &bisync.listings[side.other()]];
        left.iter().filter(|(path, line)| right.get(*path) != Some(line)).all(|(path, line)| {
            [other_left, other_right].iter().all(|other| other.as_ref().and_then(|other| other.get(path)) == Some(line))
        })
    })
}

/// Says whether rclone lists all that bisync does, and directories besides.
fn lists_more_directories([rclone, bisync]: &[Seen; 2]) -> bool {
    Side::BOTH.iter().all(|&side| {
        let [Some(left), Some(right)] = [&rclone.listings[side], &bisync.listings[side]] else { return false };
        let more: Vec<_> = left.iter().filter(|(path, line)| right.get(*path) != Some(line)).collect();
        more.iter().all(|(path, line)| line.starts_with('d') && !right.contains_key(*path))
            && left.len() == right.len() + more.len()
    })
}

fn listings_differ(left: &Listing, right: &Listing) -> String {
    let mut text = String::new();
    let paths: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for path in paths.into_iter().filter(|path| left.get(*path) != right.get(*path)) {
        let _ = writeln!(text, "  {path}: rclone lists {:?}, bisync {:?}", left.get(path), right.get(path));
    }
    text
}

/// Looks for the smallest case that differs in the same thing, and shows it as a script.
fn report(seed: u64, mut case: Case, placing: Placing, mut difference: Difference, programs: &Programs) -> String {
    let mut steps = 0;
    'smaller: loop {
        for smaller in case.smaller() {
            steps += 1;
            if steps > SHRINKING_STEPS {
                break 'smaller;
            }
            if let Verdict::Different(found) = try_case(&smaller, placing, programs)
                && found.what == difference.what
            {
                (case, difference) = (smaller, found);
                continue 'smaller;
            }
        }
        break;
    }
    let what = difference.what;
    format!(
        "seed {seed}: the {what} differs:\n{}\nTo see it, on {:?}:\n{}",
        difference.detail,
        placing.places,
        script(&case, &difference.arguments)
    )
}

fn script(case: &Case, arguments: &[Vec<String>]) -> String {
    let mut text = "cd \"$(mktemp -d)\"; mkdir -p {rclone,bisync}/{one,two,reference}; export TZ=UTC\n".to_owned();
    text.push_str("both() { for home in rclone bisync; do (cd $home; eval \"$1\"); done; }\n");
    if let Some(filters) = &case.flags.filters {
        let _ = writeln!(text, "both {}", quoted(&format!("printf %s {} >filters.txt", quoted(filters))));
    }
    for (round, arguments) in case.rounds.iter().zip(arguments) {
        for edit in &round.edits {
            let _ = writeln!(text, "both {}", quoted(&edit.command()));
        }
        let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        let words = words.join(" ");
        let _ = writeln!(text, "(cd rclone; rclone bisync {words}; echo \"rclone: $?\")");
        let _ = writeln!(text, "(cd bisync; bisync --lockout {words}; echo \"bisync: $?\")");
    }
    text.push_str("diff -r rclone bisync\n");
    text
}
