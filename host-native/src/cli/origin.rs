//! Where options were given.

use std::fmt;
use std::path::PathBuf;

use bisync_engine::options;

/// An option with its value, as somebody gave it to the program.
pub type Given = options::Given<Origin>;

/// Where an option was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    CommandLine,
    /// In the environment: the name of the variable.
    Variable(String),
    /// In the file of defaults and pairs.
    File {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => formatter.write_str("command line"),
            Self::Variable(name) => write!(formatter, "variable `{name}`"),
            Self::File { file, line } => write!(formatter, "`{}` line {line}", file.display()),
        }
    }
}
