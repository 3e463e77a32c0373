//! What the options of a remote mean here, and which remotes are left to rclone.

use std::fs;
use std::path::{Path, PathBuf};

use bisync_engine::options::Options;
use bisync_engine::protocol::FailureKind;

use super::algorithm::Algorithm;
use super::expand::expand;
use crate::backend::failed;
use crate::backend::native::Unopened;
use crate::environment::Environment;
use crate::failure::reason;
use crate::remote::Remote;

/// So many connections are made at most where the remote does not say how many.
const CONNECTIONS: usize = 4;
/// So much goes with one request, in bytes, where the remote does not say how much.
const CHUNK: u64 = 32 << 10;
/// The largest piece that a server takes together with what stands around it, in bytes.
const LARGEST_CHUNK: u64 = 255 << 10;

/// How a remote is used. It holds secrets.
#[derive(Clone)]
pub struct Settings {
    /// Where the server is.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// With this password, if any.
    pub password: Option<String>,
    /// With this private key, if any.
    pub key: Option<Key>,
    /// What the private key is encrypted with.
    pub key_password: Option<String>,
    /// Whether the keys of the agent are tried.
    pub uses_agent: bool,
    /// The file that the server's key has to be in; `None` for any key.
    pub known_hosts: Option<PathBuf>,
    /// Whether links take no part.
    pub skips_links: bool,
    /// So much goes with one request, in bytes.
    pub chunk_size: u32,
    /// So many requests for the content of one file are under way at a time: for reading, and for writing.
    pub concurrency: Concurrency,
    /// So many connections are made at most.
    pub connections: usize,
    /// How checksums are computed, or what of that only rclone can do.
    pub checksums: Result<Wanted, String>,
}

/// Where a private key stands.
#[derive(Clone)]
pub enum Key {
    /// In a file.
    File(PathBuf),
    /// In the configuration.
    Text(String),
}

/// How many requests for the content of one file are under way at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// While it is read.
    pub reads: usize,
    /// While it is written.
    pub writes: usize,
}

/// How a remote's options want checksums computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The algorithms, each with its command where that is given.
    pub algorithms: Vec<(Algorithm, Option<String>)>,
    /// Whether the shell is known to be one of Unix.
    pub is_unix: bool,
    /// Where the shell finds the folder.
    pub place: Place,
}

/// Where a shell finds a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// Where it is for SFTP.
    #[default]
    Same,
    /// At this path.
    At(String),
    /// Where it is for SFTP, below this path.
    Below(String),
}

/// Options that are honoured here, or that concern nothing that is done here. Those of checksums are looked at where a run compares them.
const KNOWN: [&str; 29] = [
    "blake3sum_command",
    "chunk_size",
    "concurrency",
    "connections",
    "crc32sum_command",
    "description",
    "disable_concurrent_reads",
    "disable_concurrent_writes",
    "disable_hashcheck",
    "hashes",
    "host",
    "idle_timeout",
    "key_file",
    "key_file_pass",
    "key_pem",
    "key_use_agent",
    "known_hosts_file",
    "md5sum_command",
    "pass",
    "path_override",
    "port",
    "sha1sum_command",
    "sha256sum_command",
    "shell_type",
    "skip_links",
    "type",
    "user",
    "xxh128sum_command",
    "xxh3sum_command",
];

/// Options with the only values that are honoured here; any flag but `set_modtime` may be off besides.
const FIXED: [(&str, &str); 3] = [("encoding", "Slash,Ctl,Del,Dot"), ("set_modtime", "true"), ("subsystem", "sftp")];

