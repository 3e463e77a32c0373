//! The words of the command line.

use std::ffi::OsString;

use bisync_engine::options::commands::Word;
use bisync_engine::options::{Kind, OPTIONS, OptionSpec, Options, OptionsError, Value, find};
use lexopt::{Arg, Parser};

use super::error::CliError;
use super::origin::{Given, Origin};

/// The command line, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The command, if the first operand is one.
    pub word: Option<Word>,
    /// What is neither an option nor the value of one, without the command.
    pub operands: Vec<OsString>,
    /// The options, in the order given.
    pub given: Vec<Given>,
    /// The options that only the command has.
    pub own: Vec<Given>,
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
                    let word = operand.to_str().and_then(Word::find).filter(|_| line.is_at_first());
                    match word {
                        Some(word) => line.word = Some(word),
                        None => line.operands.push(operand),
                    }
                    continue;
                }
                Arg::Long(name) => (long(name, line.word)?, true),
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
            let is_own = line.word.is_some_and(|word| word.own_options().iter().any(|own| own.name == spec.name));
            let given = if is_own { &mut line.own } else { &mut line.given };
            given.push(Given { spec, value, origin: Origin::CommandLine });
        }
        Ok(line)
    }

    fn is_at_first(&self) -> bool {
        self.word.is_none() && self.operands.is_empty()
    }

    /// Returns the last value that an option has here.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.given.iter().chain(&self.own).rfind(|given| given.spec.name == name).map(|given| given.value.as_str())
    }

    /// Returns whether a flag is on.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| Value::parse(Kind::Flag, value) == Some(Value::Flag(true)))
    }
}

fn long(name: &str, word: Option<Word>) -> Result<&'static OptionSpec, CliError> {
    let own = word.and_then(|word| word.own_options().iter().find(|spec| spec.name == name));
    match own.or_else(|| find(name)) {
        Some(spec) => Ok(spec),
        // The engine knows which option was probably meant.
        None => match Options::parse(&[(name.to_owned(), String::new())]) {
            Err(error @ OptionsError::Unknown { nearest: Some(_), .. }) => Err(error.into()),
            Ok(_) | Err(_) => Err(CliError::Unknown(name.to_owned())),
        },
    }
}

fn short(letter: char) -> Result<&'static OptionSpec, CliError> {
    OPTIONS.iter().find(|spec| spec.short == Some(letter)).ok_or(CliError::Letter(letter))
}

fn text(spec: &OptionSpec, value: OsString) -> Result<String, CliError> {
    value.into_string().map_err(|_| CliError::NotText(spec.name.to_owned()))
}
