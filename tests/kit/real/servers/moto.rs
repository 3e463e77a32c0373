//! moto, which is S3 in memory: it looks itself whether what a request expects is there.
//!
//! What it holds comes from the disk and goes there by rclone, so that tests find it where they find what other servers serve.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Server, free_port};

/// Where `.ci/run` puts it.
const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/moto");

/// What starts it.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/kit/real/servers/serve_moto.py");

/// What a server has for itself, and what is to be on the disk.
#[derive(Debug)]
pub struct Memory {
    rclone: PathBuf,
    /// The options of a remote that reaches it.
    connection: String,
    directory: PathBuf,
}

/// Serves what is in a directory, whose directories are the buckets; `None`, with a message, where it is not installed.
pub fn serve(rclone: &Path, directory: &Path) -> Option<Server> {
    if !Path::new(PACKAGES).join("moto/server.py").exists() {
        eprintln!("left out: moto is not installed in {PACKAGES}");
        return None;
    }
    let port = free_port();
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", PACKAGES).arg(PROGRAM).args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let connection =
        format!(":s3,provider=Other,endpoint='http://127.0.0.1:{port}',access_key_id=access,secret_access_key=secret");
    let memory = Memory { rclone: rclone.to_owned(), connection: connection.clone(), directory: directory.to_owned() };
    let mut server = Server::run(command, port, connection, None);
    memory.copy(&["copy", "--create-empty-src-dirs", "--filter=- /*"], directory, memory.remote(""));
    server.memory = Some(memory);
    Some(server)
}

impl Memory {
    /// Makes what the disk has at a path what is served there.
    pub fn bring_in(&self, path: &str) {
        let (file, remote) = (self.directory.join(path), self.remote(path));
        match (file.is_dir(), file.exists()) {
            (true, _) => self.copy(&["sync"], file, remote),
            (false, true) => self.copy(&["copyto"], file, remote),
            (false, false) => self.run(Command::new(&self.rclone).arg("deletefile").arg(remote)),
        }
    }

    /// Makes what is served below a path what the disk has there.
    pub fn bring_out(&self, path: &str) {
        self.copy(&["sync"], self.remote(path), self.directory.join(path));
    }

    fn remote(&self, path: &str) -> String {
        format!("{}:{path}", self.connection)
    }

    fn copy(&self, how: &[&str], from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) {
        // The same size and the same time do not mean that there is nothing to copy.
        self.run(Command::new(&self.rclone).args(how).arg("--ignore-times").arg(from).arg(to));
    }

    fn run(&self, command: &mut Command) {
        let ended = command.arg("--config=").output().unwrap();
        assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}
