//! A run stays in the journal when it has ended and a temporary file of it may still appear, so that the next run looks for that.

use bisync_engine::protocol::{Failure, Reply, Verb};
use bisync_engine::session::keep_run;
use bisync_engine::session_name::StateNames;
use bisync_engine::side::Pair;

use crate::state::StateStore;

/// A journal is shorter than this, in bytes.
const LONGEST: u32 = 1 << 16;

/// Names the run in the journal of these paths.
///
/// # Errors
/// Returns the failure of the state store.
pub fn keep_in_journal(store: &mut StateStore, paths: &Pair<String>, run: u64) -> Result<(), Failure> {
    let StateNames { journal, journal_new, .. } = StateNames::new(paths.as_ref().map(String::as_str));
    let mut perform = |verb| match store.perform(&verb) {
        Reply::Failed(failure) => Err(failure),
        Reply::State(Some(blob)) => Ok(blob),
        Reply::State(None)
        | Reply::Page { .. }
        | Reply::Anew
        | Reply::Described(_)
        | Reply::Same(_)
        | Reply::Done(_) => Ok(Vec::new()),
    };
    let before = perform(Verb::ReadState { name: journal.clone(), offset: 0, length: LONGEST })?;
    let bytes = keep_run(&before, run);
    perform(Verb::WriteState { name: journal_new.clone(), offset: 0, bytes })?;
    perform(Verb::ReplaceState { name: journal_new, target: journal })?;
    Ok(())
}
