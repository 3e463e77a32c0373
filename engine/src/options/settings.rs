//! Everything that is decided before a run begins.

use super::filter::FilterSettings;
use super::{Copying, Links, Options, OptionsError, Value, compare, copying};
use crate::compare::Compare;
use crate::conflict::{Loser, Naming, Prefer};
use crate::entry::Instant;
use crate::event::{Event, Level};
use crate::metadata::Keeps;
use crate::moves::MoveSigns;
use crate::path::{PathError, RelPath};
use crate::protocol::Capabilities;
use crate::side::{Pair, Side};
use crate::spelling::Spelling;
use crate::suffix::expand_dates;

/// The shortest life of a lock, in nanoseconds: two minutes, as in rclone.
const SHORTEST_LOCK_NS: u64 = 120_000_000_000;

/// The longest suffix of temporary files, in bytes, as in rclone.
const LONGEST_PARTIAL_SUFFIX: usize = 16;

/// What a run is to do, with nothing left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What tells versions of a file apart.
    pub compare: Compare,
    /// The hash algorithm that the listing of each side holds; `None` for no hashes. A host computes one that the side does
    /// not offer from the content.
    pub listing_hash: Pair<Option<String>>,
    /// Whether files of the two sides are compared by checksum rather than by time.
    pub sync_checksum: bool,
    /// The smallest difference of times between the sides that counts, in nanoseconds; `None` when a side keeps no times.
    pub modify_window_ns: Option<u64>,
    /// The smallest difference of times that counts within each side, in nanoseconds; `None` when it keeps no times.
    pub side_window_ns: Pair<Option<u64>>,
    /// Which version wins when the run starts anew; `None` when it goes on from the last one.
    pub resync: Option<Prefer>,
    /// What becomes of conflicts.
    pub conflict: ConflictPolicy,
    /// What becomes of empty directories.
    pub empty_directories: EmptyDirectories,
    /// The name of the files that have to be in the same places on both sides; `None` when that is not checked.
    pub access_check: Option<String>,
    /// The run stops when more than this share of a side's files is gone: at most 100.
    pub max_delete_percent: u8,
    /// Whether it goes on all the same, or when all files were changed.
    pub force: bool,
    /// When the two listings are checked against each other.
    pub check_sync: CheckSync,
    /// Whether a critical error keeps further runs from starting until a resync.
    pub lockout: bool,
    /// Whether lesser errors do not lock out.
    pub resilient: bool,
    /// Whether lost listings are replaced by those of the run before.
    pub recover: bool,
    /// After how many nanoseconds a lock has expired; `None` for never.
    pub max_lock_ns: Option<u64>,
    /// Whether nothing may be changed.
    pub dry_run: bool,
    /// Whether working files are removed at the end.
    pub cleanup: bool,
    /// Which names are the same.
    pub names: NamePolicy,
    /// How often something that may work when tried again is tried in all: at least 1.
    pub retries: u32,
    /// How long to wait before, in milliseconds.
    pub retries_sleep_ms: u64,
    /// Whether each side has a directory for what is replaced or deleted.
    pub backup: Pair<bool>,
    /// What is appended to names there, before the extension if [`Naming::keep_extension`] says so.
    pub backup_suffix: Option<String>,
    /// What may be copied, in which order, and how much.
    pub copying: Copying,
    /// What the names of temporary files end with.
    pub partial_suffix: String,
    /// What tells a move; `None` when moves are not looked for.
    pub moves: Option<MoveSigns>,
    /// Paths of which everything is to be said; then nothing may be changed.
    pub explain: Vec<RelPath>,
    /// Which files take part.
    pub filter: FilterSettings,
    /// The metadata that is carried over: what both sides keep; `None` when none is.
    pub metadata: Option<Keeps>,
    /// What becomes of symbolic links.
    pub links: Links,
    /// Whether links that take no part are skipped without a word.
    pub skips_links: bool,
}

/// What becomes of files that both sides changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictPolicy {
    /// Which version wins; `None` for neither.
    pub resolve: Option<Prefer>,
    /// What becomes of the losers.
    pub naming: Naming,
}

/// What becomes of empty directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyDirectories {
    /// They are left alone.
    Ignore,
    /// They are made and removed as on the other side.
    Sync,
    /// They are all removed at the end.
    Remove,
}

