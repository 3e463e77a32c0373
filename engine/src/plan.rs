//! What a run does, as data: changes, each with its reason, its steps, what they expect to find, and what the listings say
//! afterwards.

use std::cmp::Reverse;

use crate::entry::{Entry, Fingerprint, Found, Instant, Kind};
use crate::merge::Row;
use crate::names::Spelling;
use crate::options::Settings;
use crate::path::RelPath;
use crate::protocol::{CopyFile, Disposal, Emptiness, Expect, MoveFile, Verb};
use crate::side::{Pair, Side};
use crate::suffix::suffixed;

/// One decision, carried out from its first step to its last. A step that fails ends it, and the base stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path that the decision is about.
    pub path: RelPath,
    /// When it is carried out.
    pub phase: Phase,
    /// Why.
    pub reason: Reason,
    /// What is done, in this order.
    pub steps: Vec<Verb>,
    /// What the listings say once all steps are done.
    pub records: Vec<Record>,
}

/// The order of changes. Within a phase any order gives the same result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// What stands in the way is moved aside or deleted.
    Clear,
    /// Files and directories are moved, copied and made.
    Fill,
    /// Files are deleted.
    Remove,
    /// Directories are removed, the deepest first.
    Prune(Reverse<usize>),
}

/// Why a change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The path is new on this side.
    New(Side),
    /// The file was changed on this side.
    Changed(Side),
    /// The file was changed on this side and deleted on the other.
    ChangedAgainstDelete(Side),
    /// The path was deleted on this side.
    Deleted(Side),
    /// The file was moved on this side, from this path.
    Moved(Side, RelPath),
    /// Both sides have the same content, and this side the later time.
    Later(Side),
    /// Both sides have the same.
    Same,
    /// Both sides lack it.
    Gone,
    /// The filters exclude it.
    Excluded,
    /// Both sides changed it; this side wins, if one does.
    Conflict(Option<Side>),
    /// This side has a file where the other has a directory.
    FileAgainstDirectory(Side),
    /// A resync prefers this side.
    Resync(Side),
    /// Its name on the other side differs by case.
    Spelling,
    /// A run that was killed left it behind.
    Leftover,
    /// It is an empty directory, and those are to be removed.
    EmptyDirectory,
}

/// What a listing says of a path after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The side whose listing it is.
    pub side: Side,
    /// The path.
    pub path: RelPath,
    /// What it says.
    pub says: Says,
}

/// The new content of a line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The line goes.
    Nothing,
    /// This version is there.
    Version(Found),
    /// What the step of this number found when it was done; it has the content of this version.
    Result(usize, Fingerprint),
}

impl Change {
    /// A change of the listings alone.
    pub fn record_only(path: RelPath, reason: Reason, records: Vec<Record>) -> Self {
        Self { path, phase: Phase::Fill, reason, steps: Vec::new(), records }
    }
}

/// Makes changes from rows and decisions.
#[derive(Debug)]
pub struct Planner<'a> {
    /// What was asked for.
    pub settings: &'a Settings,
}

