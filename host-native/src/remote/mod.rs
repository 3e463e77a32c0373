//! The remotes of the user's rclone configuration: what is known of each, and where that stands.

mod address;
mod behind;
mod config;
mod connection;
mod encrypted;
mod obscure;
mod password;
mod secret;

use std::collections::BTreeMap;

use bisync_engine::options::{Kind, Value};

pub use address::{Address, AddressError, Destination};
pub use config::{Config, ConfigError};
pub use connection::{Connection, ConnectionError, Target};
pub use secret::is_secret;

/// A remote: its kind and its options. They may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name in the file, or `:backend`.
    pub name: String,
    /// The backend that serves it, by rclone's name: `s3`.
    pub kind: String,
    values: BTreeMap<String, String>,
}

impl Remote {
    /// Makes a remote of the values of its options.
    pub fn new(name: String, kind: String, values: BTreeMap<String, String>) -> Self {
        Self { name, kind, values }
    }

    /// Returns the value of an option; one that is empty counts as not given.
    pub fn value(&self, option: &str) -> Option<&str> {
        self.values.get(option).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Says whether an option is switched on.
    pub fn flag(&self, option: &str) -> bool {
        self.value(option).is_some_and(|value| matches!(value, "true" | "1" | "t" | "T" | "TRUE" | "True"))
    }

    /// Returns the value of an option that rclone keeps obscured, such as `pass`.
    ///
    /// # Errors
    /// Fails when it is not obscured.
    pub fn secret(&self, option: &'static str) -> Result<Option<String>, RemoteError> {
        let reveal = |value| {
            obscure::reveal(value).ok_or_else(|| RemoteError::NotObscured { remote: self.name.clone(), option })
        };
        self.value(option).map(reveal).transpose()
    }

    /// Returns the value of an option that is a size, in bytes.
    ///
    /// # Errors
    /// Fails when it is none.
    pub fn size(&self, option: &'static str) -> Result<Option<u64>, RemoteError> {
        let Some(text) = self.value(option) else { return Ok(None) };
        match Value::parse(Kind::Size, text) {
            Some(Value::Size(size)) => Ok(Some(size.unwrap_or(u64::MAX))),
            Some(_) | None => Err(self.bad_value(option, "a size")),
        }
    }

    /// Returns the value of an option that is a whole number.
    ///
    /// # Errors
    /// Fails when it is none.
    pub fn number(&self, option: &'static str) -> Result<Option<u64>, RemoteError> {
        self.value(option).map(|text| text.parse().map_err(|_| self.bad_value(option, "a number"))).transpose()
    }

    /// Says that the value of an option is not what is `wanted`.
    pub fn bad_value(&self, option: &'static str, wanted: &'static str) -> RemoteError {
        RemoteError::BadValue { remote: self.name.clone(), option, wanted }
    }

    /// Returns the options that are given and their values, by name.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The values are left out.
impl std::fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, kind, .. } = self;
        let given: Vec<_> = self.options().map(|(option, _)| option).collect();
        formatter.debug_struct("Remote").field("name", name).field("kind", kind).field("given", &given).finish()
    }
}

/// Why a remote cannot be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The value of an option is in clear.
    #[error(
        "the option `{option}` of the remote `{remote}` is not obscured: set it with `rclone config`, or write what `rclone obscure` prints"
    )]
    NotObscured {
        /// The remote.
        remote: String,
        /// The option.
        option: &'static str,
    },
    /// The value of an option is of another kind. It is not told, since it may be a secret in the wrong place.
    #[error("the option `{option}` of the remote `{remote}` is not {wanted}")]
    BadValue {
        /// The remote.
        remote: String,
        /// The option.
        option: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
}
