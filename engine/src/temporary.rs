//! Names of the files in which copies are staged.
//!
//! `.bisync-0123456789abcdef-2a.partial`: the run in sixteen hexadecimal digits, then a number that the run gives once. Such
//! names are never synchronised. What a run that was killed left behind is known by its run.

use crate::path::RelPath;

const BEGIN: &str = ".bisync-";
const END: &str = ".partial";
/// What a staged link is listed with, where links take part.
const LINK_SUFFIX: &str = ".rclonelink";

/// Returns the temporary path in the directory of `target`.
pub fn temporary_path(target: &RelPath, run: u64, number: u64) -> RelPath {
    let name = format!("{BEGIN}{run:016x}-{number:x}{END}");
    target.parent().unwrap_or_default().join(&name).unwrap_or_default()
}

/// Returns the run that gave this name, if it is a temporary name.
pub fn run_of(name: &str) -> Option<u64> {
    let name = name.strip_suffix(LINK_SUFFIX).unwrap_or(name);
    let middle = name.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let (run, number) = middle.split_once('-')?;
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if run.len() != 16 || !is_hex(run) || !is_hex(number) {
        return None;
    }
    u64::from_str_radix(run, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_form_are_temporary() {
        let path = temporary_path(&RelPath::parse("a/b.txt").unwrap(), 0xabc, 42);
        assert_eq!(path.as_str(), "a/.bisync-0000000000000abc-2a.partial");
        assert_eq!(run_of(path.name()), Some(0xabc));
        assert_eq!(run_of(&format!("{}.rclonelink", path.name())), Some(0xabc));
        for name in [".bisync-.partial", ".bisync-abc-1.partial", ".bisync-0000000000000abc.partial", "b.partial"] {
            assert_eq!(run_of(name), None, "{name}");
        }
    }
}
