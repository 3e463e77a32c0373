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
    /// Files of each side that may be half written in place.
    pub in_place: Pair<String>,
    /// The same while it is being written.
    pub in_place_new: Pair<String>,
    /// When the last run began that carried metadata and left nothing undone.
    pub metadata: String,
    /// The same of this run, until it is over.
    pub metadata_new: String,
    /// In which file systems the folders were in the last run. The engine does not read it.
    pub file_systems: String,
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
            in_place: Pair::new(format!("{session}.path1.in-place"), format!("{session}.path2.in-place")),
            in_place_new: Pair::new(format!("{session}.path1.in-place-new"), format!("{session}.path2.in-place-new")),
            metadata: format!("{session}.metadata"),
            metadata_new: format!("{session}.metadata-new"),
            file_systems: format!("{session}.file-systems"),
        }
    }
}

/// Returns what the names of all files of the pair begin with.
///
/// The paths are given as the user wrote them, with a `/` at the end; a remote's with its name: `drive:folder/`.
pub fn session_name(one: &str, two: &str) -> String {
    format!("{}..{}", canonical(one), canonical(two))
}

/// What becomes `_` in names, besides `/`.
const REPLACED: [char; 9] = [' ', '\t', '\n', '\x0c', '\r', '\\', ':', '?', '*'];

fn canonical(path: &str) -> String {
    let trimmed = path.trim_matches(['/', '\\']);
    let replaced = trimmed.replace(REPLACED, "_").replace('/', "_");
    without_braces(&replaced)
}

/// A path of more bytes is cut, so that the names of two fit where 255 bytes do.
const LONGEST: usize = 100;
/// So many bytes at the end of it are kept.
const KEPT: usize = 76;

/// Returns a path of which the names are made that no other path has; with a `/` at the end, as the path has it.
///
/// rclone's names say the same of `my docs` and of `my_docs`: the one would go on from the listings of the other, and what it
/// lacks would count as deleted. Where a name would lose something a hash of the path (FNV-1a, 64 bits) is added. rclone does not know
/// such a name: this is for where its listings are not looked for.
pub fn distinct(path: &str) -> String {
    let trimmed = path.trim_matches('/');
    let is_lossy = trimmed.contains(REPLACED)
        || trimmed.contains(['_', '{', '}', '~'])
        // Two names stand with `..` between them.
        || trimmed.contains("..")
        || trimmed.starts_with('.')
        || trimmed.ends_with('.');
    if !is_lossy && trimmed.len() <= LONGEST {
        return path.to_owned();
    }
    let mut start = if trimmed.len() > LONGEST { trimmed.len() - KEPT } else { 0 };
    while !trimmed.is_char_boundary(start) {
        start += 1;
    }
    let hash = path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("/{}~{hash:016x}/", trimmed.get(start..).unwrap_or_default())
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
    fn no_two_paths_have_a_distinct_name_in_common() {
        let paths = [
            "/my docs/",
            "/my_docs/",
            "/my/docs/",
            "/p {A}/",
            "/p {B}/",
            "/p /",
            "dav:x/y/",
            "dav:x_y/",
            "/dav:x/y/",
            "/dav/x/y/",
            "/a./",
            "/.a/",
            "/a..b/",
            "/a/",
            "/b/",
            "/a~0/",
            "/",
            "/é/",
            "/e\u{301}/",
        ];
        let long = ["x", "y"].map(|first| format!("/{first}{}/", "ü/".repeat(60)));
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).chain(long).collect();
        let mut names = std::collections::BTreeMap::new();
        for one in &paths {
            for two in &paths {
                let name = session_name(&distinct(one), &distinct(two));
                assert!(name.len() <= 220, "{name}");
                let before = names.insert(name.clone(), (one, two));
                assert_eq!(before, None, "{name}: {one} {two}");
            }
        }
    }

    #[test]
    fn a_name_that_loses_nothing_is_that_of_rclone() {
        assert_eq!(distinct("/home/me/docs/"), "/home/me/docs/");
        assert_eq!(distinct("/home/me/my docs/"), "/home/me/my docs~8862f652d5d122f3/");
        assert_eq!(distinct("/"), "/");
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
