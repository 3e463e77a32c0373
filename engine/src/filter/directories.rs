//! Rules for directories that follow from rules for files.
//!
//! To include `/a/b/*.jpg` means to look into `/a/` and `/a/b/`. Which rules follow is rclone's choice, so that the same
//! directories are listed, and the same empty ones are in the sync.

/// Returns globs of the directories that may hold what `glob` matches, the deepest first.
///
/// They match a directory's path with a `/` at its end. The root is `/`. A glob whose alternatives hold a `/` or a `**`,
/// and one with a regular expression in it, may match anywhere.
pub(super) fn directory_globs(glob: &str) -> Vec<String> {
    let anywhere = || vec!["/**".to_owned()];
    if is_opaque(glob) {
        return anywhere();
    }
    let glob = without_doubled_slashes(glob);
    let mut rest = glob.as_str();
    let mut globs: Vec<String> = Vec::new();
    while let Some((at, ending)) = last_separator(rest) {
        rest = rest.get(..at).unwrap_or_default();
        let directory = format!("{rest}{ending}");
        if globs.last() != Some(&directory) {
            globs.push(directory);
        }
    }
    if globs.is_empty() { anywhere() } else { globs }
}

/// Returns true when it cannot be told from its text where the glob leads: it has `{{`, nested braces, or braces around
/// a `/` or a `**`.
fn is_opaque(glob: &str) -> bool {
    if glob.contains("{{") || glob.contains("}}") {
        return true;
    }
    let mut after_braces = glob.split('{').skip(1).peekable();
    while let Some(after) = after_braces.next() {
        match after.split_once('}') {
            Some((inside, _)) if inside.contains('/') || inside.contains("**") => return true,
            None if after_braces.peek().is_some() => return true,
            Some(_) | None => {}
        }
    }
    false
}

fn without_doubled_slashes(glob: &str) -> String {
    let mut single = String::with_capacity(glob.len());
    for character in glob.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    single
}

/// Returns where the last `/` or `**` begins, and how a directory that is cut off there ends.
fn last_separator(glob: &str) -> Option<(usize, &'static str)> {
    let slash = glob.rfind('/').map(|at| (at, "/"));
    // `**` can stand for any number of directories.
    let stars = glob.rfind("**").map(|at| (at, "**/"));
    slash.max(stars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, expected: &[&str]) {
        assert_eq!(directory_globs(glob), expected, "{glob}");
    }

    #[test]
    fn directories_are_those_that_rclone_derives() {
        check("*", &["/**"]);
        check("name", &["/**"]);
        check("/*", &["/"]);
        check("//*.jpg", &["/"]);
        check("/a///*.jpg", &["/a/", "/"]);
        check("/a/b/*.jpg", &["/a/b/", "/a/", "/"]);
        check("a/*.jpg", &["a/"]);
        check("a/b/", &["a/b/", "a/"]);
        check("*/*/*.jpg", &["*/*/", "*/"]);
        check("a/b/*.{jpg,png}", &["a/b/", "a/"]);
        check("/a/{b,c}/*.{jpg,png}", &["/a/{b,c}/", "/a/", "/"]);
        check("**", &["**/"]);
        check("a**b**c", &["a**b**/", "a**/"]);
        check(
            "/A/a**b/B/c**d/C/",
            &[
                "/A/a**b/B/c**d/C/",
                "/A/a**b/B/c**d/",
                "/A/a**b/B/c**/",
                "/A/a**b/B/",
                "/A/a**b/",
                "/A/a**/",
                "/A/",
                "/",
            ],
        );
        check("/var/**/x", &["/var/**/", "/var/", "/"]);
        check("a/{b,{c,d}}/e", &["/**"]);
        check("a/{b,{c/e", &["/**"]);
        check("a/{b,c**}/d", &["/**"]);
        check("/a/{b,c/d}/e", &["/**"]);
        check("/a/{{.*}}/b", &["/**"]);
        check("a}/b", &["a}/"]);
    }
}
