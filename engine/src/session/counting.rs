//! How many paths each side had and has, for the limits that are checked before the first write.

use crate::delta::{Delta, Edit, Presence, directory_delta};
use crate::entry::{Found, Kind};
use crate::merge::Row;
use crate::safety::Counters;
use crate::side::{Pair, Side};
use crate::walk::Now;

impl Pair<Counters> {
    /// Counts a file.
    pub fn count(&mut self, row: &Row, delta: Delta) {
        for side in Side::BOTH {
            let is_file = |found: &Found| found.kind == Kind::File;
            let counters = &mut self[side];
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

    /// Counts a directory.
    pub fn count_directory(&mut self, row: &Row) {
        for side in Side::BOTH {
            let is_there = row.present(side).is_some_and(|found| found.kind == Kind::Directory);
            self[side].now += u64::from(is_there);
        }
        if let Delta::Known(edits) = directory_delta(row) {
            for side in Side::BOTH {
                self[side].prior += 1;
                self[side].unchanged += u64::from(edits[side] == Edit::Unchanged);
                self[side].deleted += u64::from(edits[side] == Edit::Deleted);
            }
        }
    }

    /// Counts a path of which nothing is decided as if nothing had happened to it.
    pub fn count_as_it_was(&mut self, row: &Row) {
        for side in Side::BOTH {
            let was = u64::from(row.prior[side].is_some());
            self[side].prior += was;
            self[side].unchanged += was;
            // What cannot be seen may be there.
            self[side].now += was.max(u64::from(row.now[side] != Now::Absent));
        }
    }
}
