//! Names of the files in which copies are staged.
//!
//! `.bisync-0123456789abcdef-2a.partial`: the run in sixteen hexadecimal digits, then a number that the run gives once, then the
//! suffix that was asked for. Such names are never synchronised, whatever their suffix. What a run that was killed left behind is
//! known by its run.

use crate::path::RelPath;

const BEGIN: &str = ".bisync-";

/// Gives the names of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryNames {
    /// A number that no other run has.
    pub run: u64,
    /// What the names end with.
    pub suffix: String,
}

impl TemporaryNames {
    /// Returns a path in the directory of `target`; the number is one that was not given before.
    pub fn path(&self, target: &RelPath, number: u64) -> RelPath {
        let name = format!("{BEGIN}{:016x}-{number:x}{}", self.run, self.suffix);
        target.parent().unwrap_or_default().join(&name).unwrap_or_default()
    }
}

/// Returns the run that gave this name, if it is a temporary name.
pub fn run_of(name: &str) -> Option<u64> {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (run, rest) = name.strip_prefix(BEGIN)?.split_at_checked(16)?;
    let (number, _suffix) = rest.strip_prefix('-')?.split_at_checked(1)?;
    if is_hex(run) && is_hex(number) { u64::from_str_radix(run, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_form_are_temporary() {
        for suffix in [".partial", "", "a", "~"] {
            let names = TemporaryNames { run: 0xabc, suffix: suffix.to_owned() };
            let path = names.path(&RelPath::parse("a/b.txt").unwrap(), 42);
            assert_eq!(path.as_str(), format!("a/.bisync-0000000000000abc-2a{suffix}"));
            assert_eq!(run_of(path.name()), Some(0xabc));
            assert_eq!(run_of(&format!("{}.rclonelink", path.name())), Some(0xabc), "a staged link, as it is listed");
        }
        for name in [
            ".bisync-.partial",
            ".bisync-abc-1.partial",
            ".bisync-0000000000000abc.partial",
            ".bisync-0000000000000abc-.partial",
            ".bisync-000000000000xabc-1.partial",
            "b.partial",
        ] {
            assert_eq!(run_of(name), None, "{name}");
        }
    }
}