impl Settings {
    /// Reads the options of a remote.
    ///
    /// # Errors
    /// Names what cannot be honoured here.
    pub fn of(remote: &Remote, environment: &Environment) -> Result<Self, Unopened> {
        for (option, value) in remote.options() {
            let is_off = value == "false" && option != "set_modtime";
            let is_known = KNOWN.contains(&option);
            if !is_known && !is_off && !FIXED.contains(&(option, value)) {
                return Err(left(format!("the option `{option}`")));
            }
        }
        let text = |option: &str| remote.value(option).map(str::to_owned);
        let path = |option: &str| remote.value(option).map(|path| expand(path, environment)).transpose();
        let variable = |name: &str| environment.get(name).and_then(|value| value.to_str()).map(str::to_owned);
        let host =
            text("host").ok_or_else(|| failed(FailureKind::Other, "the option `host` of the remote is missing"))?;
        let user = text("user").or_else(|| variable("USER")).filter(|user| !user.is_empty());
        let user = user.ok_or_else(|| left("a user who is not named".to_owned()))?;
        let key = match (text("key_pem"), path("key_file")?) {
            (Some(key), _) => Some(Key::Text(lines_of(&key))),
            (None, Some(file)) => Some(Key::File(file)),
            (None, None) => None,
        };
        let password = remote.secret("pass")?;
        let wants_agent = remote.flag("key_use_agent");
        if wants_agent && key.is_some() {
            return Err(left("`key_use_agent` for one key of several".to_owned()));
        }
        let known_hosts = path("known_hosts_file")?.filter(|file| file != Path::new("none"));
        if let Some(file) = &known_hosts {
            check_known_hosts(file)?;
        }
        let number = |option| {
            Ok::<_, Unopened>(remote.number(option)?.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
        };
        let concurrency = number("concurrency")?.unwrap_or(64).max(1);
        let unless = |option: &str| if remote.flag(option) { 1 } else { concurrency };
        let connections = number("connections")?.filter(|number| *number > 0).unwrap_or(CONNECTIONS);
        let chunk_size = remote.size("chunk_size")?.unwrap_or(CHUNK).clamp(1, LARGEST_CHUNK);
        Ok(Self {
            host,
            port: u16::try_from(remote.number("port")?.unwrap_or(22))
                .map_err(|_| remote.bad_value("port", "a port"))?,
            user,
            uses_agent: wants_agent || password.is_none() && key.is_none(),
            password,
            key,
            key_password: remote.secret("key_file_pass")?,
            known_hosts,
            skips_links: remote.flag("skip_links"),
            chunk_size: u32::try_from(chunk_size).unwrap_or(u32::MAX),
            concurrency: Concurrency {
                reads: unless("disable_concurrent_reads"),
                writes: unless("disable_concurrent_writes"),
            },
            connections,
            checksums: checksums(remote),
        })
    }
}

/// Says whether a run may compare checksums.
pub fn compares_checksums(options: &Options) -> bool {
    options.words("compare").is_some_and(|words| words.contains(&"checksum")) || options.flag("checksum")
}

/// Reads how checksums are computed.
///
/// # Errors
/// Names what of that only rclone can do.
fn checksums(remote: &Remote) -> Result<Wanted, String> {
    let shell = remote.value("shell_type").unwrap_or_default();
    if remote.flag("disable_hashcheck") || shell == "none" {
        return Ok(Wanted::default());
    }
    if !matches!(shell, "" | "unix") {
        return Err(format!("to compare checksums with `shell_type` {shell}"));
    }
    let hashes = remote.value("hashes").unwrap_or_default();
    let words: Vec<_> = hashes.split(',').filter(|word| !word.is_empty()).collect();
    let is_known = |word: &&str| Algorithm::ALL.iter().any(|algorithm| algorithm.name() == *word);
    if !words.iter().all(is_known) {
        return Err(format!("to compare checksums with `hashes` {hashes}"));
    }
    let is_wanted = |algorithm: &Algorithm| words.is_empty() || words.contains(&algorithm.name());
    let command = |algorithm: Algorithm| remote.value(&format!("{}sum_command", algorithm.name())).map(str::to_owned);
    let algorithms = Algorithm::ALL.into_iter().filter(is_wanted);
    let algorithms = algorithms.map(|algorithm| (algorithm, command(algorithm)));
    // Where rclone found none, it writes that down.
    let algorithms = algorithms.filter(|(_, command)| command.as_deref() != Some("none")).collect();
    let place = match remote.value("path_override").map(|path| (path, path.strip_prefix('@'))) {
        None => Place::Same,
        Some((_, Some(path))) => Place::Below(path.to_owned()),
        Some((path, None)) => Place::At(path.trim_end_matches('/').to_owned()),
    };
    Ok(Wanted { algorithms, is_unix: shell == "unix", place })
}

/// Marks and patterns are not understood here, and what they forbid must not be allowed.
fn check_known_hosts(file: &Path) -> Result<(), Unopened> {
    let unusable = |why: &str| {
        failed(FailureKind::Other, &format!("the known hosts in `{}` cannot be used: {why}", file.display()))
    };
    let bytes = fs::read(file).map_err(|error| unusable(&reason(&error)))?;
    let text = String::from_utf8_lossy(&bytes);
    let hosts = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next());
    if hosts.into_iter().any(|hosts| hosts.starts_with('@') || hosts.contains(['*', '?', '!', '\t'])) {
        return Err(left("a `known_hosts_file` with marks or patterns".to_owned()));
    }
    Ok(())
}

/// Returns a key whose lines are joined by `\n`, as it stands in the configuration.
fn lines_of(key: &str) -> String {
    key.replace("\\n", "\n")
}