/// When the two listings are checked against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckSync {
    /// At the end of the run.
    AtEnd,
    /// Never.
    Never,
    /// Now, and nothing else is done.
    Only,
}

/// Which names are the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamePolicy {
    /// Those that differ only by case. Set also when a side cannot tell them apart.
    pub ignore_case: bool,
    /// Those that differ only by Unicode form.
    pub normalize_unicode: bool,
    /// Whether names on Path2 are changed to the case of Path1.
    pub fix_case: bool,
}

impl NamePolicy {
    /// Returns which spellings of a name are one.
    pub fn spelling(self) -> Spelling {
        Spelling { ignore_case: self.ignore_case, normalize_unicode: self.normalize_unicode }
    }
}

impl Settings {
    /// Decides everything, and says what a person should know about it.
    ///
    /// `now` and `utc_offset_seconds` (of the local time zone, positive to the east) are for ages and for dates in suffixes.
    ///
    /// # Errors
    /// Names an option that contradicts others, or that the sides cannot do.
    pub fn resolve(
        options: &Options,
        capabilities: &Pair<Capabilities>,
        now: Instant,
        utc_offset_seconds: i32,
    ) -> Result<(Self, Vec<Event>), OptionsError> {
        let mut events = Vec::new();
        let mode = options.word("resync-mode").and_then(prefer);
        let starts_anew = options.flag("resync") || mode.is_some();
        let comparing = compare::resolve(options, capabilities, starts_anew, &mut events)?;
        let mut usable = |option, preferred| usable(option, preferred, comparing.compare, capabilities, &mut events);
        let mode = usable("resync-mode", mode);
        let resolve = usable("conflict-resolve", options.word("conflict-resolve").and_then(prefer));
        ignored(options, &mut events);
        let mut copying = Copying::resolve(options);
        if copying.in_place && options.flag("remote-lock") {
            copying.in_place = false;
            let why = "only this machine would know which files are half written (--remote-lock)";
            events.push(notice("option-ignored", format!("`--inplace` is ignored: {why}")));
        }
        let links = Links::of(options)?;
        if links != Links::Skip && options.flag("skip-links") {
            events.push(notice("option-ignored", "`--skip-links` is ignored: no links are skipped".to_owned()));
        }

        let window_ns = options.duration_ns("modify-window").unwrap_or_default().max(1);
        let side_window_ns = capabilities.as_ref().map(|side| Some(side.time_precision_ns?.max(window_ns)));
        let backup_dir = options.text("backup-dir").is_some();
        let backup = Pair::new("backup-dir1", "backup-dir2").map(|name| backup_dir || options.text(name).is_some());
        let settings = Self {
            compare: comparing.compare,
            listing_hash: comparing.listing_hash,
            sync_checksum: comparing.sync_checksum,
            modify_window_ns: side_window_ns.one.zip(side_window_ns.two).map(|(one, two)| one.max(two)),
            side_window_ns,
            resync: starts_anew.then(|| mode.unwrap_or(Prefer::Side(Side::One))),
            conflict: ConflictPolicy { resolve, naming: naming(options, now, utc_offset_seconds)? },
            empty_directories: empty_directories(options)?,
            access_check: access_check(options)?,
            max_delete_percent: options.percentage("max-delete").unwrap_or_default(),
            force: options.flag("force"),
            check_sync: match options.word("check-sync") {
                Some("only") => CheckSync::Only,
                Some("false") => CheckSync::Never,
                _ => CheckSync::AtEnd,
            },
            lockout: options.flag("lockout"),
            resilient: options.flag("resilient"),
            recover: options.flag("recover"),
            max_lock_ns: max_lock_ns(options, &mut events),
            dry_run: options.flag("dry-run") || options.is_given("explain"),
            cleanup: !options.flag("no-cleanup"),
            names: NamePolicy {
                ignore_case: options.flag("ignore-case-sync")
                    || capabilities.one.case_insensitive
                    || capabilities.two.case_insensitive,
                normalize_unicode: !options.flag("no-unicode-normalization"),
                fix_case: options.flag("fix-case"),
            },
            retries: u32::try_from(options.number("retries").unwrap_or_default().max(1)).unwrap_or(u32::MAX),
            retries_sleep_ms: options.duration_ns("retries-sleep").unwrap_or_default() / 1_000_000,
            backup_suffix: backup_suffix(options, backup)?,
            backup,
            explain: explained(options)?,
            copying,
            partial_suffix: partial_suffix(options)?,
            moves: copying::moves(options),
            filter: FilterSettings::resolve(options, now, utc_offset_seconds),
            metadata: metadata(options, capabilities),
            links,
            skips_links: links == Links::Skip && options.flag("skip-links"),
        };
        Ok((settings, events))
    }
}

