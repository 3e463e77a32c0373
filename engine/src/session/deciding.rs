//! From rows to decisions: which rows matter, what is decided for each, and what must be asked first.

use std::collections::BTreeSet;

use crate::decide::{Decision, decide_directory, decide_file};
use crate::delta::{Comparison, Delta, Edit, directory_delta, file_delta};
use crate::entry::{Found, Kind};
use crate::filter::Filter;
use crate::merge::Row;
use crate::moves::{MoveSigns, Pairing};
use crate::names::{DirectoryAliases, match_names, only_side};
use crate::options::{EmptyDirectories, Links, Settings};
use crate::path::RelPath;
use crate::plan::{Choice, Planned, Reason};
use crate::safety::Counters;
use crate::side::{Pair, Side};
use crate::walk::Now;

use super::emptying::Emptying;
use super::in_place::InPlace;
use super::inquiry::{Answer, Inquiries, Inquiry, NamingKind, Question};
use super::judged::{Judged, clear_the_way, keep_what_is_needed, pair_moves};
use super::link_places;
use super::metadata_base::MetadataBase;
use super::surroundings::Surroundings;

/// Everything that decisions are made from and into.
#[derive(Debug)]
pub struct Deciding {
    pub(super) comparison: Comparison,
    /// Whether each side can set times.
    pub(super) sets_time: Pair<bool>,
    /// Whether both listings of the last run exist.
    pub has_base: bool,
    /// Whether a row is decided as soon as it is read.
    pub is_streaming: bool,
    /// Rows that are decided when all have been read.
    #[allow(clippy::vec_box, reason = "the rows go into the plan as they are, without being copied")]
    kept: Vec<Box<Row>>,
    pub(super) aliases: DirectoryAliases,
    /// Since when a change of metadata counts.
    pub metadata: MetadataBase,
    /// Files that may be half written.
    pub in_place: InPlace,
    /// Counted while reading.
    pub counters: Pair<Counters>,
    /// Files of `--check-access`.
    pub access_files: Pair<BTreeSet<RelPath>>,
    /// What all directories hold, when empty ones are to be removed.
    pub emptying: Option<Emptying>,
    /// Questions.
    pub inquiries: Inquiries,
    /// What was decided, to be taken away by the session.
    pub decided: Vec<Decided>,
}

/// A decision, as the session takes it.
#[derive(Debug)]
pub enum Decided {
    /// To be carried out.
    Planned(Planned),
    /// The path is left as it is on purpose, and this is why.
    Left(RelPath, String),
    /// The path could not be brought in step, and this is why.
    Failed(RelPath, String),
    /// It will be decided later; its place is to be kept.
    Asked(RelPath),
}

impl Deciding {
    /// Begins without rows.
    pub fn new(settings: &Settings, sets_time: Pair<bool>) -> Self {
        // A resync removes nothing, as in rclone.
        let removes_empty = settings.empty_directories == EmptyDirectories::Remove && settings.resync.is_none();
        Self {
            comparison: Comparison { compare: settings.compare, window_ns: settings.side_window_ns },
            sets_time,
            has_base: false,
            is_streaming: false,
            kept: Vec::new(),
            aliases: DirectoryAliases::default(),
            metadata: MetadataBase::default(),
            in_place: InPlace::default(),
            counters: Pair::default(),
            access_files: Pair::default(),
            emptying: removes_empty.then(Emptying::default),
            inquiries: Inquiries::default(),
            decided: Vec::new(),
        }
    }

    /// Takes a row: forgets it when it is in step, decides it when it can be decided now, keeps it otherwise.
    pub fn take(&mut self, mut row: Row, around: &Surroundings<'_>) {
        let settings = around.settings;
        self.note(&row, settings);
        self.in_place.see(&row);
        if let Some(delta) = self.in_step(&row) {
            self.counters.count(&row, delta);
            self.in_place.forget_whole(&row, true);
            if let Some(side) = self.in_place.half_in_step(&row) {
                self.ask(row.into(), Question::Half(side), settings);
            } else if settings.copying.refresh_times && self.has_other_time(&row, settings) {
                self.ask_to_refresh(row, settings);
            } else {
                self.settle_metadata(&row, settings);
            }
            return;
        }
        self.settle_directory_metadata(&row, settings);
        let spelling = settings.names.spelling();
        if is_out_of_sight(&row, around) {
            self.counters.count_as_it_was(&row);
            return;
        }
        let may_have_alias = only_side(&row).is_some() && spelling.is_ambiguous(&row.path);
        if is_untracked(&row) && !may_have_alias {
            self.counters.count_as_it_was(&row);
            return;
        }
        if !self.has_base {
            row.prior = Pair::default();
        }
        if settings.empty_directories == EmptyDirectories::Sync {
            if directory_delta(&row) == Delta::Known(Pair::new(Edit::Unchanged, Edit::Unchanged)) {
                self.counters.count_directory(&row);
                return;
            }
        } else {
            self.forget_directories(&mut row);
        }
        if is_excluded(&row, around.filter) {
            self.plan(row, Choice::Forget(Reason::Excluded));
            return;
        }
        if self.is_streaming && !may_have_alias {
            let judged = self.judge(row.into(), settings);
            self.settle(judged, settings);
        } else if self.is_streaming || !is_idle_directory(&row, settings) || may_have_alias {
            self.kept.push(row.into());
        }
    }

