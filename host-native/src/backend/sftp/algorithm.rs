//! Hash algorithms, and the commands that compute them.

use bisync_engine::entry::Hash;

/// A hash algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
}

impl Algorithm {
    /// All, in the order in which rclone chooses among them.
    pub const ALL: [Self; 2] = [Self::Md5, Self::Sha1];

    /// Returns what listings call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }

    /// Returns the commands that may compute it, in the order in which rclone tries them. They read what they are given when no file is
    /// named.
    pub fn commands(self) -> [&'static str; 3] {
        match self {
            Self::Md5 => ["md5sum", "md5 -r", "rclone md5sum"],
            Self::Sha1 => ["sha1sum", "sha1 -r", "rclone sha1sum"],
        }
    }

    /// Returns the checksum of nothing.
    pub fn of_nothing(self) -> &'static str {
        match self {
            Self::Md5 => "d41d8cd98f00b204e9800998ecf8427e",
            Self::Sha1 => "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        }
    }

    /// Reads what a command printed first; `None` when that is no checksum. Of a name with a backslash, one comes before.
    pub fn read(self, printed: &str) -> Option<Hash> {
        let word = printed.trim_start_matches('\\').split_whitespace().next()?.to_lowercase();
        let is_sum = word.len() == self.of_nothing().len() && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sum.then(|| Hash::new(self.name(), &word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_read_as_rclone_reads_them() {
        let check = |printed: &str, expected: Option<&str>| {
            assert_eq!(Algorithm::Md5.read(printed), expected.map(|sum| Hash::new("md5", sum)), "{printed}");
        };
        let sum = Algorithm::Md5.of_nothing();
        check(&format!("{sum}  -\n"), Some(sum));
        check(&format!("{sum} *a b"), Some(sum));
        check(&format!("\\{sum}  a\\\\b"), Some(sum));
        check(&format!("{}\n", sum.to_uppercase()), Some(sum));
        check(&format!("MD5 (a) = {sum}"), None);
        check(Algorithm::Sha1.of_nothing(), None);
        check("", None);
    }
}
