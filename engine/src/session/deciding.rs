//! From rows to changes: which rows matter, what is decided for each, and what must be asked first.

use std::collections::BTreeSet;

use crate::compare::{Likeness, likeness, times_differ};
use crate::conflict::{Loser, Prefer, winner};
use crate::decide::{Decision, decide_directory, decide_file};
use crate::delta::{Comparison, Delta, Edit, Presence, directory_delta, file_delta};
use crate::entry::{Found, Kind};
use crate::filter::Filter;
use crate::merge::Row;
use crate::moves::{Candidate, pair_up};
use crate::names::{DirectoryAliases, Spelling, match_names, only_side};
use crate::options::{EmptyDirectories, Settings};
use crate::path::RelPath;
use crate::plan::{Change, Phase, Planner, Reason, forget};
use crate::safety::Counters;
use crate::side::{Pair, Side};
use crate::walk::{Blind, Now};

use super::inquiry::{Answer, Inquiries, Inquiry, Naming, NamingKind};

/// Everything that decisions are made from and into.
#[derive(Debug)]
pub struct Deciding {
    comparison: Comparison,
    /// Whether each side can set times.
    sets_time: Pair<bool>,
    /// Whether both listings of the last run exist.
    pub has_base: bool,
    /// Whether a row is decided as soon as it is read.
    pub is_streaming: bool,
    /// Rows that are decided when all have been read.
    kept: Vec<Row>,
    aliases: DirectoryAliases,
    /// Counted while reading.
    pub counters: Pair<Counters>,
    /// Files of `--check-access`.
    pub access_files: Pair<BTreeSet<RelPath>>,
    /// All directories, when empty ones are to be removed.
    pub directories: Pair<Vec<RelPath>>,
    /// Questions.
    pub inquiries: Inquiries,
    /// What was decided, to be taken away by the session.
    pub decided: Vec<Decided>,
}

/// A decision, as the session takes it.
#[derive(Debug)]
pub enum Decided {
    /// To be carried out.
    Change(Change),
    /// The path is left alone, and this is why.
    Failed(RelPath, String),
    /// It will be decided later; its place is to be kept.
    Asked(RelPath),
}

/// What else is known about a path when it is decided.
pub struct Surroundings<'a> {
    /// What was asked for.
    pub settings: &'a Settings,
    /// The rules for paths.
    pub filter: &'a Filter,
    /// Why nothing is known of a path, if that is so.
    pub blind_at: &'a dyn Fn(&RelPath, Spelling) -> Option<Blind>,
}

/// A row and what was decided for the file and for the directory of its name.
struct Judged {
    row: Row,
    file: Decision,
    directory: Decision,
    phase: Option<Phase>,
}

impl Deciding {
    /// Begins without rows.
    pub fn new(settings: &Settings, sets_time: Pair<bool>) -> Self {
        Self {
            comparison: Comparison { compare: settings.compare, window_ns: settings.side_window_ns },
            sets_time,
            has_base: false,
            is_streaming: false,
            kept: Vec::new(),
            aliases: DirectoryAliases::default(),
            counters: Pair::default(),
            access_files: Pair::default(),
            directories: Pair::default(),
            inquiries: Inquiries::default(),
            decided: Vec::new(),
        }
    }

    /// Takes a row: forgets it when it is in step, decides it when it can be decided now, keeps it otherwise.
    pub fn take(&mut self, mut row: Row, around: &Surroundings<'_>) {
        self.note(&row, around.settings);
        if self.is_plainly_in_step(&row) {
            self.count(&row, file_delta(&row, &self.comparison));
            return;
        }
        let spelling = spelling(around.settings);
        if Side::BOTH.iter().any(|side| row.present(*side).is_none())
            && (around.blind_at)(&row.path, spelling).is_some()
        {
            self.count_as_it_was(&row);
            return;
        }
        let may_have_alias = only_side(&row).is_some() && spelling.is_ambiguous(&row.path);
        if is_untracked(&row) && !may_have_alias {
            self.count_as_it_was(&row);
            return;
        }
        if !self.has_base {
            row.prior = Pair::default();
        }
        if around.settings.empty_directories == EmptyDirectories::Sync {
            if directory_delta(&row) == Delta::Known(Pair::new(Edit::Unchanged, Edit::Unchanged)) {
                self.count_directory(&row);
                return;
            }
        } else {
            self.forget_directories(&mut row);
        }
        if self.is_excluded(&row, around) {
            self.decided.push(Decided::Change(Change::record_only(row.path.clone(), Reason::Excluded, forget(&row))));
            return;
        }
        if self.is_streaming && !may_have_alias {
            let judged = self.judge(row, around.settings);
            self.settle(judged, around.settings);
        } else if self.is_streaming || !self.is_idle_directory(&row, around.settings) || may_have_alias {
            self.kept.push(row);
        }
    }

