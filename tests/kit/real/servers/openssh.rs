//! OpenSSH's server.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Server, free_port};

const PROGRAM: &str = "/usr/sbin/sshd";
const MAKES_KEYS: &str = "/usr/bin/ssh-keygen";

/// Serves a directory, to whoever runs the tests; `None` where it is not installed.
pub fn serve(directory: &Path) -> Option<Server> {
    if !Path::new(PROGRAM).exists() || !Path::new(MAKES_KEYS).exists() {
        return None;
    }
    let (home, port) = (tempfile::tempdir().unwrap(), free_port());
    let at = |name: &str| home.path().join(name).display().to_string();
    for name in ["host", "user"] {
        let mut command = Command::new(MAKES_KEYS);
        let made = command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(at(name)).status().unwrap();
        assert!(made.success());
    }
    let key = fs::read_to_string(at("host.pub")).unwrap();
    fs::write(at("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
    let config = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
         StrictModes no\nPasswordAuthentication no\nSubsystem sftp internal-sftp -d {}\n",
        at("host"),
        at("user.pub"),
        directory.display()
    );
    fs::write(at("config"), config).unwrap();
    // Only root needs it, and only root can make it.
    fs::create_dir_all("/run/sshd").ok();
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    let (key, known, user) = (at("user"), at("known"), user.trim());
    let connection =
        format!(":sftp,host=127.0.0.1,port={port},user={user},key_file='{key}',known_hosts_file='{known}'");
    let mut command = Command::new(PROGRAM);
    command.args(["-D", "-e", "-f"]).arg(at("config"));
    Some(Server::run(command, port, connection, Some(home)))
}
