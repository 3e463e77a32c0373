//! The two paths of the command line: what they name, and what the state is named after them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use bisync_engine::session_name::distinct;
use bisync_engine::side::Side;

use crate::backend::local::from_disk;
use crate::remote::{Address, AddressError, Connection, ConnectionError, Destination};

mod apart;
mod file_system;
mod place;

pub use apart::{Beside, check};
pub use file_system::FileSystem;
use place::{Place, relative};

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
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::remote::Config;

    pub fn parse(side: Side, given: &OsStr) -> Result<Location, PathsError> {
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
