//! Files that are written in place: what the next run must know of them, if this one does not end.
//!
//! Half a file that is left under its own name looks like an edit, and no time or size tells it from one. So before the first of them is
//! written, a blob for each side durably names them all, as a listing of what was there before, and the journal says so; a line without
//! size and time says that nothing was. What is still there as it was, was not begun. What became something else since may be half a file:
//! it never wins over the other side's file, and is only discarded where that holds all of it.

use crate::entry::{Entry, Fingerprint, Found, Instant, Kind};
use crate::filter::Filter;
use crate::merge::Row;
use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::plan::{Change, Planned, Planner, Reason, Says};
use crate::protocol::{CopyFile, Expect, Reply, Staging, Verb};
use crate::pull::Pull;
use crate::session_name::StateNames;
use crate::side::{Pair, Side};
use crate::walk::Now;

use super::blob::{ListingStream, ListingWriter};
use super::outbox::Purpose;
use super::surroundings::Surroundings;
use super::{Session, part};

/// Files that may be half written.
#[derive(Debug, Default)]
pub struct InPlace {
    /// What is left to read of what earlier runs left; `None` before that is asked for.
    streams: Option<Pair<ListingStream>>,
    is_known: bool,
    files: Pair<PathMap<Written>>,
    /// Whether each blob says something else than `files`.
    is_stale: Pair<bool>,
}

/// A file that is or was written.
#[derive(Debug)]
struct Written {
    /// What was there before.
    before: Fingerprint,
    /// Whether this run has seen anything at its path.
    is_seen: bool,
}

impl InPlace {
    /// Returns the side on which the file of this row may be half written, if the other side has a file there or nothing.
    pub fn half(&self, row: &Row) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| {
            let is_file = |found: &Found| found.kind == Kind::File;
            let written = self.files[*side].get(row.path_on(*side));
            let (Some(written), Some(found)) = (written, row.present(*side)) else { return false };
            is_file(found)
                && row.present(side.other()).is_none_or(is_file)
                && !written.is_as_before(found)
                && !is_as_recorded(row, *side)
        })
    }

    /// Does the same for a row whose sides are both what the listings of the last run say: half a file may pass for what was there before.
    pub fn half_in_step(&self, row: &Row) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| {
            let written = self.files[*side].get(row.path_on(*side));
            written.zip(row.present(*side)).is_some_and(|(written, found)| written.is_as_before(found))
        })
    }

    /// Whether what may be half a file is gone, and the other side's file is there: it may have made room for that one, and nobody has
    /// deleted it.
    pub fn has_made_room(&self, row: &Row) -> bool {
        Side::BOTH.into_iter().any(|side| self.makes_room(row, side))
    }

    fn makes_room(&self, row: &Row, side: Side) -> bool {
        let is_waiting = row.present(side.other()).is_some_and(|found| found.kind == Kind::File);
        is_waiting && row.now[side] == Now::Absent && self.files[side].contains(row.path_on(side))
    }

    /// A row came.
    pub fn see(&mut self, row: &Row) {
        for side in Side::BOTH {
            if let Some(written) = self.files[side].get_mut(&row.path) {
                written.is_seen = true;
            }
        }
    }

    /// Takes over the name that a side has for a file which was written there by that of the other side.
    pub fn respell(&mut self, row: &Row) {
        for side in Side::BOTH {
            let (listed, written) = (row.path_on(side), row.path_on(side.other()));
            if listed != written
                && !self.files[side].contains(listed)
                && let Some(file) = self.files[side].remove(written)
            {
                self.files[side].insert(listed.clone(), file);
                self.is_stale[side] = true;
            }
        }
    }

    /// Forgets what a row shows to be no half of a file. Whatever is planned for it is noted again.
    pub fn forget_whole(&mut self, row: &Row, is_in_step: bool) {
        let half = if is_in_step { self.half_in_step(row) } else { self.half(row) };
        for side in Side::BOTH {
            if half != Some(side) && row.now[side] != Now::Untracked && !self.makes_room(row, side) {
                self.forget(side, row.path_on(side));
            }
        }
    }

    /// Forgets what is nowhere any more: all rows have come.
    pub fn forget_missing(&mut self, around: &Surroundings<'_>) {
        for side in Side::BOTH {
            let is_missing = |path: &RelPath, written: &Written| {
                !written.is_seen && takes_part(path, around.filter) && around.blind_at(path).is_none()
            };
            let files = self.files[side].iter();
            let missing: Vec<_> =
                files.filter(|(path, written)| is_missing(path, written)).map(|(path, _)| path.clone()).collect();
            missing.iter().for_each(|path| self.forget(side, path));
        }
    }

    /// Notes what these decisions write in place.
    fn note(&mut self, plan: &[Planned], planner: Planner<'_>) {
        if !planner.settings.copying.in_place {
            return;
        }
        for step in plan.iter().flat_map(|planned| planner.change(planned).steps) {
            if let Verb::CopyFile(CopyFile { from, target, expect, staging: Staging::InPlace, .. }) = step {
                let before = match expect {
                    Expect::Absent => Fingerprint::default(),
                    Expect::Exactly(version) => version,
                };
                let to = from.other();
                // What may be half a file already is no version to go back to.
                if !self.files[to].contains(&target) {
                    self.files[to].insert(target, Written { before, is_seen: true });
                }
                // A run that died before the journal spoke of them may have left blobs.
                self.is_stale = Pair::new(true, true);
            }
        }
    }

    /// A change came to a good end: what it wrote or compared is whole, and what it moved or deleted is elsewhere or gone.
    pub fn done(&mut self, change: &Change) {
        // What has another spelling is in another place, and nothing is known of its content by that.
        let is_only_place = matches!(change.reason, Reason::Respelled | Reason::Spelling);
        for record in change.records.iter().filter(|_| !is_only_place) {
            match record.says {
                Says::Version(_) | Says::Result(..) => self.forget(record.side, &record.path),
                // What the filters exclude stays what it is.
                Says::Nothing => {}
            }
        }
        for step in &change.steps {
            match step {
                Verb::MoveFile(moved) => self.forget(moved.side, &moved.path),
                Verb::DeleteFile { side, path, .. } => self.forget(*side, path),
                _ => {}
            }
        }
    }

    fn forget(&mut self, side: Side, path: &RelPath) {
        if self.files[side].remove(path).is_some() {
            self.is_stale[side] = true;
        }
    }

    /// Whether any file may be half written; `None` while that is not known.
    pub fn is_any(&self) -> Option<bool> {
        self.is_known.then(|| !self.files.one.is_empty() || !self.files.two.is_empty())
    }

    /// Makes the blobs say durably what may be half written now.
    pub fn save(&self, names: &StateNames, now: Instant) -> Vec<Verb> {
        let mut verbs = Vec::new();
        for side in Side::BOTH.into_iter().filter(|side| self.is_stale[*side]) {
            let (name, target) = (names.in_place_new[side].clone(), names.in_place[side].clone());
            if self.files[side].is_empty() {
                verbs.push(Verb::RemoveState { name: target });
                continue;
            }
            let mut writer = ListingWriter::new(name.clone(), now);
            for (path, written) in self.files[side].iter() {
                let found = Found { kind: Kind::File, fingerprint: written.before.clone() };
                writer.write(&Entry { path: path.clone(), found });
                verbs.extend(writer.wants());
                writer.supply();
            }
            writer.close();
            verbs.extend(writer.wants());
            verbs.push(Verb::ReplaceState { name, target });
        }
        verbs
    }
}

