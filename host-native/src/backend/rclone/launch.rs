//! How rclone is started: what it is told of the remotes, and what it is not told.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use bisync_engine::options::OPTIONS;

use crate::remote::{Address, Config, Target};

/// The options that concern the transport, and that rclone carries out in the place of this program.
const PASSED_ON: [&str; 16] = [
    "bwlimit",
    "ca-cert",
    "contimeout",
    "ignore-checksum",
    "low-level-retries",
    "multi-thread-chunk-size",
    "multi-thread-cutoff",
    "multi-thread-streams",
    "multi-thread-write-buffer-size",
    "no-check-certificate",
    "server-side-across-configs",
    "streaming-upload-cutoff",
    "timeout",
    "tpslimit",
    "tpslimit-burst",
    "user-agent",
];

/// What rclone is started with.
#[derive(Clone)]
pub struct Launch {
    /// Arguments after the command.
    pub arguments: Vec<String>,
    /// Variables of its own.
    variables: Vec<(String, OsString)>,
    /// Variables that it must not see.
    hidden: Vec<String>,
    /// Remotes that are told by variables, each with the name that it has there.
    told: Vec<(Address, String)>,
    secrets: Vec<String>,
    /// So long it may be silent before it is asked whether it is still there.
    pub patience: Duration,
}

impl Launch {
    /// Prepares for the remotes of these addresses.
    pub fn new<'a>(
        config: Option<&Config>,
        given: &[(String, String)],
        addresses: impl Iterator<Item = &'a Address>,
        patience: Duration,
    ) -> Self {
        let passed_on = given.iter().filter(|(name, _)| PASSED_ON.contains(&name.as_str()));
        let arguments = passed_on.map(|(name, value)| format!("--{name}={value}")).collect();
        let mut launch = Self {
            arguments,
            variables: Vec::new(),
            // What is chosen and decided here must not be chosen and decided again.
            hidden: OPTIONS
                .iter()
                .map(|spec| format!("RCLONE_{}", spec.name.to_uppercase().replace('-', "_")))
                .collect(),
            told: Vec::new(),
            secrets: Vec::new(),
            patience,
        };
        let file = config.and_then(Config::file).map_or_else(PathBuf::new, PathBuf::from);
        launch.variables.push(("RCLONE_CONFIG".to_owned(), file.into()));
        if let Some(password) = config.and_then(Config::password) {
            launch.variables.push(("RCLONE_CONFIG_PASS".to_owned(), password.into()));
            launch.secrets.push(password.to_owned());
        }
        // One remote may lead to others.
        launch.secrets.extend(config.iter().flat_map(|config| config.secrets()));
        for address in addresses {
            launch.add(address);
        }
        launch
    }

    /// Tells a command what it is to know, and hides from it what it is not.
    pub fn prepare(&self, command: &mut Command) {
        for name in &self.hidden {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Returns the name by which rclone knows the remote.
    pub fn name(&self, address: &Address) -> String {
        let told = self.told.iter().find(|(told, _)| told.remote == address.remote);
        told.map_or_else(|| address.remote.name.clone(), |(_, name)| name.clone())
    }

    /// Returns the texts that nobody is to see.
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    fn add(&mut self, address: &Address) {
        let options = || address.remote.options();
        self.secrets.extend(address.remote.secrets());
        let is_in_file = matches!(address.connection.target, Target::Named(_)) && address.connection.options.is_empty();
        if is_in_file || self.told.iter().any(|(told, _)| told.remote == address.remote) {
            return;
        }
        // Anybody may see the arguments of a process, only its owner the variables.
        let name = format!("bisync{}", self.told.len() + 1);
        let variable = |option: &str| format!("RCLONE_CONFIG_{}_{}", name.to_uppercase(), option.to_uppercase());
        let kind = ("type", address.remote.kind.as_str());
        let variables = options().filter(|(option, _)| *option != "type").chain([kind]);
        self.variables.extend(variables.map(|(option, value)| (variable(option), value.into())));
        self.told.push((address.clone(), name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::remote::{Connection, Destination};

    fn address(given: &str) -> Address {
        let environment: Environment = [("RCLONE_CONFIG_BOX_TYPE", "sftp")].into_iter().collect();
        let config = Config::read(None, &environment, |_| Ok(None)).unwrap();
        match Destination::of(&Connection::parse(given).unwrap().unwrap(), &config).unwrap() {
            Destination::Remote(address) => *address,
            Destination::Directory(path) => panic!("{path}"),
        }
    }

    #[test]
    fn what_is_given_with_a_path_is_told_by_variables() {
        let addresses = ["box:a", ":s3,secret_access_key='top',endpoint=x:b", "box,host=h:c"].map(address);
        let given = [("bwlimit", "1M"), ("exclude", "*.tmp"), ("timeout", "5s")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let launch = Launch::new(None, &given, addresses.iter(), Duration::ZERO);
        assert_eq!(addresses.each_ref().map(|address| launch.name(address)), ["box", "bisync1", "bisync2"]);
        assert_eq!(launch.arguments, ["--bwlimit=1M", "--timeout=5s"]);
        assert!(launch.variables.contains(&("RCLONE_CONFIG_BISYNC1_SECRET_ACCESS_KEY".into(), "top".into())));
        assert!(launch.variables.contains(&("RCLONE_CONFIG_BISYNC1_TYPE".into(), "s3".into())));
        assert!(launch.variables.contains(&("RCLONE_CONFIG_BISYNC2_TYPE".into(), "sftp".into())));
        assert!(launch.hidden.contains(&"RCLONE_DRY_RUN".to_owned()));
        assert_eq!(launch.secrets(), ["top"]);
    }

    #[test]
    fn what_nobody_is_to_see_is_known_in_every_form() {
        let check = |given: &str, expected: &[&str]| {
            let launch = Launch::new(None, &[], [address(given)].iter(), Duration::ZERO);
            assert_eq!(launch.secrets(), expected, "{given}");
        };
        // As it is kept, and what that hides.
        let obscured = "qatf4Ewo_PK_cCCgPKlCvNablHMQt4KYzWKh";
        check(&format!(":ftp,host=h,user=me,pass={obscured}:"), &[obscured, "secret word"]);
        check(":azureblob,sas_url='https://h/?sig=top':", &["https://h/?sig=top"]);
        check(":azureblob,connection_string='AccountKey=top':", &["AccountKey=top"]);
        check(":storj,access_grant=top:", &["top"]);
        check(":webdav,url='http://h/',headers='Cookie,top':", &["Cookie,top"]);
        // Of an address, as it stands there and as it is meant.
        check(":webdav,url='http://me:to%70@h/':", &["to%70", "top"]);
        check(":webdav,url='http://me@h/a:b@c':", &[]);
    }
}
