//! What a path on a remote leads to: the remote behind the aliases, and the folder there.

use super::{Config, ConfigError, Connection, ConnectionError, Remote, Target};

/// So many aliases may lead to each other.
const ALIASES: usize = 16;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A path of this machine.
    Directory(String),
    /// A folder of a remote.
    Remote(Box<Address>),
}

/// A folder of a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The remote, with all its options.
    pub remote: Remote,
    /// How it was written, the path apart.
    pub connection: Connection,
    /// The path there, without `/` at its end.
    pub path: String,
}

/// Why a path on a remote leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The configuration does not know it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An alias leads to what is no path.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// Aliases lead to each other, or to nothing.
    #[error("the alias `{0}` leads nowhere: its option `remote` has to name another remote or a directory")]
    Alias(String),
}

impl Destination {
    /// Follows a path on a remote through aliases. A remote that is the local file system, and nothing more, is a directory.
    ///
    /// # Errors
    /// Fails when there is no such remote, or an alias leads nowhere.
    pub fn of(connection: &Connection, config: &Config) -> Result<Self, AddressError> {
        let mut connection = connection.clone();
        for _ in 0..ALIASES {
            let remote = config.remote(&connection)?;
            let says_more = remote.options().any(|(option, _)| option != "type");
            if remote.kind == "local" && !says_more {
                return Ok(Self::Directory(connection.path));
            }
            if remote.kind != "alias" {
                let path = connection.path.trim_end_matches('/').to_owned();
                // The root of the remote's own file system is not the folder in which one begins.
                let path = if path.is_empty() && !connection.path.is_empty() { "/".to_owned() } else { path };
                return Ok(Self::Remote(Box::new(Address { remote, connection, path })));
            }
            let target = remote.value("remote").ok_or_else(|| AddressError::Alias(remote.name.clone()))?;
            let target = joined(target, &connection.path);
            match Connection::parse(&target)? {
                Some(next) => connection = next,
                None => return Ok(Self::Directory(target)),
            }
        }
        Err(AddressError::Alias(connection.target.to_string()))
    }
}

impl Address {
    /// Returns the name that rclone's listings have for it, without the options of the path: those of any two are the same.
    pub fn shared_name(&self) -> String {
        self.name_with("")
    }

    /// Returns a name that is another one for another server or account.
    pub fn own_name(&self) -> String {
        let told = self.connection.options.iter().filter(|(name, _)| !is_renewed(name));
        let mut told: Vec<_> = told.map(|(name, value)| format!("{name}={value}")).collect();
        if let Target::Backend(_) = self.connection.target {
            // A remote that has no name is what its options say, wherever they stand.
            told = self
                .remote
                .options()
                .filter(|(name, _)| !is_renewed(name))
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
        }
        told.sort();
        if told.is_empty() {
            self.shared_name()
        } else {
            self.name_with(&format!("({})", short_hash(&told.join("\n"))))
        }
    }

    fn name_with(&self, suffix: &str) -> String {
        let name = format!("{}{suffix}:{}", self.connection.target, self.path);
        if name.ends_with('/') { name } else { format!("{name}/") }
    }

    /// Returns the path of this below `other`, empty where both are the same; `None` where it is neither.
    pub fn below(&self, other: &Self) -> Option<String> {
        let names = |address: &Self| {
            address.path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        // Where no folder is one's own, all paths begin in the same place.
        let is_rooted =
            |address: &Self| address.path.starts_with('/') && !matches!(&*address.remote.kind, "s3" | "webdav");
        if self.remote != other.remote || is_rooted(self) != is_rooted(other) {
            return None;
        }
        Some(names(self).strip_prefix(names(other).as_slice())?.join("/"))
    }
}

/// Returns the path on the remote, without the values of its options.
impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.connection.target, self.path)
    }
}

