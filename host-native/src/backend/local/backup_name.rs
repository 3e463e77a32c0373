//! The names of backups, where something else has them already.

use bisync_engine::entry::Kind;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};

use super::open::Root;
use crate::backend::failed;

/// Returns another path for a backup where a directory has its name, or something else that of a directory which it needs; `None` where
/// neither is so.
///
/// Such a name gets the first number with which it is of use: `x.1`. Nothing is at the path that is returned, for a file there would be the
/// backup of another one.
pub fn other_path(root: &Root, path: &RelPath) -> Result<Option<RelPath>, Failure> {
    let mut other = RelPath::root();
    let mut names = path.as_str().split('/').peekable();
    while let Some(name) = names.next() {
        let mut number = 0_u64;
        other = loop {
            let numbered = if number == 0 { name.to_owned() } else { format!("{name}.{number}") };
            let next = other.join(&numbered).map_err(|_| impossible())?;
            let is_of_use = match (kind_at(root, &next)?, names.peek()) {
                (None, _) | (Some(Kind::Directory), Some(_)) => true,
                (Some(Kind::Directory), None) => false,
                (Some(Kind::File | Kind::Link | Kind::Special | Kind::OtherFileSystem), Some(_)) => false,
                // The backup of an earlier version, which is replaced, unless it is that of another file.
                (Some(Kind::File | Kind::Link | Kind::Special | Kind::OtherFileSystem), None) => next == *path,
            };
            if is_of_use {
                break next;
            }
            number += 1;
        };
    }
    Ok(Some(other).filter(|other| other != path))
}

fn kind_at(root: &Root, path: &RelPath) -> Result<Option<Kind>, Failure> {
    match root.place(path).and_then(|place| place.look()) {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        found => Ok(found?.map(|stat| stat.kind)),
    }
}

fn impossible() -> Failure {
    failed(FailureKind::ImpossibleName, "this name is not possible here")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::backend::local::open::Sight;

    #[test]
    fn what_is_of_another_kind_is_given_way_to() {
        let folder = tempfile::tempdir().unwrap();
        for directory in ["d/e", "x", "x.1", "y"] {
            fs::create_dir_all(folder.path().join(directory)).unwrap();
        }
        for file in ["f", "x.2", "y.1", "d/f", "f.1"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let root = Root::open(folder.path(), Sight::default()).unwrap();
        let check = |path: &str, expected: Option<&str>| {
            let other = other_path(&root, &RelPath::parse(path).unwrap()).unwrap();
            assert_eq!(other.as_ref().map(RelPath::as_str), expected, "{path}");
        };
        check("new", None);
        check("new/new", None);
        check("f", None);
        check("d/f", None);
        check("d", Some("d.1"));
        check("d/e", Some("d/e.1"));
        check("x", Some("x.3"));
        check("y", Some("y.2"));
        check("f/g", Some("f.2/g"));
        check("d/f/g/h", Some("d/f.1/g/h"));
        // What is there is no backup of an earlier version of it.
        fs::create_dir(folder.path().join("f.2")).unwrap();
        fs::write(folder.path().join("f.2/g"), "").unwrap();
        check("f/g", Some("f.2/g.1"));
    }
}
