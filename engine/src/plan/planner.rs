//! From decisions to changes: the steps of each, what they expect to find, and what the listings say afterwards.

use crate::entry::{Found, Instant, Kind};
use crate::link_name::on_disk;
use crate::merge::Row;
use crate::options::Settings;
use crate::path::RelPath;
use crate::protocol::{CopyFile, Disposal, Emptiness, Expect, MoveFile, SetMetadata, Staging, Verb};
use crate::side::{Pair, Side};
use crate::suffix::suffixed;

use super::{Change, Choice, Planned, Reason, Record, Says};

/// Makes changes of decisions.
#[derive(Debug, Clone, Copy)]
pub struct Planner<'a> {
    /// What was asked for.
    pub settings: &'a Settings,
}

/// Steps and records of a change.
type Parts = (Vec<Verb>, Vec<Record>);

impl Planner<'_> {
    /// Returns what a decision takes. A row that lacks what its decision is about makes a change of nothing.
    pub fn change(self, planned: &Planned) -> Change {
        let row = &*planned.row;
        let (reason, parts) = match &planned.choice {
            Choice::Forget(reason) => (reason.clone(), Some((Vec::new(), forget(row)))),
            Choice::Adopt => (Reason::Same, Some((Vec::new(), adopt(row)))),
            Choice::Respell(stale) => (Reason::Respelled, Some((Vec::new(), respell(row, stale)))),
            Choice::Carry { from, target, reason } => (reason.clone(), self.carry(row, *from, target.as_ref(), reason)),
            Choice::Remove(on) => (Reason::Deleted(on.other()), self.remove(row, *on)),
            Choice::Touch { on, modified, metadata_of, reason } => {
                (reason.clone(), self.touch(row, *on, *modified, metadata_of.unwrap_or(on.other())))
            }
            Choice::SetMetadata { on, reason } => {
                let step = self.set_metadata(row, row, on.other());
                (reason.clone(), step.map(|step| (vec![step], Vec::new())))
            }
            Choice::Follow { side, old, target } => {
                (Reason::Moved(*side, old.path_on(*side).clone()), self.follow(row, *side, old, target.as_ref()))
            }
            Choice::FixCase(alias) => (Reason::Spelling, fix_case(row, alias)),
            Choice::Conflict { winner, names } => (Reason::Conflict(*winner), self.conflict(row, *winner, names)),
            Choice::StepAside { side, name, reason } => (reason.clone(), self.step_aside(row, *side, name)),
            Choice::ReplaceDirectory(from) => (Reason::FileAgainstDirectory(*from), self.replace_directory(row, *from)),
            Choice::MakeDirectory { on, target } => {
                (Reason::New(on.other()), make_directory(row, *on, target.as_ref()))
            }
            Choice::RemoveDirectory { on, reason } => (reason.clone(), Some(remove_directory(row, *on))),
            Choice::Leftover(side) => (Reason::Leftover, leftover(row, *side)),
        };
        let (steps, records) = parts.unwrap_or_default();
        Change { path: row.path.clone(), reason, steps, records }
    }

    fn carry(self, row: &Row, from: Side, target: Option<&RelPath>, reason: &Reason) -> Option<Parts> {
        let source = row.present(from)?;
        let to = from.other();
        let there = row.present(to).filter(|found| found.kind == Kind::File);
        let target = target.unwrap_or_else(|| row.path_on(to));
        let mut step = self.copy_step(from, row.path_on(from), source, target, there);
        if let (Verb::CopyFile(copy), Reason::HalfWritten(_)) = (&mut step, reason) {
            // The backup of the run that did not end is that of the whole file.
            copy.disposal = Disposal::Discard;
        }
        Some((vec![step], vec![version(from, row.path_on(from), source), result(to, target, 0, source)]))
    }

    /// Gives what the other side has in `target` the metadata of what `from` has in `source`.
    fn set_metadata(self, source: &Row, target: &Row, from: Side) -> Option<Verb> {
        let to = from.other();
        Some(Verb::SetMetadata(SetMetadata {
            from,
            path: source.path_on(from).clone(),
            source: source.present(from)?.clone(),
            source_metadata: source.metadata[from].as_ref()?.pairs.clone(),
            target: target.path_on(to).clone(),
            expect: target.present(to)?.clone(),
            expect_metadata: target.metadata[to].as_ref()?.pairs.clone(),
            keeps: self.settings.metadata?,
        }))
    }

    /// Sets the time. The metadata goes first, even where it is the same: the new time looks like a change of it, and must not pass
    /// for one that is later than what somebody changes meanwhile.
    fn touch(self, row: &Row, on: Side, modified: Instant, metadata_of: Side) -> Option<Parts> {
        let (stale, source) = (row.present(on)?, row.present(on.other())?);
        let path = row.path_on(on).clone();
        let mut steps: Vec<_> = self.set_metadata(row, row, metadata_of).into_iter().collect();
        let other = version(on.other(), row.path_on(on.other()), source);
        let records = vec![other, result(on, &path, steps.len(), stale)];
        steps.push(Verb::SetTime { side: on, path, expect: stale.fingerprint.clone(), modified });
        Some((steps, records))
    }

    /// Moves the file, which gets the metadata of the moved one first, for the same reason.
    fn follow(self, row: &Row, side: Side, old: &Row, target: Option<&RelPath>) -> Option<Parts> {
        let follower = side.other();
        let (kept, moved) = (old.present(follower)?, row.present(side)?);
        let target = target.unwrap_or_else(|| row.path_on(follower));
        let mut steps: Vec<_> = self.set_metadata(row, old, side).into_iter().collect();
        let mut records = forget(old);
        records.push(version(side, row.path_on(side), moved));
        records.push(result(follower, target, steps.len(), moved));
        steps.push(move_step(follower, old.path_on(follower), kept, target));
        Some((steps, records))
    }

    fn remove(self, row: &Row, on: Side) -> Option<Parts> {
        let path = row.path_on(on);
        let step = Verb::DeleteFile {
            side: on,
            path: path.clone(),
            expect: row.present(on)?.fingerprint.clone(),
            disposal: self.disposal(on, path),
        };
        Some((vec![step], forget(row)))
    }

    fn conflict(self, row: &Row, winner: Option<Side>, names: &Pair<Option<RelPath>>) -> Option<Parts> {
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
                    records.push(result(to, row.path_on(to), number, found));
                }
                (None, false) => {}
            }
        }
        if winner.is_none() {
            records.extend(forget(row));
        }
        Some((steps, records))
    }

    fn step_aside(self, row: &Row, side: Side, name: &RelPath) -> Option<Parts> {
        let found = row.present(side)?;
        let target = beside(row.path_on(side.other()), name);
        let mut records = forget(row);
        records.push(result(side, name, 0, found));
        records.push(result(side.other(), &target, 1, found));
        let steps =
            vec![move_step(side, row.path_on(side), found, name), self.copy_step(side, name, found, &target, None)];
        Some((steps, records))
    }

    fn replace_directory(self, row: &Row, from: Side) -> Option<Parts> {
        let source = row.present(from)?;
        let to = from.other();
        let path = row.path_on(from);
        let directory = match row.present(to) {
            Some(_) => None,
            // A link takes the place of what has its name without the ending.
            None => on_disk(row.path_on(to)),
        };
        let directory = directory.unwrap_or_else(|| row.path_on(to).clone());
        let steps = vec![
            Verb::RemoveDirectory { side: to, path: directory, emptiness: Emptiness::NoFiles },
            self.copy_step(from, path, source, row.path_on(to), None),
        ];
        Some((steps, vec![version(from, path, source), result(to, row.path_on(to), 1, source)]))
    }

    fn copy_step(self, from: Side, path: &RelPath, source: &Found, target: &RelPath, there: Option<&Found>) -> Verb {
        let to = from.other();
        let copying = &self.settings.copying;
        Verb::CopyFile(CopyFile {
            from,
            path: path.clone(),
            source: source.fingerprint.clone(),
            target: target.clone(),
            expect: there.map_or(Expect::Absent, |found| Expect::Exactly(found.fingerprint.clone())),
            disposal: if there.is_some() { self.disposal(to, target) } else { Disposal::Discard },
            staging: if copying.in_place { Staging::InPlace } else { Staging::Temporary(unnamed()) },
            verify: source.fingerprint.hash.clone().filter(|_| copying.verify),
        })
    }

    fn disposal(self, side: Side, path: &RelPath) -> Disposal {
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

fn adopt(row: &Row) -> Vec<Record> {
    let record = |side: &Side| row.present(*side).map(|found| version(*side, row.path_on(*side), found));
    Side::BOTH.iter().filter_map(record).collect()
}

/// What both sides agreed on stays what it was, whatever becomes of what is decided now.
fn respell(row: &Row, stale: &Row) -> Vec<Record> {
    let mut records = forget(stale);
    for side in Side::BOTH.into_iter().filter(|side| stale.prior[*side].is_some()) {
        records.extend(row.prior[side].as_ref().map(|prior| version(side, row.path_on(side), prior)));
    }
    records
}

fn fix_case(row: &Row, alias: &RelPath) -> Option<Parts> {
    let mut records = vec![Record { side: Side::Two, path: alias.clone(), says: Says::Nothing }];
    // What both sides agreed on stays what it was: the present version may be an edit that is not carried over yet.
    records.extend(row.prior.two.as_ref().map(|prior| version(Side::Two, &row.path, prior)));
    Some((vec![move_step(Side::Two, alias, row.present(Side::Two)?, &row.path)], records))
}

fn make_directory(row: &Row, on: Side, target: Option<&RelPath>) -> Option<Parts> {
    let from = on.other();
    let source = row.present(from)?;
    let target = target.unwrap_or_else(|| row.path_on(on));
    let records = vec![version(from, row.path_on(from), source), result(on, target, 0, source)];
    Some((vec![Verb::MakeDirectory { side: on, path: target.clone() }], records))
}

fn remove_directory(row: &Row, on: Side) -> Parts {
    let path = row.path_on(on).clone();
    (vec![Verb::RemoveDirectory { side: on, path, emptiness: Emptiness::Empty }], forget(row))
}

fn leftover(row: &Row, side: Side) -> Option<Parts> {
    let expect = row.present(side)?.fingerprint.clone();
    let step = Verb::DeleteFile { side, path: row.path.clone(), expect, disposal: Disposal::Discard };
    Some((vec![step], Vec::new()))
}

/// Takes the path out of the listings that have it.
fn forget(row: &Row) -> Vec<Record> {
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

/// Temporary files are named when their step is started; the plan does not depend on it.
fn unnamed() -> RelPath {
    RelPath::root()
}

fn move_step(side: Side, path: &RelPath, found: &Found, target: &RelPath) -> Verb {
    Verb::MoveFile(MoveFile {
        side,
        path: path.clone(),
        expect: found.fingerprint.clone(),
        target: target.clone(),
        temporary: unnamed(),
    })
}
