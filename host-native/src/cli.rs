//! The command line, read by the engine's table of options.

use std::ffi::OsString;
use std::io::{self, Read};

use bisync_engine::options::{Group, Kind, OPTIONS, OptionSpec, Options, OptionsError, find};
use bisync_engine::side::Pair;
use lexopt::{Arg, Parser};

use crate::failure::reason;

/// What the person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Keep two paths in step.
    Run(Arguments),
    /// See the help.
    Help,
    /// See the version.
    Version,
}

/// What a run is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Both paths, as given.
    pub paths: Pair<OsString>,
    /// The options as the engine takes them: names without dashes and values, in the order given.
    pub given: Vec<(String, String)>,
    /// The same, checked.
    pub options: Options,
}

/// What is wrong with the command line.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An option that does not exist, or a value that it does not take.
    #[error(transparent)]
    Option(#[from] OptionsError),
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
    /// Not two paths.
    #[error("two paths are needed, as in `bisync PATH1 PATH2`, and {0}")]
    Paths(String),
    /// Options that cannot be used together.
    #[error("`--{0}` and `--{1}` contradict each other")]
    Contradiction(&'static str, &'static str),
    /// What stands where an option is to be cannot be read.
    #[error("{0}")]
    Unclear(#[from] lexopt::Error),
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
}

/// Reads the command line, without the program's own name, and the files that options name.
///
/// Options may stand anywhere; after `--` there are only paths. A value follows its option as in `--name=value`,
/// `--name value`, `-xvalue` or `-x value`.
///
/// # Errors
/// Says what is wrong in one sentence.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, CliError> {
    let mut parser = Parser::from_args(arguments);
    let (mut paths, mut given) = (Vec::new(), Vec::new());
    while let Some(argument) = parser.next()? {
        let (spec, is_long) = match argument {
            Arg::Value(path) => {
                paths.push(path);
                continue;
            }
            Arg::Long(name) => (long(name)?, true),
            Arg::Short(letter) => (short(letter)?, false),
        };
        let value = match (spec.takes_value(), is_long) {
            (true, _) => value_of(spec, parser.value())?,
            // What follows the letter of a flag is the letter of another.
            (false, false) => "true".to_owned(),
            (false, true) => match parser.optional_value() {
                Some(value) => text(spec, value)?,
                None => "true".to_owned(),
            },
        };
        given.push((spec.name.to_owned(), value));
    }
    let options = Options::parse(&given)?;
    if options.flag("help") {
        return Ok(Command::Help);
    }
    if options.flag("version") {
        return Ok(Command::Version);
    }
    if options.flag("quiet") && options.count("verbose") > 0 {
        return Err(CliError::Contradiction("quiet", "verbose"));
    }
    let paths = match <[OsString; 2]>::try_from(paths) {
        Ok([one, two]) => Pair::new(one, two),
        Err(paths) => return Err(CliError::Paths(number_of(&paths))),
    };
    Ok(Command::Run(Arguments { paths, given, options }))
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

fn value_of(spec: &'static OptionSpec, value: Result<OsString, lexopt::Error>) -> Result<String, CliError> {
    let value = value.map_err(|_| CliError::NoValue { name: spec.name, value_name: spec.value_name })?;
    let value = text(spec, value)?;
    if !is_file(spec.kind) {
        return Ok(value);
    }
    // The engine opens no files: it takes the name, a line feed and the content.
    let content = if value == "-" { io::read_to_string(io::stdin().lock()) } else { read_text(&value) };
    let content = content.map_err(|error| CliError::File { option: spec.name, name: value.clone(), error })?;
    Ok(format!("{value}\n{content}"))
}

fn read_text(name: &str) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(name)?.read_to_string(&mut text)?;
    Ok(text)
}

fn text(spec: &OptionSpec, value: OsString) -> Result<String, CliError> {
    value.into_string().map_err(|_| CliError::NotText(spec.name.to_owned()))
}

fn number_of(paths: &[OsString]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| format!("`{}`", path.to_string_lossy())).collect();
    match shown.as_slice() {
        [] => "none was given".to_owned(),
        [one] => format!("only {one} was given"),
        more => format!("{} were given: {}", more.len(), more.join(", ")),
    }
}

fn is_file(kind: Kind) -> bool {
    match kind {
        Kind::File | Kind::Files => true,
        Kind::Flag
        | Kind::Count
        | Kind::Number
        | Kind::Percentage
        | Kind::Size
        | Kind::Duration
        | Kind::Age
        | Kind::Order
        | Kind::Text
        | Kind::List
        | Kind::Choice(_)
        | Kind::Words(_) => false,
    }
}

/// Returns the help, in lines of at most `width` characters where words allow it.
pub fn help(width: usize) -> String {
    let mut help =
        concat!("Keeps two directories in step, in both directions.\n\n", "Usage: bisync PATH1 PATH2 [options]\n")
            .to_owned();
    let labels: Vec<String> = OPTIONS.iter().map(label).collect();
    let indent = labels.iter().map(|label| label.chars().count()).max().unwrap_or_default() + 4;
    for group in Group::ALL {
        help.push_str(&format!("\n{}:\n", group.title()));
        for (spec, label) in OPTIONS.iter().zip(&labels).filter(|(spec, _)| spec.group == group) {
            let lines = wrap(&describe(spec), width.saturating_sub(indent).max(30));
            for (index, line) in lines.iter().enumerate() {
                let label = if index == 0 { label } else { "" };
                help.push_str(&format!("  {label:<column$}{line}\n", column = indent - 2));
            }
        }
    }
    help.push_str(concat!(
        "\nThe result, and the plan of a dry run, go to standard output; messages go to standard error.\n",
        "Exit codes: 0 in step; 1 something was not done, and a rerun may do it; 2 wrong usage; 7 critical.\n"
    ));
    help
}

