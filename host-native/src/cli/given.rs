//! Options from several places, and which of them count.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

use bisync_engine::options::{OptionSpec, Options, Value};

use super::error::CliError;

/// An option with its value, as somebody gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The option.
    pub spec: &'static OptionSpec,
    /// The value as it was written; of an option that takes a file, the file's name.
    pub value: String,
    /// Where it was given.
    pub origin: Origin,
}

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

/// Options of which one says no more when the other is given in a place that goes before.
const OPPOSED: &[(&str, &str)] = &[
    ("quiet", "verbose"),
    ("quiet", "log-level"),
    ("verbose", "log-level"),
    ("compare", "checksum"),
    ("compare", "size-only"),
    ("compare", "ignore-size"),
    ("size-only", "checksum"),
    ("size-only", "ignore-size"),
    ("create-empty-src-dirs", "remove-empty-dirs"),
];

/// Brings together what several places say; a place goes before those that follow it.
///
/// Lists add up, and what goes before comes first, as the first rule that matches decides. Of everything else, the first place
/// that gives an option counts alone, for options that are opposed to it too.
pub fn merge(places: impl IntoIterator<Item = Vec<Given>>) -> Vec<Given> {
    let mut merged: Vec<Given> = Vec::new();
    for place in places {
        let counts = |given: &Given| {
            given.spec.kind.is_list() || !merged.iter().any(|before| overrides(before, given.spec.name))
        };
        let counting: Vec<Given> = place.into_iter().filter(counts).collect();
        merged.extend(counting);
    }
    merged
}

fn overrides(before: &Given, name: &str) -> bool {
    let opposed = |&(one, two): &(&str, &str)| {
        (before.spec.name == one && name == two) || (before.spec.name == two && name == one)
    };
    // What is switched off is opposed to nothing.
    let is_off = Value::parse(before.spec.kind, &before.value) == Some(Value::Flag(false));
    before.spec.name == name || (!is_off && OPPOSED.iter().any(opposed))
}

/// Reads the files that options name and checks all values: the result is what the engine takes.
///
/// # Errors
/// Says what is wrong with the first wrong value, and where it was given.
pub fn check(given: &[Given]) -> Result<Vec<(String, String)>, CliError> {
    given.iter().map(|given| checked(given).map_err(|error| given.origin.blame(error))).collect()
}

impl Origin {
    /// Adds to an error where it comes from, unless it is where everybody looks first.
    pub(super) fn blame(&self, error: CliError) -> CliError {
        match self {
            Self::CommandLine => error,
            Self::Variable(_) | Self::File { .. } => {
                CliError::Elsewhere { origin: self.clone(), error: Box::new(error) }
            }
        }
    }
}

fn checked(given: &Given) -> Result<(String, String), CliError> {
    let Given { spec, value, .. } = given;
    // The engine opens no files: it takes the name, a line feed and the content.
    let text = if spec.kind.is_file() {
        let content = if value == "-" { io::read_to_string(io::stdin().lock()) } else { read_text(value) };
        let content = content.map_err(|error| CliError::File { option: spec.name, name: value.clone(), error })?;
        format!("{value}\n{content}")
    } else {
        value.clone()
    };
    let option = [(spec.name.to_owned(), text)];
    Options::parse(&option)?;
    let [option] = option;
    Ok(option)
}

fn read_text(name: &str) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(name)?.read_to_string(&mut text)?;
    // Some editors begin a file with a mark, which is no part of its first rule.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use bisync_engine::options::find;

    use super::*;

    fn place(text: &str) -> Vec<Given> {
        let given = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or((word, "true"));
            Given { spec: find(name).unwrap(), value: value.to_owned(), origin: Origin::CommandLine }
        };
        text.split_whitespace().map(given).collect()
    }

    #[test]
    fn what_goes_before_counts() {
        let check = |places: &[&str], expected: &str| {
            let merged = merge(places.iter().map(|text| place(text)));
            assert_eq!(merged, place(expected), "{places:?}");
        };
        check(&["max-delete=1", "max-delete=2 force"], "max-delete=1 force");
        check(&["", "max-delete=1 max-delete=2"], "max-delete=1 max-delete=2");
        check(&["exclude=a", "exclude=b exclude=c"], "exclude=a exclude=b exclude=c");
        check(&["verbose", "verbose=2"], "verbose");
        check(&["verbose", "quiet force"], "verbose force");
        check(&["quiet=false", "verbose"], "quiet=false verbose");
        check(&["quiet", "verbose=2 log-level=INFO"], "quiet");
        check(&["size-only", "compare=checksum"], "size-only");
        check(&["filters-file=a", "filters-file=b"], "filters-file=a");
        // Within one place nothing is opposed: that is for the engine to judge.
        check(&["quiet verbose"], "quiet verbose");
    }
}