    /// All rows were taken: decides the kept ones.
    pub fn finish(&mut self, around: &Surroundings<'_>) {
        let matched = match_names(std::mem::take(&mut self.kept), spelling(around.settings));
        self.aliases = matched.directories;
        let (untracked, rows): (Vec<Row>, Vec<Row>) = matched.rows.into_iter().partition(is_untracked);
        for row in untracked {
            self.count_as_it_was(&row);
        }
        for row in matched.collisions {
            self.count_as_it_was(&row);
            let reason = "has another spelling on the same side, which the other side may not be able to tell apart";
            self.decided.push(Decided::Failed(row.path, reason.into()));
        }
        let mut rows = rows;
        if around.settings.names.fix_case {
            self.aliases.forget_from(Side::One);
            let planner = Planner { settings: around.settings };
            let fixes = rows.iter_mut().filter_map(|row| planner.fix_case(row));
            self.decided.extend(fixes.map(Decided::Change));
        }
        let mut judged: Vec<Judged> = rows.into_iter().map(|row| self.judge(row, around.settings)).collect();
        clear_the_way(&mut judged);
        if self.has_base {
            judged = self.ask_for_moves(judged);
        }
        self.settle_all(judged, around.settings);
    }

    /// Turns the answers to questions into changes.
    pub fn take_answers(&mut self, settings: &Settings) {
        for answer in self.inquiries.take_answers() {
            match answer {
                Answer::Compared(row, Ok(is_same)) => self.compared(*row, is_same, settings),
                Answer::Compared(row, Err(reason)) => {
                    self.decided.push(Decided::Failed(row.path, format!("cannot compare both versions: {reason}")));
                }
                Answer::Moved { side, old, new, is_move: true } => {
                    self.counters[side].deleted = self.counters[side].deleted.saturating_sub(1);
                    self.counters[side].unchanged += 1;
                    let target = self.aliases.translate(new.path_on(side), side);
                    let change = Planner { settings }.follow(side, &old, &new, &target);
                    self.push(change);
                }
                Answer::Moved { old, new, is_move: false, .. } => {
                    for row in [old, new] {
                        let judged = self.judge_uncounted(*row, settings);
                        self.settle(judged, settings);
                    }
                }
                Answer::Named(naming, Ok(names)) => {
                    let planner = Planner { settings };
                    let change = match naming.kind {
                        NamingKind::Conflict(winner) => planner.conflict(&naming.row, winner, &names),
                        NamingKind::Aside(side) => {
                            names[side].as_ref().and_then(|name| planner.step_aside(&naming.row, side, name))
                        }
                    };
                    self.push(change);
                }
                Answer::Named(naming, Err(reason)) => {
                    self.decided.push(Decided::Failed(naming.row.path, format!("cannot name the loser: {reason}")));
                }
            }
        }
    }

    fn note(&mut self, row: &Row, settings: &Settings) {
        for side in Side::BOTH {
            let Some(found) = row.present(side) else { continue };
            match found.kind {
                Kind::File => {
                    if settings.access_check.as_deref() == Some(row.path.name()) {
                        self.access_files[side].insert(row.path.clone());
                    }
                }
                Kind::Directory => {
                    if settings.empty_directories == EmptyDirectories::Remove {
                        self.directories[side].push(row.path.clone());
                    }
                }
                Kind::Link | Kind::Special => {}
            }
        }
    }