fn label(spec: &OptionSpec) -> String {
    let short = spec.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    let value = if spec.takes_value() { format!(" {}", spec.value_name) } else { String::new() };
    format!("{short}--{}{value}", spec.name)
}

fn describe(spec: &OptionSpec) -> String {
    let words = match spec.kind {
        Kind::Choice(words) | Kind::Words(words) => format!(" [{}]", words.join(", ")),
        Kind::Flag
        | Kind::Count
        | Kind::Number
        | Kind::Percentage
        | Kind::Size
        | Kind::Duration
        | Kind::Age
        | Kind::Order
        | Kind::Text
        | Kind::List
        | Kind::File
        | Kind::Files => String::new(),
    };
    let default = if spec.default.is_empty() { String::new() } else { format!(" (default: {})", spec.default) };
    format!("{}{words}{default}", spec.help)
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, CliError> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn options_may_stand_anywhere() {
        let check = |arguments: &[&str], expected: &[(&str, &str)]| {
            let Command::Run(Arguments { paths, given, .. }) = parsed(arguments).unwrap() else {
                panic!("{arguments:?}")
            };
            assert_eq!((paths.one.to_str(), paths.two.to_str()), (Some("a"), Some("b")), "{arguments:?}");
            let given: Vec<_> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(given, expected, "{arguments:?}");
        };
        check(&["a", "b"], &[]);
        check(&["--resync", "a", "-n", "b", "--force"], &[("resync", "true"), ("dry-run", "true"), ("force", "true")]);
        check(&["a", "--max-delete", "10", "b", "--max-delete=20"], &[("max-delete", "10"), ("max-delete", "20")]);
        check(&["-vvn", "a", "b"], &[("verbose", "true"), ("verbose", "true"), ("dry-run", "true")]);
        check(&["-f", "- *.tmp", "a", "b", "-f+ *"], &[("filter", "- *.tmp"), ("filter", "+ *")]);
        check(&["--force=false", "a", "b", "--max-depth", "-1"], &[("force", "false"), ("max-depth", "-1")]);
        check(&["--force", "--", "a", "b"], &[("force", "true")]);
    }

    #[test]
    fn mistakes_are_named() {
        let check = |arguments: &[&str], expected: &str| {
            assert_eq!(parsed(arguments).unwrap_err().to_string(), expected, "{arguments:?}");
        };
        check(&["a"], "two paths are needed, as in `bisync PATH1 PATH2`, and only `a` was given");
        check(&[], "two paths are needed, as in `bisync PATH1 PATH2`, and none was given");
        check(&["a", "b", "c"], "two paths are needed, as in `bisync PATH1 PATH2`, and 3 were given: `a`, `b`, `c`");
        check(&["a", "b", "--resnc"], "unknown option `--resnc`; did you mean `--resync`?");
        check(&["a", "b", "-x"], "unknown option `-x`; `bisync --help` shows all");
        check(&["a", "b", "--workdir"], "`--workdir` needs a value: `--workdir DIR`");
        check(&["a", "b", "-q", "-v"], "`--quiet` and `--verbose` contradict each other");
        check(
            &["a", "b", "--conflict-resolve", "newr"],
            "`--conflict-resolve` cannot be `newr`: it takes one of `none`, `path1`, `path2`, `newer`, `older`, \
             `larger`, `smaller`; did you mean `newer`?",
        );
        let error = parsed(&["a", "b", "--filter-from", "/no/such/file"]).unwrap_err().to_string();
        assert!(error.starts_with("cannot read `/no/such/file` for `--filter-from`: "), "{error}");
    }

    #[test]
    fn help_and_version_need_no_paths() {
        assert_eq!(parsed(&["-h"]).unwrap(), Command::Help);
        assert_eq!(parsed(&["a", "--help"]).unwrap(), Command::Help);
        assert_eq!(parsed(&["--version"]).unwrap(), Command::Version);
    }

    #[test]
    fn files_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "- *.tmp\n").unwrap();
        let name = file.path().to_str().unwrap();
        let Command::Run(arguments) = parsed(&["a", "b", "--filters-file", name]).unwrap() else { panic!() };
        assert_eq!(arguments.given, [("filters-file".to_owned(), format!("{name}\n- *.tmp\n"))]);
    }

    /// `BISYNC_BLESS=1` writes the file anew.
    #[test]
    fn the_help_is_as_reviewed() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/help.txt");
        let help = help(100);
        if std::env::var_os("BISYNC_BLESS").is_some() {
            std::fs::write(golden, &help).unwrap();
        }
        assert_eq!(help, std::fs::read_to_string(golden).unwrap());
        assert!(help.lines().all(|line| line.chars().count() <= 100));
    }
}
