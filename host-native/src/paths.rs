//! The two paths of the command line: what they name, what the state is named after them, and what is refused.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use bisync_engine::filter::Filter;
use bisync_engine::path::RelPath;
use bisync_engine::session_name::distinct;
use bisync_engine::side::{Pair, Side};

use crate::backend::local::from_disk;
use crate::failure::reason;
use crate::remote::{Address, AddressError, Connection, ConnectionError, Destination};

/// One of the two paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// What it names.
    pub root: Root,
    /// What the state's names are made from, with a `/` at its end.
    pub state_name: String,
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// A directory, cleaned as rclone does: without `.`, and without `..` where a name before it can go too.
    Directory(PathBuf),
    /// A folder of a remote.
    Remote(Box<Address>),
}

/// Why paths are refused.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// Nothing was given.
    #[error("{0} is empty: give a directory")]
    Empty(Side),
    /// It is written as a remote, and is none.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// It leads to no remote.
    #[error("{0}: {1}; for a local directory write `./` before its name")]
    Address(Side, AddressError),
    /// Nothing is there.
    #[error("{0} `{path}` does not exist: make it, or check the spelling and that the disk is mounted", path = .1.display())]
    Missing(Side, PathBuf),
    /// A file is there.
    #[error("{0} `{path}` is not a directory", path = .1.display())]
    NotADirectory(Side, PathBuf),
    /// It cannot be looked at.
    #[error("{0} `{path}` cannot be used: {2}", path = .1.display())]
    Unusable(Side, PathBuf, String),
    /// Backups are to go where a file cannot just be moved.
    #[error("the backups of {side} cannot go to `{backup}`: it has to be on the same remote")]
    BackupElsewhere {
        /// The side.
        side: Side,
        /// Where its backups were to go.
        backup: String,
    },
    /// Both are one directory.
    #[error("Path1 and Path2 are the same directory")]
    Same,
    /// One lies in the other.
    #[error("{0} lies inside {other}: two directories apart from each other are needed", other = .0.other())]
    Overlap(Side),
    /// A directory that is to stay apart overlaps a path.
    #[error("{what} `{root}` overlaps {side}: choose a directory outside with `--{flag}`")]
    Beside {
        /// What the directory is for.
        what: &'static str,
        /// The directory.
        root: Root,
        /// The path that it overlaps.
        side: Side,
        /// The flag that sets it.
        flag: &'static str,
    },
}

/// A directory that must not overlap a path.
#[derive(Debug, Clone)]
pub struct Beside {
    /// What it is for: `the state directory`.
    pub what: &'static str,
    /// The directory, of this machine or on a remote.
    pub root: Root,
    /// The flag that sets it, without dashes.
    pub flag: &'static str,
    /// The sides that it must stay apart from.
    pub sides: Vec<Side>,
    /// Whether those may lie inside it.
    pub may_contain: bool,
    /// The filter that lets it lie inside them, where that excludes it.
    pub excluded_by: Option<Filter>,
}

impl Location {
    /// Reads a path of the command line. `follow` finds the remote that it names.
    ///
    /// # Errors
    /// Says what is wrong when it is empty or names a remote that cannot be found.
    pub fn parse(
        side: Side,
        given: &OsStr,
        follow: impl FnOnce(&Connection) -> Result<Destination, AddressError>,
    ) -> Result<Self, PathsError> {
        if given.is_empty() {
            return Err(PathsError::Empty(side));
        }
        let connection =
            if names_remote(given.as_bytes()) { Connection::parse(&given.to_string_lossy())? } else { None };
        let destination = connection.map(|connection| follow(&connection)).transpose();
        let root = match destination.map_err(|error| PathsError::Address(side, error))? {
            None => Root::Directory(clean(Path::new(given))),
            Some(Destination::Directory(directory)) => Root::Directory(clean(Path::new(&directory))),
            Some(Destination::Remote(address)) => Root::Remote(address),
        };
        let state_name = match &root {
            Root::Directory(directory) => state_name(directory),
            Root::Remote(address) => address.shared_name(),
        };
        Ok(Self { root, state_name })
    }

