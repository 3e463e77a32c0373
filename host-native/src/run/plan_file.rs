//! The file of `--plan-out`: a plan may replace a plan, and nothing else.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::failure::reason;
use crate::state::staged_plan;

/// What every plan begins with.
const BEGIN: &[u8] = b"{\"bisync-plan\":";

/// Why a plan cannot be written there.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// Something else is there.
    #[error("`{}` is there and is no plan: give `--plan-out` another name, nothing else is replaced", .0.display())]
    Taken(PathBuf),
    /// It cannot be looked at.
    #[error("cannot write the plan `{}`: {}", .0.display(), reason(.1))]
    Unusable(PathBuf, io::Error),
}

/// Makes sure that writing a plan replaces nothing but a plan, be it one that was broken off.
///
/// # Errors
/// Names what would be lost.
pub fn check(file: &Path) -> Result<(), PlanFileError> {
    for path in [file.to_owned(), staged_plan(file)] {
        match is_plan(&path) {
            Ok(true) => {}
            Ok(false) => return Err(PlanFileError::Taken(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(PlanFileError::Unusable(path, error)),
        }
    }
    Ok(())
}

/// Returns whether what is there is a plan, or the beginning of one.
fn is_plan(path: &Path) -> io::Result<bool> {
    // A link would be replaced, not what it leads to; a pipe or a device must not be opened.
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut begin = Vec::new();
    File::open(path)?.take(BEGIN.len() as u64).read_to_end(&mut begin)?;
    Ok(BEGIN.starts_with(&begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plan_may_be_replaced() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("plan");
        let check = |name: &str, content: Option<&str>, expected: bool| {
            let path = home.path().join(name);
            if let Some(content) = content {
                fs::write(&path, content).unwrap();
            }
            assert_eq!(check(&file).is_ok(), expected, "{name}: {content:?}");
            fs::remove_file(path).ok();
        };
        check("plan", None, true);
        check("plan", Some(""), true);
        check("plan", Some("{\"bisync-"), true);
        check("plan", Some("{\"bisync-plan\":1,"), true);
        check("plan", Some("{\"bisync-plant\":1,"), false);
        check("plan", Some("notes"), false);
        check("plan.new", Some("notes"), false);
        check("plan.new", Some("{\"bisync-plan\":1"), true);
        std::os::unix::fs::symlink("elsewhere", &file).unwrap();
        check("plan", None, false);
        fs::create_dir(&file).unwrap();
        check("plan", None, false);
    }
}
