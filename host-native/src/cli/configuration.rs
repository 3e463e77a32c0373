//! The file of defaults and named pairs.
//!
//! `[defaults]` holds options, `[pair.NAME]` the paths of a pair and its options. Relative paths in it begin at the directory
//! of the file, so that they do not depend on where the program is started; `~/` is the home directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bisync_engine::options::commands::Word;
use bisync_engine::options::{Kind, OPTIONS, OptionSpec, Options, find, nearest};
use bisync_engine::side::Pair;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::CliError;
use super::origin::{Given, Origin};
use super::problem::Problem;
use super::variables::is_lasting;
use crate::environment::Environment;
use crate::paths;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The file; `None` when there is none.
    pub file: Option<PathBuf>,
    /// Options of all runs.
    pub defaults: Vec<Given>,
    /// The pairs by name.
    pub pairs: BTreeMap<String, NamedPair>,
}

/// A pair of paths with a name, and its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPair {
    /// Both paths.
    pub paths: Pair<OsString>,
    /// The options of its runs.
    pub given: Vec<Given>,
}

impl Configuration {
    /// Reads the file that `--defaults-file` names, else the one in its usual place, if it is there.
    ///
    /// # Errors
    /// Names the file, the line and the key of what is wrong.
    pub fn load(named: Option<&str>, environment: &Environment) -> Result<Self, CliError> {
        let variable = |name: &str| environment.get(name).map(OsString::from);
        let file = match named {
            Some("") => None,
            Some(name) => Some(std::path::absolute(name).unwrap_or_else(|_| name.into())),
            None => paths::default_configuration_file(variable),
        };
        let Some(file) = file else { return Ok(Self::default()) };
        let home = variable("HOME").map(PathBuf::from);
        match fs::read_to_string(&file) {
            Ok(text) => Reader { text: &text, file: &file, home: home.as_deref() }.read(),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) => Err(Problem::Unreadable(file, error).into()),
        }
    }

    /// Returns the name of a pair that is written similarly.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.pairs.keys().map(String::as_str))
    }
}

struct Reader<'text> {
    text: &'text str,
    file: &'text Path,
    home: Option<&'text Path>,
}

