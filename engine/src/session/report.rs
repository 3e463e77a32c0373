//! What a run did, counted and put into words.

use std::collections::BTreeSet;

use crate::event::Level;
use crate::link_name::on_disk;
use crate::outcome::{Conflict, Counts, FailedPath, Outcome};
use crate::path::RelPath;
use crate::plan::{Change, Reason};
use crate::protocol::{Failure, FailureKind, Verb};
use crate::safety::Counters;
use crate::side::{Pair, Side};
use crate::sorting::sort_by;

use super::StopReason;
use super::outbox::Outbox;

/// The exit code when the limit on what may be copied was reached, as in rclone.
const TRANSFER_LIMIT: u8 = 8;
/// The exit code when the time was over before the end, as rclone documents it.
const DURATION_LIMIT: u8 = 10;
/// The exit code when nothing was copied and that counts as an error, as in rclone.
const NO_TRANSFER: u8 = 9;

/// Counts and lists for the outcome.
#[derive(Debug, Default)]
pub struct Report {
    outcome: Outcome,
    is_stopped: bool,
    stop_reason: Option<String>,
    is_given: bool,
    conflicted: BTreeSet<RelPath>,
    error_on_no_transfer: bool,
    carries_out_plan: bool,
}

impl Report {
    /// Begins with nothing done.
    pub fn new(dry_run: bool, error_on_no_transfer: bool) -> Self {
        Self { outcome: Outcome { dry_run, ..Outcome::default() }, error_on_no_transfer, ..Self::default() }
    }

    /// The change was carried out, or would be: counts it and says so.
    pub fn change(&mut self, change: &Change, outbox: &mut Outbox) {
        let dry_run = self.outcome.dry_run;
        for step in change.steps.iter().filter(|step| !is_look(step)) {
            self.count(step, &change.reason);
            let (code, text) = words(step, dry_run);
            let path = step_path(step);
            outbox.say(Level::Info, code, Some(path), format!("{text}: {}", because(change)));
        }
        if change.steps.is_empty() {
            outbox.say(Level::Debug, "recorded", Some(&change.path), because(change));
        }
        if let Some(resolution) = resolution(change)
            && self.conflicted.insert(change.path.clone())
        {
            outbox.say(Level::Info, "conflict", Some(&change.path), format!("conflict: {resolution}"));
            self.outcome.conflicts.push(Conflict { path: change.path.clone(), resolution });
        }
    }

    /// A step of a change failed.
    pub fn failed_step(&mut self, change: &Change, step: usize, failure: &Failure, outbox: &mut Outbox) {
        if failure.kind == FailureKind::Stopped {
            return;
        }
        for done in change.steps.iter().take(step).filter(|step| !is_look(step)) {
            self.count(done, &change.reason);
            let (code, text) = words(done, false);
            outbox.say(Level::Notice, code, Some(step_path(done)), format!("{text}: {}", because(change)));
        }
        let what = change.steps.get(step).map_or("cannot finish", attempt);
        let path = change.steps.get(step).map_or(&change.path, step_path);
        self.failed(path, format!("{what}: {}", failure.message), outbox);
    }

    /// A path could not be brought in step.
    pub fn failed(&mut self, path: &RelPath, reason: String, outbox: &mut Outbox) {
        outbox.say(Level::Error, "failed", Some(path), reason.clone());
        self.outcome.failures.push(FailedPath { path: path.clone(), reason });
    }

    /// The run stops for a reason that concerns it as a whole.
    pub fn abort(&mut self, exit_code: u8, text: String) {
        self.outcome.exit_code = self.outcome.exit_code.max(exit_code);
        self.stop_reason.get_or_insert(text);
    }

    /// What is done is what a plan file says, which may be less than what brings both sides in step.
    pub fn carries_out_plan(&mut self) {
        self.carries_out_plan = true;
    }

    /// The run was stopped.
    pub fn stopped(&mut self, reason: StopReason) {
        self.is_stopped = true;
        let exit_code = match reason {
            StopReason::Wish => 1,
            StopReason::Time => DURATION_LIMIT,
        };
        self.outcome.exit_code = self.outcome.exit_code.max(exit_code);
    }

