//! From a decision to what is planned or asked for it.

use crate::compare::{Likeness, likeness, times_differ};
use crate::conflict::{Loser, Prefer, winner};
use crate::decide::Decision;
use crate::delta::{Delta, file_delta};
use crate::entry::{Found, Kind};
use crate::merge::Row;
use crate::options::Settings;
use crate::plan::{Choice, Phase, Planned, Reason};
use crate::side::{Pair, Side};
use crate::walk::Now;

use super::deciding::{Decided, Deciding};
use super::inquiry::{Inquiry, Naming, NamingKind, Question};
use super::judged::Judged;

impl Deciding {
    /// Plans what was decided, or asks what must be known first.
    pub(super) fn settle(&mut self, judged: Judged, settings: &Settings) {
        let Judged { row, file, directory, phase } = judged;
        let waits = match file {
            Decision::Compare => true,
            Decision::Carry { from, .. } => is_directory(row.present(from.other())) && phase != Some(Phase::Fill),
            Decision::InStep | Decision::Forget | Decision::Remove { .. } => false,
        };
        if !waits {
            self.settle_directory(&row, directory, phase);
        }
        match file {
            Decision::InStep => self.settle_metadata(&row, settings),
            Decision::Forget => {
                if directory == Decision::Forget && (row.prior.one.is_some() || row.prior.two.is_some()) {
                    self.plan(row, Choice::Forget(Reason::Gone));
                }
            }
            Decision::Carry { from, against_delete } => self.carry(row, from, against_delete, phase, settings),
            Decision::Remove { on } => {
                let mut planned = Planned::new(row, Choice::Remove(on));
                planned.phase = phase.unwrap_or(planned.phase);
                self.decided.push(Decided::Planned(planned));
            }
            Decision::Compare => self.compare(row, settings),
        }
    }

    fn settle_directory(&mut self, row: &Row, decision: Decision, phase: Option<Phase>) {
        match decision {
            Decision::InStep | Decision::Forget => {}
            Decision::Compare => self.plan(row.clone(), Choice::Adopt),
            Decision::Carry { from, .. } => {
                // A file in its place is dealt with by the decision about the file.
                let (on, target) = (from.other(), self.aliased(row, from));
                self.plan(row.clone(), Choice::MakeDirectory { on, target });
            }
            // A directory that makes room for a file goes with the change that puts the file there.
            Decision::Remove { .. } if phase == Some(Phase::Clear) => {
                self.plan(row.clone(), Choice::Forget(Reason::Gone));
            }
            Decision::Remove { on } if row.present(on.other()).is_none() => {
                let reason = Reason::Deleted(on.other());
                self.plan(row.clone(), Choice::RemoveDirectory { on, reason });
            }
            // So does one whose very place a file takes.
            Decision::Remove { .. } => {}
        }
    }

    fn carry(&mut self, row: Box<Row>, from: Side, against_delete: bool, phase: Option<Phase>, settings: &Settings) {
        let to = from.other();
        match row.present(to).map(|found| found.kind) {
            _ if phase == Some(Phase::Fill) => self.plan(row, Choice::ReplaceDirectory(from)),
            _ if phase == Some(Phase::Clear) => self.step_aside(row, from, Reason::FileAgainstDirectory(from)),
            Some(Kind::Directory) => self.step_aside(row, from, Reason::FileAgainstDirectory(from)),
            Some(Kind::File) if !settings.copying.ignore_times && may_be_touched(&row) => {
                self.ask(row, Question::Touched(from), settings);
            }
            Some(Kind::File | Kind::Link | Kind::Special | Kind::OtherFileSystem) | None => {
                let reason = match (against_delete, row.prior[from].is_some()) {
                    (true, _) => Reason::ChangedAgainstDelete(from),
                    (false, true) => Reason::Changed(from),
                    (false, false) => Reason::New(from),
                };
                self.replace(row, from, reason, settings);
            }
        }
    }

