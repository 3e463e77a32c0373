//! Different spellings of one name: the two sides may spell the same file differently.

use crate::merge::Row;
use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::side::{Pair, Side};
use crate::sorting::sort_by;
use crate::spelling::Spelling;
use crate::walk::Now;

/// The rows with the names that belong together made one.
#[derive(Debug, Default)]
pub struct Matched {
    /// One row for each file, sorted by path.
    pub rows: Vec<Box<Row>>,
    /// Names that cannot be told apart on the other side; nothing is done with them.
    pub collisions: Vec<Box<Row>>,
    /// Directories that the other side spells differently.
    pub directories: DirectoryAliases,
    /// Lines of the last run's listings under spellings that a side has no longer, by the path of the row that goes on from them.
    pub respelled: PathMap<Box<Row>>,
}

/// Directories that the sides spell differently.
#[derive(Debug, Default)]
pub struct DirectoryAliases(Pair<PathMap<RelPath>>);

impl DirectoryAliases {
    /// Leaves paths of `side` as they are from now on.
    pub fn forget_from(&mut self, side: Side) {
        self.0[side] = PathMap::default();
    }

    /// Returns where `path` of side `from` lies on the other side.
    pub fn translate(&self, path: &RelPath, from: Side) -> RelPath {
        self.elsewhere(path, from).unwrap_or_else(|| path.clone())
    }

    /// Does the same; `None` where no directory above it is spelled differently there.
    fn elsewhere(&self, path: &RelPath, from: Side) -> Option<RelPath> {
        let known = &self.0[from];
        let mut above = if known.is_empty() { None } else { path.parent() };
        while let Some(directory) = above {
            if let Some(alias) = known.get(&directory) {
                let rest = path.as_str().get(directory.as_str().len()..).unwrap_or_default();
                if let Ok(translated) = RelPath::parse(&format!("{alias}{rest}")) {
                    return Some(translated);
                }
            }
            above = directory.parent();
        }
        None
    }

    fn is_empty(&self) -> bool {
        self.0.one.is_empty()
    }
}

