//! What there is in real folders.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What there is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A file: its content, and its time in nanoseconds since 1970.
    File(Vec<u8>, i128),
    /// A directory.
    Directory,
    /// A symbolic link: where it leads.
    Link(String),
    /// Anything else.
    Other,
}

/// A tree by path below its root.
pub type Tree = BTreeMap<String, Node>;

/// Reads all below a directory; a missing one is empty.
///
/// # Panics
/// When something cannot be read.
pub fn read_tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    read_into(root, "", &mut tree);
    tree
}

fn read_into(root: &Path, prefix: &str, tree: &mut Tree) {
    let Ok(entries) = fs::read_dir(root.join(prefix)) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let metadata = entry.metadata().unwrap();
        let node = if metadata.is_dir() {
            read_into(root, &format!("{path}/"), tree);
            Node::Directory
        } else if metadata.is_file() {
            let modified_ns = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
            Node::File(fs::read(entry.path()).unwrap(), modified_ns)
        } else if metadata.is_symlink() {
            Node::Link(fs::read_link(entry.path()).unwrap().to_string_lossy().into_owned())
        } else {
            Node::Other
        };
        tree.insert(path, node);
    }
}

/// Returns a tree without its directories.
pub fn files(tree: &Tree) -> Tree {
    tree.iter().filter(|(_, node)| **node != Node::Directory).map(|(path, node)| (path.clone(), node.clone())).collect()
}

/// Returns the contents that occur in a tree, sorted, each once.
pub fn contents(tree: &Tree) -> Vec<&[u8]> {
    let mut contents: Vec<_> = tree.values().filter_map(content).collect();
    contents.sort_unstable();
    contents.dedup();
    contents
}

fn content(node: &Node) -> Option<&[u8]> {
    match node {
        Node::File(content, _) => Some(content),
        Node::Directory | Node::Link(_) | Node::Other => None,
    }
}

/// Copies a directory with all that is in it, times included.
///
/// # Panics
/// When something cannot be copied.
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (metadata, target) = (entry.metadata().unwrap(), to.join(entry.file_name()));
        if metadata.is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            let file = fs::File::options().write(true).open(&target).unwrap();
            file.set_modified(metadata.modified().unwrap()).unwrap();
        }
    }
}

/// Says how two trees differ, a path a line; empty when they do not.
pub fn difference(left_name: &str, left: &Tree, right_name: &str, right: &Tree) -> String {
    let mut text = String::new();
    let paths: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for path in paths {
        if left.get(path) != right.get(path) {
            let (left, right) = (show(left.get(path)), show(right.get(path)));
            text.push_str(&format!("  {path}: {left_name} has {left}, {right_name} has {right}\n"));
        }
    }
    text
}

fn show(node: Option<&Node>) -> String {
    match node {
        None => "nothing".to_owned(),
        Some(Node::Directory) => "a directory".to_owned(),
        Some(Node::Link(target)) => format!("a link to `{target}`"),
        Some(Node::Other) => "neither file nor directory".to_owned(),
        Some(Node::File(content, modified_ns)) => {
            let (seconds, nanoseconds) = (modified_ns.div_euclid(1_000_000_000), modified_ns.rem_euclid(1_000_000_000));
            format!("`{}` of {seconds}.{nanoseconds:09}", String::from_utf8_lossy(content))
        }
    }
}

/// The lines of a listing by path, quoted as they stand there: what comes before the path. The times of directories are
/// left out: they are those of whenever they were made.
pub type Listing = BTreeMap<String, String>;

/// Reads the only listing of a working directory whose name ends so, `None` when there is none: what it is called depends on what the
/// sides are called.
///
/// # Panics
/// When there are several, or on a line that is not one of a listing.
pub fn read_listing_in(directory: &Path, end: &str) -> Option<Listing> {
    let entries = fs::read_dir(directory).ok()?.map_while(Result::ok).map(|entry| entry.path());
    let listings: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    assert!(listings.len() <= 1, "{listings:?}");
    read_listing(listings.first()?)
}

/// Reads a listing, `None` when there is none.
///
/// # Panics
/// On a line that is not one of a listing.
pub fn read_listing(file: &Path) -> Option<Listing> {
    let text = fs::read_to_string(file).ok()?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Some(
        lines
            .map(|line| {
                let (before, path) = line.split_once('"').unwrap_or_else(|| panic!("a line without a path: {line}"));
                let words: Vec<&str> = before.split_whitespace().collect();
                assert_eq!(words.len(), 5, "{line}");
                let before = if words[0] == "d" { "d".to_owned() } else { words.join(" ") };
                (path.trim_end_matches('"').to_owned(), before)
            })
            .collect(),
    )
}
