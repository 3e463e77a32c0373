//! The variables that a process was started with.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The variables that a process was started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Returns the variables of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Returns the value of a variable; an empty one counts as none.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Returns all variables that are text and not empty, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        texts.filter(|(_, value)| !value.is_empty())
    }

    /// Returns the names that are text, whatever the values are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| name.to_str())
    }
}

impl<Name: Into<OsString>, Text: Into<OsString>> FromIterator<(Name, Text)> for Environment {
    fn from_iter<I: IntoIterator<Item = (Name, Text)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