    /// All rows were taken: decides the kept ones.
    pub fn finish(&mut self, around: &Surroundings<'_>) {
        let settings = around.settings;
        self.in_place.forget_missing(around);
        // A row may come before the directory that another spelling of its name lies in: only now is it known what was not listed.
        let kept = std::mem::take(&mut self.kept);
        let (unseen, kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(|row| is_out_of_sight(row, around));
        unseen.iter().for_each(|row| self.counters.count_as_it_was(row));
        let mut matched = match_names(kept, settings.names.spelling());
        self.aliases = matched.directories;
        for row in matched.collisions {
            self.counters.count_as_it_was(&row);
            let reason = "has another spelling on the same side, which the other side may not be able to tell apart";
            self.decided.push(Decided::Failed(row.path, reason.into()));
        }
        if settings.names.fix_case {
            self.aliases.forget_from(Side::One);
        }
        let mut judged = Vec::with_capacity(matched.rows.len());
        for mut row in matched.rows {
            if is_untracked(&row) {
                self.counters.count_as_it_was(&row);
                continue;
            }
            self.in_place.respell(&row);
            if let Some(stale) = matched.respelled.remove(&row.path) {
                self.plan(row.clone(), Choice::Respell(stale));
            }
            if settings.names.fix_case && self.in_place.half(&row).is_none() {
                let fix = Planned::fix_case(&mut row, settings.names.normalize_unicode);
                self.decided.extend(fix.map(Decided::Planned));
            }
            judged.push(self.judge(row, settings));
        }
        // Without a base nothing makes room, however empty it is: so it is when rows are decided as they come.
        if self.has_base {
            clear_the_way(&mut judged);
            keep_what_is_needed(&mut judged);
        }
        if settings.links == Links::Translate {
            link_places::clear_the_way(&mut judged);
        }
        if let (true, Some(signs)) = (self.has_base, settings.moves) {
            judged = self.ask_for_moves(judged, signs);
        }
        for item in judged {
            self.settle(item, settings);
        }
    }

    /// Turns the answers to questions into decisions.
    pub fn take_answers(&mut self, settings: &Settings) {
        for answer in self.inquiries.take_answers() {
            match answer {
                Answer::Compared { row, question, same } => self.answered(row, question, same, settings),
                Answer::Moved { side, old, new, is_move: true } => {
                    self.counters[side].deleted = self.counters[side].deleted.saturating_sub(1);
                    self.counters[side].unchanged += 1;
                    let target = self.aliased(&new, side);
                    self.plan(new, Choice::Follow { side, old, target });
                }
                Answer::Moved { old, new, is_move: false, .. } => {
                    for row in [old, new] {
                        let judged = self.judge_uncounted(row, settings);
                        self.settle(judged, settings);
                    }
                }
                Answer::Named(naming, Ok(mut names)) => match naming.kind {
                    NamingKind::Conflict(winner) => {
                        self.plan(naming.row, Choice::Conflict { winner, names: names.into() });
                    }
                    NamingKind::Aside(side, reason) => {
                        if let Some(name) = names[side].take() {
                            self.plan(naming.row, Choice::StepAside { side, name, reason });
                        }
                    }
                },
                Answer::Named(naming, Err(reason)) => {
                    self.decided.push(Decided::Failed(naming.row.path, format!("cannot name the loser: {reason}")));
                }
            }
        }
    }

    /// Adds a decision.
    pub(super) fn plan(&mut self, row: impl Into<Box<Row>>, choice: Choice) {
        self.decided.push(Decided::Planned(Planned::new(row, choice)));
    }

    /// Returns the path that `row`'s path on `from` has on the other side, where it lies in a directory spelled differently there.
    pub(super) fn aliased(&self, row: &Row, from: Side) -> Option<RelPath> {
        let path = self.aliases.translate(row.path_on(from), from);
        (path != *row.path_on(from.other())).then_some(path)
    }

    fn note(&mut self, row: &Row, settings: &Settings) {
        for side in Side::BOTH {
            let is_file = row.present(side).is_some_and(|found| found.kind == Kind::File);
            if is_file && settings.access_check.as_deref() == Some(row.path.name()) {
                self.access_files[side].insert(row.path.clone());
            }
            let Some(emptying) = &mut self.emptying else { continue };
            match &row.now[side] {
                Now::Present(found) if found.kind == Kind::Directory => emptying.note_directory(side, &row.path),
                Now::Present(_) | Now::Untracked => emptying.note(side, &row.path),
                Now::Absent => {}
            }
        }
    }

    /// The way that nearly all rows of a run take: returns what happened to a file if nothing did.
    fn in_step(&self, row: &Row) -> Option<Delta> {
        let (Some(prior_one), Some(prior_two)) = (&row.prior.one, &row.prior.two) else { return None };
        let (one, two) = (row.present(Side::One)?, row.present(Side::Two)?);
        let are_files = [prior_one, prior_two, one, two].iter().all(|found| found.kind == Kind::File);
        let delta = Some(row).filter(|_| are_files).map(|row| file_delta(row, &self.comparison));
        delta.filter(|delta| *delta == Delta::Known(Pair::new(Edit::Unchanged, Edit::Unchanged)))
    }

    /// Takes directories out of the listings, where they are not synchronised any more.
    fn forget_directories(&mut self, row: &mut Row) {
        let is_directory = |prior: &Option<Found>| prior.as_ref().is_some_and(|found| found.kind == Kind::Directory);
        if !Side::BOTH.iter().any(|side| is_directory(&row.prior[*side])) {
            return;
        }
        self.plan(row.clone(), Choice::Forget(Reason::Excluded));
        for side in Side::BOTH {
            row.prior[side].take_if(|found| found.kind == Kind::Directory);
        }
    }

    fn judge(&mut self, mut row: Box<Row>, settings: &Settings) -> Judged {
        self.in_place.forget_whole(&row, false);
        if self.in_place.has_made_room(&row) {
            row.prior = Pair::default();
        }
        if self.in_place.half(&row).is_some() {
            // What is half a file is no change of anybody.
            self.counters.count_as_it_was(&row);
            return self.judge_uncounted(row, settings);
        }
        self.counters.count(&row, file_delta(&row, &self.comparison));
        if settings.empty_directories == EmptyDirectories::Sync {
            self.counters.count_directory(&row);
        }
        self.judge_uncounted(row, settings)
    }

    fn judge_uncounted(&self, row: Box<Row>, settings: &Settings) -> Judged {
        let file = match self.in_place.half(&row) {
            Some(_) => Decision::Compare,
            None => decide_file(file_delta(&row, &self.comparison)),
        };
        let directory = if settings.empty_directories == EmptyDirectories::Sync {
            decide_directory(directory_delta(&row))
        } else {
            Decision::Forget
        };
        Judged { row, file, directory, phase: None }
    }

    /// Takes out of `judged` what looks like a move, and asks whether it is one.
    fn ask_for_moves(&mut self, judged: Vec<Judged>, signs: MoveSigns) -> Vec<Judged> {
        let pairings = pair_moves(&judged, signs);
        if pairings.is_empty() {
            return judged;
        }
        let mut judged: Vec<Option<Judged>> = judged.into_iter().map(Some).collect();
        for Pairing { side, old, new, is_proved } in pairings {
            let mut take = |index: usize| judged.get_mut(index).and_then(Option::take).map(|item| item.row);
            let (Some(old), Some(new)) = (take(old), take(new)) else { continue };
            if is_proved {
                self.inquiries.answer(Answer::Moved { side, old, new, is_move: true });
            } else {
                self.inquiries.add(Inquiry::Move { side, old, new });
            }
        }
        judged.into_iter().flatten().collect()
    }
}

/// Whether the path may be there on a side that does not show it.
fn is_out_of_sight(row: &Row, around: &Surroundings<'_>) -> bool {
    Side::BOTH.iter().any(|side| row.present(*side).is_none()) && around.blind_at(&row.path).is_some()
}

/// Something that takes no part is there.
pub fn is_untracked(row: &Row) -> bool {
    row.now.one == Now::Untracked || row.now.two == Now::Untracked
}

/// A directory that no decision can be about.
pub fn is_idle_directory(row: &Row, settings: &Settings) -> bool {
    let is_file = |found: Option<&Found>| found.is_some_and(|found| found.kind == Kind::File);
    let has_file = Side::BOTH.iter().any(|side| is_file(row.present(*side)) || is_file(row.prior[*side].as_ref()));
    let has_prior = row.prior.one.is_some() || row.prior.two.is_some();
    !has_file && !has_prior && settings.empty_directories != EmptyDirectories::Sync
}

/// Whether the filters leave out what the last run knew, so that its absence says nothing.
pub fn is_excluded(row: &Row, filter: &Filter) -> bool {
    let was = row.prior.one.as_ref().or(row.prior.two.as_ref());
    let is_gone_somewhere = Side::BOTH.iter().any(|side| row.now[*side] == Now::Absent);
    let Some(found) = was.filter(|_| is_gone_somewhere) else { return false };
    let is_included = match found.kind {
        Kind::Directory => filter.descends(&row.path),
        Kind::File | Kind::Link | Kind::Special | Kind::OtherFileSystem => filter.includes_path(&row.path),
    };
    !(is_included && filter.reaches(&row.path))
}
