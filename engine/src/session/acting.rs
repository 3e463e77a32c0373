//! Carrying out changes: which steps are under way, what came of them.

use std::collections::VecDeque;

use crate::entry::Found;
use crate::event::Workload;
use crate::numbered::Numbered;
use crate::options::{Cutoff, TransferLimit};
use crate::plan::{Change, Phase, Planned, Planner};
use crate::protocol::{Failure, FailureKind, Staging, Verb};
use crate::temporary::TemporaryNames;

use super::outbox::{Outbox, Purpose};

/// At most so many changes are under way at once, and no more than `--max-backlog`. The host decides how many it really does
/// in parallel.
const UNDER_WAY: usize = 1024;

/// Names the place of a change in the order of the plan.
pub type Place = u64;

/// Changes that wait, and changes that are under way.
#[derive(Debug, Default)]
pub struct Acting {
    waiting: VecDeque<(Place, Planned)>,
    under_way: Numbered<UnderWay>,
    phase: Option<Phase>,
    workload: Workload,
    is_stopping: bool,
    bytes_begun: u64,
    is_over_limit: bool,
}

#[derive(Debug)]
struct UnderWay {
    place: Place,
    change: Change,
    results: Vec<Option<Found>>,
}

/// A change that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// Its place in the order of the plan.
    pub place: Place,
    /// The change.
    pub change: Change,
    /// What each step that was done found afterwards.
    pub results: Vec<Option<Found>>,
    /// Why it did not get further, if it did not.
    pub failure: Option<Failure>,
}

impl Acting {
    /// Adds a decision after all others.
    pub fn add(&mut self, place: Place, planned: Planned) {
        if !self.is_stopping {
            let (files, bytes) = planned.copies();
            self.workload.files += files;
            self.workload.bytes = self.workload.bytes.saturating_add(bytes);
            self.waiting.push_back((place, planned));
        }
    }

    /// Returns what all changes together copy, those included that came to their end.
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// Returns how many changes have not come to their end.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }

    /// Returns true when all changes came to their end.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Starts nothing new: changes that were not started are dropped, others end after the step that is under way.
    pub fn stop(&mut self) {
        self.is_stopping = true;
        self.waiting.clear();
    }

    /// Whether nothing new is started any more.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// Starts what may be started now. A change of another phase waits until all before it have ended. Returns changes that
    /// end without a step.
    pub fn start(&mut self, planner: Planner<'_>, names: &TemporaryNames, outbox: &mut Outbox) -> Vec<Finished> {
        let copying = &planner.settings.copying;
        let mut ended = Vec::new();
        while self.under_way.len() < UNDER_WAY.min(copying.max_backlog) {
            let Some((_, next)) = self.waiting.front() else { break };
            if !self.under_way.is_empty() && self.phase != Some(next.phase) {
                break;
            }
            let Some((place, planned)) = self.waiting.pop_front() else { break };
            self.phase = Some(planned.phase);
            let change = planner.change(&planned);
            if change.steps.is_empty() {
                ended.push(Finished { place, change, results: Vec::new(), failure: None });
                continue;
            }
            if let Some(limit) = copying.limit
                && self.exceeds(limit, &change)
            {
                self.is_over_limit = true;
                // What no run can copy holds up no other file.
                let is_impossible = copied_bytes(&change) > limit.bytes;
                if limit.cutoff != Cutoff::Cautious && !is_impossible {
                    self.stop();
                    break;
                }
                let (kind, message) = match is_impossible {
                    true => (FailureKind::Other, "it is larger than `--max-transfer` allows"),
                    false => (FailureKind::Stopped, "it is too large for the rest"),
                };
                let failure = Failure { kind, message: message.into() };
                ended.push(Finished { place, change, results: Vec::new(), failure: Some(failure) });
                continue;
            }
            let number = outbox.number();
            let under_way = UnderWay { place, change, results: Vec::new() };
            ask_step(&under_way, number, names, outbox);
            self.under_way.insert(number, under_way);
        }
        ended
    }

    /// Whether something was not begun because of the limit on bytes; said once.
    pub fn take_over_limit(&mut self) -> bool {
        std::mem::take(&mut self.is_over_limit)
    }

