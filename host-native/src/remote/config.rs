//! The user's rclone configuration: where it is, and the remotes in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bisync_engine::options::Options;
use ini::{Ini, ParseOption};

use super::encrypted::{Sealed, open, sealed};
use super::password::password;
use super::{Connection, Remote, Target};
use crate::environment::Environment;
use crate::failure::reason;

/// The name of the file in its directory.
const FILE: &str = "rclone.conf";

/// The remotes of a configuration file, and those of the environment.
#[derive(Default)]
pub struct Config {
    file: Option<PathBuf>,
    sections: BTreeMap<String, BTreeMap<String, String>>,
    environment: Environment,
    password: Option<String>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read rclone's configuration `{}`: {}", .0.display(), reason(.1))]
    Read(PathBuf, io::Error),
    /// A file that was named is not there.
    #[error("rclone's configuration `{}` does not exist", .0.display())]
    Missing(PathBuf),
    /// It is no configuration.
    #[error("rclone's configuration `{file}` cannot be understood: {1}", file = .0.display())]
    Unreadable(PathBuf, String),
    /// It is encrypted in a way that is not known.
    #[error("rclone's configuration `{}` is encrypted in a way that this version does not know", .0.display())]
    UnknownEncryption(PathBuf),
    /// It is encrypted, and nobody can be asked.
    #[error("rclone's configuration `{}` is encrypted: give its password in the variable `RCLONE_CONFIG_PASS`, or by `--password-command`", .0.display())]
    NoPassword(PathBuf),
    /// The command that is to give the password gives none.
    #[error("no password from `--password-command`: `{0}`: {1}")]
    PasswordCommand(String, String),
    /// The password does not open it.
    #[error("the password does not open rclone's configuration `{}`", .0.display())]
    WrongPassword(PathBuf),
    /// No remote has that name.
    #[error("no remote is named `{name}` in {place}{}", suggestion(.nearest.as_deref()))]
    NoRemote {
        /// The name.
        name: String,
        /// Where it was looked for.
        place: String,
        /// The name that is meant, perhaps.
        nearest: Option<String>,
    },
    /// The remote has no type.
    #[error("the remote `{0}` has no `type` in rclone's configuration")]
    NoType(String),
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || ": `bisync remotes` lists those that there are".to_owned(),
        |nearest| format!("; did you mean `{nearest}:`?"),
    )
}

impl Config {
    /// Reads the configuration that the options of a run name, or else the one that rclone finds.
    ///
    /// # Errors
    /// Says why the file cannot be used.
    pub fn of(options: &Options, environment: &Environment) -> Result<Self, ConfigError> {
        Self::read(named_config(options).as_deref(), environment, |file| password(options, environment, file))
    }

