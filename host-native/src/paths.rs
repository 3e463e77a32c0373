//! The two paths of the command line: what they name, what the state is named after them, and what is refused.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use bisync_engine::side::{Pair, Side};

use crate::backend::local::from_disk;
use crate::failure::reason;

/// One of the two paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The directory, cleaned as rclone does: without `.`, and without `..` where a name before it can go too.
    pub root: PathBuf,
    /// What the state's names are made from, with a `/` at its end.
    pub state_name: String,
}

/// Why paths are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// Nothing was given.
    #[error("{0} is empty: give a directory")]
    Empty(Side),
    /// It names a remote.
    #[error("`{0}` names a remote, and remotes are not supported yet; for a local directory write `./{0}`")]
    Remote(String),
    /// Nothing is there.
    #[error("{0} `{path}` does not exist: make it, or check the spelling and that the disk is mounted", path = .1.display())]
    Missing(Side, PathBuf),
    /// A file is there.
    #[error("{0} `{path}` is not a directory", path = .1.display())]
    NotADirectory(Side, PathBuf),
    /// It cannot be looked at.
    #[error("{0} `{path}` cannot be used: {2}", path = .1.display())]
    Unusable(Side, PathBuf, String),
    /// Both are one directory.
    #[error("Path1 and Path2 are the same directory")]
    Same,
    /// One lies in the other.
    #[error("{0} lies inside {other}: two directories apart from each other are needed", other = .0.other())]
    Overlap(Side),
    /// A directory that is to stay apart overlaps a path.
    #[error("{what} `{path}` overlaps {side}: choose a directory outside with `--{flag}`", path = .directory.display())]
    Beside {
        /// What the directory is for.
        what: &'static str,
        /// The directory.
        directory: PathBuf,
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
    /// The directory.
    pub directory: PathBuf,
    /// The flag that sets it, without dashes.
    pub flag: &'static str,
    /// The sides that it must stay apart from.
    pub sides: Vec<Side>,
    /// Whether those may lie inside it.
    pub may_contain: bool,
}

impl Location {
    /// Reads a path of the command line.
    ///
    /// # Errors
    /// Says what is wrong when it is empty or names a remote.
    pub fn parse(side: Side, given: &OsStr) -> Result<Self, PathsError> {
        if given.is_empty() {
            return Err(PathsError::Empty(side));
        }
        if names_remote(given.as_bytes()) {
            return Err(PathsError::Remote(given.to_string_lossy().into_owned()));
        }
        let root = clean(Path::new(given));
        let state_name = state_name(&root);
        Ok(Self { root, state_name })
    }

    /// Names the state after the absolute path.
    ///
    /// rclone names it after the path as it was given, so the same relative paths in two directories share their listings, and
    /// what one pair lacks looks deleted. Only a working directory that may be rclone's is read that way.
    ///
    /// # Errors
    /// Fails when the current directory is not known.
    pub fn with_absolute_name(self) -> std::io::Result<Self> {
        Ok(Self { state_name: state_name(&std::path::absolute(&self.root)?), ..self })
    }
}

/// Checks both paths and what must stay apart from them. Nothing is made here.
///
/// With `may_be_missing` a missing Path1 is fine, as for rclone's `--resync`.
///
/// # Errors
/// Names the first path that cannot be used, and why.
pub fn check(locations: Pair<&Location>, may_be_missing: bool, beside: &[&Beside]) -> Result<(), PathsError> {
    for side in Side::BOTH {
        let root = &locations[side].root;
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(PathsError::NotADirectory(side, root.clone())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if side == Side::Two || !may_be_missing {
                    return Err(PathsError::Missing(side, root.clone()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(PathsError::NotADirectory(side, root.clone()));
            }
            Err(error) => return Err(PathsError::Unusable(side, root.clone(), reason(&error))),
        }
    }
    let place = |side: Side| {
        let root = &locations[side].root;
        Place::of(root).map_err(|error| PathsError::Unusable(side, root.clone(), reason(&error)))
    };
    let places = Pair::new(place(Side::One)?, place(Side::Two)?);
    match (places.one.is_within(&places.two), places.two.is_within(&places.one)) {
        (true, true) => return Err(PathsError::Same),
        (true, false) => return Err(PathsError::Overlap(Side::One)),
        (false, true) => return Err(PathsError::Overlap(Side::Two)),
        (false, false) => {}
    }
    for &&Beside { what, ref directory, flag, ref sides, may_contain } in beside {
        for &side in sides {
            // A directory that cannot be looked at fails later, with its own words.
            let Ok(place) = Place::of(directory) else { continue };
            if place.is_within(&places[side]) || !may_contain && places[side].is_within(&place) {
                return Err(PathsError::Beside { what, directory: directory.clone(), side, flag });
            }
        }
    }
    Ok(())
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
            match (fs::canonicalize(existing), existing.parent(), existing.file_name()) {
                (Err(error), Some(parent), Some(name)) if error.kind() == ErrorKind::NotFound => {
                    missing.push(name);
                    existing = parent;
                }
                (result, _, _) => break result?,
            }
        };
        let above: Vec<_> = real.ancestors().filter_map(identity).collect();
        let identity = missing.is_empty().then(|| identity(&real)).flatten();
        let path = missing.iter().rev().fold(real, |path, name| path.join(name));
        Ok(Self { path, identity, above })
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

    #[test]
    fn relative_paths_are_told_apart_by_where_they_are() {
        let location = Location::parse(Side::One, OsStr::new("a")).unwrap();
        assert_eq!(location.state_name, "a/");
        let here = std::env::current_dir().unwrap();
        let absolute = location.with_absolute_name().unwrap();
        assert_eq!(absolute.state_name, format!("{}/a/", here.display()));
    }

    #[test]
    fn names_are_those_of_rclone() {
        let check = |given: &str, root: &str, state_name: &str| {
            let location = Location::parse(Side::One, OsStr::new(given)).unwrap();
            assert_eq!(
                (location.root.to_str().unwrap(), location.state_name.as_str()),
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
    fn remotes_are_not_supported_yet() {
        for given in ["remote:", "remote:dir", ":s3:bucket", "C:dir"] {
            let error = Location::parse(Side::Two, OsStr::new(given)).unwrap_err();
            assert_eq!(error, PathsError::Remote(given.to_owned()));
        }
        assert_eq!(Location::parse(Side::Two, OsStr::new("")), Err(PathsError::Empty(Side::Two)));
    }

    #[test]
    fn paths_must_be_two_directories_apart() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        for directory in ["a/deep", "b", "ab"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        fs::write(home.join("file"), "").unwrap();
        symlink(home.join("a"), home.join("link")).unwrap();
        let check = |one: &str, two: &str, may_be_missing: bool, expected: &str| {
            let parse = |side, path: &str| Location::parse(side, home.join(path).as_os_str()).unwrap();
            let result = check(
                Pair::new(&parse(Side::One, one), &parse(Side::Two, two)),
                may_be_missing,
                &[&Beside {
                    what: "the state directory",
                    directory: home.join("b/state"),
                    flag: "workdir",
                    may_contain: true,
                    sides: Side::BOTH.to_vec(),
                }],
            );
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
