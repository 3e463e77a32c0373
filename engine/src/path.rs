//! Paths relative to the root of a side.

use std::fmt;

use serde::Serialize;

/// A path below the root of a side: names joined by `/`, in UTF-8.
///
/// Never absolute; no empty name, no `.`, no `..`, no NUL byte. The empty path is the root itself.
///
/// The order is that of the bytes, which is also the order of S3 keys, of git's index and of the listing files. A
/// directory sorts as its own path; what is below it sorts as if the directory's name ended in `/`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RelPath(Box<str>);

/// Why a text is not a [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path {path:?} {problem}")]
pub struct PathError {
    /// The text as it was given.
    pub path: String,
    /// What is wrong with it.
    pub problem: PathProblem,
}

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathProblem {
    /// It starts with `/`, ends with `/`, or holds `//`.
    #[error("has an empty name in it")]
    EmptyName,
    /// One of its names is `.` or `..`.
    #[error("has `.` or `..` in it")]
    Dots,
    /// It holds a NUL byte.
    #[error("has a NUL byte in it")]
    Nul,
    /// A single name was asked for and it holds a `/`.
    #[error("has a `/` in a name")]
    Slash,
}

impl TryFrom<String> for RelPath {
    type Error = PathError;

    fn try_from(path: String) -> Result<Self, PathError> {
        Self::parse(&path)
    }
}

impl RelPath {
    /// The root of a side.
    pub fn root() -> Self {
        Self::default()
    }

    /// Checks and wraps a path.
    ///
    /// # Errors
    /// Returns what is wrong when the path could point anywhere but below the root.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        if path.is_empty() {
            return Ok(Self::root());
        }
        path.split('/').try_for_each(check_name).map_err(|problem| PathError { path: path.to_owned(), problem })?;
        Ok(Self(path.into()))
    }

    /// Returns the path of `name` in this directory.
    ///
    /// # Errors
    /// Returns what is wrong when `name` is not the name of a single entry.
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        let checked = if name.contains('/') { Err(PathProblem::Slash) } else { check_name(name) };
        checked.map_err(|problem| PathError { path: name.to_owned(), problem })?;
        Ok(self.child(name))
    }

    /// Returns the path of a name that is known to be one, in this directory.
    pub(crate) fn child(&self, name: &str) -> Self {
        if self.is_root() {
            return Self(name.into());
        }
        let mut path = String::with_capacity(self.0.len() + 1 + name.len());
        path.push_str(&self.0);
        path.push('/');
        path.push_str(name);
        Self(path.into())
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true for the root of a side.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the last name; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(self.0.rsplit_once('/').map_or_else(Self::root, |(parent, _)| Self(parent.into())))
    }

    /// Returns true when this path lies below `directory`; a path does not lie below itself.
    pub fn is_below(&self, directory: &Self) -> bool {
        if directory.is_root() {
            return !self.is_root();
        }
        self.0.strip_prefix(&*directory.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

fn check_name(name: &str) -> Result<(), PathProblem> {
    match name {
        "" => Err(PathProblem::EmptyName),
        "." | ".." => Err(PathProblem::Dots),
        _ if name.contains('\0') => Err(PathProblem::Nul),
        _ => Ok(()),
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Result<(), PathProblem>) {
        assert_eq!(RelPath::parse(path).map(|_| ()).map_err(|error| error.problem), expected, "{path:?}");
    }

    #[test]
    fn paths_stay_below_the_root() {
        check("", Ok(()));
        check("a", Ok(()));
        check("a/b c/…", Ok(()));
        check("a/...", Ok(()));
        check("/a", Err(PathProblem::EmptyName));
        check("a/", Err(PathProblem::EmptyName));
        check("a//b", Err(PathProblem::EmptyName));
        check("..", Err(PathProblem::Dots));
        check("a/../b", Err(PathProblem::Dots));
        check("a/.", Err(PathProblem::Dots));
        check("a\0", Err(PathProblem::Nul));
    }

    #[test]
    fn names_have_no_slash() {
        let root = RelPath::root();
        assert!(root.join("a/b").is_err());
        assert!(root.join("").is_err());
        assert_eq!(root.join("a").unwrap().join("b").unwrap().as_str(), "a/b");
    }

    #[test]
    fn below_is_strict() {
        let path = |text| RelPath::parse(text).unwrap();
        assert!(path("a/b").is_below(&path("a")));
        assert!(path("a").is_below(&RelPath::root()));
        assert!(!path("a").is_below(&path("a")));
        assert!(!path("ab").is_below(&path("a")));
        assert_eq!(path("a/b").parent(), Some(path("a")));
        assert_eq!(path("a").parent(), Some(RelPath::root()));
        assert_eq!(RelPath::root().parent(), None);
    }
}
