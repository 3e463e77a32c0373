//! The truth table: what happened on both sides -> what is to be done. `docs/semantics.md` holds it for people, and a test
//! reads it from there.

use crate::delta::{Delta, Edit, Presence};
use crate::side::{Pair, Side};

/// What is to be done with a file or a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: both sides are as they were.
    InStep,
    /// It is gone from both sides: the listings forget it.
    Forget,
    /// It is carried over to the other side.
    Carry {
        /// The side that has the version to keep.
        from: Side,
        /// Whether the other side deleted it meanwhile.
        against_delete: bool,
    },
    /// It is removed from this side, because the other side deleted it.
    Remove {
        /// The side that still has it.
        on: Side,
    },
    /// Both sides have a version of their own: whether they are the same decides.
    Compare,
}

/// Decides what happens to a file.
pub fn decide_file(delta: Delta) -> Decision {
    use {Edit::*, Presence::*};
    match delta {
        Delta::Known(Pair { one, two }) => match (one, two) {
            (Unchanged, Unchanged) => Decision::InStep,
            (Unchanged, Changed) => Decision::Carry { from: Side::Two, against_delete: false },
            (Unchanged, Deleted) => Decision::Remove { on: Side::One },
            (Changed, Unchanged) => Decision::Carry { from: Side::One, against_delete: false },
            (Changed, Changed) => Decision::Compare,
            // An edit beats a delete, as in rclone.
            (Changed, Deleted) => Decision::Carry { from: Side::One, against_delete: true },
            (Deleted, Unchanged) => Decision::Remove { on: Side::Two },
            (Deleted, Changed) => Decision::Carry { from: Side::Two, against_delete: true },
            (Deleted, Deleted) => Decision::Forget,
        },
        Delta::Unknown(Pair { one, two }) => match (one, two) {
            (New, New) => Decision::Compare,
            (New, Absent) => Decision::Carry { from: Side::One, against_delete: false },
            (Absent, New) => Decision::Carry { from: Side::Two, against_delete: false },
            (Absent, Absent) => Decision::Forget,
        },
    }
}

/// Decides what happens to a directory, when directories are synchronised. It has no versions: where both sides have it, they
/// are in step.
pub fn decide_directory(delta: Delta) -> Decision {
    match delta {
        Delta::Unknown(Pair { one: Presence::New, two: Presence::New }) => Decision::Compare,
        Delta::Known(_) | Delta::Unknown(_) => decide_file(delta),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the table of `docs/semantics.md` and holds every row of it against the code.
    #[test]
    fn the_table_in_the_documentation_is_the_code() {
        let text = include_str!("../../docs/semantics.md");
        let rows: Vec<Vec<&str>> = text
            .lines()
            .skip_while(|line| !line.contains("Path1 | Path2 | a file"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), 13, "nine rows with a known base and four without");
        for row in rows {
            let [base, one, two, expected, ..] = row[..] else { panic!("too few cells: {row:?}") };
            let edit = |word: &str| match word {
                "unchanged" => Edit::Unchanged,
                "changed" => Edit::Changed,
                "deleted" => Edit::Deleted,
                other => panic!("unknown edit {other}"),
            };
            let presence = |word: &str| match word {
                "new" => Presence::New,
                "absent" => Presence::Absent,
                other => panic!("unknown presence {other}"),
            };
            let delta = match base {
                "known" => Delta::Known(Pair::new(edit(one), edit(two))),
                "unknown" => Delta::Unknown(Pair::new(presence(one), presence(two))),
                other => panic!("unknown base {other}"),
            };
            let decided = match decide_file(delta) {
                Decision::InStep => "in step",
                Decision::Forget => "forget",
                Decision::Carry { from: Side::One, .. } => "copy to Path2",
                Decision::Carry { from: Side::Two, .. } => "copy to Path1",
                Decision::Remove { on: Side::One } => "delete on Path1",
                Decision::Remove { on: Side::Two } => "delete on Path2",
                Decision::Compare => "compare",
            };
            assert_eq!(decided, expected, "{row:?}");
        }
    }
}