    /// The path that nearly all rows of a run take.
    fn is_plainly_in_step(&self, row: &Row) -> bool {
        match (&row.prior, row.present(Side::One), row.present(Side::Two)) {
            (Pair { one: Some(prior_one), two: Some(prior_two) }, Some(one), Some(two)) => {
                let kinds = [prior_one.kind, prior_two.kind, one.kind, two.kind];
                kinds.iter().all(|kind| *kind == Kind::File)
                    && file_delta(row, &self.comparison) == Delta::Known(Pair::new(Edit::Unchanged, Edit::Unchanged))
            }
            _ => false,
        }
    }

    /// A directory that no decision can be about.
    fn is_idle_directory(&self, row: &Row, settings: &Settings) -> bool {
        let has_file = Side::BOTH.iter().any(|side| {
            row.present(*side).is_some_and(|found| found.kind == Kind::File)
                || row.prior[*side].as_ref().is_some_and(|found| found.kind == Kind::File)
        });
        let has_prior = row.prior.one.is_some() || row.prior.two.is_some();
        !has_file && !has_prior && settings.empty_directories != EmptyDirectories::Sync
    }

    fn is_excluded(&self, row: &Row, around: &Surroundings<'_>) -> bool {
        let was = row.prior.one.as_ref().or(row.prior.two.as_ref());
        let is_gone_somewhere = Side::BOTH.iter().any(|side| row.now[*side] == Now::Absent);
        match was.map(|found| found.kind) {
            Some(Kind::Directory) => {
                is_gone_somewhere
                    && !(around.filter.includes_directory(&row.path) && is_entered(&row.path, around.filter))
            }
            Some(Kind::File | Kind::Link | Kind::Special) => {
                is_gone_somewhere && !(around.filter.includes_path(&row.path) && is_entered(&row.path, around.filter))
            }
            None => false,
        }
    }

    /// Takes directories out of the listings, where they are not synchronised any more.
    fn forget_directories(&mut self, row: &mut Row) {
        let is_directory = |prior: &Option<Found>| prior.as_ref().is_some_and(|found| found.kind == Kind::Directory);
        if !Side::BOTH.iter().any(|side| is_directory(&row.prior[*side])) {
            return;
        }
        let change = Change::record_only(row.path.clone(), Reason::Excluded, forget(row));
        self.decided.push(Decided::Change(change));
        for side in Side::BOTH {
            row.prior[side].take_if(|found| found.kind == Kind::Directory);
        }
    }

    fn judge(&mut self, row: Row, settings: &Settings) -> Judged {
        self.count(&row, file_delta(&row, &self.comparison));
        if settings.empty_directories == EmptyDirectories::Sync {
            self.count_directory(&row);
        }
        self.judge_uncounted(row, settings)
    }

    fn judge_uncounted(&self, row: Row, settings: &Settings) -> Judged {
        let file = decide_file(file_delta(&row, &self.comparison));
        let directory = if settings.empty_directories == EmptyDirectories::Sync {
            decide_directory(directory_delta(&row))
        } else {
            Decision::Forget
        };
        Judged { row, file, directory, phase: None }
    }

    fn count(&mut self, row: &Row, delta: Delta) {
        for side in Side::BOTH {
            let is_file = |found: &Found| found.kind == Kind::File;
            let counters = &mut self.counters[side];
            counters.now += u64::from(row.present(side).is_some_and(is_file));
            if row.prior[side].as_ref().is_some_and(is_file) {
                counters.prior += 1;
                // A base that proves nothing still says what was there.
                let (is_unchanged, is_deleted) = match delta {
                    Delta::Known(edits) => (edits[side] == Edit::Unchanged, edits[side] == Edit::Deleted),
                    Delta::Unknown(presence) => (presence[side] == Presence::New, presence[side] == Presence::Absent),
                };
                counters.unchanged += u64::from(is_unchanged);
                counters.deleted += u64::from(is_deleted);
            }
        }
    }