    /// Reads the configuration: the file that is named, or else the one that rclone finds. No file at all is fine when none was named.
    ///
    /// `password` gives the password of an encrypted file; `None` when nobody can be asked.
    ///
    /// # Errors
    /// Says why the file cannot be used.
    pub(crate) fn read(
        named: Option<&Path>,
        environment: &Environment,
        password: impl FnOnce(&Path) -> Result<Option<String>, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let none = Self { environment: environment.clone(), ..Self::default() };
        // An empty name, and rclone's name for no file.
        let named = named.map(Path::to_owned).or_else(|| environment.get("RCLONE_CONFIG").map(PathBuf::from));
        if named.as_deref().is_some_and(|path| path.as_os_str().is_empty() || path == Path::new("/notfound")) {
            return Ok(none);
        }
        let Some(file) = named.clone().or_else(|| find_file(environment)) else { return Ok(none) };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return if named.is_some() { Err(ConfigError::Missing(file)) } else { Ok(none) };
            }
            Err(error) => return Err(ConfigError::Read(file, error)),
        };
        let (text, password) = match sealed(&text) {
            Sealed::No => (text, None),
            Sealed::Unknown => return Err(ConfigError::UnknownEncryption(file)),
            Sealed::Yes(sealed) => {
                let password = password(&file)?.ok_or_else(|| ConfigError::NoPassword(file.clone()))?;
                let text = open(sealed, &password).ok_or_else(|| ConfigError::WrongPassword(file.clone()))?;
                (text, Some(password))
            }
        };
        let sections = parse(&text).map_err(|problem| ConfigError::Unreadable(file.clone(), problem))?;
        Ok(Self { file: Some(file), sections, password, ..none })
    }

    /// Returns the file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns the password that opened the file, for a child that has to open it too.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Returns the names of all remotes and their kinds, by name.
    pub fn remotes(&self) -> BTreeMap<String, String> {
        let of_environment = self.environment.iter().filter_map(|(name, kind)| {
            let name = name.strip_prefix("RCLONE_CONFIG_")?.strip_suffix("_TYPE")?;
            Some((name.to_lowercase(), kind.to_owned()))
        });
        let of_file = self.sections.iter().map(|(name, values)| {
            let kind = self.variable(&format!("RCLONE_CONFIG_{}_TYPE", name.to_uppercase()));
            let kind = kind.or_else(|| values.get("type").cloned()).unwrap_or_default();
            (name.clone(), kind)
        });
        of_environment.chain(of_file).filter(|(name, _)| !name.is_empty()).collect()
    }

    /// Returns what is known of the remote that a path names. What is given with the path goes before variables
    /// `RCLONE_CONFIG_NAME_OPTION`, those before the variables of the kind, `RCLONE_KIND_OPTION`, and those before the file.
    ///
    /// # Errors
    /// Fails when there is no such remote, or when its kind is not known.
    pub fn remote(&self, connection: &Connection) -> Result<Remote, ConfigError> {
        let mut values = BTreeMap::new();
        let (name, kind) = match &connection.target {
            Target::Backend(kind) => (format!(":{kind}"), kind.clone()),
            Target::Named(name) => {
                let section = self.sections.get(name);
                values.extend(section.into_iter().flatten().map(|(option, value)| (option.clone(), value.clone())));
                let own = self.with_prefix(&format!("RCLONE_CONFIG_{}_", name.to_uppercase()));
                if section.is_none() && !own.contains_key("type") {
                    return Err(self.no_remote(name));
                }
                let kind = own.get("type").or_else(|| values.get("type")).filter(|kind| !kind.is_empty()).cloned();
                let kind = kind.ok_or_else(|| ConfigError::NoType(name.clone()))?;
                values.extend(self.with_prefix(&format!("RCLONE_{}_", kind.to_uppercase())));
                values.extend(own);
                (name.clone(), kind)
            }
        };
        if matches!(connection.target, Target::Backend(_)) {
            values.extend(self.with_prefix(&format!("RCLONE_{}_", kind.to_uppercase())));
        }
        values.extend(connection.options.iter().cloned());
        Ok(Remote::new(name, kind, values))
    }

    /// Returns the texts of all remotes that nobody is to see.
    pub fn secrets(&self) -> Vec<String> {
        let remotes = self.remotes().into_keys().map(|name| {
            self.remote(&Connection { target: Target::Named(name), options: Vec::new(), path: String::new() })
        });
        remotes.flatten().flat_map(|remote| remote.secrets()).collect()
    }

    fn no_remote(&self, name: &str) -> ConfigError {
        let place = match &self.file {
            Some(file) => format!("rclone's configuration `{}`", file.display()),
            None => "rclone's configuration: there is no such file".to_owned(),
        };
        let names: Vec<_> = self.remotes().into_keys().collect();
        let nearest = bisync_engine::options::nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        ConfigError::NoRemote { name: name.to_owned(), place, nearest }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// Returns the variables that begin with a prefix, by what follows it, in small letters.
    fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let variables = self.environment.iter();
        variables
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_lowercase(), value.to_owned())))
            .collect()
    }
}

/// Returns the file that `--config` names; an empty name is that of no file.
fn named_config(options: &Options) -> Option<PathBuf> {
    options.is_given("config").then(|| options.text("config").unwrap_or_default().into())
}

/// Returns the file that rclone finds: beside itself, then in the directories of configurations, then hidden in the home directory.
fn find_file(environment: &Environment) -> Option<PathBuf> {
    let directory = |name: &str| environment.get(name).map(PathBuf::from);
    let beside = which::which("rclone").ok().and_then(|program| Some(program.parent()?.join(FILE)));
    let candidates = [
        beside,
        directory("XDG_CONFIG_HOME").map(|home| home.join("rclone").join(FILE)),
        directory("HOME").map(|home| home.join(".config/rclone").join(FILE)),
        directory("HOME").map(|home| home.join(format!(".{FILE}"))),
    ];
    candidates.into_iter().flatten().find(|file| file.is_file())
}

