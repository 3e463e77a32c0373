//! What a run stands on: both sides opened, the state claimed, the settings decided.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bisync_engine::entry::Instant;
use bisync_engine::event::Level;
use bisync_engine::filter::Filter;
use bisync_engine::options::{FilterSettings, Links, Options, OptionsError, Settings, Value, find};
use bisync_engine::outcome::Outcome;
use bisync_engine::protocol::Capabilities;
use bisync_engine::session::{Opening, PlanUse, StopReason};
use bisync_engine::session_name::{StateNames, session_name};
use bisync_engine::side::{Pair, Side};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc;

use crate::backend::http::Dump;
use crate::backend::local::Sight;
use crate::backend::rclone::Rclone;
use crate::backend::{Backend, References, Sides, Stopping, Transport};
use crate::cli::Arguments;
use crate::component;
use crate::driver::{Limits, drive};
use crate::limits::{Passage, Requests};
use crate::lock::Lock;
use crate::paths::{self, Beside, Location, Root};
use crate::report::Reporter;
use crate::shared::{Shared, SharedError, Sharing, is_shared};
use crate::state::{StateStore, make_directory};

use super::RunError;
use super::late::keep_in_journal;
use super::mounted::Mounted;
use super::names::{Owner, names_in};
use super::opening::{Opener, Remotes};

/// At most so many threads wait for the system. A comparison or a copy through memory has two ends, each with a thread of its own, and
/// there are at most 1024 of either at once.
const BLOCKING_THREADS: usize = 4 * 1024 + 4;

/// The option that carries over empty directories.
const EMPTY_DIRECTORIES: &str = "create-empty-src-dirs";

/// The option that shares a pair with other machines.
const REMOTE_LOCK: &str = "remote-lock";

/// The exit codes of runs that did what they could: success, and what `--max-transfer`, `--error-on-no-transfer` and `--max-duration` make of it.
const COMPLETE: [u8; 4] = [0, 8, 9, 10];

const NOT_SHARED: &str = "other machines may know these folders by --remote-lock, which this run does without: \
                          they are not kept apart from it";

/// A run that can begin.
pub struct Ready {
    given: Vec<(String, String)>,
    /// Both folders.
    roots: Pair<Root>,
    /// Both paths as the state's names are made from them.
    names: Pair<String>,
    sides: Sides,
    capabilities: Pair<Capabilities>,
    limits: Limits,
    /// What the content of every copied file passes through.
    pub passage: Arc<Passage>,
    state: PathBuf,
    /// A number that no other run has.
    run: u64,
    now: Instant,
    utc_offset_seconds: i32,
    /// What is shared with other machines; its locks end before the one of this machine.
    shared: Option<Shared>,
    /// Where both folders are; `None` when that is not to be remembered.
    mounted: Option<Mounted>,
    _serving: Serving,
    _locks: Vec<Lock>,
    /// What everything is waited for in: dropped last, because of what it still carries out.
    runtime: Runtime,
}

