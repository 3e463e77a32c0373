//! What a person asks for: the command line and the environment, read by the engine's table of options.

mod arguments;
mod completions;
mod configuration;
mod error;
mod filter_test;
mod given;
mod help;
mod man;
mod origin;
mod problem;
mod remotes;
mod variables;

pub use error::CliError;
pub use help::help;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use bisync_engine::entry::Instant;
use bisync_engine::event::Event;
use bisync_engine::metadata::Keeps;
use bisync_engine::options::commands::Word;
use bisync_engine::options::{NotBelow, Options, OptionsError, Settings, find, merge, nearest};
use bisync_engine::path::RelPath;
use bisync_engine::plan::{self, file::Header};
use bisync_engine::protocol::Capabilities;
use bisync_engine::side::Pair;

use crate::backend::References;
use crate::environment::Environment;
use arguments::CommandLine;
use configuration::Configuration;
use given::check;
use origin::{Given, Origin};

/// The first line of a plan is no longer than this, in bytes.
const LONGEST_HEADER: u64 = 16 << 20;

/// What the person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Keep two paths in step.
    Run(Arguments),
    /// See something, and a word about how it was asked for.
    Show(String, Vec<Event>),
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
    /// The plan file to be carried out, if that is what is wanted.
    pub apply: Option<PathBuf>,
    /// What the state's names are made from, where the paths do not say.
    pub state_names: Option<Pair<String>>,
    /// What a person should know about how they were given.
    pub notices: Vec<Event>,
}

/// Reads the command line, without the program's own name, the environment, and the files that both name.
///
/// Options may stand anywhere; after `--` there are only paths. A value follows its option as in `--name=value`,
/// `--name value`, `-xvalue` or `-x value`. The command line goes before variables `BISYNC_…`, those before `RCLONE_…`, and those
/// before what the file says, first of the pair and then of all.
///
/// # Errors
/// Says what is wrong in one sentence.
pub fn parse(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> Result<Command, CliError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some((first, words)) = arguments.split_first()
        && first == completions::ASK
    {
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        // A mistake in the file is for runs to tell.
        let configuration = configuration(&CommandLine::default(), environment).unwrap_or_default();
        return Ok(Command::Show(completions::answer(&words, &configuration), Vec::new()));
    }
    let line = CommandLine::read(arguments)?;
    if line.flag("help") {
        let text = line.word.map_or_else(|| help(help::width()), help::of_command);
        return Ok(Command::Show(text, Vec::new()));
    }
    if line.flag("version") {
        return Ok(Command::Show(format!("bisync {}\n", env!("CARGO_PKG_VERSION")), Vec::new()));
    }
    match line.word {
        Some(Word::Apply) => apply(line, environment).map(Command::Run),
        Some(Word::Explain) => explain(line, environment).map(Command::Run),
        Some(word) => Ok(Command::Show(answer(word, line, environment)?, variables::unknown(environment))),
        None => run(line, environment).map(Command::Run),
    }
}

/// Refuses what a command does not take, and misses what it needs.
fn check_command(word: Word, line: &CommandLine) -> Result<(), CliError> {
    let refused = |what: String| Err(CliError::NotTaken { command: word.name(), what });
    if let Some(given) = line.given.iter().find(|given| !word.takes(given.spec)) {
        return refused(format!("--{}", given.spec.name));
    }
    let (least, most) = match word {
        Word::Pairs | Word::Remotes | Word::Man => (0, 0),
        Word::Apply | Word::Completions => (1, 1),
        Word::FilterTest => (1, usize::MAX),
        Word::Explain => (2, usize::MAX),
    };
    if line.operands.len() < least {
        return Err(CliError::Missing(word.name(), word.operands()));
    }
    match line.operands.get(most) {
        Some(operand) => refused(operand.to_string_lossy().into_owned()),
        None => Ok(()),
    }
}