    /// Copies a file over the other side's, if there is one and it may be replaced.
    fn replace(&mut self, row: Box<Row>, from: Side, reason: Reason, settings: &Settings) {
        let to = from.other();
        let replaces = row.present(to).is_some_and(|found| found.kind == Kind::File);
        if replaces && settings.copying.ignore_existing {
            let text = format!("not copied to {to}, where it exists (--ignore-existing)");
            self.decided.push(Decided::Left(row.path, text));
        } else if replaces && settings.copying.immutable {
            let text = format!("differs on {from}, and is not replaced on {to} (--immutable)");
            self.decided.push(Decided::Failed(row.path, text));
        } else {
            let is_new_there = row.now[to] == Now::Absent && row.alias.is_none();
            let target = if is_new_there { self.aliased(&row, from) } else { None };
            self.plan(row, Choice::Carry { from, target, reason });
        }
    }

    /// Both sides have a version of their own.
    fn compare(&mut self, row: Box<Row>, settings: &Settings) {
        match self.in_place.half(&row) {
            Some(half) if row.present(half.other()).is_none() => self.step_aside(row, half, Reason::HalfWritten(half)),
            Some(half) => self.ask(row, Question::Half(half), settings),
            None => self.ask(row, Question::BothChanged, settings),
        }
    }

    /// Whether the times of both sides differ, where both can be given the same.
    pub(super) fn has_other_time(&self, row: &Row, settings: &Settings) -> bool {
        both(row).is_some_and(|(one, two)| {
            let window_ns = self.comparable_window_ns(settings);
            times_differ(one.fingerprint.modified, two.fingerprint.modified, window_ns)
        })
    }

    /// Both sides are as they were: gives them the same time where only that differs.
    pub(super) fn ask_to_refresh(&mut self, row: Row, settings: &Settings) {
        self.ask(row.into(), Question::Refresh, settings);
    }

    /// Finds out whether both versions have the same content, and goes on from there.
    pub(super) fn ask(&mut self, row: Box<Row>, question: Question, settings: &Settings) {
        let Some((one, two)) = both(&row) else { return };
        let same = match likeness(&one.fingerprint, &two.fingerprint) {
            Likeness::Same => Some(true),
            Likeness::Different if matches!(question, Question::Half(half) if may_be_part(&row, half)) => None,
            Likeness::Different => Some(false),
            Likeness::Unknown if question == Question::BothChanged => self.same_without_base(&row, settings),
            Likeness::Unknown => None,
        };
        match same {
            Some(same) => self.answered(row, question, Ok(same), settings),
            None => {
                self.decided.push(Decided::Asked(row.path.clone()));
                self.inquiries.add(Inquiry::Compare(row, question));
            }
        }
    }

    /// Without any base the run would have to read everything: what is compared decides, as in a resync of rclone.
    fn same_without_base(&self, row: &Row, settings: &Settings) -> Option<bool> {
        let (one, two) = both(row).map(|(one, two)| (&one.fingerprint, &two.fingerprint))?;
        if !self.lacks_evidence(row) || settings.sync_checksum || one.size.is_none() || two.size.is_none() {
            return None;
        }
        let window_ns = self.comparable_window_ns(settings);
        let known_times = one.modified.is_some() && two.modified.is_some() && window_ns.is_some();
        let same_time = known_times && !times_differ(one.modified, two.modified, window_ns);
        let size_is_enough = !settings.compare.modified && !settings.compare.checksum;
        let time_is_enough = settings.compare.modified && same_time;
        (size_is_enough || time_is_enough).then_some(true)
    }

    /// Whether there is no base, or one that does not hold what is compared now.
    fn lacks_evidence(&self, row: &Row) -> bool {
        let has_prior = row.prior.one.is_some() && row.prior.two.is_some();
        !self.has_base || (has_prior && matches!(file_delta(row, &self.comparison), Delta::Unknown(_)))
    }

