//! What a session does at each stage, and how it comes to the next.

use crate::event::Level;
use crate::merge::Row;
use crate::options::CheckSync;
use crate::path::RelPath;
use crate::plan::{Choice, Phase, Planned, Planner, Reason};
use crate::protocol::{Failure, Reply, Verb};
use crate::safety::{check_access, check_counters};
use crate::session_name::{PLAN, PLAN_NEW};
use crate::side::Side;
use crate::sorting::{sort_by, sort_by_key};

use super::blob::ListingStream;
use super::check::CheckRules;
use super::deciding::Decided;
use super::journal::Journal;
use super::outbox::Purpose;
use super::sequence::Sequence;
use super::{Session, Stage};

impl Session {
    /// Does what can be done now. Returns true when the stage changed, so that there may be more to do.
    pub(super) fn advance(&mut self) -> bool {
        match &mut self.stage {
            Stage::Opening | Stage::Over => false,
            Stage::Draining => {
                let is_over = self.outbox.waiting() == 0;
                if is_over {
                    self.stage = Stage::Over;
                }
                false
            }
            Stage::Recovering(sequence)
            | Stage::Committing(sequence)
            | Stage::Condemning(sequence)
            | Stage::Tidying(sequence) => {
                sequence.ask(&mut self.outbox);
                if !sequence.is_over() {
                    return false;
                }
                let failure = sequence.failure.take();
                self.leave_sequence(failure)
            }
            Stage::CheckingOnly(check) | Stage::Checking(check) => {
                check.ask(&mut self.outbox);
                let only = self.settings.check_sync == CheckSync::Only;
                if let (true, Some(side)) = (only, check.missing()) {
                    let text = format!("there is no listing of {side} yet: run without --check-sync=only first");
                    return self.abort("no-listing", text, true);
                }
                let rules = CheckRules {
                    compare: self.settings.compare,
                    window_ns: self.deciding.comparable_window_ns(&self.settings),
                    spelling: self.settings.names.spelling(),
                };
                match check.advance(rules) {
                    Ok(false) => {
                        check.ask(&mut self.outbox);
                        false
                    }
                    Ok(true) => self.leave_check(),
                    Err((side, error)) => self.damaged(side, &error.to_string()),
                }
            }
            Stage::Identifying(_) => self.identify(),
            Stage::Loading(_) => self.load(),
            Stage::Reading => self.read(),
            Stage::Deciding => self.decide(),
            Stage::Acting => self.act(),
            Stage::Writing => {
                self.ledger.ask(&mut self.outbox);
                self.ledger.is_written() && self.fold()
            }
            Stage::Folding(folds) => {
                folds.ask(&mut self.outbox);
                let result = folds.advance();
                folds.ask(&mut self.outbox);
                match result {
                    Ok(false) => false,
                    Ok(true) => self.check(),
                    Err((side, error)) => self.damaged(side, &error.to_string()),
                }
            }
        }
    }

    /// The journal was read.
    pub(super) fn opened(&mut self, journal: &[u8]) {
        self.journal = Journal::parse(journal);
        if self.journal.is_committing && self.settings.dry_run {
            self.reads_uncommitted = self.settings.resync.is_none();
            if self.reads_uncommitted {
                self.base = self.names.new.clone();
                for side in Side::BOTH {
                    self.reading.replace_prior(side, ListingStream::new(self.base[side].clone()));
                }
            }
            self.stage = self.first_stage();
        } else if self.journal.is_committing {
            let text = "the last run was killed while it recorded its results; they are recorded now";
            self.outbox.say(Level::Notice, "recovered", None, text);
            let sequence = Sequence::new(self.commit_verbs());
            self.journal.is_committing = false;
            self.stage = Stage::Recovering(sequence);
        } else {
            self.stage = self.first_stage();
        }
    }