/// Reads what a plan was made for; options of the command line that concern the host alone go before its own.
fn apply(line: CommandLine, environment: &Environment) -> Result<Arguments, CliError> {
    check_command(Word::Apply, &line)?;
    let file = line.operands.into_iter().next().map(PathBuf::from).unwrap_or_default();
    let header = plan_header(&file)?;
    Options::parse(&header.options)?;
    let of_plan = header
        .options
        .into_iter()
        .filter_map(|(name, value)| Some(Given { spec: find(&name)?, value, origin: Origin::CommandLine }));
    let merged = merge([line.given, of_plan.collect()]).into_iter();
    let given: Vec<_> = merged.map(|Given { spec, value, .. }| (spec.name.to_owned(), value)).collect();
    Ok(Arguments {
        paths: header.roots.map(OsString::from),
        options: Options::parse(&given)?,
        given,
        apply: Some(file),
        state_names: Some(header.paths),
        notices: variables::unknown(environment),
    })
}

fn plan_header(file: &Path) -> Result<Header, CliError> {
    let unreadable = |error| CliError::PlanFile { file: file.to_owned(), error };
    let mut line = Vec::new();
    BufReader::new(File::open(file).map_err(unreadable)?)
        .take(LONGEST_HEADER)
        .read_until(b'\n', &mut line)
        .map_err(unreadable)?;
    plan::file::header(&line).map_err(|error| CliError::Plan { file: file.to_owned(), error })
}

/// A run that changes nothing and speaks of some paths alone.
fn explain(mut line: CommandLine, environment: &Environment) -> Result<Arguments, CliError> {
    check_command(Word::Explain, &line)?;
    let names_pair = line.operands[0].to_str().is_some_and(|name| {
        configuration(&line, environment).is_ok_and(|configuration| configuration.pairs.contains_key(name))
    });
    let explained = line.operands.split_off(if names_pair { 1 } else { 2 });
    if explained.is_empty() {
        return Err(CliError::Missing(Word::Explain.name(), Word::Explain.operands()));
    }
    let mut arguments = run(line, environment)?;
    for path in explained {
        let path = below(&path, &arguments.paths).ok_or_else(|| NotBelow(path.to_string_lossy().into_owned()))?;
        arguments.given.push(("explain".to_owned(), path));
    }
    arguments.options = Options::parse(&arguments.given)?;
    Ok(arguments)
}

/// Returns a path relative to the roots, if it can be.
fn below(path: &OsStr, roots: &Pair<OsString>) -> Option<String> {
    let path = Path::new(path);
    let relative = [&roots.one, &roots.two].into_iter().find_map(|root| path.strip_prefix(root).ok());
    let relative = relative.or_else(|| path.is_relative().then_some(path))?.to_str()?;
    let relative = relative.strip_prefix("./").unwrap_or(relative).trim_end_matches('/');
    RelPath::parse(relative).ok().filter(|path| !path.is_root()).map(|path| path.as_str().to_owned())
}

/// Carries out a command, and returns what it shows.
fn answer(word: Word, line: CommandLine, environment: &Environment) -> Result<String, CliError> {
    check_command(word, &line)?;
    match word {
        // These are runs.
        Word::Apply | Word::Explain => Ok(String::new()),
        Word::Pairs => Ok(pairs(&configuration(&line, environment)?)),
        Word::Remotes => {
            let configuration = configuration(&line, environment)?;
            let given = settled(line.given, environment, Vec::new(), configuration.defaults)?;
            remotes::remotes(&Options::parse(&given)?, environment)
        }
        Word::Man => Ok(man::man()),
        Word::Completions => {
            let shell = line.operands[0].to_string_lossy();
            completions::script(&shell).map(str::to_owned).ok_or_else(|| CliError::Shell(shell.into_owned()))
        }
        Word::FilterTest => {
            let configuration = configuration(&line, environment)?;
            let named = line
                .value("pair")
                .map(|name| configuration.pairs.get(name).ok_or_else(|| CliError::UnknownPair(name.to_owned())));
            let of_pair = named.transpose()?.map(|pair| pair.given.clone()).unwrap_or_default();
            let root = line.value("root").map(PathBuf::from);
            let given = settled(line.given, environment, of_pair, configuration.defaults)?;
            filter_test::filter_test(&Options::parse(&given)?, root.as_deref(), &line.operands)
        }
    }
}

