//! Decisions seen side by side: what stands in each other's way, and what looks like a move.

use std::collections::BTreeSet;

use crate::decide::Decision;
use crate::entry::Kind;
use crate::merge::Row;
use crate::moves::{Candidate, MoveSigns, Pairing, pair_up};
use crate::path::RelPath;
use crate::plan::Phase;
use crate::side::{Pair, Side};
use crate::walk::Now;

/// A row and what was decided for the file and for the directory of its name.
#[derive(Debug)]
pub struct Judged {
    /// The row.
    pub row: Box<Row>,
    /// What was decided for the file.
    pub file: Decision,
    /// What was decided for the directory.
    pub directory: Decision,
    /// When it is carried out, if not when its kind is.
    pub phase: Option<Phase>,
}

/// Finds files and directories that stand in each other's way, and puts what makes room first.
///
/// A file may take the place of a directory of the other side when everything below that directory is to be deleted anyway;
/// otherwise the file steps aside. Rows are sorted by path, so what lies below a path follows it.
pub fn clear_the_way(judged: &mut [Judged]) {
    for index in 0..judged.len() {
        let Some(item) = judged.get(index) else { return };
        match item.file {
            Decision::Carry { from, .. } => {
                let to = from.other();
                if item.row.present(to).is_none_or(|found| found.kind != Kind::Directory) {
                    continue;
                }
                let (directory, own) = (item.row.path_on(to).clone(), item.directory);
                let below = |other: &Judged| other.row.path.is_below(&directory);
                // The directory may be spelled differently. Between a name and what is below it lie names like `a.txt` and `a-b`: they all
                // begin with the same text.
                let begin = judged.partition_point(|other| other.row.path <= directory);
                let end = judged
                    .iter()
                    .skip(begin)
                    .take_while(|other| other.row.path.as_str().starts_with(directory.as_str()));
                let count = end.count();
                let Some(following) = judged.get_mut(begin..begin + count) else { return };
                let all_go = goes(own, to)
                    && following
                        .iter()
                        .filter(|other| below(other))
                        .all(|other| goes(other.file, to) && goes(other.directory, to));
                if all_go {
                    for other in following.iter_mut().filter(|other| below(other)) {
                        other.phase = Some(Phase::Clear);
                    }
                    if let Some(item) = judged.get_mut(index) {
                        item.phase = Some(Phase::Fill);
                    }
                }
            }
            Decision::Remove { on } => {
                let other_is_directory =
                    item.row.present(on.other()).is_some_and(|found| found.kind == Kind::Directory);
                if let (true, Some(item)) = (other_is_directory, judged.get_mut(index)) {
                    item.phase = Some(Phase::Clear);
                }
            }
            Decision::InStep | Decision::Forget | Decision::Compare => {}
        }
    }
}

/// Keeps the directories that the other side deleted, where something below them is carried over: it brings them back there.
pub fn keep_what_is_needed(judged: &mut [Judged]) {
    let mut needed = Pair::<BTreeSet<RelPath>>::default();
    for Judged { row, file, directory, .. } in judged.iter() {
        if ![file, directory].into_iter().any(|decision| matches!(decision, Decision::Carry { .. } | Decision::Compare))
        {
            continue;
        }
        for side in Side::BOTH {
            let mut above = row.path_on(side).parent();
            while let Some(directory) = above {
                above = directory.parent();
                if !needed[side].insert(directory) {
                    break;
                }
            }
        }
    }
    for Judged { row, directory, .. } in judged.iter_mut() {
        if matches!(*directory, Decision::Remove { on } if needed[on].contains(row.path_on(on))) {
            *directory = Decision::InStep;
        }
    }
}

/// Whether a decision leaves nothing on a side.
pub fn goes(decision: Decision, side: Side) -> bool {
    match decision {
        Decision::Remove { on } => on == side,
        Decision::Forget => true,
        Decision::InStep | Decision::Carry { .. } | Decision::Compare => false,
    }
}

/// Pairs what was deleted on one side with what is new there, where that looks like a move.
///
/// The other side must have the old file as it was, and nothing at the new path.
pub fn pair_moves(judged: &[Judged], signs: MoveSigns) -> Vec<Pairing> {
    let mut pairings = Vec::new();
    for side in Side::BOTH {
        let mut deleted = Vec::new();
        let mut new = Vec::new();
        for (index, Judged { row, file, phase, .. }) in judged.iter().enumerate() {
            if phase.is_some() {
                continue;
            }
            let name = row.path.name();
            match *file {
                Decision::Remove { on } if on != side => {
                    if let Some(found) = &row.prior[side] {
                        deleted.push(Candidate { row: index, name, fingerprint: &found.fingerprint });
                    }
                }
                Decision::Carry { from, against_delete: false } if from == side && row.prior[side].is_none() => {
                    if let (Some(found), Now::Absent) = (row.present(side), &row.now[side.other()]) {
                        new.push(Candidate { row: index, name, fingerprint: &found.fingerprint });
                    }
                }
                Decision::InStep
                | Decision::Forget
                | Decision::Carry { .. }
                | Decision::Remove { .. }
                | Decision::Compare => {}
            }
        }
        pairings.extend(pair_up(side, signs, &deleted, &new));
    }
    pairings
}
