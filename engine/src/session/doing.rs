//! Decisions are begun, and what came of them is recorded.

use crate::event::Level;
use crate::plan::{Planned, Planner, Reason};
use crate::protocol::{FailureKind, Reply};

use super::acting::Finished;
use super::{Session, Stage};

impl Session {
    /// Starts what may be started now.
    pub(super) fn start(&mut self) {
        if !self.announcing.is_over() {
            return;
        }
        let planner = Planner { settings: &self.settings };
        for finished in self.acting.start(planner, &self.temporary, &mut self.outbox) {
            self.finished(finished);
        }
        if self.acting.take_over_limit() {
            if self.acting.is_stopping() {
                self.is_stopping = true;
                self.deciding.inquiries.stop();
            }
            self.report.reached_limit();
            let text = "the limit of --max-transfer is reached: the next run goes on";
            self.outbox.say(Level::Notice, "transfer-limit", None, text);
        }
    }

    /// Begins a decision: carries it out, or says what it would do.
    pub(super) fn begin(&mut self, planned: Planned) {
        let place = match self.asked.remove(&planned.row.path) {
            Some(place) => place,
            None => {
                self.last_place += 1;
                if matches!(self.stage, Stage::Reading) {
                    self.ledger.keep_place(self.last_place, &planned.row.path);
                }
                self.last_place
            }
        };
        let planner = Planner { settings: &self.settings };
        if let (Stage::Reading, Some(emptying)) = (&self.stage, &mut self.deciding.emptying) {
            planner.change(&planned).steps.iter().for_each(|step| emptying.apply(step));
        }
        if self.settings.dry_run {
            let change = planner.change(&planned);
            self.report.change(&change, &mut self.outbox);
            if let Some(saving) = &mut self.saving {
                saving.write(&planned, &change);
            }
        } else if planned.is_record() {
            let change = planner.change(&planned);
            self.report.change(&change, &mut self.outbox);
            self.deciding.in_place.done(&change);
            self.ledger.record(place, change.records, &[]);
        } else {
            self.has_acted = true;
            self.acting.add(place, planned);
        }
    }

    /// Takes the outcome of a step.
    pub(super) fn supply_step(&mut self, number: u64, reply: Reply) {
        let result = match reply {
            Reply::Done(found) => Ok(found),
            Reply::Failed(failure) => Err(failure),
            Reply::Page { .. } | Reply::Anew | Reply::Described(_) | Reply::Same(_) | Reply::State(_) => Ok(None),
        };
        if let Some(finished) =
            self.acting.supply(number, result, self.settings.compare.size, &self.temporary, &mut self.outbox)
        {
            self.finished(finished);
        }
    }

    fn finished(&mut self, finished: Finished) {
        match &finished.failure {
            None => {
                self.report.change(&finished.change, &mut self.outbox);
                self.deciding.in_place.done(&finished.change);
                self.ledger.record(finished.place, finished.change.records, &finished.results);
            }
            Some(failure) => {
                // A directory that is still in use stays.
                let is_in_use = failure.kind == FailureKind::NotEmpty
                    && matches!(finished.change.reason, Reason::EmptyDirectory | Reason::Deleted(_));
                if failure.kind == FailureKind::Elsewhere {
                    let path = &finished.change.path;
                    self.outbox.say(Level::Info, "left-alone", Some(path), format!("not copied: {}", failure.message));
                } else if is_in_use {
                    let text = "not removed: it is not empty";
                    self.outbox.say(Level::Notice, "directory-kept", Some(&finished.change.path), text);
                } else {
                    self.report.failed_step(&finished.change, finished.results.len(), failure, &mut self.outbox);
                }
                self.ledger.record(finished.place, Vec::new(), &[]);
            }
        }
    }
}