impl Planner<'_> {
    /// Copies the file of `from` over what the other side has at the path, or to where there is nothing.
    pub fn carry(&self, row: &Row, from: Side, target: &RelPath, reason: Reason) -> Option<Change> {
        let source = row.present(from)?;
        let to = from.other();
        let there = row.present(to).filter(|found| found.kind == Kind::File);
        let step = self.copy_step(from, row.path_on(from), source, target, there);
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Fill,
            reason,
            steps: vec![step],
            records: vec![version(from, row.path_on(from), source), result(to, target, 0, source)],
        })
    }

    /// Deletes the file of `on`.
    pub fn remove(&self, row: &Row, on: Side) -> Option<Change> {
        let found = row.present(on)?;
        let path = row.path_on(on);
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Remove,
            reason: Reason::Deleted(on.other()),
            steps: vec![Verb::DeleteFile {
                side: on,
                path: path.clone(),
                expect: found.fingerprint.clone(),
                disposal: self.disposal(on, path),
            }],
            records: forget(row),
        })
    }

    /// Sets the time of `on`'s file to that of the other side's, which has the same content.
    pub fn touch(&self, row: &Row, on: Side, modified: Instant, reason: Reason) -> Option<Change> {
        let (stale, source) = (row.present(on)?, row.present(on.other())?);
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Fill,
            reason,
            steps: vec![Verb::SetTime {
                side: on,
                path: row.path_on(on).clone(),
                expect: stale.fingerprint.clone(),
                modified,
            }],
            records: vec![version(on.other(), row.path_on(on.other()), source), result(on, row.path_on(on), 0, stale)],
        })
    }

    /// Records what both sides have, and does nothing.
    pub fn adopt(&self, row: &Row) -> Change {
        let records = Side::BOTH
            .iter()
            .filter_map(|side| row.present(*side).map(|found| version(*side, row.path_on(*side), found)))
            .collect();
        Change::record_only(row.path.clone(), Reason::Same, records)
    }

    /// Moves the other side's file as `side` moved its own: `old` is where it was, `new` is where it is.
    pub fn follow(&self, side: Side, old: &Row, new: &Row, target: &RelPath) -> Option<Change> {
        let follower = side.other();
        let (kept, moved) = (old.present(follower)?, new.present(side)?);
        let mut records = forget(old);
        records.push(version(side, new.path_on(side), moved));
        records.push(result(follower, target, 0, moved));
        Some(Change {
            path: new.path.clone(),
            phase: Phase::Fill,
            reason: Reason::Moved(side, old.path_on(side).clone()),
            steps: vec![Verb::MoveFile(MoveFile {
                side: follower,
                path: old.path_on(follower).clone(),
                expect: kept.fingerprint.clone(),
                target: target.clone(),
            })],
            records,
        })
    }

    /// Gives the file of side two the name that it has on side one, where the names differ by case; the row then has one name.
    pub fn fix_case(&self, row: &mut Row) -> Option<Change> {
        let is_file = |side| row.present(side).is_some_and(|found| found.kind == Kind::File);
        let spelling = Spelling { ignore_case: false, normalize_unicode: self.settings.names.normalize_unicode };
        let alias = row.alias.clone()?;
        if !is_file(Side::One) || !is_file(Side::Two) || spelling.key(&alias) == spelling.key(&row.path) {
            return None;
        }
        let found = row.present(Side::Two)?.clone();
        row.alias = None;
        let mut records = vec![Record { side: Side::Two, path: alias.clone(), says: Says::Nothing }];
        // What both sides agreed on stays what it was: the present version may be an edit that is not carried over yet.
        records.extend(row.prior.two.as_ref().map(|prior| version(Side::Two, &row.path, prior)));
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Clear,
            reason: Reason::Spelling,
            steps: vec![move_step(Side::Two, &alias, &found, &row.path)],
            records,
        })
    }

    /// Renames the losers of a conflict, copies what each side then lacks, and deletes a loser that gets no name.
    ///
    /// `names` are the losers' new names; a side without one keeps its name if it wins and is replaced if it loses.
    pub fn conflict(&self, row: &Row, winner: Option<Side>, names: &Pair<Option<RelPath>>) -> Option<Change> {
        let mut steps = Vec::new();
        let mut records = Vec::new();
        for side in Side::BOTH {
            if let Some(name) = &names[side] {
                let found = row.present(side)?;
                steps.push(move_step(side, row.path_on(side), found, name));
            }
        }
        for side in Side::BOTH {
            let found = row.present(side)?;
            let to = side.other();
            match (&names[side], winner == Some(side)) {
                (Some(name), _) => {
                    let number = steps.len();
                    let target = beside(row.path_on(to), name);
                    steps.push(self.copy_step(side, name, found, &target, None));
                    let moved = steps.iter().position(|step| is_move_to(step, side, name));
                    records.push(result(side, name, moved.unwrap_or_default(), found));
                    records.push(result(to, &target, number, found));
                }
                (None, true) => {
                    let replaced = if names[to].is_some() { None } else { row.present(to) };
                    let number = steps.len();
                    steps.push(self.copy_step(side, row.path_on(side), found, row.path_on(to), replaced));
                    records.push(version(side, row.path_on(side), found));
                    let says = Says::Result(number, found.fingerprint.clone());
                    records.push(Record { side: to, path: row.path_on(to).clone(), says });
                }
                (None, false) => {}
            }
        }
        if winner.is_none() {
            records.extend(forget(row));
        }
        Some(Change { path: row.path.clone(), phase: Phase::Fill, reason: Reason::Conflict(winner), steps, records })
    }

    /// Gives the file of `side` another name on both sides, because the other side has a directory at its path.
    pub fn step_aside(&self, row: &Row, side: Side, name: &RelPath) -> Option<Change> {
        let found = row.present(side)?;
        let target = beside(row.path_on(side.other()), name);
        let mut records = forget(row);
        records.push(result(side, name, 0, found));
        records.push(result(side.other(), &target, 1, found));
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Clear,
            reason: Reason::FileAgainstDirectory(side),
            steps: vec![
                move_step(side, row.path_on(side), found, name),
                self.copy_step(side, name, found, &target, None),
            ],
            records,
        })
    }

    /// Puts the file of `from` in the place of a directory of the other side that holds no files any more.
    pub fn replace_directory(&self, row: &Row, from: Side) -> Option<Change> {
        let source = row.present(from)?;
        let to = from.other();
        let path = row.path_on(from);
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Fill,
            reason: Reason::FileAgainstDirectory(from),
            steps: vec![
                Verb::RemoveDirectory { side: to, path: row.path_on(to).clone(), emptiness: Emptiness::NoFiles },
                self.copy_step(from, path, source, row.path_on(to), None),
            ],
            records: vec![version(from, path, source), result(to, row.path_on(to), 1, source)],
        })
    }

    /// Makes the directory of the other side on `on`.
    pub fn make_directory(&self, row: &Row, on: Side, path: &RelPath, reason: Reason) -> Option<Change> {
        let from = on.other();
        let source = row.present(from)?;
        Some(Change {
            path: row.path.clone(),
            phase: Phase::Fill,
            reason,
            steps: vec![Verb::MakeDirectory { side: on, path: path.clone() }],
            records: vec![version(from, row.path_on(from), source), result(on, path, 0, source)],
        })
    }

    /// Removes a directory of `on`, if it is empty by then.
    pub fn remove_directory(&self, path: &RelPath, on: Side, reason: Reason, records: Vec<Record>) -> Change {
        Change {
            path: path.clone(),
            phase: Phase::Prune(Reverse(path.as_str().split('/').count())),
            reason,
            steps: vec![Verb::RemoveDirectory { side: on, path: path.clone(), emptiness: Emptiness::Empty }],
            records,
        }
    }

    /// Deletes a temporary file that a killed run left behind.
    pub fn leftover(&self, side: Side, entry: &Entry) -> Change {
        Change {
            path: entry.path.clone(),
            phase: Phase::Clear,
            reason: Reason::Leftover,
            steps: vec![Verb::DeleteFile {
                side,
                path: entry.path.clone(),
                expect: entry.found.fingerprint.clone(),
                disposal: Disposal::Discard,
            }],
            records: Vec::new(),
        }
    }

    fn copy_step(&self, from: Side, path: &RelPath, source: &Found, target: &RelPath, there: Option<&Found>) -> Verb {
        let to = from.other();
        Verb::CopyFile(CopyFile {
            from,
            path: path.clone(),
            source: source.fingerprint.clone(),
            target: target.clone(),
            expect: there.map_or(Expect::Absent, |found| Expect::Exactly(found.fingerprint.clone())),
            disposal: if there.is_some() { self.disposal(to, target) } else { Disposal::Discard },
            // Given when the step is started; the plan does not depend on it.
            temporary: RelPath::root(),
        })
    }

    fn disposal(&self, side: Side, path: &RelPath) -> Disposal {
        if !self.settings.backup[side] {
            return Disposal::Discard;
        }
        let name = suffixed(
            path,
            self.settings.backup_suffix.as_deref().unwrap_or_default(),
            self.settings.conflict.naming.keep_extension,
        );
        Disposal::Backup(name.unwrap_or_else(|_| path.clone()))
    }
}