/// Joins rows that only one side knows with their other spelling on the other side.
pub fn match_names(rows: Vec<Box<Row>>, spelling: Spelling) -> Matched {
    let mut matched = Matched::default();
    // What only one side knows, after the text that all spellings of its name share.
    let mut alone = Vec::new();
    for row in rows {
        match only_side(&row) {
            Some(side) => alone.push((spelling.key(&row.path), side, row)),
            None => matched.rows.push(row),
        }
    }
    let adopted = matched.adopted_spellings(spelling);
    sort_by(&mut alone, |left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
    let mut alone = alone.into_iter().peekable();
    while let Some((key, side, row)) = alone.next() {
        let mut same = vec![(side, row)];
        while let Some((_, side, row)) = alone.next_if(|(other, ..)| *other == key) {
            same.push((side, row));
        }
        if let [(side, row)] = &*same
            && let Some(&[(by, index)]) = adopted.get(&spelling.shared(&row.path)).map(Vec::as_slice)
            && by == *side
            && is_gone(row, by)
            && let Some(other) = matched.rows.get_mut(index)
        {
            other.prior[by].clone_from(&row.prior[by]);
            matched.respelled.insert(other.path.clone(), row.clone());
            continue;
        }
        let stale = respell(&mut same);
        match <[_; 2]>::try_from(same) {
            Ok([(Side::One, one), (Side::Two, two)]) => {
                let row = Box::new(join(*one, *two));
                if let (Some(alias), true) = (&row.alias, is_directory(&row)) {
                    matched.directories.0.one.insert(row.path.clone(), alias.clone());
                    matched.directories.0.two.insert(alias.clone(), row.path.clone());
                }
                matched.add(row, stale);
            }
            Ok(both) => matched.collisions.extend(both.map(|(_, row)| row)),
            Err(same) if same.len() == 1 => same.into_iter().for_each(|(_, row)| matched.add(row, stale.clone())),
            Err(same) => matched.collisions.extend(same.into_iter().map(|(_, row)| row)),
        }
    }
    matched.respell_below_directories();
    sort_by(&mut matched.rows, |left, right| left.path.cmp(&right.path));
    matched
}

/// Of rows that are spellings of one name: where a side has one spelling no longer, and another one instead, that is the same file, which
/// goes on from the line of the old spelling. Returns these lines.
fn respell(same: &mut Vec<(Side, Box<Row>)>) -> Option<Box<Row>> {
    let mut stale: Option<Box<Row>> = None;
    for side in Side::BOTH {
        let is_one = |of: &Side| *of == side;
        let gone = same.iter().position(|(of, row)| is_one(of) && is_gone(row, side));
        let has_new = same.iter().any(|(of, row)| is_one(of) && is_new(row, side));
        let Some(gone) = gone.filter(|_| has_new && same.iter().filter(|(of, _)| is_one(of)).count() == 2) else {
            continue;
        };
        let (_, old) = same.remove(gone);
        for (_, row) in same.iter_mut().filter(|(of, _)| is_one(of)) {
            row.prior[side].clone_from(&old.prior[side]);
        }
        stale = Some(stale.map_or_else(|| old.clone(), |one| Box::new(join(*one, *old.clone()))));
    }
    stale
}

impl Matched {
    /// Returns the rows of what a side has under a spelling that only the other side had, by the path that all spellings share.
    fn adopted_spellings(&self, spelling: Spelling) -> PathMap<Vec<(Side, usize)>> {
        let mut adopted = PathMap::<Vec<_>>::default();
        for (index, row) in self.rows.iter().enumerate() {
            let by = Side::BOTH.into_iter().find(|side| is_new(row, *side) && row.prior[side.other()].is_some());
            let Some(by) = by else { continue };
            let path = spelling.shared(&row.path);
            match adopted.get_mut(&path) {
                Some(same) => same.push((by, index)),
                None => adopted.insert(path, vec![(by, index)]),
            }
        }
        adopted
    }

    fn add(&mut self, row: Box<Row>, stale: Option<Box<Row>>) {
        self.respelled.extend(stale.map(|stale| (row.path.clone(), stale)));
        self.rows.push(row);
    }

    /// Where a directory has got another spelling on one side, the files in it look new there, and gone from where the other side still has
    /// them: they are the same files.
    fn respell_below_directories(&mut self) {
        if self.directories.is_empty() {
            return;
        }
        let mut gone: PathMap<Box<Row>> = PathMap::default();
        for row in std::mem::take(&mut self.rows) {
            if row.alias.is_none() && Side::BOTH.into_iter().any(|side| is_gone(&row, side)) {
                gone.insert(row.path.clone(), row);
            } else {
                self.rows.push(row);
            }
        }
        for mut row in std::mem::take(&mut self.rows) {
            let old = only_side(&row).filter(|side| is_new(&row, *side)).and_then(|side| {
                let path = self.directories.elsewhere(&row.path, side)?;
                gone.get(&path).filter(|old| is_gone(old, side))?;
                Some((side, gone.remove(&path)?))
            });
            let Some((side, mut old)) = old else {
                self.rows.push(row);
                continue;
            };
            let mut stale = Row::at(old.path.clone());
            stale.prior[side] = old.prior[side].take();
            row.prior[side].clone_from(&stale.prior[side]);
            let row = if side == Side::One { join(*row, *old) } else { join(*old, *row) };
            self.add(row.into(), Some(stale.into()));
        }
        self.rows.extend(gone.into_iter().map(|(_, row)| row));
    }
}

/// Whether a side has it no longer.
fn is_gone(row: &Row, side: Side) -> bool {
    row.prior[side].is_some() && row.now[side] == Now::Absent
}

/// Whether a side has it that did not have it before.
fn is_new(row: &Row, side: Side) -> bool {
    row.prior[side].is_none() && row.now[side] != Now::Absent
}

/// Returns the side that alone knows the path, if only one does.
pub fn only_side(row: &Row) -> Option<Side> {
    let knows = |side: Side| row.prior[side].is_some() || row.now[side] != Now::Absent;
    match (knows(Side::One), knows(Side::Two)) {
        (true, false) => Some(Side::One),
        (false, true) => Some(Side::Two),
        (true, true) | (false, false) => None,
    }
}

fn join(one: Row, two: Row) -> Row {
    Row {
        alias: (one.path != two.path).then_some(two.path),
        path: one.path,
        prior: Pair::new(one.prior.one, two.prior.two),
        now: Pair::new(one.now.one, two.now.two),
        metadata: Pair::new(one.metadata.one, two.metadata.two),
    }
}

fn is_directory(row: &Row) -> bool {
    Side::BOTH.iter().all(|side| row.present(*side).is_some_and(|found| found.kind == crate::entry::Kind::Directory))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Fingerprint, Found, Kind};

    fn row(path: &str, side: Side, kind: Kind) -> Box<Row> {
        let mut now = Pair::new(Now::Absent, Now::Absent);
        now[side] = Now::Present(Found { kind, fingerprint: Fingerprint::default() });
        Box::new(Row { now, ..Row::at(RelPath::parse(path).unwrap()) })
    }

    #[test]
    fn spellings_of_one_name_become_one_row() {
        let check = |ignore_case, names: [&str; 2], expected: usize| {
            let spelling = Spelling { ignore_case, normalize_unicode: true };
            let rows = vec![row(names[0], Side::One, Kind::File), row(names[1], Side::Two, Kind::File)];
            assert_eq!(match_names(rows, spelling).rows.len(), expected, "{names:?}");
        };
        check(false, ["caf\u{e9}", "cafe\u{301}"], 1);
        check(false, ["A", "a"], 2);
        check(true, ["A", "a"], 1);
        check(true, ["d/\u{c9}", "D/e\u{301}"], 1);
    }

    /// What one side has no longer is no spelling that it could be taken for.
    #[test]
    fn a_new_spelling_goes_on_from_the_old_one() {
        let spelling = Spelling { ignore_case: true, normalize_unicode: true };
        let was = |mut row: Box<Row>| {
            for side in Side::BOTH {
                if let Now::Present(found) = std::mem::take(&mut row.now[side]) {
                    row.prior[side] = Some(found);
                }
            }
            row
        };
        let rows = vec![
            was(row("Name", Side::One, Kind::File)),
            row("NAME", Side::One, Kind::File),
            row("name", Side::Two, Kind::File),
        ];
        let Matched { rows, collisions, respelled, .. } = match_names(rows, spelling);
        assert_eq!((rows.len(), collisions.len()), (1, 0));
        assert_eq!((rows[0].path.as_str(), rows[0].prior.one.is_some()), ("NAME", true));
        assert_eq!(respelled.get(&rows[0].path).map(|stale| stale.path.as_str()), Some("Name"));
    }

    #[test]
    fn three_spellings_are_a_collision() {
        let spelling = Spelling { ignore_case: true, normalize_unicode: true };
        let rows =
            vec![row("A", Side::One, Kind::File), row("a", Side::One, Kind::File), row("b", Side::Two, Kind::File)];
        let matched = match_names(rows, spelling);
        assert_eq!(matched.collisions.len(), 2);
        assert_eq!(matched.rows.len(), 1);
    }

    #[test]
    fn new_files_go_into_the_directory_that_is_spelled_differently() {
        let spelling = Spelling { ignore_case: false, normalize_unicode: true };
        let rows = vec![row("\u{e9}", Side::One, Kind::Directory), row("e\u{301}", Side::Two, Kind::Directory)];
        let aliases = match_names(rows, spelling).directories;
        let path = RelPath::parse("\u{e9}/new").unwrap();
        assert_eq!(aliases.translate(&path, Side::One).as_str(), "e\u{301}/new");
        assert_eq!(aliases.translate(&path, Side::Two).as_str(), "\u{e9}/new");
    }
}