/// Ends the rclone that serves remotes with the run. The threads of a run that is over may hold it until the program ends, and nobody would
/// remove then what it leaves.
struct Serving(Arc<Rclone>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Ready {
    /// Opens what a run needs. Nothing is made or locked when the run changes nothing.
    ///
    /// # Errors
    /// Names what cannot be used, and why.
    pub fn new(arguments: &Arguments, reporter: &mut Reporter) -> Result<Self, RunError> {
        let options = &arguments.options;
        let sight = sight(options, reporter)?;
        let mut remotes = Remotes::new(options);
        let (locations, state) = locate(arguments, &mut remotes)?;
        let backups = backups(options, &mut remotes)?;
        let changes_nothing = ["dry-run", "plan-out", "explain"];
        let changes_nothing = changes_nothing.iter().any(|name| options.flag(name) || options.text(name).is_some());
        // A plan was made for two directories that were there.
        let may_be_missing = !changes_nothing && arguments.apply.is_none() && starts_anew(options);
        let listings = Beside {
            what: "the directory of the listings",
            root: Root::Directory(state.clone()),
            flag: "workdir",
            sides: Side::BOTH.to_vec(),
            may_contain: true,
            excluded_by: None,
        };
        let beside = backups.as_ref().map(|backup| backup.as_ref().map(|backup| backup.beside(options)));
        let apart: Vec<&Beside> =
            [Some(&listings), beside.one.as_ref(), beside.two.as_ref()].into_iter().flatten().collect();
        paths::check(locations.as_ref(), may_be_missing, &apart)?;
        if may_be_missing && let Some(root) = locations.one.root.directory() {
            made(root, fs::create_dir_all(root))?;
        }
        if !changes_nothing {
            made(&state, make_directory(&state))?;
        }
        let only_looks = changes_nothing || options.word("check-sync") == Some("only");
        let names = state_names(arguments, &locations, &state, !only_looks)?;
        let passage = Arc::new(Passage::new(options, Arc::clone(&reporter.counters.bytes)));
        let run = RandomState::new().hash_one(Timestamp::now());
        let transport = Transport {
            run,
            passage: Arc::clone(&passage),
            requests: Arc::new(Requests::new(options)),
            dump: Dump::of(options, reporter.teller()).map(Arc::new),
            stopping: Stopping::default(),
        };
        // Locks are renewed whatever the run is waiting for, be it a person.
        let mut runtime = match options.flag(REMOTE_LOCK) {
            true => runtime::Builder::new_multi_thread(),
            false => runtime::Builder::new_current_thread(),
        };
        let runtime = runtime.worker_threads(1).enable_all().max_blocking_threads(BLOCKING_THREADS).build()?;
        let (transport_dump, stopping) = (transport.dump.clone(), transport.stopping.clone());
        let references = reference_roots(options, &mut remotes)?;
        let roots =
            [&locations.one.root, &locations.two.root].into_iter().chain(references.iter().map(|(_, root)| root));
        let rclone = remotes.rclone(roots, &arguments.given, &transport);
        let serving = Serving(Arc::clone(&rclone));
        let opener = Opener { options, sight, transport, state: &state, runtime: &runtime, rclone };
        let open = |side: Side| {
            let backup = backups[side].as_ref().map(|backup| &backup.root);
            opener.side(side, &locations[side], backup, may_be_missing)
        };
        let folders = Pair::new(open(Side::One)?, open(Side::Two)?);
        let timestamp = Timestamp::now();
        let now = Instant { seconds: timestamp.as_second(), nanoseconds: timestamp.subsec_nanosecond().unsigned_abs() };
        let utc_offset_seconds = TimeZone::system().to_offset(timestamp).seconds();
        let capabilities = folders.as_ref().map(|folder| folder.capabilities());
        // The engine says what there is to say about the settings when the session is opened.
        let (settings, _) = Settings::resolve(options, &capabilities, now, utc_offset_seconds)?;
        let references = References::open(options, &settings, |path| {
            let known = references.iter().find(|(name, _)| name == path);
            opener.reference(known.map_or(&Root::Directory(path.to_owned()), |(_, root)| root))
        })?;
        let locks = if changes_nothing { Vec::new() } else { claim(&state, &names, &locations, &settings, reporter)? };
        let mounted = find_mounted(&state, &names, locations.as_ref().map(|location| &location.root), options)?;
        let shared = if options.flag(REMOTE_LOCK) {
            // What holds back content and requests of the run holds back no lock.
            let unlimited = Transport { run, dump: transport_dump, ..Transport::default() };
            let opener = Opener { transport: unlimited, state: &state.join("none"), ..opener };
            let open = |side: Side| opener.side(side, &locations[side], None, false);
            let sharing = Sharing {
                folders: &Pair::new(open(Side::One)?, open(Side::Two)?),
                identities: Pair::from_fn(|side| identity(&locations[side].root, folders[side].as_ref())),
                names: &names,
                state: &state,
                max_lock: settings.max_lock_ns.map(Duration::from_nanos),
                runtime: runtime.handle().clone(),
            };
            let say = &mut |level, code, text| reporter.say(level, code, text);
            Some(if only_looks { Shared::look(&sharing, say)? } else { Shared::claim(&sharing, say)? })
        } else {
            if !changes_nothing && is_shared(&state, &names)? {
                reporter.say(Level::Notice, "not-shared", NOT_SHARED.to_owned());
            }
            None
        };
        let given = possible(&arguments.given, &folders, reporter);
        Ok(Self {
            given,
            roots: locations.map(|location| location.root),
            names,
            sides: Sides { folders, references, passage: Arc::clone(&passage), stopping },
            capabilities,
            limits: Limits::of(options, &settings),
            passage,
            state,
            run,
            now,
            utc_offset_seconds,
            shared,
            mounted: mounted.filter(|_| !only_looks),
            _serving: serving,
            _locks: locks,
            runtime,
        })
    }

    /// Leads a conversation with the engine to its end; with a plan file, if there is one.
    ///
    /// # Errors
    /// Fails when the engine does, or when what a plan needs is not known.
    pub fn lead(
        &self,
        plan: Option<(PlanUse, PathBuf)>,
        reporter: &mut Reporter,
        stops: mpsc::UnboundedReceiver<StopReason>,
    ) -> Result<Outcome, RunError> {
        let state = self.shared.as_ref().map_or(self.state.as_path(), Shared::state).to_owned();
        let (plan, plan_file) = plan.unzip();
        let options = match plan {
            Some(PlanUse::Write { .. }) => planned_options(&self.given)?,
            Some(PlanUse::Apply) | None => self.given.clone(),
        };
        let mut conversation = component::open(Opening {
            options,
            paths: self.names.clone(),
            capabilities: self.capabilities.clone(),
            now: self.now,
            utc_offset_seconds: self.utc_offset_seconds,
            run: self.run,
            plan,
        })?;
        let journal = state.clone();
        let store = StateStore::new(state).with_plan(plan_file);
        let driven = drive(conversation.as_mut(), self.sides.clone(), store, self.limits, reporter, stops);
        let outcome = self.runtime.block_on(driven);
        Side::BOTH.into_iter().for_each(|side| self.sides.folders[side].remember());
        self.sides.references.remember();
        if Side::BOTH.into_iter().any(|side| self.sides.folders[side].may_finish_late())
            && let Err(failure) = keep_in_journal(&mut StateStore::new(journal), &self.names, self.run)
        {
            reporter.say(Level::Notice, "journal-unwritable", format!("cannot write the journal: {failure}"));
        }
        Ok(outcome?)
    }

    /// Says that a plan is to be written, for these folders.
    ///
    /// # Errors
    /// Fails when the current directory is not known, or when a folder has no name that can be written into a plan.
    pub fn writing(&self) -> Result<PlanUse, RunError> {
        let named = |root: &Root| match root {
            Root::Directory(directory) => Ok(std::path::absolute(directory)?.to_string_lossy().into_owned()),
            // A plan is read by many; what is given with a path may be a secret.
            Root::Remote(address) if address.connection.options.is_empty() => Ok(address.to_string()),
            Root::Remote(address) => Err(RunError::PlanWithOptions(address.to_string())),
        };
        Ok(PlanUse::Write { roots: Pair::new(named(&self.roots.one)?, named(&self.roots.two)?) })
    }

    /// Asks for the run to be stopped when another machine may have begun one.
    pub fn stop_when_lost(&self, wish: mpsc::UnboundedSender<StopReason>) {
        if let Some(shared) = &self.shared {
            shared.stop_when_lost(wish);
        }
    }

    /// Shares what the run has recorded with other machines, where that is wanted.
    ///
    /// # Errors
    /// Says what could not be written.
    pub fn publish(&mut self, is_in_step: bool) -> Result<(), SharedError> {
        self.shared.as_mut().map_or(Ok(()), |shared| shared.publish(is_in_step))
    }

    /// Remembers where both folders are, after a run that went over them.
    ///
    /// # Errors
    /// Says what could not be written.
    pub fn remember_mounted(&mut self, outcome: &Outcome) -> Result<(), RunError> {
        // A run that a safety limit stopped may have been in the wrong place.
        let went_over_them = outcome.has_changes() || COMPLETE.contains(&outcome.exit_code);
        let mounted = self.mounted.take().filter(|_| went_over_them);
        mounted.map_or(Ok(()), Mounted::keep).map_err(|error| RunError::State { path: self.state.clone(), error })
    }

    /// Returns both folders.
    pub fn roots(&self) -> &Pair<Root> {
        &self.roots
    }

    /// Returns the directory of the listings.
    pub fn state(&self) -> &Path {
        &self.state
    }
}

/// Leaves out what is carried out elsewhere, and what a side cannot do. A directory that is made, and not kept, would look deleted the next time.
fn possible(
    given: &[(String, String)],
    folders: &Pair<Arc<dyn Backend>>,
    reporter: &mut Reporter,
) -> Vec<(String, String)> {
    let mut given = given.to_vec();
    // The engine would say that they are ignored, as between local folders they are.
    given.retain(|(name, _)| !Side::BOTH.into_iter().any(|side| folders[side].carries_out(name)));
    let unable = Side::BOTH.into_iter().find(|side| !folders[*side].keeps_empty_directories());
    if let (Some(side), true) = (unable, given.iter().any(|(name, _)| name == EMPTY_DIRECTORIES)) {
        given.retain(|(name, _)| name != EMPTY_DIRECTORIES);
        let text = format!("`--{EMPTY_DIRECTORIES}` is ignored: {side} keeps no directories without files");
        reporter.say(Level::Notice, "no-empty-directories", text);
    }
    given
}

/// The options that a plan is made with and carried out with: whatever the directory in which that is done.
fn planned_options(given: &[(String, String)]) -> Result<Vec<(String, String)>, RunError> {
    let kept = given.iter().filter(|(name, _)| !matches!(name.as_str(), "plan-out" | "dry-run" | "interactive"));
    kept.map(|(name, value)| {
        // The value of an option that takes a file holds what was in it.
        let is_path = find(name).is_some_and(|spec| spec.takes_path() && !spec.kind.is_file());
        let value = if is_path && !value.is_empty() && !paths::names_remote(value.as_bytes()) {
            std::path::absolute(value)?.to_string_lossy().into_owned()
        } else {
            value.clone()
        };
        Ok((name.clone(), value))
    })
    .collect()
}

/// Returns both paths, and where the listings are.
fn locate(arguments: &Arguments, remotes: &mut Remotes<'_>) -> Result<(Pair<Location>, PathBuf), RunError> {
    let options = &arguments.options;
    let mut location = |side: Side| remotes.location(side, &arguments.paths[side]);
    let locations = Pair::new(location(Side::One)?, location(Side::Two)?);
    let state = match options.text("workdir") {
        Some(directory) => PathBuf::from(directory),
        None => paths::default_state_directory(|name| std::env::var_os(name)).ok_or(RunError::NoStateDirectory)?,
    };
    Ok((locations, state))
}

/// Returns what the state is named after. With `claims` this is found out for a run that will write some.
fn state_names(
    arguments: &Arguments,
    locations: &Pair<Location>,
    state: &Path,
    claims: bool,
) -> Result<Pair<String>, RunError> {
    let rclone = locations.as_ref().map(|location| location.state_name.clone());
    let own = Pair::new(locations.one.own_name()?, locations.two.own_name()?);
    let Some(planned) = &arguments.state_names else {
        return match arguments.options.text("workdir") {
            None => Ok(own),
            Some(_) => {
                let seen = Pair::new(locations.one.name_seen_from(state)?, locations.two.name_seen_from(state)?);
                names_in(state, rclone, Owner { own, seen }, claims)
                    .map_err(|error| RunError::State { path: state.to_owned(), error })
            }
        };
    };
    for side in Side::BOTH {
        // What a relative path named, only the directory in which it was given could tell.
        let is_told = locations[side].root.directory().is_some() && planned[side].starts_with('/');
        if is_told && ![&rclone[side], &own[side]].contains(&&planned[side]) {
            return Err(RunError::PlanOfOthers(side, locations[side].root.to_string()));
        }
    }
    Ok(planned.clone())
}

/// Claims the lock of the state, and that of both folders where it is another one: whatever leads there, and whichever comes first, two
/// runs never work on the same pair.
fn claim(
    state: &Path,
    names: &Pair<String>,
    locations: &Pair<Location>,
    settings: &Settings,
    reporter: &mut Reporter,
) -> Result<Vec<Lock>, RunError> {
    let mut real = [locations.one.real_name()?, locations.two.real_name()?];
    real.sort();
    let sessions = BTreeSet::from([session_name(&names.one, &names.two), session_name(&real[0], &real[1])]);
    let max_lock = settings.max_lock_ns.map(Duration::from_nanos);
    let mut locks = Vec::new();
    for session in sessions {
        let (lock, notice) = Lock::claim(state, &session, max_lock)?;
        if let Some(notice) = notice {
            reporter.say(Level::Notice, "lock-taken-over", notice);
        }
        locks.push(lock);
    }
    Ok(locks)
}

/// Finds out where both folders are, and makes sure that they are where they were in the last run, unless that does not matter.
fn find_mounted(
    state: &Path,
    names: &Pair<String>,
    roots: Pair<&Root>,
    options: &Options,
) -> Result<Option<Mounted>, RunError> {
    if options.text("explain").is_some() || options.word("check-sync") == Some("only") {
        return Ok(None);
    }
    let kept = StateNames::new(names.as_ref().map(String::as_str));
    let mounted = Mounted::find(roots, state.join(kept.file_systems))
        .map_err(|error| RunError::State { path: state.to_owned(), error })?;
    let is_there = |name: &String| state.join(name).exists();
    let has_base = is_there(&kept.listing.one) || options.flag("recover") && is_there(&kept.old.one);
    if has_base && !starts_anew(options) && !options.flag("other-disk") {
        mounted.check(roots)?;
    }
    Ok(Some(mounted))
}

/// Returns what tells a folder from every other: a remote's address, or what a copy of a local folder does not have.
fn identity(root: &Root, folder: &dyn Backend) -> String {
    match root {
        Root::Directory(_) => folder.identity().unwrap_or_default(),
        Root::Remote(address) => address.own_name(),
    }
}

fn starts_anew(options: &Options) -> bool {
    options.flag("resync") || options.word("resync-mode").is_some_and(|mode| mode != "none")
}

/// A folder that keeps what is replaced or deleted on a side.
struct Kept {
    root: Root,
    /// The option that named it.
    flag: &'static str,
}

impl Kept {
    /// Returns the directory, which must not overlap a side, be it its own or the other: what is kept would take part in the next run, or
    /// replace files that do. As in rclone, it may lie where the filter lets no run look.
    fn beside(&self, options: &Options) -> Beside {
        Beside {
            what: "the backup directory",
            root: self.root.clone(),
            flag: self.flag,
            sides: Side::BOTH.to_vec(),
            may_contain: false,
            excluded_by: filter(options),
        }
    }
}

/// Returns the filter of a run; `None` where it cannot be made, of which the engine speaks.
pub fn filter(options: &Options) -> Option<Filter> {
    // What is about times says nothing of directories.
    let FilterSettings { sources, limits, ignore_case } =
        FilterSettings::resolve(options, Instant { seconds: 0, nanoseconds: 0 }, 0);
    Filter::new(&sources, limits, ignore_case).ok()
}

fn backups(options: &Options, remotes: &mut Remotes<'_>) -> Result<Pair<Option<Kept>>, RunError> {
    let mut kept = |side: Side, own: &'static str| {
        let given = [own, "backup-dir"].into_iter().find_map(|flag| Some((flag, options.text(flag)?)));
        let Some((flag, path)) = given else { return Ok::<_, RunError>(None) };
        Ok(Some(Kept { root: remotes.location(side, OsStr::new(&path))?.root, flag }))
    };
    Ok(Pair::new(kept(Side::One, "backup-dir1")?, kept(Side::Two, "backup-dir2")?))
}