    fn count_directory(&mut self, row: &Row) {
        for side in Side::BOTH {
            let is_there = row.present(side).is_some_and(|found| found.kind == Kind::Directory);
            self.counters[side].now += u64::from(is_there);
        }
        if let Delta::Known(edits) = directory_delta(row) {
            for side in Side::BOTH {
                self.counters[side].prior += 1;
                self.counters[side].unchanged += u64::from(edits[side] == Edit::Unchanged);
                self.counters[side].deleted += u64::from(edits[side] == Edit::Deleted);
            }
        }
    }

    /// Counts a path of which nothing is decided as if nothing had happened to it.
    fn count_as_it_was(&mut self, row: &Row) {
        for side in Side::BOTH {
            let was = u64::from(row.prior[side].is_some());
            self.counters[side].prior += was;
            self.counters[side].unchanged += was;
            // What cannot be seen may be there.
            self.counters[side].now += was.max(u64::from(row.now[side] != Now::Absent));
        }
    }

    /// Takes out of `judged` what looks like a move, and asks whether it is one.
    fn ask_for_moves(&mut self, judged: Vec<Judged>) -> Vec<Judged> {
        let mut pairings = Vec::new();
        for side in Side::BOTH {
            let mut deleted = Vec::new();
            let mut new = Vec::new();
            for (index, item) in judged.iter().enumerate() {
                let name = item.row.path.name();
                match (item.file, item.phase) {
                    (Decision::Remove { on }, None) if on != side => {
                        if let Some(found) = &item.row.prior[side] {
                            deleted.push(Candidate { row: index, name, fingerprint: &found.fingerprint });
                        }
                    }
                    (Decision::Carry { from, against_delete: false }, None)
                        if from == side && item.row.prior[side].is_none() =>
                    {
                        if let (Some(found), Now::Absent) = (item.row.present(side), &item.row.now[side.other()]) {
                            new.push(Candidate { row: index, name, fingerprint: &found.fingerprint });
                        }
                    }
                    _ => {}
                }
            }
            pairings.extend(pair_up(side, &deleted, &new));
        }
        if pairings.is_empty() {
            return judged;
        }
        let mut judged: Vec<Option<Judged>> = judged.into_iter().map(Some).collect();
        for pairing in pairings {
            let mut take = |index: usize| judged.get_mut(index).and_then(Option::take).map(|item| item.row);
            let (Some(old), Some(new)) = (take(pairing.old), take(pairing.new)) else { continue };
            if pairing.is_proved {
                let (old, new) = (Box::new(old), Box::new(new));
                self.inquiries.answer(Answer::Moved { side: pairing.side, old, new, is_move: true });
            } else {
                self.inquiries.add(Inquiry::Move { side: pairing.side, old: Box::new(old), new: Box::new(new) });
            }
        }
        judged.into_iter().flatten().collect()
    }

    fn settle_all(&mut self, judged: Vec<Judged>, settings: &Settings) {
        for item in judged {
            self.settle(item, settings);
        }
    }

    fn settle(&mut self, judged: Judged, settings: &Settings) {
        let Judged { row, file, directory, phase } = judged;
        let planner = Planner { settings };
        match file {
            Decision::InStep => {}
            Decision::Forget => {
                if directory == Decision::Forget && (row.prior.one.is_some() || row.prior.two.is_some()) {
                    let change = Change::record_only(row.path.clone(), Reason::Gone, forget(&row));
                    self.decided.push(Decided::Change(change));
                }
            }
            Decision::Carry { from, against_delete } => {
                let to = from.other();
                if row.present(to).is_some_and(|found| found.kind == Kind::Directory) {
                    if phase == Some(Phase::Fill) {
                        self.push(planner.replace_directory(&row, from));
                    } else {
                        self.step_aside(row, from);
                        return;
                    }
                } else {
                    let reason = match (against_delete, row.prior[from].is_some()) {
                        (true, _) => Reason::ChangedAgainstDelete(from),
                        (false, true) => Reason::Changed(from),
                        (false, false) => Reason::New(from),
                    };
                    let target = if row.now[to] == Now::Absent && row.alias.is_none() {
                        self.aliases.translate(row.path_on(from), from)
                    } else {
                        row.path_on(to).clone()
                    };
                    self.push(planner.carry(&row, from, &target, reason));
                }
            }
            Decision::Remove { on } => {
                let mut change = planner.remove(&row, on);
                if let (Some(change), Some(phase)) = (&mut change, phase) {
                    change.phase = phase;
                }
                self.push(change);
            }
            Decision::Compare => {
                self.compare(row, settings);
                return;
            }
        }
        // A directory that makes room for a file goes with the change that puts the file there.
        let goes_with_another = phase == Some(Phase::Clear) && matches!(directory, Decision::Remove { .. });
        if goes_with_another {
            let change = Change::record_only(row.path.clone(), Reason::Gone, forget(&row));
            self.decided.push(Decided::Change(change));
        } else {
            self.settle_directory(&row, directory, &planner);
        }
    }

