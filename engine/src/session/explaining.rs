//! `--explain`: what is known of a path, and what follows.

use std::collections::BTreeSet;

use crate::decide::{Decision, decide_file};
use crate::delta::{Delta, Edit, Presence, directory_delta, file_delta};
use crate::entry::{Found, Kind};
use crate::event::Level;
use crate::go_time;
use crate::merge::Row;
use crate::metadata::{Metadata, is_history};
use crate::path::RelPath;
use crate::side::Side;
use crate::sorting::set_of;
use crate::walk::{Blind, Now};

use super::deciding::{Deciding, is_excluded, is_idle_directory, is_untracked};
use super::outbox::Outbox;
use super::surroundings::Surroundings;

/// Paths of which everything is to be said.
#[derive(Debug, Default)]
pub struct Explaining {
    /// Paths that were not met yet.
    open: BTreeSet<RelPath>,
    utc_offset_seconds: i32,
}

impl Explaining {
    /// Begins with the paths that were asked for. Times are shown for this offset from UTC.
    pub fn new(paths: &[RelPath], utc_offset_seconds: i32) -> Self {
        Self { open: set_of(paths.iter().cloned()), utc_offset_seconds }
    }

    /// Says what is known of a row, if it was asked for.
    pub fn see(&mut self, row: &Row, deciding: &Deciding, around: &Surroundings<'_>, outbox: &mut Outbox) {
        if self.open.is_empty() || !self.open.remove(&row.path) {
            return;
        }
        let is_directory = Side::BOTH.iter().any(|side| is_directory(row, *side));
        let is_idle = is_directory && is_idle_directory(row, around.settings);
        let delta = if is_directory { directory_delta(row) } else { file_delta(row, &deciding.comparison) };
        let left_alone = left_alone(row, around);
        let describe = |found: &Found| describe(found, self.utc_offset_seconds);
        let mut say = |text: String| outbox.say(Level::Info, "explained", Some(&row.path), text);
        for side in Side::BOTH {
            let was = row.prior[side].as_ref().map_or("nothing".to_owned(), &describe);
            let is = match &row.now[side] {
                Now::Present(found) => describe(found),
                Now::Absent => "nothing".to_owned(),
                Now::Untracked => "something that takes no part".to_owned(),
            };
            // What cannot be seen was not deleted.
            let happened = if left_alone.is_some() { "" } else { what_happened(delta, side) };
            // No listing tells what it was.
            let before = if is_idle { String::new() } else { format!("; after the last run: {was}{happened}") };
            say(format!("{side}: {is}{before}"));
        }
        if let (Some(one), Some(two)) = (&row.metadata.one, &row.metadata.two) {
            let differing = |of: &Metadata, other: &Metadata| {
                let pairs = of.pairs.iter().filter(|pair| !is_history(&pair.0) && !other.pairs.contains(pair));
                let texts: Vec<_> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
                if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
            };
            if one.pairs != two.pairs {
                let (one, two) = (differing(one, two), differing(two, one));
                say(format!("metadata that only Path1 has: {one}; that only Path2 has: {two}"));
            }
        }
        match (left_alone, deciding.in_place.half(row)) {
            (Some(why), _) => say(why),
            (None, Some(half)) => say(format!(
                "a run that did not end was writing the file of {half} in place: it may be half of one, and does not win"
            )),
            (None, None) if is_idle => say("what becomes of a directory follows from what is in it".to_owned()),
            (None, None) if is_directory => {}
            (None, None) if deciding.in_place.has_made_room(row) => {
                say("a run that did not end was writing the missing file in place: it was not deleted".to_owned());
            }
            (None, None) => say(verdict(decide_file(delta)).to_owned()),
        }
    }

    /// Says why the remaining paths were not met.
    pub fn finish(&mut self, around: &Surroundings<'_>, outbox: &mut Outbox) {
        for path in std::mem::take(&mut self.open) {
            let decision = around.filter.explain(&path, Kind::File, None, |_, _| false);
            let text = match (decision.included, hidden(&path, around)) {
                (false, _) => format!("takes no part: {decision}"),
                (true, Some(why)) => why,
                (true, None) => "on neither side, and the last run did not have it".to_owned(),
            };
            outbox.say(Level::Info, "explained", Some(&path), text);
        }
    }
}

/// Says why a row is left alone whatever happened to it, if it is; in the order in which a run looks.
fn left_alone(row: &Row, around: &Surroundings<'_>) -> Option<String> {
    let is_missing = Side::BOTH.iter().any(|side| row.present(*side).is_none());
    let hidden = if is_missing { hidden(&row.path, around) } else { None };
    hidden.or_else(|| {
        if is_untracked(row) {
            Some("left alone on both sides: something that is there takes no part".to_owned())
        } else if is_excluded(row, around.filter) {
            let decision = around.filter.explain(&row.path, Kind::File, None, |_, _| false);
            Some(format!("leaves the listings, and is left alone on both sides: {decision}"))
        } else {
            None
        }
    })
}

/// Says why nothing is known of a path, if that is so.
fn hidden(path: &RelPath, around: &Surroundings<'_>) -> Option<String> {
    let why = match around.blind_at(path)? {
        Blind::Failed => "a directory above it could not be listed",
        Blind::Excluded => "a directory above it holds a file named by `--exclude-if-present`",
        Blind::Hidden => "what is above it on one side is no directory that takes part",
    };
    Some(format!("left alone on both sides: {why}"))
}

fn is_directory(row: &Row, side: Side) -> bool {
    row.present(side).or(row.prior[side].as_ref()).is_some_and(|found| found.kind == Kind::Directory)
}

fn describe(found: &Found, utc_offset_seconds: i32) -> String {
    let mut parts = vec![match found.kind {
        Kind::File => "a file".to_owned(),
        Kind::Directory => return "a directory".to_owned(),
        Kind::Link => "a link".to_owned(),
        Kind::Special => "a special file".to_owned(),
        Kind::OtherFileSystem => "a directory of another file system".to_owned(),
    }];
    let fingerprint = &found.fingerprint;
    parts.extend(fingerprint.size.map(|size| format!("{size} B")));
    let local = |instant| go_time::format("2006-01-02 15:04:05.000", instant, utc_offset_seconds);
    parts.extend(fingerprint.modified.map(local));
    parts.extend(fingerprint.hash.as_ref().map(|hash| hash.as_str().to_owned()));
    parts.join(", ")
}

fn what_happened(delta: Delta, side: Side) -> &'static str {
    match delta {
        Delta::Known(edits) => match edits[side] {
            Edit::Unchanged => " (unchanged)",
            Edit::Changed => " (changed)",
            Edit::Deleted => " (deleted)",
        },
        Delta::Unknown(presence) => match presence[side] {
            Presence::New => " (new)",
            Presence::Absent => "",
        },
    }
}

fn verdict(decision: Decision) -> &'static str {
    match decision {
        Decision::InStep => "in step: nothing to do",
        Decision::Forget => "gone from both sides: nothing to do",
        Decision::Carry { from: Side::One, .. } => "Path1's version goes to Path2",
        Decision::Carry { from: Side::Two, .. } => "Path2's version goes to Path1",
        Decision::Remove { on: Side::One } => "to be deleted from Path1 as well",
        Decision::Remove { on: Side::Two } => "to be deleted from Path2 as well",
        Decision::Compare => "each side has a version of its own: whether they are the same decides",
    }
}