/// Returns the folders in which files may be found instead of being copied, each with its name.
fn reference_roots(options: &Options, remotes: &mut Remotes<'_>) -> Result<Vec<(PathBuf, Root)>, RunError> {
    let given = ["compare-dest", "copy-dest"].into_iter().flat_map(|name| options.all(name));
    let paths = given.filter_map(Value::as_text).map(PathBuf::from);
    paths.map(|path| Ok((path.clone(), remotes.location(Side::One, path.as_os_str())?.root))).collect()
}

fn made(directory: &Path, result: io::Result<()>) -> Result<(), RunError> {
    result.map_err(|error| RunError::MakeDirectory { path: directory.to_owned(), error })
}

/// Returns what a side shows of its files.
fn sight(options: &Options, reporter: &mut Reporter) -> Result<Sight, OptionsError> {
    let sight = Sight {
        links: Links::of(options)?,
        one_file_system: options.flag("one-file-system"),
        directory_times: !options.flag("no-update-dir-modtime"),
        metadata: options.flag("metadata"),
    };
    if sight.metadata && !rustix::process::geteuid().is_root() {
        let text = "owners are not carried over with `--metadata`: only root can give files away".to_owned();
        reporter.say(Level::Notice, "owners-not-kept", text);
    }
    Ok(sight)
}
