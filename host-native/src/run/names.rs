//! What the state of a pair is named after.
//!
//! rclone's names say the same of several pairs: of relative paths in two directories, of `my docs` and `my_docs`. If a pair went on from the
//! listings of another, what it lacks would count as deleted. So the names are of our own, unless the directory was chosen: that may be
//! rclone's. There the first pair that comes has rclone's name, which a file beside the listings says, and the others have names of their own.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use bisync_engine::session_name::session_name;
use bisync_engine::side::Pair;

/// What tells a pair from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The names that no other pair has.
    pub own: Pair<String>,
    /// The paths as they are seen from the directory of the state: where that is moved together with the folders, the pair is still the same.
    pub seen: Pair<String>,
}

impl Owner {
    /// Returns what the file says of it.
    fn written(&self) -> String {
        [&self.own.one, &self.own.two, &self.seen.one, &self.seen.two].map(|line| format!("{line}\n")).concat()
    }

    /// Says whether the file is about this pair.
    fn is_in(&self, text: &str) -> bool {
        let lines: Vec<_> = text.lines().collect();
        let has = |at: usize, pair: &Pair<String>| lines.get(at..at + 2) == Some(&[pair.one.as_str(), &pair.two]);
        has(0, &self.own) || has(2, &self.seen)
    }
}

/// A name of this many bytes leaves room for what the files of a pair are told apart by: `.path1.lst-old.keep` is the longest.
const LONGEST: usize = 255 - 20;

/// Returns what the state of a pair is named after in a directory that was chosen. With `claims` rclone's name is taken where nobody has it,
/// and where it is not too long: then rclone itself cannot have used it.
///
/// # Errors
/// Fails when the file that says whose name it is cannot be read or written.
pub fn names_in(directory: &Path, rclone: Pair<String>, owner: Owner, claims: bool) -> io::Result<Pair<String>> {
    let name = session_name(&rclone.one, &rclone.two);
    if owner.own == rclone || name.len() > LONGEST {
        return Ok(owner.own);
    }
    let path = directory.join(format!("{name}.pair"));
    loop {
        match fs::read_to_string(&path) {
            Ok(found) => return Ok(if owner.is_in(&found) { rclone } else { owner.own }),
            Err(error) if error.kind() == ErrorKind::NotFound && !claims => return Ok(rclone),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            // Somebody else was quicker.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => {
                let mut file = opened?;
                file.write_all(owner.written().as_bytes())?;
                file.sync_all()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_has_the_name_of_rclone() {
        let home = tempfile::tempdir().unwrap();
        let pair = |one: &str, two: &str| Pair::new(one.to_owned(), two.to_owned());
        let owner = |own: [&str; 2], seen: [&str; 2]| Owner { own: pair(own[0], own[1]), seen: pair(seen[0], seen[1]) };
        let check = |rclone: &Pair<String>, owner: &Owner, claims: bool, expected: &Pair<String>| {
            assert_eq!(&names_in(home.path(), rclone.clone(), owner.clone(), claims).unwrap(), expected);
        };
        let rclone = pair("a_b/", "c/");
        let first = owner(["/x/a_b~1/", "/x/c/"], ["../x/a_b/", "../x/c/"]);
        let second = owner(["/y/a_b~2/", "/y/c/"], ["../y/a_b/", "../y/c/"]);
        check(&rclone, &first, false, &rclone);
        check(&rclone, &second, false, &rclone);
        check(&rclone, &first, true, &rclone);
        check(&rclone, &second, true, &second.own);
        check(&rclone, &second, false, &second.own);
        check(&rclone, &first, true, &rclone);
        // All was moved, or only the state.
        check(&rclone, &Owner { own: second.own.clone(), ..first.clone() }, true, &rclone);
        check(&rclone, &Owner { seen: second.seen.clone(), ..first.clone() }, true, &rclone);
        // Where both are the same nothing has to be said.
        check(&first.own, &first, true, &first.own);
        // It is as long as a name may be, and longer.
        let long = |length: usize| pair(&format!("{}/", "x".repeat(length)), "c/");
        check(&long(LONGEST - 3), &first, false, &long(LONGEST - 3));
        check(&long(LONGEST - 2), &first, true, &first.own);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
