//! Since when a change of metadata counts.
//!
//! The time is a blob of one line, `since 2026-01-02T03:04:05.000000000Z`. It is replaced together with the listings, so a killed run
//! never replaces it, and only if the run left nothing undone. A run that changes something without carrying metadata removes the
//! blob: its own changes to a file would look like changes of the metadata.

use crate::entry::Instant;
use crate::event::Level;
use crate::plan::file::time;
use crate::protocol::Verb;

use super::Session;
use super::outbox::Purpose;

/// The clock that files get their times from may be so far behind the one that a run begins by: a tick of the slowest kernels, twice.
const TICK_NS: u32 = 20_000_000;
/// The blob is no longer than this.
const LENGTH: u32 = 128;

/// Since when a change of metadata counts.
#[derive(Debug, Default)]
pub struct MetadataBase {
    is_asked: bool,
    is_known: bool,
    /// The time; `None` when there is none.
    pub since: Option<Instant>,
    /// How many files and directories differ of which nothing tells who changed them.
    pub unknown: u64,
}

impl MetadataBase {
    /// Takes the blob.
    pub fn supply(&mut self, blob: Option<&[u8]>) {
        self.is_known = true;
        self.since = blob.and_then(parse);
    }
}

fn parse(blob: &[u8]) -> Option<Instant> {
    let text = std::str::from_utf8(blob).ok()?;
    time::parse(text.strip_suffix('\n')?.strip_prefix("since ")?)
}

fn to_bytes(began: Instant) -> Vec<u8> {
    let since = match began.nanoseconds.checked_sub(TICK_NS) {
        Some(nanoseconds) => Instant { nanoseconds, ..began },
        None => Instant { seconds: began.seconds - 1, nanoseconds: began.nanoseconds + 1_000_000_000 - TICK_NS },
    };
    format!("since {}\n", time::text(since)).into_bytes()
}

impl Session {
    /// Finds out since when a change of metadata counts. Returns false while that is not known.
    pub(super) fn know_metadata_base(&mut self) -> bool {
        let base = &mut self.deciding.metadata;
        // A resync starts anew.
        if self.settings.metadata.is_none() || self.settings.resync.is_some() || base.is_known {
            return true;
        }
        if !base.is_asked {
            base.is_asked = true;
            let verb = Verb::ReadState { name: self.names.metadata.clone(), offset: 0, length: LENGTH };
            self.outbox.ask(verb, Purpose::MetadataBase);
        }
        false
    }

    /// Says how much was left alone because there is no base.
    pub(super) fn say_unknown_metadata(&mut self) {
        let unknown = self.deciding.metadata.unknown;
        if unknown > 0 {
            let text = format!(
                "the metadata of {unknown} files or directories differs, and nothing tells which side changed it: it is left alone; \
                 what is changed from now on is carried over"
            );
            self.outbox.say(Level::Notice, "metadata-unknown", None, text);
        }
    }

    /// Prepares that changes from the beginning of this run on count in the next one, if this one left nothing undone. An older time
    /// serves as well where nothing was done.
    pub(super) fn metadata_verbs(&self) -> Vec<Verb> {
        if self.settings.metadata.is_none() {
            return Vec::new();
        }
        let name = self.names.metadata_new.clone();
        let is_needed = self.has_acted || self.deciding.metadata.since.is_none();
        // A plan may have been made less before it is carried out.
        if is_needed && self.report.is_whole() && !self.is_stopping && self.plan_use.is_none() {
            return vec![Verb::WriteState { name, offset: 0, bytes: to_bytes(self.now) }];
        }
        vec![Verb::RemoveState { name }]
    }

    /// Puts in force what was prepared.
    pub(super) fn metadata_name(&self) -> Option<Verb> {
        let (name, target) = (self.names.metadata_new.clone(), self.names.metadata.clone());
        self.settings.metadata.map(|_| Verb::ReplaceState { name, target })
    }

    /// Takes the time away, where this run may change files without their metadata.
    pub(super) fn drop_metadata_base(&self) -> Vec<Verb> {
        if self.settings.metadata.is_some() {
            return Vec::new();
        }
        let names = [&self.names.metadata, &self.names.metadata_new];
        names.map(|name| Verb::RemoveState { name: name.clone() }).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written_or_not_at_all() {
        let check = |began: Instant, expected: Instant| {
            let blob = to_bytes(began);
            assert_eq!(parse(&blob), Some(expected));
            assert!((0..blob.len()).all(|length| parse(&blob[..length]).is_none()));
        };
        let instant = |seconds, nanoseconds| Instant { seconds, nanoseconds };
        check(instant(1_700_000_000, 20_000_001), instant(1_700_000_000, 1));
        check(instant(1_700_000_000, 0), instant(1_699_999_999, 980_000_000));
    }
}