fn run(line: CommandLine, environment: &Environment) -> Result<Arguments, CliError> {
    let configuration = configuration(&line, environment)?;
    let (paths, of_pair) = paths(line.operands, &configuration)?;
    let given = settled(line.given, environment, of_pair, configuration.defaults)?;
    let options = Options::parse(&given)?;
    if options.flag("quiet") && options.count("verbose") > 0 {
        return Err(CliError::Contradiction("quiet", "verbose"));
    }
    // The engine decides anew; here a bad rule, or options that contradict each other, are refused before any folder is
    // looked at.
    filter_test::rules(&options)?;
    check_together(&options)?;
    Ok(Arguments { paths, given, options, apply: None, state_names: None, notices: variables::unknown(environment) })
}

/// Refuses options that contradict each other whatever the folders are.
fn check_together(options: &Options) -> Result<(), OptionsError> {
    let able = || Capabilities {
        time_precision_ns: Some(1),
        sets_time: true,
        hashes: vec!["md5".to_owned()],
        slow_hashes: true,
        case_insensitive: false,
        keeps: Keeps::default(),
    };
    let now = Instant { seconds: 0, nanoseconds: 0 };
    Settings::resolve(options, &Pair::from_fn(|_| able()), now, 0)?;
    References::purpose(options).map(|_| ())
}

/// Brings together the options of all places, the first of which goes before.
fn settled(
    line: Vec<Given>,
    environment: &Environment,
    pair: Vec<Given>,
    defaults: Vec<Given>,
) -> Result<Vec<(String, String)>, CliError> {
    check(&merge([line, variables::own_options(environment)?, variables::rclone_options(environment)?, pair, defaults]))
}

fn configuration(line: &CommandLine, environment: &Environment) -> Result<Configuration, CliError> {
    let variable = environment.get("BISYNC_DEFAULTS_FILE").and_then(OsStr::to_str);
    Configuration::load(line.value("defaults-file").or(variable), environment)
}

/// Lists the named pairs in columns.
fn pairs(configuration: &Configuration) -> String {
    let rows = configuration
        .pairs
        .iter()
        .map(|(name, pair)| [name.into(), pair.paths.one.to_string_lossy(), pair.paths.two.to_string_lossy()]);
    in_columns(&rows.collect::<Vec<_>>())
}

