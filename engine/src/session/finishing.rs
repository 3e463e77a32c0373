//! The end of a run: its results become the listings of the next one.

use crate::options::CheckSync;
use crate::protocol::{Failure, Reply, Verb};
use crate::side::{Pair, Side};

use super::blob::ListingStream;
use super::check::Check;
use super::fold::Folds;
use super::journal::Journal;
use super::saving::PlanUse;
use super::sequence::Sequence;
use super::{Session, Stage};

impl Session {
    /// Brings together what was written in order and what came late, or the old listing and what changed.
    pub(super) fn fold(&mut self) -> bool {
        let lines = std::mem::take(&mut self.ledger.lines);
        let sources = if self.ledger.is_in_order() {
            Pair::from_fn(|side| ListingStream::new(self.names.part[side].clone()))
        } else if self.deciding.has_base {
            self.base.clone().map(ListingStream::new)
        } else {
            Pair::from_fn(|_| ListingStream::empty())
        };
        self.stage = Stage::Folding(Box::new(Folds::new(sources, lines, self.names.new.clone(), self.now)));
        true
    }

    pub(super) fn check(&mut self) -> bool {
        if self.settings.check_sync == CheckSync::AtEnd {
            self.stage = Stage::Checking(Box::new(Check::new(self.names.new.clone())));
            return true;
        }
        self.commit()
    }

    pub(super) fn leave_check(&mut self) -> bool {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        let (is_only, check) = match stage {
            Stage::CheckingOnly(check) => (true, check),
            Stage::Checking(check) => (false, check),
            other => {
                self.stage = other;
                return false;
            }
        };
        for (entry, problem) in &check.mismatches {
            self.report.failed(&entry.path, problem.clone(), &mut self.outbox);
        }
        if !is_only {
            return self.commit();
        }
        if check.mismatches.is_empty() {
            self.report.abort(0, "Both listings say the same.".into());
        } else {
            let exit_code = if self.settings.lockout { 7 } else { 1 };
            self.report.abort(exit_code, format!("the listings differ in {} paths", check.mismatches.len()));
        }
        self.end()
    }

    fn commit(&mut self) -> bool {
        let condemned = self.settings.lockout && !self.settings.resilient && self.report.has_failures();
        let mut verbs = Vec::new();
        if self.has_acted {
            verbs.extend(Side::BOTH.map(|side| Verb::Flush { side }));
        }
        // The journal may say that the new listings are complete only when they would survive a loss of power.
        verbs.extend(Side::BOTH.map(|side| durable(&self.names.new[side])));
        verbs.extend(self.metadata_verbs());
        verbs.extend(self.write_journal(&Journal { is_committing: true, ..self.journal.clone() }));
        verbs.extend(self.commit_verbs());
        if condemned {
            verbs.extend(self.condemn_verbs());
        }
        self.stage = Stage::Committing(Sequence::new(verbs));
        true
    }

    /// Gives the new listings their names. May be done again when it was broken off.
    pub(super) fn commit_verbs(&self) -> Vec<Verb> {
        let names = &self.names;
        let mut verbs = Vec::new();
        for side in Side::BOTH {
            let listing = names.listing[side].clone();
            verbs.push(Verb::KeepState { name: listing.clone(), target: names.old[side].clone() });
            verbs.push(Verb::ReplaceState { name: names.new[side].clone(), target: listing });
            if self.settings.cleanup {
                verbs.push(Verb::RemoveState { name: names.part[side].clone() });
            }
        }
        verbs.extend(self.metadata_name());
        verbs.extend(self.deciding.in_place.save(&self.names, self.now));
        verbs.extend(self.close_journal());
        verbs
    }

    /// Ends the journal. What runs may have left behind stays in it for the next run that looks, unless this one saw and
    /// removed everything: a plan lists nothing, some directories cannot be listed, and whoever completes the record of
    /// another run has not looked yet. Those of other runs are looked for once more even then: a server may finish an upload of a run
    /// that was killed after this one has looked.
    fn close_journal(&self) -> Vec<Verb> {
        let fails = self.report.has_failures();
        let keeps = fails || self.journal.is_committing || self.plan_use == Some(PlanUse::Apply);
        let is_open = |run: &u64| fails || *run != self.temporary.run;
        let runs: Vec<u64> = self.journal.runs.iter().copied().filter(is_open).collect();
        let looked = self.journal.looked.clone();
        let (runs, looked) = if keeps { (runs, looked) } else { (Vec::new(), runs) };
        let has_halves = self.deciding.in_place.is_any().unwrap_or(self.journal.has_halves);
        let journal = Journal { runs, looked, has_halves, is_committing: false };
        if journal.is_empty() {
            return vec![Verb::RemoveState { name: self.names.journal.clone() }];
        }
        self.write_journal(&journal)
    }

