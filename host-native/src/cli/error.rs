//! What is wrong with the command line, the environment or the configuration.

use std::io;
use std::path::PathBuf;

use bisync_engine::filter::FilterError;
use bisync_engine::options::{NotBelow, OptionsError};
use bisync_engine::plan::file::PlanError;

use super::origin::Origin;
use super::problem::Problem;
use crate::failure::reason;

/// Why nothing can be begun.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An option that does not exist, or a value that it does not take.
    #[error(transparent)]
    Option(#[from] OptionsError),
    /// An option that does not exist, nor one of a similar name.
    #[error("unknown option `--{0}`; `bisync --help` shows all")]
    Unknown(String),
    /// A value for an option that takes none.
    #[error("`{option}` takes no value, and `{value}` was given")]
    NoneTaken {
        /// The option, with dashes.
        option: String,
        /// The value.
        value: String,
    },
    /// A letter that is no option.
    #[error("unknown option `-{0}`; `bisync --help` shows all")]
    Letter(char),
    /// An option without its value.
    #[error("`--{name}` needs a value: `--{name} {value_name}`")]
    NoValue {
        /// The option.
        name: &'static str,
        /// What it takes.
        value_name: &'static str,
    },
    /// A value that is not UTF-8.
    #[error("the value of `--{0}` is not UTF-8")]
    NotText(String),
    /// A list with a quote too many.
    #[error("a quote in `{0}` is not closed")]
    Unclosed(String),
    /// Not two paths.
    #[error("two paths are needed, as in `bisync PATH1 PATH2`, and {0}")]
    Paths(String),
    /// A pair that is not in the file.
    #[error("no pair is named `{name}` in `{file}`{meant}; without a name, two paths are needed, as in `bisync PATH1 PATH2`",
        file = .file.display(), meant = .nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    NoPair {
        /// The name as given.
        name: String,
        /// The file.
        file: PathBuf,
        /// A similar name.
        nearest: Option<String>,
    },
    /// Something that a command does not take.
    #[error("`bisync {command}` takes no `{what}`; for a folder of that name write `./{command}`")]
    NotTaken {
        /// The command.
        command: &'static str,
        /// What it does not take.
        what: String,
    },
    /// A pair that is needed by its name alone.
    #[error("no pair is named `{0}`; `bisync pairs` lists all")]
    UnknownPair(String),
    /// A command without what it works on.
    #[error("an argument is missing: `bisync {0}{1}`")]
    Missing(&'static str, &'static str),
    /// A shell that is not known.
    #[error("there are completions for `bash`, `zsh` and `fish`, and none for `{0}`")]
    Shell(String),
    /// A path that is not below the root of a pair.
    #[error(transparent)]
    NotBelow(#[from] NotBelow),
    /// rclone's configuration cannot be read.
    #[error(transparent)]
    Remotes(#[from] crate::remote::ConfigError),
    /// A plan that cannot be opened.
    #[error("cannot read the plan `{}`: {}", file.display(), reason(error))]
    PlanFile {
        /// The file.
        file: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// A file that is no plan.
    #[error("`{}` is no plan: {error}", file.display())]
    Plan {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: PlanError,
    },
    /// A rule that cannot be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The file of defaults and pairs.
    #[error(transparent)]
    Configuration(#[from] Problem),
    /// Options that cannot be used together.
    #[error("`--{0}` and `--{1}` contradict each other")]
    Contradiction(&'static str, &'static str),
    /// What stands where an option is to be cannot be read.
    #[error("{0}")]
    Unclear(lexopt::Error),
    /// A file that an option names.
    #[error("cannot read `{name}` for `--{option}`: {}", reason(error))]
    File {
        /// The option.
        option: &'static str,
        /// The file.
        name: String,
        /// What went wrong.
        error: io::Error,
    },
    /// Something that was not given on the command line.
    #[error("{origin}: {error}")]
    Elsewhere {
        /// Where it was given.
        origin: Origin,
        /// What is wrong with it.
        error: Box<Self>,
    },
}

impl CliError {
    /// Adds where it comes from, unless that is where everybody looks first.
    pub(super) fn given_at(self, origin: &Origin) -> Self {
        match origin {
            Origin::CommandLine => self,
            Origin::Variable(_) | Origin::File { .. } => {
                Self::Elsewhere { origin: origin.clone(), error: Box::new(self) }
            }
        }
    }

    /// Returns true when something could not be read; everything else is wrong usage.
    pub fn is_unreadable(&self) -> bool {
        match self {
            Self::File { .. } | Self::PlanFile { .. } => true,
            Self::Elsewhere { error, .. } => error.is_unreadable(),
            Self::Configuration(problem) => matches!(problem, Problem::Unreadable(..)),
            Self::Remotes(error) => matches!(error, crate::remote::ConfigError::Read(..)),
            Self::Option(_)
            | Self::Unknown(_)
            | Self::NoneTaken { .. }
            | Self::Letter(_)
            | Self::NoValue { .. }
            | Self::NotText(_)
            | Self::Unclosed(_)
            | Self::Paths(_)
            | Self::NoPair { .. }
            | Self::UnknownPair(_)
            | Self::Plan { .. }
            | Self::Missing(..)
            | Self::Shell(_)
            | Self::NotBelow(_)
            | Self::Filter(_)
            | Self::NotTaken { .. }
            | Self::Contradiction(..)
            | Self::Unclear(_) => false,
        }
    }
}

impl From<lexopt::Error> for CliError {
    fn from(error: lexopt::Error) -> Self {
        match error {
            lexopt::Error::UnexpectedValue { option, value } => {
                Self::NoneTaken { option, value: value.to_string_lossy().into_owned() }
            }
            error => Self::Unclear(error),
        }
    }
}
