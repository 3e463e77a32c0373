//! The names of what a pair of folders keeps in the state store: rclone bisync's, so that either can take over from the
//! other.

use crate::side::Pair;

/// The plan file, wherever a host keeps it: no blob of a pair.
pub const PLAN: &str = "plan";
/// The plan file while it is being written.
pub const PLAN_NEW: &str = "plan-new";

/// The names of the blobs that belong to one pair of folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateNames {
    /// The listings of the last run.
    pub listing: Pair<String>,
    /// The listings that this run is writing.
    pub new: Pair<String>,
    /// The listings of the run before the last.
    pub old: Pair<String>,
    /// What the listings are renamed to after a critical error, so that nothing runs until a resync.
    pub error: Pair<String>,
    /// The listings that a dry run writes.
    pub dry_run: Pair<String>,
    /// The lock. It is no blob that is read or written.
    pub lock: String,
    /// Listings of which the later part is still to be folded in.
    pub part: Pair<String>,
    /// What the next run must know of a run that did not end.
    pub journal: String,
    /// The journal that is being written.
    pub journal_new: String,
    /// When the last run began that carried metadata and left nothing undone.
    pub metadata: String,
    /// The same of this run, until it is over.
    pub metadata_new: String,
}

impl StateNames {
    /// Makes the names for two paths, each with a `/` at its end.
    pub fn new(paths: Pair<&str>) -> Self {
        let session = session_name(paths.one, paths.two);
        let listing = Pair::new(format!("{session}.path1.lst"), format!("{session}.path2.lst"));
        let with = |suffix: &str| listing.as_ref().map(|name| format!("{name}{suffix}"));
        Self {
            new: with("-new"),
            old: with("-old"),
            error: with("-err"),
            dry_run: with("-dry"),
            part: with("-part"),
            listing,
            lock: format!("{session}.lck"),
            journal: format!("{session}.journal"),
            journal_new: format!("{session}.journal-new"),
            metadata: format!("{session}.metadata"),
            metadata_new: format!("{session}.metadata-new"),
        }
    }
}

/// Returns what the names of all files of the pair begin with.
///
/// The paths are given as the user wrote them, with a `/` at the end; a remote's with its name: `drive:folder/`.
pub fn session_name(one: &str, two: &str) -> String {
    format!("{}..{}", canonical(one), canonical(two))
}

fn canonical(path: &str) -> String {
    let trimmed = path.trim_matches(['/', '\\']);
    let replaced = trimmed.replace([' ', '\t', '\n', '\x0c', '\r', '\\', '/', ':', '?', '*'], "_");
    without_braces(&replaced)
}

/// Takes out the first `{…}`, in which rclone keeps a hash of the options of a remote.
fn without_braces(path: &str) -> String {
    let (Some(open), Some(close)) = (path.find('{'), path.find('}')) else {
        return path.to_owned();
    };
    match (path.get(..open), path.get(close + 1..)) {
        (Some(before), Some(after)) if open < close => format!("{before}{after}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, two: &str, expected: &str) {
        assert_eq!(session_name(one, two), expected);
    }

    #[test]
    fn sessions_are_named_as_rclone_names_them() {
        check("/home/me/docs/", "/mnt/b/", "home_me_docs..mnt_b");
        check("a/", "../b/", "a...._b");
        check("/", "b/", "..b");
        check("drive:a b/c?*/", "s3:bucket/", "drive_a_b_c__..s3_bucket");
        check(r"C:\Users\me\", r"\\server\share\", "C__Users_me..server_share");
        check("local{Ab-12}:a/", "b{c}d{e}/", "local_a..bd{e}");
        check("a}b{c}/", "{/", "a}b{c}..{");
        check("é\u{a0}\u{b}/", "a\tb\n/", "é\u{a0}\u{b}..a_b_");
    }

    #[test]
    fn blobs_are_named_after_the_session() {
        let names = StateNames::new(Pair::new("/a/", "/b/"));
        assert_eq!(names.listing.one, "a..b.path1.lst");
        assert_eq!(names.new.two, "a..b.path2.lst-new");
        assert_eq!(names.old.one, "a..b.path1.lst-old");
        assert_eq!(names.error.two, "a..b.path2.lst-err");
        assert_eq!(names.dry_run.one, "a..b.path1.lst-dry");
        assert_eq!(names.lock, "a..b.lck");
        assert_eq!(names.journal, "a..b.journal");
    }
}