/// The preference that a word of the table stands for.
fn prefer(word: &str) -> Option<Prefer> {
    match word {
        "path1" => Some(Prefer::Side(Side::One)),
        "path2" => Some(Prefer::Side(Side::Two)),
        "newer" => Some(Prefer::Newer),
        "older" => Some(Prefer::Older),
        "larger" => Some(Prefer::Larger),
        "smaller" => Some(Prefer::Smaller),
        _ => None,
    }
}

/// Drops a preference that needs what is not compared, with a notice, as rclone does.
fn usable(
    option: &str,
    preferred: Option<Prefer>,
    compare: Compare,
    capabilities: &Pair<Capabilities>,
    events: &mut Vec<Event>,
) -> Option<Prefer> {
    let first = |is: fn(&Capabilities) -> bool| Side::BOTH.into_iter().find(|side| is(&capabilities[*side]));
    let timeless = first(|side| side.time_precision_ns.is_none());
    // In a resync any file may be one that the side wrote itself, at a time that says nothing of when it was edited.
    let own_times = first(|side| !side.sets_time).filter(|_| option == "resync-mode");
    let problem = match preferred? {
        Prefer::Newer | Prefer::Older => match (timeless, own_times) {
            (Some(side), _) => format!("{side} keeps no times"),
            (None, Some(side)) => format!("{side} keeps no times but its own"),
            (None, None) if !compare.modified => "times are not compared".to_owned(),
            (None, None) => return preferred,
        },
        Prefer::Larger | Prefer::Smaller if !compare.size => "sizes are not compared".to_owned(),
        Prefer::Larger | Prefer::Smaller | Prefer::Side(_) => return preferred,
    };
    events.push(notice("option-ignored", format!("`--{option}` is ignored: {problem}")));
    None
}

/// Why large files are not copied by several threads.
const ONE_STREAM: &str = "it is for remotes that rclone serves; elsewhere a file goes as the backend does it best";

/// Options that are accepted because rclone's bisync accepts them, and why they change nothing.
const IGNORED: [(&str, &str); 12] = [
    ("update", "both sides are kept in step, so a newer file is never skipped"),
    ("no-check-dest", "nothing is replaced unseen"),
    ("no-traverse", "both sides are always listed"),
    ("delete-excluded", "what the filters leave out is left alone on both sides"),
    ("server-side-across-configs", "it concerns remotes"),
    ("streaming-upload-cutoff", "it concerns remotes"),
    ("tpslimit", "it limits requests over a network, and local folders take none"),
    ("tpslimit-burst", "it limits requests over a network, and local folders take none"),
    ("multi-thread-streams", ONE_STREAM),
    ("multi-thread-cutoff", ONE_STREAM),
    ("multi-thread-chunk-size", ONE_STREAM),
    ("multi-thread-write-buffer-size", ONE_STREAM),
];

/// Says which of the options given change nothing.
fn ignored(options: &Options, events: &mut Vec<Event>) {
    for (name, why) in IGNORED {
        let is_off = matches!(options.all(name).last(), None | Some(Value::Flag(false)));
        if !is_off {
            events.push(notice("option-ignored", format!("`--{name}` is ignored: {why}")));
        }
    }
}