impl Written {
    fn is_as_before(&self, found: &Found) -> bool {
        let was_there = self.before.size.is_some() || self.before.modified.is_some();
        was_there && self.before.is_still(&found.fingerprint)
    }
}

/// Whether a side has what the listing of the last run says, and that run was after the file was written.
fn is_as_recorded(row: &Row, side: Side) -> bool {
    let (Some(prior), Some(found)) = (&row.prior[side], row.present(side)) else { return false };
    row.prior[side.other()].is_some()
        && prior.fingerprint.size.is_some()
        && prior.fingerprint.modified.is_some()
        && prior.fingerprint.is_still(&found.fingerprint)
}

/// Whether a path is listed if there is something.
fn takes_part(path: &RelPath, filter: &Filter) -> bool {
    filter.includes_path(path) && filter.reaches(path)
}

impl Session {
    /// Finds out what earlier runs may have left half written. Returns false while that is not known.
    pub(super) fn know_in_place(&mut self) -> bool {
        let in_place = &mut self.deciding.in_place;
        in_place.is_known |= !self.journal.has_halves;
        if in_place.is_known {
            return true;
        }
        let names = &self.names.in_place;
        let streams = in_place.streams.get_or_insert_with(|| names.clone().map(ListingStream::new));
        let mut is_known = true;
        for side in Side::BOTH {
            loop {
                match streams[side].pull() {
                    Ok(Pull::Item(Entry { path, found })) => {
                        in_place.files[side].insert(path, Written { before: found.fingerprint, is_seen: false });
                    }
                    Ok(Pull::Wait) => {
                        is_known = false;
                        break;
                    }
                    Ok(Pull::End) => break,
                    Err(error) => {
                        in_place.is_known = true;
                        let name = &names[side];
                        let text = format!(
                            "`{name}`, which names files of {side} that may be half written, is damaged: {error}. Nothing was \
                             done; remove it when you have looked at the files that the last run wrote in place"
                        );
                        self.abort("state-unreadable", text, false);
                        return true;
                    }
                }
            }
            if let Some(verb) = streams[side].wants() {
                self.outbox.ask(verb, Purpose::InPlace(side));
            }
        }
        in_place.is_known = is_known;
        is_known
    }

    /// Takes a part of that.
    pub(super) fn supply_in_place(&mut self, side: Side, reply: Reply) {
        if let Reply::Failed(failure) = reply {
            let text = format!("cannot read which files of {side} may be half written: {}", failure.message);
            self.abort("state-unreadable", text, false);
        } else if let Some(streams) = &mut self.deciding.in_place.streams {
            streams[side].supply(part(reply));
        }
    }

    /// Notes what the plan writes in place, and makes that durable.
    pub(super) fn announce_in_place(&mut self) -> Vec<Verb> {
        let planner = Planner { settings: &self.settings };
        self.deciding.in_place.note(&self.plan, planner);
        self.deciding.in_place.save(&self.names, self.now)
    }
}