fn left(what: String) -> Unopened {
    Unopened::LeftToRclone(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[(&str, &str)]) -> Result<Settings, String> {
        let given = [("user", "u"), ("host", "h")].into_iter().chain(options.iter().copied());
        let values = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let remote = Remote::new("r".into(), "sftp".into(), values);
        Settings::of(&remote, &Environment::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_honoured_is_named() {
        let check = |options: &[(&str, &str)], expected: &[&str]| {
            let message = settings(options).err().unwrap();
            assert!(expected.iter().all(|part| message.contains(part)), "{message}");
        };
        let rclone = "by rclone";
        check(&[("ssh", "ssh h")], &["`ssh`", rclone]);
        check(&[("ask_password", "true")], &["`ask_password`", rclone]);
        check(&[("set_modtime", "false")], &["`set_modtime`", rclone]);
        check(&[("copy_is_hardlink", "true")], &["`copy_is_hardlink`", rclone]);
        check(&[("subsystem", "other")], &["`subsystem`", rclone]);
        check(&[("encoding", "None")], &["`encoding`", rclone]);
        check(&[("what_comes_later", "x")], &["`what_comes_later`", rclone]);
        check(&[("key_use_agent", "true"), ("key_file", "k")], &["`key_use_agent`", rclone]);
        check(&[("user", "")], &["a user", rclone]);
        check(&[("port", "70000")], &["`port`"]);
        check(&[("chunk_size", "x")], &["`chunk_size`"]);
        check(&[("pass", "in clear")], &["`pass`"]);
        check(&[("known_hosts_file", "/no/such")], &["`/no/such`", "no such file"]);
    }

    #[test]
    fn options_are_honoured() {
        let settings = settings(&[
            ("copy_is_hardlink", "false"),
            ("disable_concurrent_writes", "true"),
            ("concurrency", "8"),
            ("chunk_size", "1Gi"),
            ("known_hosts_file", "none"),
            ("key_pem", "a\\nb"),
        ]);
        let settings = settings.ok().unwrap();
        assert_eq!((settings.port, settings.chunk_size), (22, 255 << 10));
        assert_eq!(settings.concurrency, Concurrency { reads: 8, writes: 1 });
        assert!(settings.known_hosts.is_none() && !settings.uses_agent);
        assert!(matches!(settings.key, Some(Key::Text(text)) if text == "a\nb"));
    }

    #[test]
    fn patterns_of_hosts_are_not_guessed_at() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("known");
        let check = |text: &str, expected: bool| {
            fs::write(&file, text).unwrap();
            assert_eq!(check_known_hosts(&file).is_ok(), expected, "{text}");
        };
        check("h ssh-ed25519 AAAA\n# *\n|1|a=|b= ssh-rsa AAAA\n", true);
        check("@revoked h ssh-ed25519 AAAA\n", false);
        check("*.example ssh-ed25519 AAAA\n", false);
        check("h,!i ssh-ed25519 AAAA\n", false);
    }

    #[test]
    fn who_compares_checksums_is_known() {
        let check = |option: &str, value: &str, expected: bool| {
            let options = Options::parse(&[(option.to_owned(), value.to_owned())]).unwrap();
            assert_eq!(compares_checksums(&options), expected, "{option}");
        };
        check("checksum", "true", true);
        check("compare", "size,checksum", true);
        check("compare", "size,modtime", false);
        check("size-only", "true", false);
    }

    #[test]
    fn checksums_are_computed_as_rclone_has_them_computed() {
        let check = |options: &[(&str, &str)], expected: &[(Algorithm, Option<&str>)], place: Place| {
            let wanted = settings(options).ok().unwrap().checksums.unwrap();
            let algorithms: Vec<_> =
                wanted.algorithms.iter().map(|(algorithm, command)| (*algorithm, command.as_deref())).collect();
            assert_eq!((algorithms.as_slice(), wanted.place), (expected, place), "{options:?}");
        };
        let (md5, sha1) = (Algorithm::Md5, Algorithm::Sha1);
        let both = [(md5, None), (sha1, None)];
        check(&[], &both, Place::Same);
        check(&[("hashes", "sha1,md5")], &both, Place::Same);
        check(&[("hashes", "sha1")], &[(sha1, None)], Place::Same);
        check(&[("disable_hashcheck", "true"), ("md5sum_command", "md5sum")], &[], Place::Same);
        check(&[("shell_type", "none")], &[], Place::Same);
        let given = [("shell_type", "unix"), ("md5sum_command", "x -m"), ("sha1sum_command", "none")];
        check(&given, &[(md5, Some("x -m"))], Place::Same);
        check(&[("path_override", "/a/b/")], &both, Place::At("/a/b".into()));
        check(&[("path_override", "@/a")], &both, Place::Below("/a".into()));
        let left = |options: &[(&str, &str)]| settings(options).ok().unwrap().checksums.unwrap_err();
        assert!(left(&[("shell_type", "powershell")]).contains("powershell"));
        assert!(left(&[("hashes", "md5,sha256")]).contains("sha256"));
    }
}