fn parse(text: &str) -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
    // rclone takes quotes and backslashes as they are.
    let plain = ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
    let file = Ini::load_from_str_opt(text, plain).map_err(|error| error.to_string())?;
    let sections = file.iter().filter_map(|(name, properties)| {
        let values = properties.iter().map(|(option, value)| (option.to_owned(), value.to_owned())).collect();
        Some((name?.to_owned(), values))
    });
    Ok(sections.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# c\n[a b]\ntype = webdav\nurl = \"http://x;y#z\"\npass = a\\b%%c\n\n\
        [S3.x]\ntype=s3\nendpoint : http://q\n; comment\nempty =\n[none]\n";

    fn config(variables: &[(&str, &str)]) -> Config {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c");
        fs::write(&file, TEXT).unwrap();
        Config::read(Some(&file), &variables.iter().copied().collect(), |_| Ok(None)).unwrap()
    }

    fn connection(given: &str) -> Connection {
        Connection::parse(given).unwrap().unwrap()
    }

    #[test]
    fn values_are_read_as_rclone_reads_them() {
        let check = |given: &str, variables: &[(&str, &str)], kind: &str, option: &str, expected: Option<&str>| {
            let remote = config(variables).remote(&connection(given)).unwrap();
            assert_eq!((remote.kind.as_str(), remote.value(option)), (kind, expected), "{given} {variables:?}");
        };
        check("a b:", &[], "webdav", "url", Some("\"http://x;y#z\""));
        check("a b:", &[], "webdav", "pass", Some("a\\b%%c"));
        check("S3.x:b", &[], "s3", "endpoint", Some("http://q"));
        check("S3.x:b", &[], "s3", "empty", None);
        // Given with the path, the variable of the remote, that of the kind, the file.
        let (own, of_kind) = (("RCLONE_CONFIG_S3.X_ENDPOINT", "http://own"), ("RCLONE_S3_ENDPOINT", "http://kind"));
        check("S3.x:b", &[of_kind], "s3", "endpoint", Some("http://kind"));
        check("S3.x:b", &[own, of_kind], "s3", "endpoint", Some("http://own"));
        check("S3.x,endpoint='http://p':b", &[own, of_kind], "s3", "endpoint", Some("http://p"));
        check(":s3:b", &[own, of_kind], "s3", "endpoint", Some("http://kind"));
        check(
            "new:",
            &[("RCLONE_CONFIG_NEW_TYPE", "sftp"), ("RCLONE_CONFIG_NEW_HOST", "h")],
            "sftp",
            "host",
            Some("h"),
        );
    }

    #[test]
    fn remotes_are_listed_with_those_of_the_environment() {
        let remotes = config(&[("RCLONE_CONFIG_NEW_TYPE", "sftp")]).remotes();
        let remotes: Vec<_> = remotes.iter().map(|(name, kind)| format!("{name}={kind}")).collect();
        assert_eq!(remotes, ["S3.x=s3", "a b=webdav", "new=sftp", "none="]);
    }

    #[test]
    fn what_is_not_configured_is_named() {
        let check = |given: &str, expected: &str| {
            let error = config(&[]).remote(&connection(given)).unwrap_err().to_string();
            assert!(error.contains(expected), "{given}: {error}");
        };
        check("S3.y:b", "did you mean `S3.x:`?");
        check("entirely-other:b", "`bisync remotes` lists");
        check("none:b", "no `type`");
        let missing = Config::read(Some(Path::new("/no/such")), &Environment::default(), |_| Ok(None));
        assert!(matches!(missing, Err(ConfigError::Missing(_))));
    }

    #[test]
    fn an_encrypted_file_wants_its_password() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c");
        fs::write(&file, include_str!("encrypted.conf")).unwrap();
        let read = |password: Option<&str>| {
            Config::read(Some(&file), &Environment::default(), |_| Ok(password.map(str::to_owned)))
        };
        let config = read(Some("pässword")).unwrap();
        assert_eq!((config.remotes().len(), config.password()), (2, Some("pässword")));
        assert!(matches!(read(None), Err(ConfigError::NoPassword(_))));
        assert!(matches!(read(Some("other")), Err(ConfigError::WrongPassword(_))));
    }
}