    fn settle_directory(&mut self, row: &Row, decision: Decision, planner: &Planner<'_>) {
        match decision {
            Decision::InStep | Decision::Forget => {}
            Decision::Compare => self.decided.push(Decided::Change(planner.adopt(row))),
            Decision::Carry { from, .. } => {
                // A file in its place is dealt with by the decision about the file.
                let target = self.aliases.translate(row.path_on(from), from);
                self.push(planner.make_directory(row, from.other(), &target, Reason::New(from)));
            }
            Decision::Remove { on } => {
                // Where a file takes its place, the directory goes with that change.
                if row.present(on.other()).is_none() {
                    let change =
                        planner.remove_directory(row.path_on(on), on, Reason::Deleted(on.other()), forget(row));
                    self.decided.push(Decided::Change(change));
                }
            }
        }
    }

    /// Both sides have a version of their own.
    fn compare(&mut self, row: Row, settings: &Settings) {
        let (Some(one), Some(two)) = (row.present(Side::One), row.present(Side::Two)) else { return };
        let (one, two) = (&one.fingerprint, &two.fingerprint);
        let is_same = match likeness(one, two) {
            Likeness::Same => Some(true),
            Likeness::Different => Some(false),
            // Without any base the run would have to read everything: what is compared decides, as in a resync of rclone.
            Likeness::Unknown if self.lacks_evidence(&row) && one.size.is_some() && two.size.is_some() => {
                let known_times =
                    one.modified.is_some() && two.modified.is_some() && settings.modify_window_ns.is_some();
                let same_time = known_times && !times_differ(one.modified, two.modified, settings.modify_window_ns);
                let size_is_enough = !settings.compare.modified && !settings.compare.checksum;
                let time_is_enough = settings.compare.modified && same_time;
                (!settings.sync_checksum && (size_is_enough || time_is_enough)).then_some(true)
            }
            Likeness::Unknown => None,
        };
        match is_same {
            Some(is_same) => self.compared(row, is_same, settings),
            None => {
                self.decided.push(Decided::Asked(row.path.clone()));
                self.inquiries.add(Inquiry::Compare(Box::new(row)));
            }
        }
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

    fn compared(&mut self, row: Row, is_same: bool, settings: &Settings) {
        let planner = Planner { settings };
        let (Some(one), Some(two)) = (row.present(Side::One), row.present(Side::Two)) else { return };
        let (one, two) = (&one.fingerprint, &two.fingerprint);
        if is_same {
            let is_later =
                settings.compare.modified && times_differ(one.modified, two.modified, settings.modify_window_ns);
            let source = match settings.resync {
                Some(Prefer::Side(side)) => Some(side),
                Some(Prefer::Older) => winner(Prefer::Older, one, two),
                // rclone copies from Path2 first, so its time is kept where the mode does not speak of times.
                Some(Prefer::Larger | Prefer::Smaller) => Some(Side::Two),
                Some(Prefer::Newer) | None => winner(Prefer::Newer, one, two),
            };
            let touch = source.filter(|side| is_later && self.sets_time[side.other()]).and_then(|side| {
                let modified = row.present(side)?.fingerprint.modified?;
                planner.touch(&row, side.other(), modified, Reason::Later(side))
            });
            let change = touch.unwrap_or_else(|| planner.adopt(&row));
            self.decided.push(Decided::Change(change));
        } else if let Some(prefer) = settings.resync {
            // rclone copies from Path2 first, so Path2 wins where the mode cannot tell.
            let from = winner(prefer, one, two).unwrap_or(Side::Two);
            let target = row.path_on(from.other()).clone();
            self.push(planner.carry(&row, from, &target, Reason::Resync(from)));
        } else {
            let winner = settings.conflict.resolve.and_then(|prefer| winner(prefer, one, two));
            let losers = match (winner, settings.conflict.naming.loser) {
                (Some(_), Loser::Delete) => Pair::new(false, false),
                (Some(side), Loser::Number | Loser::Pathname) => Pair::from_fn(|loser| loser != side),
                (None, _) => Pair::new(true, true),
            };
            self.decided.push(Decided::Asked(row.path.clone()));
            self.inquiries.add(Inquiry::Name(Naming {
                row: Box::new(row),
                losers,
                kind: NamingKind::Conflict(winner),
            }));
        }
    }

    fn step_aside(&mut self, row: Row, side: Side) {
        let losers = Pair::from_fn(|loser| loser == side);
        self.decided.push(Decided::Asked(row.path.clone()));
        self.inquiries.add(Inquiry::Name(Naming { row: Box::new(row), losers, kind: NamingKind::Aside(side) }));
    }

    fn push(&mut self, change: Option<Change>) {
        self.decided.extend(change.map(Decided::Change));
    }
}

/// Something that takes no part is there.
fn is_untracked(row: &Row) -> bool {
    row.now.one == Now::Untracked || row.now.two == Now::Untracked
}

/// Whether the filters let the walk come to the directory of `path`.
fn is_entered(path: &RelPath, filter: &Filter) -> bool {
    let above = std::iter::successors(path.parent(), RelPath::parent);
    above.filter(|directory| !directory.is_root()).all(|directory| filter.descends(&directory))
}

/// Finds files and directories that stand in each other's way, and puts what makes room first.
///
/// A file may take the place of a directory of the other side when everything below that directory is to be deleted anyway;
/// otherwise the file steps aside. Rows are sorted by path, so what lies below a path follows it.
fn clear_the_way(judged: &mut [Judged]) {
    for index in 0..judged.len() {
        let Some(item) = judged.get(index) else { return };
        match item.file {
            Decision::Carry { from, .. } => {
                let to = from.other();
                if item.row.present(to).is_none_or(|found| found.kind != Kind::Directory) {
                    continue;
                }
                let (directory, own) = (item.row.path.clone(), item.directory);
                let below = |other: &Judged| other.row.path.is_below(&directory);
                // Between a name and what is below it lie names like `a.txt` and `a-b`: they all begin with the same text.
                let end = judged
                    .iter()
                    .skip(index + 1)
                    .take_while(|other| other.row.path.as_str().starts_with(directory.as_str()));
                let count = end.count();
                let Some(following) = judged.get_mut(index + 1..index + 1 + count) else { return };
                let goes = |decision: Decision| match decision {
                    Decision::Remove { on } => on == to,
                    Decision::Forget => true,
                    Decision::InStep | Decision::Carry { .. } | Decision::Compare => false,
                };
                let all_go = goes(own)
                    && following
                        .iter()
                        .filter(|other| below(other))
                        .all(|other| goes(other.file) && goes(other.directory));
                if all_go {
                    for other in following.iter_mut().filter(|other| below(other)) {
                        other.phase = Some(Phase::Clear);
                    }
                    if let Some(item) = judged.get_mut(index) {
                        item.phase = Some(Phase::Fill);
                    }
                }
            }
            Decision::Remove { on } => {
                let other_is_directory =
                    item.row.present(on.other()).is_some_and(|found| found.kind == Kind::Directory);
                if let (true, Some(item)) = (other_is_directory, judged.get_mut(index)) {
                    item.phase = Some(Phase::Clear);
                }
            }
            Decision::InStep | Decision::Forget | Decision::Compare => {}
        }
    }
}

/// Which spellings of a name are one.
pub fn spelling(settings: &Settings) -> Spelling {
    Spelling { ignore_case: settings.names.ignore_case, normalize_unicode: settings.names.normalize_unicode }
}
