//! Names of links that take part as files: the name on the disk, with an ending.

use crate::path::RelPath;

/// What the name of a link ends in where it takes part as a file: the same as in rclone.
pub const SUFFIX: &str = ".rclonelink";

/// Returns the path on the disk of a link; `None` when the path is not that of one.
pub fn on_disk(path: &RelPath) -> Option<RelPath> {
    let name = path.name().strip_suffix(SUFFIX)?;
    path.parent()?.join(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lie_beside_their_names() {
        let check = |path: &str, expected: Option<&str>| {
            let found = on_disk(&RelPath::parse(path).unwrap());
            assert_eq!(found.as_ref().map(RelPath::as_str), expected, "{path}");
        };
        check("a.rclonelink", Some("a"));
        check("d/a.b.rclonelink", Some("d/a.b"));
        check("a", None);
        check("a.rclonelink/b", None);
        check("d/.rclonelink", None);
        check("...rclonelink", None);
        check("", None);
    }
}
