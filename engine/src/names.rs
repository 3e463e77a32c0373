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
        let known = &self.0[from];
        let mut above = if known.is_empty() { None } else { path.parent() };
        while let Some(directory) = above {
            if let Some(alias) = known.get(&directory) {
                let rest = path.as_str().get(directory.as_str().len()..).unwrap_or_default();
                if let Ok(translated) = RelPath::parse(&format!("{alias}{rest}")) {
                    return translated;
                }
            }
            above = directory.parent();
        }
        path.clone()
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
    sort_by(&mut alone, |left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
    let mut alone = alone.into_iter().peekable();
    while let Some((key, side, row)) = alone.next() {
        let mut same = vec![(side, row)];
        while let Some((_, side, row)) = alone.next_if(|(other, ..)| *other == key) {
            same.push((side, row));
        }
        match <[_; 2]>::try_from(same) {
            Ok([(Side::One, one), (Side::Two, two)]) => {
                let row = Box::new(join(*one, *two));
                if let (Some(alias), true) = (&row.alias, is_directory(&row)) {
                    matched.directories.0.one.insert(row.path.clone(), alias.clone());
                    matched.directories.0.two.insert(alias.clone(), row.path.clone());
                }
                matched.rows.push(row);
            }
            Ok(both) => matched.collisions.extend(both.map(|(_, row)| row)),
            Err(same) if same.len() == 1 => matched.rows.extend(same.into_iter().map(|(_, row)| row)),
            Err(same) => matched.collisions.extend(same.into_iter().map(|(_, row)| row)),
        }
    }
    sort_by(&mut matched.rows, |left, right| left.path.cmp(&right.path));
    matched
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