    /// Returns a name for the state that no other folder has: made from the absolute path, or with the server.
    ///
    /// # Errors
    /// Fails when the current directory is not known.
    pub fn own_name(&self) -> io::Result<String> {
        Ok(distinct(&match &self.root {
            // The current directory is no link, so that a `..` that begins the path leads where its text says.
            Root::Directory(directory) => state_name(&clean(&std::path::absolute(directory)?)),
            Root::Remote(address) => address.own_name(),
        }))
    }

    /// Returns a name for where the folder is as it is seen from a directory.
    ///
    /// # Errors
    /// Fails when the current directory is not known.
    pub fn name_seen_from(&self, directory: &Path) -> io::Result<String> {
        match &self.root {
            Root::Directory(root) => Ok(state_name(&relative(&Place::of(root)?.path, &Place::of(directory)?.path))),
            Root::Remote(address) => Ok(address.own_name()),
        }
    }

    /// Returns the same for where the folder really is: one name, whatever links lead there.
    ///
    /// # Errors
    /// Fails when the current directory is not known.
    pub fn real_name(&self) -> io::Result<String> {
        match &self.root {
            Root::Directory(directory) => Ok(distinct(&state_name(&Place::of(directory)?.path))),
            Root::Remote(_) => self.own_name(),
        }
    }
}

/// Returns a path as it is seen from a directory. Neither has `.` or `..` in it.
fn relative(path: &Path, directory: &Path) -> PathBuf {
    let shared = path.components().zip(directory.components()).take_while(|(one, other)| one == other).count();
    let up = directory.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

impl Root {
    /// Returns the directory, when it is one of this machine.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::Remote(_) => None,
        }
    }
}

/// Returns the path as a person is told it: without the values of a remote's options.
impl std::fmt::Display for Root {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(directory) => directory.display().fmt(formatter),
            Self::Remote(address) => address.fmt(formatter),
        }
    }
}