/// Writes rows of three columns below each other.
fn in_columns(rows: &[[Cow<'_, str>; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    rows.iter().map(|[one, two, three]| format!("{one:<first$}  {two:<second$}  {three}\n")).collect()
}

/// Returns both paths, and the options of their pair if they were given by its name.
fn paths(operands: Vec<OsString>, configuration: &Configuration) -> Result<(Pair<OsString>, Vec<Given>), CliError> {
    let operands = match <[OsString; 2]>::try_from(operands) {
        Ok([one, two]) => return Ok((Pair::new(one, two), Vec::new())),
        Err(operands) => operands,
    };
    let [name] = operands.as_slice() else { return Err(CliError::Paths(number_of(&operands))) };
    match (name.to_str().and_then(|name| configuration.pairs.get(name)), &configuration.file) {
        (Some(pair), _) => Ok((pair.paths.clone(), pair.given.clone())),
        (None, Some(file)) if !name.as_encoded_bytes().contains(&b'/') => {
            let name = name.to_string_lossy().into_owned();
            let nearest = configuration.nearest(&name).map(str::to_owned);
            Err(CliError::NoPair { name, file: file.clone(), nearest })
        }
        (None, _) => Err(CliError::Paths(number_of(&operands))),
    }
}

fn number_of(paths: &[OsString]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| format!("`{}`", path.to_string_lossy())).collect();
    match shown.as_slice() {
        [] => "none was given".to_owned(),
        [one] => match nearest(&paths[0].to_string_lossy(), Word::ALL.map(Word::name)) {
            Some(word) => format!("only {one} was given; did you mean the command `{word}`?"),
            None => format!("only {one} was given"),
        },
        more => format!("{} were given: {}", more.len(), more.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, CliError> {
        parse(arguments.iter().map(OsString::from), &Environment::default())
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
        check(&["a", "b", "-n=3"], "`-n` takes no value, and `3` was given");
        check(
            &["a", "b", "--exclude=["],
            "rule `[` of `--exclude` has a `[` without a `]` after it, or with a `/` between them",
        );
        check(
            &["a", "b", "--files-from=/dev/null", "--exclude=x"],
            "the list of files `/dev/null` cannot be combined with any other filter",
        );
        check(
            &["a", "b", "--create-empty-src-dirs", "--remove-empty-dirs"],
            "cannot use `--remove-empty-dirs`: `--create-empty-src-dirs` keeps empty directories",
        );
        check(
            &["a", "b", "--compare-dest=c", "--copy-dest=c"],
            "cannot use `--compare-dest`: `--copy-dest` compares as well",
        );
        check(&["a", "b", "--no-force"], "unknown option `--no-force`; did you mean `--force=false`?");
        check(&["a", "b", "-y"], "unknown option `-y`; `bisync --help` shows all");
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
        let check = |arguments: &[&str], expected: &str| {
            let Command::Show(text, _) = parsed(arguments).unwrap() else { panic!("{arguments:?}") };
            assert!(text.contains(expected), "{arguments:?}: {text}");
        };
        check(&["-h"], "Usage: bisync PATH1 PATH2");
        check(&["a", "--help"], "Usage: bisync PATH1 PATH2");
        check(&["--version"], "bisync 0.");
    }

    #[test]
    fn files_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "- *.tmp\n").unwrap();
        let name = file.path().to_str().unwrap();
        let Command::Run(arguments) = parsed(&["a", "b", "--filters-file", name]).unwrap() else { panic!() };
        assert_eq!(arguments.given, [("filters-file".to_owned(), format!("{name}\n- *.tmp\n"))]);
    }

    #[test]
    fn the_command_line_goes_before_the_environment() {
        let check = |arguments: &[&str], variables: &[(&str, &str)], expected: &[(&str, &str)]| {
            let environment = variables.iter().copied().collect();
            let parsed = parse(["a", "b"].iter().chain(arguments).map(OsString::from), &environment).unwrap();
            let Command::Run(Arguments { given, .. }) = parsed else { panic!("{arguments:?}") };
            let given: Vec<_> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(given, expected, "{arguments:?} {variables:?}");
        };
        let (own, rclone) = (("BISYNC_MAX_DELETE", "20"), ("RCLONE_MAX_DELETE", "30"));
        check(&["--max-delete=10"], &[own, rclone], &[("max-delete", "10")]);
        check(&[], &[own, rclone], &[("max-delete", "20")]);
        check(&[], &[rclone], &[("max-delete", "30")]);
        check(
            &["--exclude=a"],
            &[("RCLONE_EXCLUDE", "c"), ("BISYNC_EXCLUDE", "b")],
            &[("exclude", "a"), ("exclude", "b"), ("exclude", "c")],
        );
        check(&["-v"], &[("RCLONE_QUIET", "true"), ("RCLONE_VERBOSE", "2")], &[("verbose", "true")]);
    }

    #[test]
    fn wrong_variables_are_named() {
        let check = |name: &str, value: &str, expected: &str| {
            let environment = [(name, value)].into_iter().collect();
            let error = parse(["a", "b"].map(OsString::from), &environment).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check(
            "BISYNC_MAX_DELETE",
            "half",
            "variable `BISYNC_MAX_DELETE`: `--max-delete` cannot be `half`: it takes a percentage such as `50`",
        );
        check("RCLONE_FORCE", "yes", "variable `RCLONE_FORCE`: `--force` cannot be `yes`: it takes `true` or `false`");
        check(
            "RCLONE_FILTER_FROM",
            "/no/such",
            "variable `RCLONE_FILTER_FROM`: cannot read `/no/such` for `--filter-from`: ",
        );
    }
}