    /// No more may be copied in this run.
    pub fn reached_limit(&mut self) {
        self.is_stopped = true;
        self.outcome.exit_code = self.outcome.exit_code.max(TRANSFER_LIMIT);
    }

    /// Whether the run did all that there was to do.
    pub fn is_whole(&self) -> bool {
        !self.has_failures() && !self.is_stopped && !self.is_aborted()
    }

    /// Whether any path failed.
    pub fn has_failures(&self) -> bool {
        !self.outcome.failures.is_empty()
    }

    /// Whether the run was aborted.
    pub fn is_aborted(&self) -> bool {
        self.stop_reason.is_some()
    }

    /// Ends the report.
    pub fn finish(&mut self, counters: &Pair<Counters>, lockout: bool) {
        for side in Side::BOTH {
            self.outcome.counts[side].files = counters[side].now;
        }
        sort_by(&mut self.outcome.conflicts, |left, right| left.path.cmp(&right.path));
        sort_by(&mut self.outcome.failures, |left, right| left.path.cmp(&right.path));
        // A run that was aborted has the exit code of that: what failed on the way to it was not tried.
        if self.has_failures() && !self.is_aborted() {
            self.outcome.exit_code = self.outcome.exit_code.max(if lockout { 7 } else { 1 });
        }
        if self.is_stopped {
            self.outcome.exit_code = self.outcome.exit_code.max(1);
        }
        let copied = self.outcome.counts.one.copied + self.outcome.counts.two.copied;
        if self.error_on_no_transfer && copied == 0 && self.outcome.exit_code == 0 {
            self.outcome.exit_code = NO_TRANSFER;
        }
        self.outcome.headline = self.headline();
    }

    /// Hands the outcome over, once.
    pub fn take_outcome(&mut self) -> Option<Outcome> {
        if self.is_given {
            return None;
        }
        self.is_given = true;
        Some(std::mem::take(&mut self.outcome))
    }