    /// Writes the journal durably, in place of the one before.
    pub(super) fn write_journal(&self, journal: &Journal) -> Vec<Verb> {
        let (name, target) = (self.names.journal_new.clone(), self.names.journal.clone());
        vec![
            Verb::WriteState { name: name.clone(), offset: 0, bytes: journal.to_bytes() },
            Verb::ReplaceState { name, target },
        ]
    }

    pub(super) fn condemn_verbs(&self) -> Vec<Verb> {
        self.set_aside(&self.names.listing)
    }

    /// Takes these listings away from the next run, but keeps them.
    fn set_aside(&self, listings: &Pair<String>) -> Vec<Verb> {
        Side::BOTH
            .map(|side| Verb::ReplaceState { name: listings[side].clone(), target: self.names.error[side].clone() })
            .into()
    }

    /// Ends a run that has no new listing.
    pub(super) fn tidy(&mut self) -> bool {
        if self.settings.lockout && !self.settings.resilient && self.report.has_failures() {
            self.stage = Stage::Condemning(Sequence::new(self.condemn_verbs()));
        } else if self.journal.is_empty() && self.deciding.metadata.since.is_some() == self.settings.metadata.is_some()
        {
            return self.end();
        } else {
            let mut verbs = Vec::new();
            if self.has_acted && self.settings.metadata.is_some() {
                verbs.extend(Side::BOTH.map(|side| Verb::Flush { side }));
            }
            verbs.extend(self.metadata_verbs());
            verbs.extend(self.metadata_name());
            verbs.extend(self.deciding.in_place.save(&self.names, self.now));
            verbs.extend(self.close_journal());
            self.stage = Stage::Tidying(Sequence::new(verbs));
        }
        true
    }

    /// A prior listing is damaged: both are kept aside, and nothing is done.
    pub(super) fn damaged(&mut self, side: Side, problem: &str) -> bool {
        let (listing, kept) = (&self.base[side], &self.names.error[side]);
        let is_read_only = self.settings.dry_run || self.settings.check_sync == CheckSync::Only;
        let consequence = if is_read_only {
            "a run would keep it aside and start without a base".to_owned()
        } else {
            format!("it is kept as `{kept}`; the next run starts without a base, and deletes and overwrites nothing")
        };
        let text =
            format!("the listing of {side}, `{listing}`, is damaged: {problem}. Nothing was done; {consequence}");
        self.report.abort(if self.settings.lockout { 7 } else { 1 }, text);
        if is_read_only {
            return self.end();
        }
        self.end();
        self.stage = Stage::Condemning(Sequence::new(self.set_aside(&self.base)));
        true
    }

    /// Takes the outcome of an operation that others wait for.
    pub(super) fn supply_sequence(&mut self, reply: Reply) {
        let result = match reply {
            Reply::Failed(failure) => Err(failure),
            Reply::State(part) if matches!(self.stage, Stage::Opening) => {
                self.opened(&part.unwrap_or_default());
                return;
            }
            Reply::State(_)
            | Reply::Done(_)
            | Reply::Page { .. }
            | Reply::Anew
            | Reply::Described(_)
            | Reply::Same(_) => Ok(()),
        };
        match &mut self.stage {
            Stage::Recovering(sequence)
            | Stage::Committing(sequence)
            | Stage::Condemning(sequence)
            | Stage::Tidying(sequence) => sequence.supply(result),
            _ => {
                if let Err(Failure { message, .. }) = result {
                    self.abort("state-unreadable", format!("cannot read the journal: {message}"), false);
                }
            }
        }
    }
}

/// Makes a blob durable under the name that it has.
fn durable(name: &str) -> Verb {
    Verb::ReplaceState { name: name.to_owned(), target: name.to_owned() }
}
