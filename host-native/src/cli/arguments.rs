//! The words of the command line.

use std::ffi::OsString;

use bisync_engine::options::{OPTIONS, OptionSpec, Options, OptionsError, find};
use lexopt::{Arg, Parser};

use super::error::CliError;
use super::given::{Given, Origin};

/// The command line, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// What is neither an option nor the value of one.
    pub operands: Vec<OsString>,
    /// The options, in the order given.
    pub given: Vec<Given>,
}

impl CommandLine {
    /// Takes the arguments apart. Values are not looked at.
    ///
    /// # Errors
    /// Says what is wrong with the first option that cannot be read.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, CliError> {
        let mut parser = Parser::from_args(arguments);
        let mut line = Self::default();
        while let Some(argument) = parser.next()? {
            let (spec, is_long) = match argument {
                Arg::Value(operand) => {
                    line.operands.push(operand);
                    continue;
                }
                Arg::Long(name) => (long(name)?, true),
                Arg::Short(letter) => (short(letter)?, false),
            };
            let value = match (spec.takes_value(), is_long) {
                (true, _) => {
                    let missing = |_| CliError::NoValue { name: spec.name, value_name: spec.value_name };
                    text(spec, parser.value().map_err(missing)?)?
                }
                // What follows the letter of a flag is the letter of another.
                (false, false) => "true".to_owned(),
                (false, true) => match parser.optional_value() {
                    Some(value) => text(spec, value)?,
                    None => "true".to_owned(),
                },
            };
            line.given.push(Given { spec, value, origin: Origin::CommandLine });
        }
        Ok(line)
    }
}

fn long(name: &str) -> Result<&'static OptionSpec, CliError> {
    match find(name) {
        Some(spec) => Ok(spec),
        // The engine knows which option was probably meant.
        None => match Options::parse(&[(name.to_owned(), String::new())]) {
            Err(error) => Err(error.into()),
            Ok(_) => Err(OptionsError::Unknown { option: name.to_owned(), nearest: None }.into()),
        },
    }
}

fn short(letter: char) -> Result<&'static OptionSpec, CliError> {
    OPTIONS.iter().find(|spec| spec.short == Some(letter)).ok_or(CliError::Letter(letter))
}

fn text(spec: &OptionSpec, value: OsString) -> Result<String, CliError> {
    value.into_string().map_err(|_| CliError::NotText(spec.name.to_owned()))
}