/// Says whether the value of an option may be another one for the same account, judged by its name. What is judged otherwise from now on
/// gives a remote another name, and its listings with it.
fn is_renewed(option: &str) -> bool {
    ["pass", "secret", "token", "key", "credentials", "auth"].iter().any(|word| option.contains(word))
}

fn short_hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn joined(remote: &str, path: &str) -> String {
    match (remote.is_empty() || remote.ends_with([':', '/']), path.is_empty()) {
        (_, true) => remote.to_owned(),
        (true, false) => format!("{remote}{}", path.trim_start_matches('/')),
        (false, false) => format!("{remote}/{}", path.trim_start_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn config() -> Config {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c");
        let text = "[s]\ntype=s3\n[dir]\ntype=alias\nremote=/srv/data\n[deep]\ntype=alias\nremote=dir:a\n\
            [bucket]\ntype=alias\nremote=s:b/c/\n[loop]\ntype=alias\nremote=loop:\n[none]\ntype=alias\n";
        fs::write(&file, text).unwrap();
        Config::read(Some(&file), &crate::environment::Environment::default(), |_| Ok(None)).unwrap()
    }

    fn destination(given: &str) -> Result<Destination, AddressError> {
        Destination::of(&Connection::parse(given).unwrap().unwrap(), &config())
    }

    fn address(given: &str) -> Address {
        match destination(given).unwrap() {
            Destination::Remote(address) => *address,
            Destination::Directory(path) => panic!("{path}"),
        }
    }

    #[test]
    fn aliases_are_followed() {
        let check = |given: &str, expected: &str| {
            let text = match destination(given) {
                Ok(Destination::Directory(path)) => path,
                Ok(Destination::Remote(address)) => format!("remote {address}"),
                Err(error) => error.to_string(),
            };
            assert!(text.starts_with(expected), "{given}: {text}");
        };
        check("s:b/c/", "remote s:b/c");
        check("s:/", "remote s:/");
        check("dir:", "/srv/data");
        check("dir:x/y", "/srv/data/x/y");
        check("deep:/x", "/srv/data/a/x");
        check("bucket:x", "remote s:b/c/x");
        check("loop:x", "the alias `loop` leads nowhere");
        check("none:", "the alias `none` leads nowhere");
        check(":local:/srv/a", "/srv/a");
        check(":local,nounc:/srv/a", "remote :local:/srv/a");
        check(":alias,remote=':local:/srv':a", "/srv/a");
    }

    #[test]
    fn names_tell_servers_apart() {
        let name = |given: &str| address(given).own_name();
        assert_eq!(name("s:b/c/"), "s:b/c/");
        assert_eq!(address(":s3,endpoint=a:b").shared_name(), ":s3:b/");
        let one = name(":s3,endpoint=a,secret_access_key=x:b");
        assert!(one.starts_with(":s3(") && one.ends_with("):b/"), "{one}");
        assert_eq!(one, name(":s3,secret_access_key=y,endpoint=a:b"));
        assert_ne!(one, name(":s3,endpoint=c:b"));
        assert_ne!(name("s,endpoint=a:b"), name("s:b"));
    }

    #[test]
    fn folders_that_overlap_are_known() {
        let check = |one: &str, two: &str, expected: bool| {
            assert_eq!(address(one).below(&address(two)).is_some(), expected, "{one} {two}");
        };
        assert_eq!(address("s:b/c/d/").below(&address("s:b")).as_deref(), Some("c/d"));
        check("s:b/c", "s:b", true);
        check("s:b/c", "bucket:", true);
        check("s:b", "s:b/", true);
        check(":s3:/b/c", ":s3:b", true);
        check(":webdav,url=u:b", ":webdav,url=u:/", true);
        check(":sftp,host=h:/b/c", ":sftp,host=h:b", false);
        check("s:", "s:b", false);
        check("s:bc", "s:b", false);
        check("s:b/c", ":s3:b", false);
        check("s:b/c", "s,endpoint=x:b", false);
    }
}