    /// Whether a change may not be begun; counts its bytes if it may.
    fn exceeds(&mut self, limit: TransferLimit, change: &Change) -> bool {
        let bytes = copied_bytes(change);
        if bytes == 0 {
            return false;
        }
        let after = self.bytes_begun.saturating_add(bytes);
        let exceeds = match limit.cutoff {
            Cutoff::Hard | Cutoff::Cautious => after > limit.bytes,
            Cutoff::Soft => self.bytes_begun >= limit.bytes,
        };
        if !exceeds {
            self.bytes_begun = after;
        }
        exceeds
    }

    /// Takes the outcome of a step; returns the change when that was its end. Where `sizes_count`, a copy has the size of its source.
    pub fn supply(
        &mut self,
        number: u64,
        result: Result<Option<Found>, Failure>,
        sizes_count: bool,
        names: &TemporaryNames,
        outbox: &mut Outbox,
    ) -> Option<Finished> {
        let mut under_way = self.under_way.remove(number)?;
        let step = under_way.change.steps.get(under_way.results.len());
        let result = result.and_then(|found| if sizes_count { checked(step, found) } else { Ok(found) });
        let failure = match result {
            Ok(found) => {
                under_way.results.push(found);
                if under_way.results.len() < under_way.change.steps.len() {
                    ask_step(&under_way, number, names, outbox);
                    self.under_way.insert(number, under_way);
                    return None;
                }
                None
            }
            Err(failure) => Some(failure),
        };
        let UnderWay { place, change, results } = under_way;
        Some(Finished { place, change, results, failure })
    }
}

/// Refuses a copy that has another size than its source. A host should not say so, and a listing must not.
fn checked(step: Option<&Verb>, found: Option<Found>) -> Result<Option<Found>, Failure> {
    let sizes = step.zip(found.as_ref()).and_then(|(step, found)| match step {
        Verb::CopyFile(copy) => copy.source.size.zip(found.fingerprint.size),
        _ => None,
    });
    match sizes {
        Some((source, copy)) if source != copy => {
            Err(Failure { kind: FailureKind::Other, message: "the copy has another size than its source".into() })
        }
        _ => Ok(found),
    }
}

fn copied_bytes(change: &Change) -> u64 {
    let size = |step: &Verb| if let Verb::CopyFile(copy) = step { copy.source.size } else { None };
    change.steps.iter().filter_map(size).fold(0, u64::saturating_add)
}

fn ask_step(under_way: &UnderWay, number: u64, names: &TemporaryNames, outbox: &mut Outbox) {
    let Some(step) = under_way.change.steps.get(under_way.results.len()) else { return };
    let mut verb = step.clone();
    if let Verb::MoveFile(moved) = &mut verb {
        moved.temporary = names.path(&moved.target, outbox.number());
    }
    if let Verb::CopyFile(copy) = &mut verb {
        if let Staging::Temporary(path) = &mut copy.staging {
            *path = names.path(&copy.target, outbox.number());
        }
        // A side may give a file that was moved another time: what the move found is the version to copy.
        for (step, found) in under_way.change.steps.iter().zip(&under_way.results) {
            if let (Verb::MoveFile(moved), Some(found)) = (step, found)
                && moved.side == copy.from
                && moved.target == copy.path
            {
                copy.source = found.fingerprint.clone();
            }
        }
    }
    outbox.ask(verb, Purpose::Step(number));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Fingerprint, Kind};
    use crate::path::RelPath;
    use crate::protocol::{CopyFile, Disposal, Expect};
    use crate::side::Side;

    #[test]
    fn a_copy_of_another_size_is_refused() {
        let check = |source: Option<u64>, copy: Option<u64>, is_refused: bool| {
            let version = |size| Fingerprint { size, ..Fingerprint::default() };
            let step = Verb::CopyFile(CopyFile {
                from: Side::One,
                path: RelPath::root(),
                source: version(source),
                target: RelPath::root(),
                expect: Expect::Absent,
                disposal: Disposal::Discard,
                staging: Staging::InPlace,
                verify: None,
            });
            let found = Some(Found { kind: Kind::File, fingerprint: version(copy) });
            assert_eq!(checked(Some(&step), found).is_err(), is_refused, "{source:?} {copy:?}");
        };
        check(Some(2), Some(1), true);
        check(Some(0), Some(1), true);
        check(Some(1), Some(1), false);
        check(None, Some(1), false);
        check(Some(1), None, false);
    }
}