    fn headline(&self) -> String {
        if let Some(reason) = &self.stop_reason {
            return reason.clone();
        }
        let outcome = &self.outcome;
        let total = |count: fn(&Counts) -> u64| count(&outcome.counts.one) + count(&outcome.counts.two);
        let parts: Vec<String> = [
            (total(|counts| counts.copied), "copied"),
            (total(|counts| counts.moved), "moved"),
            (total(|counts| counts.deleted), "deleted"),
            (total(|counts| counts.touched), "given the other side's time"),
            (total(|counts| counts.metadata_set), "given new metadata"),
            (total(|counts| counts.directories_made), "directories made"),
            (total(|counts| counts.directories_removed), "directories removed"),
            (outcome.conflicts.len() as u64, "conflicts"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| match count {
            1 => format!("1 {}", what.replace("directories", "directory").replace("conflicts", "conflict")),
            _ => format!("{count} {what}"),
        })
        .collect();
        let failed = outcome.failures.len();
        let done = match (parts.is_empty(), failed) {
            (true, 0) if !self.is_stopped && !self.carries_out_plan => "nothing to do".to_owned(),
            (true, _) => "nothing was done".to_owned(),
            (false, _) => parts.join(", "),
        };
        match (outcome.dry_run, self.is_stopped, failed) {
            (true, _, 0) => format!("Dry run: {done}. Nothing was changed."),
            (true, _, _) => format!("Dry run: {done}, {failed} would fail. Nothing was changed."),
            (false, true, _) => format!("Stopped before the end: {done}. The next run goes on from here."),
            (false, false, 0) if self.carries_out_plan => format!("The plan is carried out: {done}."),
            (false, false, _) if self.carries_out_plan => {
                format!("The plan is carried out but for {failed} failed: {done}.")
            }
            (false, false, 0) => format!("Path1 and Path2 are in step: {done}."),
            (false, false, _) => format!("Path1 and Path2 are in step but for {failed} failed: {done}."),
        }
    }

    fn count(&mut self, step: &Verb, reason: &Reason) {
        let counts = &mut self.outcome.counts;
        match step {
            Verb::CopyFile(copy) => {
                let counts = &mut counts[copy.from.other()];
                counts.copied += 1;
                counts.copied_bytes = counts.copied_bytes.saturating_add(copy.source.size.unwrap_or(0));
            }
            // The new name of a conflict's loser is told with the conflict.
            Verb::MoveFile(moved) => counts[moved.side].moved += u64::from(matches!(reason, Reason::Moved(..))),
            // What a killed run left behind was nobody's file.
            Verb::DeleteFile { side, .. } => counts[*side].deleted += u64::from(!matches!(reason, Reason::Leftover)),
            Verb::SetTime { side, .. } => counts[*side].touched += 1,
            // What goes with a time or a move is told with it.
            Verb::SetMetadata(set) => {
                let alone = matches!(reason, Reason::Metadata(_) | Reason::LaterMetadata(_));
                counts[set.from.other()].metadata_set += u64::from(alone);
            }
            Verb::MakeDirectory { side, .. } => counts[*side].directories_made += 1,
            Verb::RemoveDirectory { side, .. } => counts[*side].directories_removed += 1,
            Verb::ListDirectory { .. }
            | Verb::Describe { .. }
            | Verb::SameContent { .. }
            | Verb::Flush { .. }
            | Verb::ReadState { .. }
            | Verb::WriteState { .. }
            | Verb::ReplaceState { .. }
            | Verb::KeepState { .. }
            | Verb::RemoveState { .. } => {}
        }
    }
}

/// The path that a person knows a step by.
fn step_path(step: &Verb) -> &RelPath {
    static ROOT: std::sync::LazyLock<RelPath> = std::sync::LazyLock::new(RelPath::root);
    match step {
        Verb::CopyFile(copy) => &copy.target,
        Verb::MoveFile(moved) => &moved.path,
        Verb::SetMetadata(set) => &set.target,
        Verb::DeleteFile { path, .. }
        | Verb::SetTime { path, .. }
        | Verb::MakeDirectory { path, .. }
        | Verb::RemoveDirectory { path, .. }
        | Verb::ListDirectory { path, .. }
        | Verb::Describe { path, .. } => path,
        Verb::SameContent { .. }
        | Verb::Flush { .. }
        | Verb::ReadState { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => &ROOT,
    }
}

/// Whether a step only makes sure that metadata is what was listed.
pub(super) fn is_look(step: &Verb) -> bool {
    matches!(step, Verb::SetMetadata(set) if !set.keeps.lacks(&set.expect_metadata, &set.source_metadata))
}

/// What was done, or would be.
pub(super) fn words(step: &Verb, dry_run: bool) -> (&'static str, String) {
    let tense = |would: &str, did: &str| if dry_run { would.to_owned() } else { did.to_owned() };
    match step {
        Verb::CopyFile(copy) => ("copied", format!("{} to {}", tense("copy", "copied"), copy.from.other())),
        Verb::MoveFile(moved) => {
            ("moved", format!("{} to `{}` on {}", tense("move", "moved"), moved.target, moved.side))
        }
        Verb::DeleteFile { side, .. } => ("deleted", format!("{} from {side}", tense("delete", "deleted"))),
        Verb::SetTime { side, .. } => ("touched", format!("{} on {side}", tense("set the time", "set the time"))),
        Verb::SetMetadata(set) => ("metadata-set", format!("set the metadata on {}", set.from.other())),
        Verb::MakeDirectory { side, .. } => {
            ("directory-made", format!("{} on {side}", tense("make the directory", "made the directory")))
        }
        Verb::RemoveDirectory { side, .. } => {
            ("directory-removed", format!("{} on {side}", tense("remove the directory", "removed the directory")))
        }
        Verb::ListDirectory { .. }
        | Verb::Describe { .. }
        | Verb::SameContent { .. }
        | Verb::Flush { .. }
        | Verb::ReadState { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => ("", String::new()),
    }
}

/// What was tried and failed.
fn attempt(step: &Verb) -> &'static str {
    match step {
        Verb::CopyFile(copy) => match copy.from {
            Side::One => "cannot copy to Path2",
            Side::Two => "cannot copy to Path1",
        },
        Verb::MoveFile(_) => "cannot move",
        Verb::DeleteFile { side: Side::One, .. } => "cannot delete from Path1",
        Verb::DeleteFile { side: Side::Two, .. } => "cannot delete from Path2",
        Verb::SetTime { .. } => "cannot set the time",
        Verb::SetMetadata(_) => "cannot set the metadata",
        Verb::MakeDirectory { .. } => "cannot make the directory",
        Verb::RemoveDirectory { .. } => "cannot remove the directory",
        Verb::ListDirectory { .. } => "cannot list",
        Verb::Describe { .. } => "cannot look up",
        Verb::SameContent { .. } => "cannot compare",
        Verb::Flush { .. }
        | Verb::ReadState { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => "cannot use the state",
    }
}

/// Why, for a person.
pub(super) fn because(change: &Change) -> String {
    match &change.reason {
        Reason::New(side) => format!("new on {side}"),
        Reason::Changed(side) => format!("changed on {side}"),
        Reason::ChangedAgainstDelete(side) => format!("changed on {side}, deleted on {}", side.other()),
        Reason::Deleted(side) => format!("deleted on {side}"),
        Reason::Moved(side, from) => format!("moved on {side} from `{from}`"),
        Reason::Later(side) => format!("same content, and {side} has the time to keep"),
        Reason::Metadata(side) => format!("its metadata was changed on {side}"),
        Reason::LaterMetadata(side) => format!("its metadata was changed later on {side}"),
        Reason::Same => "the same on both sides".into(),
        Reason::Gone => "gone from both sides".into(),
        Reason::Excluded => "excluded by the filters, no longer tracked".into(),
        Reason::Conflict(Some(side)) => format!("changed on both sides, {side} wins"),
        Reason::Conflict(None) => "changed on both sides".into(),
        Reason::FileAgainstDirectory(side) if on_disk(&change.path).is_some() => {
            format!("a link on {side}, something else of its name on {}", side.other())
        }
        Reason::FileAgainstDirectory(side) => format!("a file on {side}, a directory on {}", side.other()),
        Reason::Resync(side) => format!("different on both sides, the resync prefers {side}"),
        Reason::Spelling => "spelled so on Path1 (--fix-case)".into(),
        Reason::Respelled => "it has another spelling since the last run".into(),
        Reason::Leftover => "left behind by a run that was killed".into(),
        Reason::HalfWritten(side) => format!("a run that did not end was writing it in place on {side}"),
        Reason::EmptyDirectory => "empty".into(),
    }
}

/// What became of a conflict, if the change settles one.
fn resolution(change: &Change) -> Option<String> {
    let winner = match &change.reason {
        Reason::Conflict(winner) => *winner,
        Reason::FileAgainstDirectory(_) | Reason::HalfWritten(_)
            if change.steps.iter().any(|step| matches!(step, Verb::MoveFile(_))) =>
        {
            None
        }
        Reason::FileAgainstDirectory(_)
        | Reason::HalfWritten(_)
        | Reason::New(_)
        | Reason::Changed(_)
        | Reason::ChangedAgainstDelete(_)
        | Reason::Deleted(_)
        | Reason::Moved(..)
        | Reason::Later(_)
        | Reason::Metadata(_)
        | Reason::LaterMetadata(_)
        | Reason::Same
        | Reason::Gone
        | Reason::Excluded
        | Reason::Resync(_)
        | Reason::Spelling
        | Reason::Respelled
        | Reason::Leftover
        | Reason::EmptyDirectory => return None,
    };
    let renamed: Vec<String> = change
        .steps
        .iter()
        .filter_map(|step| match step {
            Verb::MoveFile(moved) => Some(format!("{}'s version is `{}`", moved.side, moved.target)),
            _ => None,
        })
        .collect();
    Some(match (winner, renamed.is_empty()) {
        (Some(side), true) => format!("{side} wins, the other version is gone"),
        (Some(side), false) => format!("{side} wins, {}", renamed.join(", ")),
        (None, _) => renamed.join(", "),
    })
}
