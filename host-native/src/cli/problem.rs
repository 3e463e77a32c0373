//! What is wrong with the file of defaults and pairs.

use std::io;
use std::path::PathBuf;

use bisync_engine::options::{OptionsError, is_opposite};

use crate::failure::reason;

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error("cannot read `{}`: {}", .0.display(), reason(.1))]
    Unreadable(PathBuf, io::Error),
    /// It is not TOML.
    #[error("{0}")]
    Syntax(String),
    /// A key at a place that has no meaning.
    #[error("`{0}` has no meaning here: there are `[defaults]` and `[pair.NAME]`")]
    Place(String),
    /// A value where a table is to be.
    #[error("`{0}` has to be a table of options, as in `[defaults]` or `[pair.NAME]`")]
    NotATable(String),
    /// A key that is no option.
    #[error("unknown option `{key}`{}", meant_option(key, .nearest.as_deref()))]
    Unknown {
        /// The key.
        key: String,
        /// An option of a similar name.
        nearest: Option<String>,
    },
    /// An option that only the command line takes.
    #[error("`{0}` cannot be set in a file")]
    NotLasting(String),
    /// A path that belongs to no pair.
    #[error("`{0}` is for pairs, as in `[pair.NAME]`, and cannot be a default")]
    PathOfAll(String),
    /// A value of the wrong type.
    #[error("`{key}` takes {accepted}")]
    Type {
        /// The key.
        key: String,
        /// What it takes.
        accepted: String,
    },
    /// A value that the option does not take.
    #[error(transparent)]
    Value(#[from] OptionsError),
    /// A name that no pair can have.
    #[error("`{0}` cannot name a pair: {1}")]
    Name(String, &'static str),
    /// A pair without one of its paths.
    #[error("the pair `{0}` has no `{1}`")]
    NoPath(String, &'static str),
}

/// Asks for the option that was probably meant, with its sense.
fn meant_option(key: &str, nearest: Option<&str>) -> String {
    match nearest.filter(|nearest| is_opposite(key, nearest)) {
        Some(nearest) => format!("; did you mean `{nearest} = false`?"),
        None => meant(nearest),
    }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}
