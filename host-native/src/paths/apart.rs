//! What has to stay apart: both paths from each other, and other directories from them.

use std::fs;
use std::io::ErrorKind;

use bisync_engine::filter::Filter;
use bisync_engine::path::RelPath;
use bisync_engine::side::{Pair, Side};

use super::place::Place;
use super::{Location, PathsError, Root};
use crate::failure::reason;

/// A directory that must not overlap a path.
#[derive(Debug, Clone)]
pub struct Beside {
    /// What it is for: `the state directory`.
    pub what: &'static str,
    /// The directory, of this machine or on a remote.
    pub root: Root,
    /// The flag that sets it, without dashes.
    pub flag: &'static str,
    /// The sides that it must stay apart from.
    pub sides: Vec<Side>,
    /// Whether those may lie inside it.
    pub may_contain: bool,
    /// The filter that lets it lie inside them, where that excludes it.
    pub excluded_by: Option<Filter>,
}

/// Checks both paths and what must stay apart from them. Nothing is made here, and no server is asked.
///
/// With `may_be_missing` a missing Path1 is fine, as for rclone's `--resync`.
///
/// # Errors
/// Names the first path that cannot be used, and why.
pub fn check(locations: Pair<&Location>, may_be_missing: bool, beside: &[&Beside]) -> Result<(), PathsError> {
    for side in Side::BOTH {
        let Some(root) = locations[side].root.directory() else { continue };
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(PathsError::NotADirectory(side, root.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if side == Side::Two || !may_be_missing {
                    return Err(PathsError::Missing(side, root.to_owned()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(PathsError::NotADirectory(side, root.to_owned()));
            }
            Err(error) => return Err(PathsError::Unusable(side, root.to_owned(), reason(&error))),
        }
    }
    let place = |side: Side| {
        let Some(root) = locations[side].root.directory() else { return Ok(None) };
        Place::of(root).map(Some).map_err(|error| PathsError::Unusable(side, root.to_owned(), reason(&error)))
    };
    let places = Pair::new(place(Side::One)?, place(Side::Two)?);
    let lies_within = |side: Side| {
        let (inner, outer) = (&locations[side].root, &locations[side.other()].root);
        position((inner, places[side].as_ref()), (outer, places[side.other()].as_ref())) != Position::Apart
    };
    match (lies_within(Side::One), lies_within(Side::Two)) {
        (true, true) => return Err(PathsError::Same),
        (true, false) => return Err(PathsError::Overlap(Side::One)),
        (false, true) => return Err(PathsError::Overlap(Side::Two)),
        (false, false) => {}
    }
    for &&Beside { what, ref root, flag, ref sides, may_contain, ref excluded_by } in beside {
        // A directory that cannot be looked at fails later, with its own words.
        let place = root.directory().and_then(|directory| Place::of(directory).ok());
        for &side in sides {
            let (apart, of_side) = ((root, place.as_ref()), (&locations[side].root, places[side].as_ref()));
            let is_inside = match (position(apart, of_side), excluded_by) {
                (Position::Apart, _) => false,
                (Position::Within(Some(path)), Some(filter)) => !excludes(filter, &path),
                (Position::Within(_), _) => true,
            };
            if is_inside || !may_contain && position(of_side, apart) != Position::Apart {
                return Err(PathsError::Beside { what, root: root.clone(), side, flag });
            }
        }
    }
    Ok(())
}

/// Where one folder lies, seen from another.
#[derive(Debug, PartialEq, Eq)]
enum Position {
    /// Elsewhere, as far as that can be told without asking a server.
    Apart,
    /// It is the other one, or lies below it: at this path, where that is known.
    Within(Option<RelPath>),
}

/// Says where one folder lies, seen from another. Directories of this machine come with their places.
fn position((inner, inner_place): (&Root, Option<&Place>), (outer, outer_place): (&Root, Option<&Place>)) -> Position {
    match (inner, outer) {
        (Root::Remote(inner), Root::Remote(outer)) => match inner.below(outer) {
            Some(path) => Position::Within(RelPath::parse(&path).ok()),
            None => Position::Apart,
        },
        (Root::Directory(_), Root::Directory(_)) => match inner_place.zip(outer_place) {
            Some((inner, outer)) if inner.is_within(outer) => Position::Within(inner.below(outer)),
            Some(_) | None => Position::Apart,
        },
        (Root::Directory(_), Root::Remote(_)) | (Root::Remote(_), Root::Directory(_)) => Position::Apart,
    }
}

/// Says whether a filter excludes a directory, or one that it lies in: then no run enters it.
fn excludes(filter: &Filter, directory: &RelPath) -> bool {
    let mut directories = std::iter::successors(Some(directory.clone()), RelPath::parent);
    directories.any(|directory| !filter.descends(&directory))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::tests::parse;
    use super::*;

    #[test]
    fn paths_must_be_two_directories_apart() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        for directory in ["a/deep", "b", "ab", "c"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        fs::write(home.join("file"), "").unwrap();
        symlink(home.join("a"), home.join("link")).unwrap();
        let check = |one: &str, two: &str, may_be_missing: bool, expected: &str| {
            let parse = |side, path: &str| parse(side, home.join(path).as_os_str()).unwrap();
            let beside = ["b/state", "c/none/../state"].map(|directory| Beside {
                what: "the state directory",
                root: Root::Directory(home.join(directory)),
                flag: "workdir",
                may_contain: true,
                excluded_by: None,
                sides: Side::BOTH.to_vec(),
            });
            let locations = Pair::new(parse(Side::One, one), parse(Side::Two, two));
            let result = check(locations.as_ref(), may_be_missing, &beside.each_ref());
            let message = result.err().map_or_else(|| "fine".to_owned(), |error| error.to_string());
            let message = message.replace(&format!("{}/", home.display()), "");
            assert!(message.starts_with(expected), "{one} {two}: {message}");
        };
        check("a", "ab", false, "fine");
        check("new", "ab", true, "fine");
        check("new", "ab", false, "Path1 `new` does not exist");
        check("a", "new", true, "Path2 `new` does not exist");
        check("file", "a", false, "Path1 `file` is not a directory");
        check("a", "file/below", true, "Path2 `file/below` is not a directory");
        check("a", "a", false, "Path1 and Path2 are the same directory");
        check("a", "link", false, "Path1 and Path2 are the same directory");
        check("link/deep", "a", false, "Path1 lies inside Path2");
        check("a", "link/deep", false, "Path2 lies inside Path1");
        check("a/new/er", "link", true, "Path1 lies inside Path2");
        check("a", "b", false, "the state directory `b/state` overlaps Path2");
        check("a", "c", false, "the state directory `c/none/../state` overlaps Path2");
    }
}