    /// The smallest difference of times that counts between the listings; none does when a side keeps times of its own.
    pub fn comparable_window_ns(&self, settings: &Settings) -> Option<u64> {
        settings.modify_window_ns.filter(|_| self.sets_time.one && self.sets_time.two)
    }

    /// Goes on with what is known of the contents, or with why nothing is.
    pub(super) fn answered(
        &mut self,
        row: Box<Row>,
        question: Question,
        same: Result<bool, String>,
        settings: &Settings,
    ) {
        match (question, same) {
            (Question::BothChanged, Ok(true)) if settings.resync.is_some() && settings.copying.ignore_times => {
                self.differ(row, settings);
            }
            (Question::BothChanged, Ok(true)) => {
                let source = self.time_to_keep(&row, settings);
                self.agree(row, source, settings);
            }
            (Question::BothChanged, Ok(false)) => self.differ(row, settings),
            (Question::BothChanged, Err(reason)) => {
                self.decided.push(Decided::Failed(row.path, format!("cannot compare both versions: {reason}")));
            }
            (Question::Touched(from), Ok(true)) => self.agree(row, Some(from), settings),
            // What cannot be compared is copied; the copy is refused where it must be.
            (Question::Touched(from), Ok(false) | Err(_)) => self.replace(row, from, Reason::Changed(from), settings),
            (Question::Refresh, Ok(true)) => {
                let source = self.time_to_keep(&row, settings);
                self.agree(row, source, settings);
            }
            // As far as the base goes they are in step; to look closer was not asked for.
            (Question::Refresh, Ok(false) | Err(_)) => self.settle_metadata(&row, settings),
            (Question::Half(side), same) => self.settle_half(row, side, same, settings),
        }
    }

    /// The file of `half` may be half written. It never wins; where the other side's file does not hold all of it, it may be somebody's
    /// work, and is kept. `is_part` says whether the other side's file begins with it.
    fn settle_half(&mut self, row: Box<Row>, half: Side, is_part: Result<bool, String>, settings: &Settings) {
        let from = half.other();
        let Some((one, two)) = both(&row) else { return };
        let is_whole = one.fingerprint.size.is_some() && one.fingerprint.size == two.fingerprint.size;
        // It looks as it did before it was written: nobody has edited it.
        let is_untouched = self.in_place.half(&row).is_none();
        match is_part {
            Ok(true) if is_whole => self.agree(row, Some(from).filter(|_| !is_untouched), settings),
            Ok(is_part) if is_part || is_untouched => {
                self.plan(row, Choice::Carry { from, target: None, reason: Reason::HalfWritten(half) });
            }
            Ok(_) => {
                let losers = Pair::from_fn(|side| side == half);
                self.decided.push(Decided::Asked(row.path.clone()));
                let kind = NamingKind::Conflict(Some(from));
                self.inquiries.add(Inquiry::Name(Naming { row, losers, kind }));
            }
            Err(reason) => {
                let text =
                    format!("cannot compare both versions, of which that of {half} may be half written: {reason}");
                self.decided.push(Decided::Failed(row.path, text));
            }
        }
    }

    /// Both versions have the same content: records them, and gives both the time of `source` where times count. That of a side which keeps
    /// times of its own says only when it was written there.
    fn agree(&mut self, row: Box<Row>, source: Option<Side>, settings: &Settings) {
        let choice = source
            .filter(|_| self.sets_time.one && self.sets_time.two && !settings.copying.no_update_modtime)
            .and_then(|side| {
                let (one, two) = both(&row)?;
                let (one, two) = (one.fingerprint.modified, two.fingerprint.modified);
                let differ = settings.compare.modified && times_differ(one, two, settings.modify_window_ns);
                let modified = row.present(side)?.fingerprint.modified?;
                let on = side.other();
                let metadata_of = self.metadata_source(&row, settings).filter(|from| *from == on);
                differ.then_some(Choice::Touch { on, modified, metadata_of, reason: Reason::Later(side) })
            });
        if choice.is_none() {
            self.settle_metadata(&row, settings);
        }
        self.plan(row, choice.unwrap_or(Choice::Adopt));
    }