impl Reader<'_> {
    fn read(&self) -> Result<Configuration, CliError> {
        let root = DeTable::parse(self.text).map_err(|error| {
            let message = error.message().replace('\n', "; ");
            self.blame(error.span().unwrap_or_default(), Problem::Syntax(message))
        })?;
        let mut configuration = Configuration { file: Some(self.file.to_owned()), ..Configuration::default() };
        for (key, value) in root.get_ref() {
            match key.get_ref().as_ref() {
                "defaults" => {
                    let table = self.table(key, value)?;
                    let path = ["path1", "path2"].iter().find_map(|name| table.get_key_value(*name));
                    if let Some((key, _)) = path {
                        return Err(self.blame(key.span(), Problem::PathOfAll(key.get_ref().to_string())));
                    }
                    configuration.defaults = self.options(table)?;
                }
                "pair" => {
                    for (name, value) in self.table(key, value)? {
                        let pair = self.pair(name, self.table(name, value)?)?;
                        configuration.pairs.insert(name.get_ref().to_string(), pair);
                    }
                }
                other => return Err(self.blame(key.span(), Problem::Place(other.to_owned()))),
            }
        }
        Ok(configuration)
    }

    fn table<'value, 'toml, Key: ToString>(
        &self,
        key: &Spanned<Key>,
        value: &'value Spanned<DeValue<'toml>>,
    ) -> Result<&'value DeTable<'toml>, CliError> {
        let refused = || self.blame(key.span(), Problem::NotATable(key.get_ref().to_string()));
        value.get_ref().as_table().ok_or_else(refused)
    }

    fn pair<Key: AsRef<str>>(&self, name: &Spanned<Key>, table: &DeTable<'_>) -> Result<NamedPair, CliError> {
        let text = name.get_ref().as_ref();
        let unusable = if text.is_empty() || text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        {
            Some("a name is one word")
        } else if text.contains(['/', ':']) || text.starts_with('-') {
            Some("it would be read as a path or as an option")
        } else if Word::find(text).is_some() {
            Some("it is a command")
        } else {
            None
        };
        if let Some(why) = unusable {
            return Err(self.blame(name.span(), Problem::Name(text.to_owned(), why)));
        }
        let path = |key: &'static str| {
            let missing = || self.blame(name.span(), Problem::NoPath(text.to_owned(), key));
            let value = table.get(key).ok_or_else(missing)?;
            let refused = || Problem::Type { key: key.to_owned(), accepted: "a path in quotes".to_owned() };
            let path = value.get_ref().as_str().ok_or_else(|| self.blame(value.span(), refused()))?;
            Ok::<_, CliError>(OsString::from(self.path(path)))
        };
        Ok(NamedPair { paths: Pair::new(path("path1")?, path("path2")?), given: self.options(table)? })
    }

    /// Reads the options of a table, in the order in which they are written. The paths of a pair are passed over.
    fn options(&self, table: &DeTable<'_>) -> Result<Vec<Given>, CliError> {
        let mut keys: Vec<_> = table.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        let mut given = Vec::new();
        for (key, value) in keys {
            let name = key.get_ref().as_ref();
            if matches!(name, "path1" | "path2") {
                continue;
            }
            let refused = |problem| self.blame(key.span(), problem);
            let unknown = || Problem::Unknown {
                key: name.to_owned(),
                nearest: nearest(name, OPTIONS.iter().map(|spec| spec.name)).map(str::to_owned),
            };
            let spec = find(name).ok_or_else(|| refused(unknown()))?;
            if !is_lasting(spec) || spec.name == "defaults-file" {
                return Err(refused(Problem::NotLasting(name.to_owned())));
            }
            let wrong = || Problem::Type { key: name.to_owned(), accepted: accepted(spec) };
            for value in texts(spec, value.get_ref()).ok_or_else(|| refused(wrong()))? {
                let value = if spec.takes_path() { self.path(&value) } else { value };
                if !matches!(spec.kind, Kind::File | Kind::Files) {
                    Options::parse(&[(name.to_owned(), value.clone())]).map_err(|error| refused(error.into()))?;
                }
                given.push(Given { spec, value, origin: self.origin(key.span()) });
            }
        }
        Ok(given)
    }

    /// Makes a path independent of where the program is started.
    fn path(&self, path: &str) -> String {
        let whole = match (path.strip_prefix('~'), self.home) {
            (Some(""), Some(home)) => home.to_owned(),
            (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ if path.is_empty() || paths::names_remote(path.as_bytes()) => return path.to_owned(),
            _ => self.file.parent().unwrap_or(Path::new("/")).join(path),
        };
        whole.to_string_lossy().into_owned()
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or_default();
        Origin::File { file: self.file.to_owned(), line: before.matches('\n').count() + 1 }
    }

    fn blame(&self, span: Range<usize>, problem: Problem) -> CliError {
        CliError::from(problem).given_at(&self.origin(span))
    }
}

/// Returns the values that the command line would take instead; `None` when the type is not the option's.
fn texts(spec: &OptionSpec, value: &DeValue<'_>) -> Option<Vec<String>> {
    let is_number = spec.kind.is_number();
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(on) if matches!(spec.kind, Kind::Flag | Kind::Count | Kind::Choice(_)) => on.to_string(),
        DeValue::Integer(number) if is_number => number.to_string(),
        DeValue::Float(number) if is_number => number.to_string(),
        DeValue::Datetime(date) if spec.kind == Kind::Age => date.to_string(),
        DeValue::Array(values) => {
            let texts: Option<Vec<String>> =
                values.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect();
            return match spec.kind {
                kind if kind.is_list() => texts,
                Kind::Words(_) => Some(vec![texts?.join(",")]),
                _ => None,
            };
        }
        DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            return None;
        }
    };
    Some(vec![text])
}

