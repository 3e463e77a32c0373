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

/// Returns what the state of a pair is named after in a directory that was chosen. `own` are the names that no other pair has. With
/// `claims` rclone's name is taken where nobody has it.
///
/// # Errors
/// Fails when the file that says whose name it is cannot be read or written.
pub fn names_in(directory: &Path, rclone: Pair<String>, own: Pair<String>, claims: bool) -> io::Result<Pair<String>> {
    if own == rclone {
        return Ok(rclone);
    }
    let owner = format!("{}\n{}\n", own.one, own.two);
    let path = directory.join(format!("{}.pair", session_name(&rclone.one, &rclone.two)));
    loop {
        match fs::read_to_string(&path) {
            Ok(found) => return Ok(if found == owner { rclone } else { own }),
            Err(error) if error.kind() == ErrorKind::NotFound && !claims => return Ok(rclone),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            // Somebody else was quicker.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => opened.and_then(|mut file| file.write_all(owner.as_bytes()).and_then(|()| file.sync_all()))?,
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
        let check = |rclone: &Pair<String>, own: &Pair<String>, claims: bool, expected: &Pair<String>| {
            assert_eq!(&names_in(home.path(), rclone.clone(), own.clone(), claims).unwrap(), expected);
        };
        let rclone = pair("a_b/", "c/");
        let (first, second) = (pair("/x/a_b~1/", "/x/c/"), pair("/y/a_b~2/", "/y/c/"));
        check(&rclone, &first, false, &rclone);
        check(&rclone, &second, false, &rclone);
        check(&rclone, &first, true, &rclone);
        check(&rclone, &second, true, &second);
        check(&rclone, &second, false, &second);
        check(&rclone, &first, true, &rclone);
        // Where both are the same nothing has to be said.
        check(&first, &first, true, &first);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