    /// The side whose time is kept where the contents are the same.
    fn time_to_keep(&self, row: &Row, settings: &Settings) -> Option<Side> {
        let (one, two) = both(row)?;
        let (one, two) = (&one.fingerprint, &two.fingerprint);
        match settings.resync {
            Some(Prefer::Side(side)) => Some(side),
            Some(Prefer::Older) => winner(Prefer::Older, one, two),
            // rclone copies from Path2 first, so its time is kept where the mode does not speak of times.
            Some(Prefer::Larger | Prefer::Smaller) => Some(Side::Two),
            Some(Prefer::Newer) | None => winner(Prefer::Newer, one, two),
        }
    }

    /// The versions differ: one wins, or both are kept.
    fn differ(&mut self, row: Box<Row>, settings: &Settings) {
        let Some((one, two)) = both(&row) else { return };
        let (one, two) = (&one.fingerprint, &two.fingerprint);
        if let Some(prefer) = settings.resync {
            // rclone copies from Path2 first, so Path2 wins where the mode cannot tell.
            let from = winner(prefer, one, two).unwrap_or(Side::Two);
            self.replace(row, from, Reason::Resync(from), settings);
            return;
        }
        let resolve = settings.conflict.resolve.filter(|prefer| self.can_tell(*prefer, &row));
        let winner = resolve.and_then(|prefer| winner(prefer, one, two));
        let losers = match (winner, settings.conflict.naming.loser) {
            (Some(side), Loser::Delete) if settings.copying.keeps_existing() => {
                self.replace(row, side, Reason::Conflict(winner), settings);
                return;
            }
            (Some(_), Loser::Delete) => Pair::new(false, false),
            (Some(side), Loser::Number | Loser::Pathname) => Pair::from_fn(|loser| loser != side),
            (None, _) => Pair::new(true, true),
        };
        self.decided.push(Decided::Asked(row.path.clone()));
        self.inquiries.add(Inquiry::Name(Naming { row, losers, kind: NamingKind::Conflict(winner) }));
    }

    /// Whether a preference says something of these versions. Without a base, the time that a side made itself may be that of a copy,
    /// and says nothing of when its content was edited.
    fn can_tell(&self, prefer: Prefer, row: &Row) -> bool {
        match prefer {
            Prefer::Newer | Prefer::Older => {
                let has_own_times = !self.sets_time.one || !self.sets_time.two;
                !has_own_times || matches!(file_delta(row, &self.comparison), Delta::Known(_))
            }
            Prefer::Side(_) | Prefer::Larger | Prefer::Smaller => true,
        }
    }

    fn step_aside(&mut self, row: Box<Row>, side: Side, reason: Reason) {
        let losers = Pair::from_fn(|loser| loser == side);
        self.decided.push(Decided::Asked(row.path.clone()));
        self.inquiries.add(Inquiry::Name(Naming { row, losers, kind: NamingKind::Aside(side, reason) }));
    }
}

/// What both sides have now.
fn both(row: &Row) -> Option<(&Found, &Found)> {
    Some((row.present(Side::One)?, row.present(Side::Two)?))
}

/// Whether the file of `half` is not longer than the other.
fn may_be_part(row: &Row, half: Side) -> bool {
    let size = |side| row.present(side)?.fingerprint.size;
    size(half).zip(size(half.other())).is_none_or(|(half, whole)| half <= whole)
}

fn is_directory(found: Option<&Found>) -> bool {
    found.is_some_and(|found| found.kind == Kind::Directory)
}

/// Whether one side's change may be one of the time alone: then comparing costs less than copying, and keeps old versions from
/// being backed up for nothing.
fn may_be_touched(row: &Row) -> bool {
    both(row).is_some_and(|(one, two)| {
        one.fingerprint.modified != two.fingerprint.modified
            && likeness(&one.fingerprint, &two.fingerprint) != Likeness::Different
    })
}
