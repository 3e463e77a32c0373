//! Share K of N equal shares of all files, chosen by the hashes of their paths as in rclone.

use md5::{Digest, Md5};

use crate::path::RelPath;
use crate::unicode::composed;

/// A share of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Which share, below `count`; `None` for any.
    which: Option<u64>,
    /// How many there are; at least 1.
    count: u64,
}

impl Partition {
    /// Reads `1/4`, or `@/4` for any of the four; `4/4` is `0/4`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (which, count) = text.split_once('/')?;
        let count = number(count).filter(|count| *count > 0)?;
        let which = if which == "@" { None } else { Some(number(which)? % count) };
        Some(Self { which, count })
    }

    /// Chooses the share by a random number, where any will do.
    pub fn chosen_by(self, random: u64) -> Self {
        Self { which: self.which.or(Some(random % self.count)), ..self }
    }

    /// Returns whether any share will do, so that nobody knows yet which files belong to it.
    pub fn is_open(self) -> bool {
        self.which.is_none()
    }

    /// Returns true when a file belongs to the share, or may belong to it where any will do. Names that differ only by case or
    /// Unicode form belong together.
    pub(super) fn includes(self, path: &RelPath) -> bool {
        let Some(which) = self.which else { return true };
        let path: String = composed(path.as_str()).chars().map(lower).collect();
        let hash = Md5::digest(path.as_bytes());
        // The first eight bytes, the lowest first.
        let number = hash.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        number % self.count == which
    }
}

/// Returns the one lower-case letter of a letter. `İ` alone has two, of which the first counts.
fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |text: &str, expected: Option<(Option<u64>, u64)>| {
            let parsed = Partition::parse(text).map(|partition| (partition.which, partition.count));
            assert_eq!(parsed, expected, "{text:?}");
        };
        check("1/4", Some((Some(1), 4)));
        check("4/4", Some((Some(0), 4)));
        check("@/3", Some((None, 3)));
        for wrong in ["", "1", "/", "1/0", "1/", "/4", "-1/4", "+1/4", "1/4/2", "a/4", "1/@"] {
            check(wrong, None);
        }
        assert_eq!(Partition::parse("@/3").map(|any| any.chosen_by(5)), Partition::parse("2/3"));
        assert_eq!(Partition::parse("1/3").map(|one| one.chosen_by(5)), Partition::parse("1/3"));
    }

    /// The shares are those that rclone 1.75.2 gives.
    #[test]
    fn shares() {
        let check = |text: &str, expected: &[&str]| {
            let partition = Partition::parse(text).unwrap();
            let all = NAMES.iter().filter(|name| partition.includes(&RelPath::parse(name).unwrap()));
            assert_eq!(all.copied().collect::<Vec<_>>(), expected, "{text}");
        };
        check("@/3", &NAMES);
        SHARES.iter().for_each(|(text, expected)| check(text, expected));
    }

    const NAMES: [&str; 14] = [
        "file1.jpg",
        "file2.jpg",
        "file3.jpg",
        "file4.jpg",
        "d/File A",
        "d/file a.txt",
        "\u{dc}n\u{ef}.txt",
        "u\u{308}.txt",
        "\u{130}stanbul",
        "\u{39f}\u{394}\u{39f}\u{3a3}",
        "\u{3a3}\u{3a3}.txt",
        "\u{1c5}",
        "\u{1e9e}",
        "K",
    ];

    const SHARES: [(&str, &[&str]); 3] = [
        ("0/3", &["file2.jpg", "u\u{308}.txt", "\u{130}stanbul"]),
        ("1/3", &["file3.jpg", "\u{dc}n\u{ef}.txt", "\u{3a3}\u{3a3}.txt", "\u{1e9e}"]),
        (
            "2/3",
            &["file1.jpg", "file4.jpg", "d/File A", "d/file a.txt", "\u{39f}\u{394}\u{39f}\u{3a3}", "\u{1c5}", "K"],
        ),
    ];
}
