//! OpenSSH's server.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Server, free_port};

const PROGRAM: &str = "/usr/sbin/sshd";
const MAKES_KEYS: &str = "/usr/bin/ssh-keygen";

/// A server, and the keys that it lets in.
#[derive(Debug)]
pub struct Openssh {
    server: Server,
    home: PathBuf,
    port: u16,
    user: String,
}

/// Serves a directory, to whoever runs the tests; `None` where it is not installed.
pub fn serve(directory: &Path) -> Option<Server> {
    Openssh::start(directory).map(|openssh| openssh.server)
}

impl Openssh {
    /// Serves a directory, to whoever runs the tests; `None` where it is not installed.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(directory: &Path) -> Option<Self> {
        Self::start_with(directory, "")
    }

    /// Serves a directory with more lines in its configuration.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_with(directory: &Path, more: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() || !Path::new(MAKES_KEYS).exists() {
            return None;
        }
        let (own, port) = (tempfile::tempdir().unwrap(), free_port());
        let home = own.path().to_owned();
        let at = |name: &str| home.join(name).display().to_string();
        make_key(&home, "host", &[], "");
        make_key(&home, "user", &[], "");
        fs::copy(home.join("user.pub"), home.join("authorized")).unwrap();
        let key = fs::read_to_string(at("host.pub")).unwrap();
        fs::write(at("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nSubsystem sftp internal-sftp -d {}\n{more}",
            at("host"),
            at("authorized"),
            directory.display()
        );
        fs::write(at("config"), config).unwrap();
        // Only root needs it, and only root can make it.
        fs::create_dir_all("/run/sshd").ok();
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        let (key, known) = (at("user"), at("known"));
        let connection =
            format!(":sftp,host=127.0.0.1,port={port},user={user},key_file='{key}',known_hosts_file='{known}'");
        let mut command = Command::new(PROGRAM);
        command.args(["-D", "-e", "-f"]).arg(at("config"));
        let server = Server::run(command, port, connection, Some(own));
        Some(Self { server, home, port, user })
    }

    /// Returns the options of a remote that reaches it, but for the way to log in and the key that it should have.
    pub fn connection(&self) -> String {
        format!(":sftp,host=127.0.0.1,port={},user={}", self.port, self.user)
    }

    /// Returns the options of a remote that reaches it and logs in.
    pub fn usual_connection(&self) -> &str {
        self.server.connection()
    }

    /// Returns what a file of known hosts calls it.
    pub fn name(&self) -> String {
        format!("[127.0.0.1]:{}", self.port)
    }

    /// Returns the path of one of its files: `known` has its key, `host.pub` is that.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Makes a key, with options of `ssh-keygen`, which is let in when it `is_known`. Returns the path of its private half.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn key(&self, name: &str, options: &[&str], passphrase: &str, is_known: bool) -> PathBuf {
        make_key(&self.home, name, options, passphrase);
        if is_known {
            let mut authorized = fs::OpenOptions::new().append(true).open(self.home.join("authorized")).unwrap();
            authorized.write_all(&fs::read(self.home.join(format!("{name}.pub"))).unwrap()).unwrap();
        }
        self.home.join(name)
    }
}

fn make_key(home: &Path, name: &str, options: &[&str], passphrase: &str) {
    let options = if options.is_empty() { &["-t", "ed25519"] } else { options };
    let mut command = Command::new(MAKES_KEYS);
    let made = command.args(["-q", "-C", "", "-N", passphrase, "-f"]).arg(home.join(name)).args(options);
    assert!(made.status().unwrap().success());
}