fn naming(options: &Options, now: Instant, utc_offset_seconds: i32) -> Result<Naming, OptionsError> {
    let refuse = |problem: String| OptionsError::Contradiction { option: "conflict-suffix", problem };
    // An empty suffix means the default, as in rclone.
    let text = options.text("conflict-suffix").unwrap_or_else(|| "conflict".to_owned());
    let parts: Vec<_> = text.split(',').collect();
    let suffixes = match parts[..] {
        [both] => Pair::new(both, both),
        [one, two] => Pair::new(one, two),
        _ => return Err(refuse(format!("`{text}` holds {} suffixes; there can be one or two", parts.len()))),
    };
    let suffixes = suffixes.map(|suffix| format!(".{}", expand_dates(suffix, now, utc_offset_seconds)));
    for suffix in [&suffixes.one, &suffixes.two] {
        check_name(suffix).map_err(&refuse)?;
    }
    let loser = match options.word("conflict-loser") {
        Some("pathname") => Loser::Pathname,
        Some("delete") => Loser::Delete,
        _ => Loser::Number,
    };
    Ok(Naming { loser, suffixes, keep_extension: options.flag("suffix-keep-extension") })
}

fn metadata(options: &Options, capabilities: &Pair<Capabilities>) -> Option<Keeps> {
    let keeps = capabilities.one.keeps.and(capabilities.two.keeps);
    (options.flag("metadata") && !keeps.is_nothing()).then_some(keeps)
}

fn empty_directories(options: &Options) -> Result<EmptyDirectories, OptionsError> {
    match (options.flag("create-empty-src-dirs"), options.flag("remove-empty-dirs")) {
        (true, true) => {
            let problem = "`--create-empty-src-dirs` keeps empty directories".to_owned();
            Err(OptionsError::Contradiction { option: "remove-empty-dirs", problem })
        }
        (true, false) => Ok(EmptyDirectories::Sync),
        (false, true) => Ok(EmptyDirectories::Remove),
        (false, false) => Ok(EmptyDirectories::Ignore),
    }
}

fn access_check(options: &Options) -> Result<Option<String>, OptionsError> {
    let name = options.text("check-filename").unwrap_or_else(|| "RCLONE_TEST".to_owned());
    RelPath::root()
        .join(&name)
        .map_err(|error| OptionsError::Contradiction { option: "check-filename", problem: error.to_string() })?;
    Ok(options.flag("check-access").then_some(name))
}

fn max_lock_ns(options: &Options, events: &mut Vec<Event>) -> Option<u64> {
    let max_lock_ns = options.duration_ns("max-lock").filter(|life_ns| *life_ns > 0)?;
    if max_lock_ns < SHORTEST_LOCK_NS {
        events.push(notice("option-changed", "`--max-lock` is raised to two minutes, the least it can be".to_owned()));
    }
    Some(max_lock_ns.max(SHORTEST_LOCK_NS))
}

fn explained(options: &Options) -> Result<Vec<RelPath>, OptionsError> {
    let path = |text: &str| {
        let refuse = |error: PathError| OptionsError::Contradiction { option: "explain", problem: error.to_string() };
        RelPath::parse(text.trim_end_matches('/')).map_err(refuse)
    };
    options.all("explain").filter_map(Value::as_text).map(path).collect()
}

/// A suffix only has a meaning where old versions are kept.
fn backup_suffix(options: &Options, backup: Pair<bool>) -> Result<Option<String>, OptionsError> {
    let refuse = |problem| OptionsError::Contradiction { option: "suffix", problem };
    let Some(suffix) = options.text("suffix") else { return Ok(None) };
    check_name(&suffix).map_err(&refuse)?;
    match Side::BOTH.into_iter().find(|side| !backup[*side]) {
        Some(side) => Err(refuse(format!("{side} has no `--backup-dir` in which old versions could be kept"))),
        None => Ok(Some(suffix)),
    }
}

fn partial_suffix(options: &Options) -> Result<String, OptionsError> {
    let refuse = |problem| OptionsError::Contradiction { option: "partial-suffix", problem };
    let suffix = options.text("partial-suffix").unwrap_or_default();
    check_name(&suffix).map_err(refuse)?;
    if suffix.len() > LONGEST_PARTIAL_SUFFIX {
        return Err(refuse(format!("`{suffix}` is longer than {LONGEST_PARTIAL_SUFFIX} bytes")));
    }
    Ok(suffix)
}

fn check_name(suffix: &str) -> Result<(), String> {
    if suffix.contains(['/', '\0']) { Err(format!("`{suffix}` cannot be part of a name")) } else { Ok(()) }
}

fn notice(code: &'static str, text: String) -> Event {
    Event { level: Level::Notice, code: code.into(), path: None, text }
}

#[cfg(test)]
mod tests;