/// Checks both paths and what must stay apart from them. Nothing is made here, and no server is asked.
///
/// With `may_be_missing` a missing Path1 is fine, as for rclone's `--resync`.
///
/// # Errors
/// Names the first path that cannot be used, and why.
pub fn check(locations: Pair<&Location>, may_be_missing: bool, beside: &[&Beside]) -> Result<(), PathsError> {
    for side in Side::BOTH {
        let Some(root) = locations[side].root.directory() else { continue };
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(PathsError::NotADirectory(side, root.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if side == Side::Two || !may_be_missing {
                    return Err(PathsError::Missing(side, root.to_owned()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(PathsError::NotADirectory(side, root.to_owned()));
            }
            Err(error) => return Err(PathsError::Unusable(side, root.to_owned(), reason(&error))),
        }
    }
    let place = |side: Side| {
        let Some(root) = locations[side].root.directory() else { return Ok(None) };
        Place::of(root).map(Some).map_err(|error| PathsError::Unusable(side, root.to_owned(), reason(&error)))
    };
    let places = Pair::new(place(Side::One)?, place(Side::Two)?);
    let lies_within = |side: Side| {
        let (inner, outer) = (&locations[side].root, &locations[side.other()].root);
        position((inner, places[side].as_ref()), (outer, places[side.other()].as_ref())) != Position::Apart
    };
    match (lies_within(Side::One), lies_within(Side::Two)) {
        (true, true) => return Err(PathsError::Same),
        (true, false) => return Err(PathsError::Overlap(Side::One)),
        (false, true) => return Err(PathsError::Overlap(Side::Two)),
        (false, false) => {}
    }
    for &&Beside { what, ref root, flag, ref sides, may_contain, ref excluded_by } in beside {
        // A directory that cannot be looked at fails later, with its own words.
        let place = root.directory().and_then(|directory| Place::of(directory).ok());
        for &side in sides {
            let (apart, of_side) = ((root, place.as_ref()), (&locations[side].root, places[side].as_ref()));
            let is_inside = match (position(apart, of_side), excluded_by) {
                (Position::Apart, _) => false,
                (Position::Within(Some(path)), Some(filter)) => !excludes(filter, &path),
                (Position::Within(_), _) => true,
            };
            if is_inside || !may_contain && position(of_side, apart) != Position::Apart {
                return Err(PathsError::Beside { what, root: root.clone(), side, flag });
            }
        }
    }
    Ok(())
}

/// Where one folder lies, seen from another.
#[derive(Debug, PartialEq, Eq)]
enum Position {
    /// Elsewhere, as far as that can be told without asking a server.
    Apart,
    /// It is the other one, or lies below it: at this path, where that is known.
    Within(Option<RelPath>),
}

/// Says where one folder lies, seen from another. Directories of this machine come with their places.
fn position((inner, inner_place): (&Root, Option<&Place>), (outer, outer_place): (&Root, Option<&Place>)) -> Position {
    match (inner, outer) {
        (Root::Remote(inner), Root::Remote(outer)) => match inner.below(outer) {
            Some(path) => Position::Within(RelPath::parse(&path).ok()),
            None => Position::Apart,
        },
        (Root::Directory(_), Root::Directory(_)) => match inner_place.zip(outer_place) {
            Some((inner, outer)) if inner.is_within(outer) => Position::Within(inner.below(outer)),
            Some(_) | None => Position::Apart,
        },
        (Root::Directory(_), Root::Remote(_)) | (Root::Remote(_), Root::Directory(_)) => Position::Apart,
    }
}

/// Says whether a filter excludes a directory, or one that it lies in: then no run enters it.
fn excludes(filter: &Filter, directory: &RelPath) -> bool {
    let mut directories = std::iter::successors(Some(directory.clone()), RelPath::parent);
    directories.any(|directory| !directory.is_root() && !filter.includes_directory(&directory))
}

/// Where a directory really is, whether it exists yet or not.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Device and inode of the directory, if it exists.
    identity: Option<(u64, u64)>,
    /// The same of itself and of everything above it: a directory may be mounted in two places.
    above: Vec<(u64, u64)>,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        let absolute = std::path::absolute(path)?;
        let mut missing = Vec::new();
        let mut existing = absolute.as_path();
        let real = loop {
            match (fs::canonicalize(existing), existing.parent(), existing.components().next_back()) {
                (Err(error), Some(parent), Some(name)) if error.kind() == ErrorKind::NotFound => {
                    missing.push(name);
                    existing = parent;
                }
                (result, _, _) => break result?,
            }
        };
        let above: Vec<_> = real.ancestors().filter_map(identity).collect();
        let identity = missing.is_empty().then(|| identity(&real)).flatten();
        // What is missing will be made, as directories: from there `..` leads back.
        let path = missing.iter().rev().fold(real, |path, name| match name {
            Component::ParentDir => path.parent().map_or(path.clone(), Path::to_owned),
            name => path.join(name),
        });
        Ok(Self { path, identity, above })
    }

    /// Returns the path of this below `other`; `None` where that is not below it by its names.
    fn below(&self, other: &Self) -> Option<RelPath> {
        let names = self.path.strip_prefix(&other.path).ok()?;
        RelPath::parse(&from_disk(names.as_os_str().as_bytes())).ok()
    }

    /// Returns true when this is `other` or lies below it.
    fn is_within(&self, other: &Self) -> bool {
        self.path.starts_with(&other.path) || other.identity.is_some_and(|identity| self.above.contains(&identity))
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// What the state's names are made from, with a `/` at its end.
pub fn state_name(path: &Path) -> String {
    let mut name = rclone_name(path);
    if !name.ends_with('/') {
        name.push('/');
    }
    name
}

/// Says whether rclone would read a path as one of a remote: `name:path`, or `:backend:path`.
pub(crate) fn names_remote(path: &[u8]) -> bool {
    let Some(colon) = path.iter().position(|&byte| byte == b':') else { return false };
    !path[..colon].contains(&b'/')
}

/// Cleans a path by its text alone, as rclone does.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned: Vec<Component<'_>> = Vec::new();
    for component in path.components() {
        match (component, cleaned.last()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                cleaned.pop();
            }
            (component, _) => cleaned.push(component),
        }
    }
    let path: PathBuf = cleaned.iter().collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// Writes a path as rclone writes it in names of its own: `.` and `..`, too, become names there.
fn rclone_name(path: &Path) -> String {
    let names: Vec<String> = path
        .components()
        .map(|component| match component {
            Component::RootDir | Component::Prefix(_) => String::new(),
            Component::CurDir => "．".to_owned(),
            Component::ParentDir => "．．".to_owned(),
            Component::Normal(name) => from_disk(name.as_bytes()),
        })
        .collect();
    names.join("/")
}

/// Returns the directory of the state when none is given: `$XDG_STATE_HOME/bisync`, or `~/.local/state/bisync`.
///
/// `None` when neither is known.
pub fn default_state_directory(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    Some(base_directory(variable, "XDG_STATE_HOME", ".local/state")?.join("bisync"))
}

/// Returns the file of defaults and pairs when none is given: `$XDG_CONFIG_HOME/bisync/config.toml`, or
/// `~/.config/bisync/config.toml`.
///
/// `None` when neither is known.
pub fn default_configuration_file(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    Some(base_directory(variable, "XDG_CONFIG_HOME", ".config")?.join("bisync/config.toml"))
}

/// A directory of the XDG specification, which has relative paths ignored.
fn base_directory(variable: impl Fn(&str) -> Option<OsString>, name: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(name).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::remote::Config;

    fn parse(side: Side, given: &OsStr) -> Result<Location, PathsError> {
        Location::parse(side, given, |connection| Destination::of(connection, &Config::default()))
    }

    #[test]
    fn relative_paths_are_told_apart_by_where_they_are() {
        let location = parse(Side::One, OsStr::new("a")).unwrap();
        assert_eq!(location.state_name, "a/");
        let here = std::env::current_dir().unwrap();
        assert_eq!(location.own_name().unwrap(), distinct(&format!("{}/a/", here.display())));
        // It is the directory that counts, not how it was written.
        let above = parse(Side::One, OsStr::new("../a")).unwrap().own_name().unwrap();
        assert_eq!(above, distinct(&state_name(&here.parent().unwrap().join("a"))));
    }

    #[test]
    fn what_is_moved_together_is_seen_as_before() {
        let check = |path: &str, directory: &str, expected: &str| {
            assert_eq!(relative(Path::new(path), Path::new(directory)), Path::new(expected), "{path} {directory}");
        };
        check("/x/one", "/x/work", "../one");
        check("/x/work/one", "/x/work", "one");
        check("/y/one", "/x/work/deep", "../../../y/one");
        check("/", "/x", "..");
    }

    #[test]
    fn links_lead_to_one_name() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("a")).unwrap();
        symlink("a", home.path().join("link")).unwrap();
        let name = |path: &str| parse(Side::One, home.path().join(path).as_os_str()).unwrap().real_name().unwrap();
        assert_eq!(name("a"), name("link"));
        assert_ne!(name("a"), name("b"));
    }

    #[test]
    fn names_are_those_of_rclone() {
        let check = |given: &str, root: &str, state_name: &str| {
            let location = parse(Side::One, OsStr::new(given)).unwrap();
            assert_eq!(
                (location.root.to_string().as_str(), location.state_name.as_str()),
                (root, state_name),
                "{given:?}"
            );
        };
        check("a", "a", "a/");
        check("./a/", "a", "a/");
        check(".//a/./", "a", "a/");
        check("a/../b", "b", "b/");
        check("../a", "../a", "．．/a/");
        check(".", ".", "．/");
        check("a/..", ".", "．/");
        check("..", "..", "．．/");
        check("/tmp//a/", "/tmp/a", "/tmp/a/");
        check("/tmp/x/../a", "/tmp/a", "/tmp/a/");
        check("/../a", "/a", "/a/");
        check("/", "/", "/");
        check("~/a", "~/a", "~/a/");
        check("./a:b", "a:b", "a:b/");
        check("/tmp/a:b", "/tmp/a:b", "/tmp/a:b/");
        check("a\tb", "a\tb", "a␉b/");
    }

    #[test]
    fn remotes_are_followed() {
        let parse = |given: &str| parse(Side::Two, OsStr::new(given));
        let check = |given: &str, root: &str, state_name: &str| {
            let location = parse(given).unwrap();
            assert_eq!(
                (location.root.to_string().as_str(), location.state_name.as_str()),
                (root, state_name),
                "{given}"
            );
        };
        check(":s3:bucket/a/", ":s3:bucket/a", ":s3:bucket/a/");
        check(":s3,endpoint=x,secret_access_key=y:b", ":s3:b", ":s3:b/");
        check(":alias,remote='/srv':a", "/srv/a", "/srv/a/");
        check("./remote:", "remote:", "remote:/");
        assert!(matches!(parse(""), Err(PathsError::Empty(Side::Two))));
        assert!(matches!(parse("-x:a"), Err(PathsError::Connection(_))));
        assert!(matches!(parse("C:dir"), Err(PathsError::Address(Side::Two, _))));
    }

    #[test]
    fn paths_must_be_two_directories_apart() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        for directory in ["a/deep", "b", "ab", "c"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        fs::write(home.join("file"), "").unwrap();
        symlink(home.join("a"), home.join("link")).unwrap();
        let check = |one: &str, two: &str, may_be_missing: bool, expected: &str| {
            let parse = |side, path: &str| parse(side, home.join(path).as_os_str()).unwrap();
            let beside = ["b/state", "c/none/../state"].map(|directory| Beside {
                what: "the state directory",
                root: Root::Directory(home.join(directory)),
                flag: "workdir",
                may_contain: true,
                excluded_by: None,
                sides: Side::BOTH.to_vec(),
            });
            let locations = Pair::new(parse(Side::One, one), parse(Side::Two, two));
            let result = check(locations.as_ref(), may_be_missing, &beside.each_ref());
            let message = result.err().map_or_else(|| "fine".to_owned(), |error| error.to_string());
            let message = message.replace(&format!("{}/", home.display()), "");
            assert!(message.starts_with(expected), "{one} {two}: {message}");
        };
        check("a", "ab", false, "fine");
        check("new", "ab", true, "fine");
        check("new", "ab", false, "Path1 `new` does not exist");
        check("a", "new", true, "Path2 `new` does not exist");
        check("file", "a", false, "Path1 `file` is not a directory");
        check("a", "file/below", true, "Path2 `file/below` is not a directory");
        check("a", "a", false, "Path1 and Path2 are the same directory");
        check("a", "link", false, "Path1 and Path2 are the same directory");
        check("link/deep", "a", false, "Path1 lies inside Path2");
        check("a", "link/deep", false, "Path2 lies inside Path1");
        check("a/new/er", "link", true, "Path1 lies inside Path2");
        check("a", "b", false, "the state directory `b/state` overlaps Path2");
        check("a", "c", false, "the state directory `c/none/../state` overlaps Path2");
    }

    #[test]
    fn the_state_directory_follows_the_environment() {
        let check = |variables: &[(&str, &str)], expected: Option<&str>| {
            let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            assert_eq!(default_state_directory(variable), expected.map(PathBuf::from), "{variables:?}");
        };
        check(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")], Some("/s/bisync"));
        check(&[("XDG_STATE_HOME", ""), ("HOME", "/h")], Some("/h/.local/state/bisync"));
        check(&[("XDG_STATE_HOME", "s")], None);
    }
}