    fn leave_sequence(&mut self, failure: Option<Failure>) -> bool {
        if let Some(failure) = failure {
            let text = format!("cannot write the state: {}", failure.message);
            self.report.abort(1, text);
            return self.end();
        }
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Recovering(_) => self.stage = self.first_stage(),
            _ => return self.end(),
        }
        true
    }

    fn decide(&mut self) -> bool {
        self.pursue();
        if !self.deciding.inquiries.is_empty() {
            return false;
        }
        if self.is_stopping {
            self.plan.clear();
            if !self.deciding.is_streaming {
                return self.end();
            }
        }
        if let Some(name) = &self.settings.access_check
            && let Some(stop) = check_access(name, &self.deciding.access_files)
        {
            return self.abort(stop.code(), stop.to_string(), stop.is_critical());
        }
        if self.deciding.has_base {
            let counters = &self.deciding.counters;
            if self.settings.lockout && counters.one.prior == 0 {
                let text = "the listing of the last run is empty; run once with --resync (because of --lockout)";
                return self.abort("empty-listing", text.to_owned(), true);
            }
            if let Some(stop) = check_counters(counters, self.settings.max_delete_percent, self.settings.force) {
                return self.abort(stop.code(), stop.to_string(), stop.is_critical());
            }
        }
        self.say_unknown_metadata();
        sort_by(&mut self.plan, |left, right| (left.phase, &left.row.path).cmp(&(right.phase, &right.row.path)));
        self.prune_empty_directories();
        self.order_copies();
        self.begin_plan();
        true
    }

    /// Begins everything that is planned, in the order of the plan.
    pub(super) fn begin_plan(&mut self) {
        let has_steps = !self.plan.iter().all(Planned::is_record);
        if has_steps && !self.deciding.is_streaming {
            self.announce();
        }
        for planned in std::mem::take(&mut self.plan) {
            self.begin(planned);
        }
        self.stage = Stage::Acting;
    }

    /// Moves questions and answers on, and begins what was decided by them.
    pub(super) fn pursue(&mut self) {
        loop {
            self.deciding.inquiries.ask(&self.settings, &mut self.outbox);
            self.deciding.take_answers(&self.settings);
            if self.deciding.decided.is_empty() {
                break;
            }
            self.take_decided();
        }
        if self.deciding.is_streaming {
            self.start();
            self.ledger.ask(&mut self.outbox);
        }
    }

    /// Takes what was decided: begins it when decisions are carried out at once, adds it to the plan otherwise.
    pub(super) fn take_decided(&mut self) {
        for decided in std::mem::take(&mut self.deciding.decided) {
            match decided {
                Decided::Failed(path, reason) => {
                    self.report.failed(&path, reason, &mut self.outbox);
                    self.release(&path);
                }
                Decided::Left(path, reason) => {
                    self.outbox.say(Level::Notice, "left-alone", Some(&path), reason);
                    self.release(&path);
                }
                Decided::Asked(path) => {
                    if self.decides_at_once() && !self.asked.contains(&path) {
                        self.last_place += 1;
                        self.ledger.keep_place(self.last_place, &path);
                        self.asked.insert(path, self.last_place);
                    }
                }
                // A dry run tells what had to be asked last, sorted, so that its words do not depend on who answered first.
                Decided::Planned(planned)
                    if self.decides_at_once() && !(self.settings.dry_run && self.asked.contains(&planned.row.path)) =>
                {
                    self.begin(planned);
                }
                Decided::Planned(planned) => self.plan.push(planned),
            }
        }
    }

    /// Nothing comes of a path for which a place may be kept.
    fn release(&mut self, path: &RelPath) {
        if let Some(place) = self.asked.remove(path) {
            self.ledger.record(place, Vec::new(), &[]);
        }
    }

    /// Whether a decision is carried out as soon as it is made. What is decided after the last row was read makes a plan, so
    /// that what clears the way comes first.
    fn decides_at_once(&self) -> bool {
        self.deciding.is_streaming && matches!(self.stage, Stage::Reading)
    }

    fn act(&mut self) -> bool {
        self.pursue();
        self.start();
        if !self.acting.is_empty() || !self.deciding.inquiries.is_empty() || !self.announcing.is_over() {
            return false;
        }
        if self.settings.dry_run {
            if self.is_stopping {
                return self.end();
            }
            if !self.finish_saving() {
                return false;
            }
            if self.saving.take().is_some() {
                let name = Verb::ReplaceState { name: PLAN_NEW.into(), target: PLAN.into() };
                self.stage = Stage::Tidying(Sequence::new([name]));
                return true;
            }
            return self.end();
        }
        // A first run that was stopped half way knows too little to be a base; the next one finds what was copied.
        if self.is_stopping && self.deciding.is_streaming {
            return self.end();
        }
        if self.ledger.is_in_order() {
            self.ledger.close();
            self.stage = Stage::Writing;
            return true;
        }
        let is_unchanged = self.ledger.lines.one.is_empty() && self.ledger.lines.two.is_empty();
        if is_unchanged && self.deciding.has_base {
            return self.tidy();
        }
        self.fold()
    }

    fn prune_empty_directories(&mut self) {
        let Some(mut emptying) = self.deciding.emptying.take() else { return };
        let planner = Planner { settings: &self.settings };
        for planned in &self.plan {
            planner.change(planned).steps.iter().for_each(|step| emptying.apply(step));
        }
        let directories = emptying.finish();
        for (on, paths) in Side::BOTH.into_iter().zip([directories.one, directories.two]) {
            let choice = Choice::RemoveDirectory { on, reason: Reason::EmptyDirectory };
            self.plan.extend(paths.into_iter().map(|path| Planned::new(Row::at(path), choice.clone())));
        }
        sort_by_key(&mut self.plan, |planned| planned.phase);
    }

    /// Puts copies in the order that was asked for, among what is done at their time.
    fn order_copies(&mut self) {
        let Some(order) = self.settings.copying.order else { return };
        let begin = self.plan.partition_point(|planned| planned.phase < Phase::Fill);
        let end = self.plan.partition_point(|planned| planned.phase <= Phase::Fill);
        let after = self.plan.split_off(end);
        let mut filling = self.plan.split_off(begin);
        order.sort(&mut filling, |planned| match planned.choice {
            Choice::Carry { from, .. } => {
                planned.row.present(from).map(|found| (&planned.row.path, &found.fingerprint))
            }
            _ => None,
        });
        self.plan.extend(filling);
        self.plan.extend(after);
    }

    /// A directory could not be listed.
    pub(super) fn unreadable(&mut self, side: Side, path: &RelPath, reason: &str) {
        if path.is_root() {
            let text = format!("cannot list {side}: {reason}. Nothing was done");
            self.abort("root-unreadable", text, true);
            return;
        }
        let text = format!("cannot list on {side}: {reason}; what is below it is left alone on both sides");
        self.report.failed(path, text, &mut self.outbox);
    }

    /// Ends the run before it did anything, or before its results are recorded. Always returns true.
    pub(super) fn abort(&mut self, code: &'static str, text: String, is_critical: bool) -> bool {
        if self.report.is_aborted() {
            return matches!(self.stage, Stage::Draining | Stage::Over | Stage::Condemning(_)) || self.end();
        }
        self.outbox.say(Level::Error, code, None, text.clone());
        let lockout = self.settings.lockout && is_critical;
        self.report.abort(if lockout { 7 } else { 1 }, text);
        let keeps_listings =
            self.settings.resilient || self.settings.dry_run || self.settings.check_sync == CheckSync::Only;
        if lockout && !keeps_listings {
            self.stage = Stage::Condemning(Sequence::new(self.condemn_verbs()));
            return true;
        }
        self.end()
    }

    pub(super) fn end(&mut self) -> bool {
        self.report.finish(&self.deciding.counters, self.settings.lockout);
        self.deciding.inquiries.stop();
        self.acting.stop();
        self.outbox.withdraw();
        if self.saving.take().is_some() {
            // A plan that is not whole is none.
            self.outbox.ask(Verb::RemoveState { name: PLAN_NEW.into() }, Purpose::Courtesy);
        }
        self.stage = Stage::Draining;
        true
    }

    /// Says in the journal that this run may leave temporary files behind. Nothing is changed before that is durable: a leftover
    /// that no journal knows would never go, and keep a directory from making room for a file for ever.
    pub(super) fn announce(&mut self) {
        if self.settings.dry_run {
            return;
        }
        self.journal.add(self.temporary.run);
        let mut verbs = self.drop_metadata_base();
        verbs.extend(self.announce_in_place());
        self.journal.has_halves = self.deciding.in_place.is_any() == Some(true);
        verbs.extend(self.write_journal(&self.journal));
        self.announcing = Sequence::of(Purpose::Announcement, verbs);
        self.announcing.ask(&mut self.outbox);
    }

    /// Takes the answer to a part of that. A run that cannot say what it may leave behind changes nothing.
    pub(super) fn supply_announcement(&mut self, reply: Reply) {
        self.announcing.supply(if let Reply::Failed(failure) = reply { Err(failure) } else { Ok(()) });
        match self.announcing.failure.take() {
            Some(failure) => {
                let text = format!("cannot write the state: {}", failure.message);
                self.abort("state-unwritable", text, false);
            }
            None => self.announcing.ask(&mut self.outbox),
        }
    }
}