/// Takes the path out of both listings.
pub fn forget(row: &Row) -> Vec<Record> {
    Side::BOTH
        .iter()
        .filter(|side| row.prior[**side].is_some())
        .map(|side| Record { side: *side, path: row.path_on(*side).clone(), says: Says::Nothing })
        .collect()
}

/// What the step of this number found; it has the content of `source`.
fn result(side: Side, path: &RelPath, step: usize, source: &Found) -> Record {
    Record { side, path: path.clone(), says: Says::Result(step, source.fingerprint.clone()) }
}

/// The path of `name`'s last name beside `path`, whose directory the other side may spell differently.
fn beside(path: &RelPath, name: &RelPath) -> RelPath {
    path.parent().and_then(|directory| directory.join(name.name()).ok()).unwrap_or_else(|| name.clone())
}

fn is_move_to(step: &Verb, side: Side, target: &RelPath) -> bool {
    matches!(step, Verb::MoveFile(moved) if moved.side == side && moved.target == *target)
}

fn version(side: Side, path: &RelPath, found: &Found) -> Record {
    Record { side, path: path.clone(), says: Says::Version(found.clone()) }
}

fn move_step(side: Side, path: &RelPath, found: &Found, target: &RelPath) -> Verb {
    Verb::MoveFile(MoveFile { side, path: path.clone(), expect: found.fingerprint.clone(), target: target.clone() })
}
