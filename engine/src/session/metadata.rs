//! The plan for changes of metadata alone.

use crate::entry::Kind;
use crate::merge::Row;
use crate::metadata::{Verdict, decide_metadata};
use crate::options::Settings;
use crate::plan::{Choice, Reason};
use crate::side::{Pair, Side};

use super::deciding::Deciding;

impl Deciding {
    /// Plans what is to be done about the metadata of something whose content is in step.
    pub(super) fn settle_metadata(&mut self, row: &Row, settings: &Settings) {
        let Some(keeps) = settings.metadata else { return };
        let (Some(one), Some(two)) = (&row.metadata.one, &row.metadata.two) else { return };
        let base = self.metadata.since.filter(|_| self.has_base);
        match decide_metadata(Pair::new(one, two), base, keeps) {
            Verdict::InStep => {}
            Verdict::Unknown => self.metadata.unknown += 1,
            Verdict::Carry { from, is_contested } => {
                let reason = if is_contested { Reason::LaterMetadata(from) } else { Reason::Metadata(from) };
                self.plan(row.clone(), Choice::SetMetadata { on: from.other(), reason });
            }
        }
    }

    /// Returns the side that alone changed the metadata, or later, if that is known.
    pub(super) fn metadata_source(&self, row: &Row, settings: &Settings) -> Option<Side> {
        let (one, two) = (row.metadata.one.as_ref()?, row.metadata.two.as_ref()?);
        let base = self.metadata.since.filter(|_| self.has_base);
        match decide_metadata(Pair::new(one, two), base, settings.metadata?) {
            Verdict::Carry { from, .. } => Some(from),
            Verdict::InStep | Verdict::Unknown => None,
        }
    }

    /// Does the same for a directory that both sides have.
    pub(super) fn settle_directory_metadata(&mut self, row: &Row, settings: &Settings) {
        let is_directory = |side| row.present(side).is_some_and(|found| found.kind == Kind::Directory);
        if is_directory(Side::One) && is_directory(Side::Two) {
            self.settle_metadata(row, settings);
        }
    }
}