fn accepted(spec: &OptionSpec) -> String {
    match spec.kind {
        kind if kind.is_list() => "a list of texts, as in `[\"one\", \"two\"]`".to_owned(),
        Kind::Text | Kind::File => "a text in quotes".to_owned(),
        kind => kind.accepted(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Configuration, CliError> {
        Reader { text, file: Path::new("/etc/b/config.toml"), home: Some(Path::new("/home/me")) }.read()
    }

    fn shown(given: &[Given]) -> Vec<String> {
        given.iter().map(|given| format!("{}={}", given.spec.name, given.value)).collect()
    }

    #[test]
    fn options_are_written_as_toml() {
        let check = |text: &str, expected: &[&str]| {
            let configuration = read(&format!("[defaults]\n{text}")).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(shown(&configuration.defaults), expected, "{text}");
        };
        check("", &[]);
        check("force = true\nmax-delete = 10", &["force=true", "max-delete=10"]);
        check("max-delete = '75%'\ncheck-sync = false", &["max-delete=75%", "check-sync=false"]);
        check("verbose = 2\nretries-sleep = 1.5", &["verbose=2", "retries-sleep=1.5"]);
        check("tpslimit = 0.5", &["tpslimit=0.5"]);
        check("exclude = ['*.tmp', 'a, b']", &["exclude=*.tmp", "exclude=a, b"]);
        check("exclude = '*.tmp'\ncompare = ['size', 'checksum']", &["exclude=*.tmp", "compare=size,checksum"]);
        check("max-age = 2026-01-31", &["max-age=2026-01-31"]);
        check(
            "filter-from = ['~/f', 'f', '/f']",
            &["filter-from=/home/me/f", "filter-from=/etc/b/f", "filter-from=/f"],
        );
        check("workdir = 'w'\nsuffix = '.old'", &["workdir=/etc/b/w", "suffix=.old"]);
    }

    #[test]
    fn pairs_have_paths_and_options() {
        let configuration =
            read("[pair.work]\npath1 = '~/w'\npath2 = 'x:y'\nforce = true\n[pair.p]\npath1='a'\npath2='/b'");
        let configuration = configuration.unwrap();
        let work = &configuration.pairs["work"];
        assert_eq!(work.paths, Pair::new("/home/me/w".into(), "x:y".into()));
        assert_eq!(shown(&work.given), ["force=true"]);
        assert_eq!(configuration.pairs["p"].paths, Pair::new("/etc/b/a".into(), "/b".into()));
        assert_eq!(configuration.nearest("wrok"), Some("work"));
    }

    #[test]
    fn mistakes_name_line_and_key() {
        let check = |text: &str, expected: &str| {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`/etc/b/config.toml` line {expected}")), "{error}");
        };
        check("[defaults]\n\nmax-delte = 1", "3: unknown option `max-delte`; did you mean `max-delete`?");
        check("[defaults]\nno-force = true", "2: unknown option `no-force`; did you mean `force = false`?");
        check("[defaults]\nmax_delete = 1", "2: unknown option `max_delete`; did you mean `max-delete`?");
        check("[defaults]\nmax-delete = 'x'", "2: `--max-delete` cannot be `x`: it takes a percentage");
        check("[defaults]\nforce = 1", "2: `force` takes `true` or `false`");
        check("[defaults]\nexclude = 1", "2: `exclude` takes a list of texts, as in `[\"one\", \"two\"]`");
        check("[defaults]\nbackup-dir = true", "2: `backup-dir` takes a text in quotes");
        check("[defaults]\nforce = true\npath2 = 'x'", "3: `path2` is for pairs");
        check("[defaults]\nhelp = true", "2: `help` cannot be set in a file");
        check("force = true", "1: `force` has no meaning here: there are `[defaults]` and `[pair.NAME]`");
        check("defaults = 1", "1: `defaults` has to be a table of options");
        check("[pair]\nwork = 1", "2: `work` has to be a table of options");
        check("[pair.work]\npath1 = 'a'", "1: the pair `work` has no `path2`");
        check("[pair.work]\npath1 = 1", "2: `path1` takes a path in quotes");
        check("[pair.pairs]\n", "1: `pairs` cannot name a pair: it is a command");
        check("[pair.'a b']\n", "1: `a b` cannot name a pair: a name is one word");
        check("[defaults\n", "1: ");
        check("[defaults]\nforce = true\nforce = true", "3: duplicate key");
    }
}
