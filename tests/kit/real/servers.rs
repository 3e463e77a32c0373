//! Servers for tests, on this machine only: rclone serves a directory over a protocol, or the server that people use for it.

mod apache;
mod moto;
pub mod openssh;
pub mod strange;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use self::moto::Memory;
use super::processes::kill_with_descendants;

/// The password `secret`, obscured as rclone does it.
pub const PASSWORD: &str = "H2-hQutpFzGhp88XyIOUa7dYCUuzJw";

/// So long a server may take until it can be reached.
const STARTS_IN: Duration = Duration::from_secs(30);

/// What a server speaks, and whose it is: rclone's, unless it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// S3; directories in the root are the buckets.
    S3,
    /// S3, by moto, which looks itself whether what a request expects is there.
    Moto,
    /// SFTP.
    Sftp,
    /// SFTP, by OpenSSH.
    Openssh,
    /// WebDAV.
    Webdav,
    /// WebDAV, by Apache.
    Apache,
}

/// A process, and how it was started.
#[derive(Debug)]
struct Running {
    process: Child,
    command: Command,
}

/// A server that ends with the test.
#[derive(Debug)]
pub struct Server {
    running: Mutex<Running>,
    port: u16,
    /// The options of a remote that reaches it.
    connection: String,
    /// What it needs for itself.
    _own: Option<TempDir>,
    /// What it has, where that is not on the disk.
    memory: Option<Memory>,
}

impl Server {
    /// Serves a directory; `None` where the server of this protocol is not installed, or cannot run.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn try_start(rclone: &Path, protocol: Protocol, directory: &Path) -> Option<Self> {
        Self::try_start_with(rclone, protocol, directory, &[])
    }

    /// Serves a directory, with more arguments for rclone where that is the server; `None` as for [`try_start`](Self::try_start).
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn try_start_with(rclone: &Path, protocol: Protocol, directory: &Path, more: &[String]) -> Option<Self> {
        match protocol {
            Protocol::S3 | Protocol::Sftp | Protocol::Webdav => {
                Some(Self::start_with(rclone, protocol, directory, more))
            }
            Protocol::Moto => moto::serve(rclone, directory),
            Protocol::Openssh => openssh::serve(directory),
            Protocol::Apache => apache::serve(directory),
        }
    }

    /// Serves a directory by rclone.
    ///
    /// # Panics
    /// When it cannot be started, or when rclone does not serve the protocol.
    pub fn start(rclone: &Path, protocol: Protocol, directory: &Path) -> Self {
        Self::start_with(rclone, protocol, directory, &[])
    }

    /// Serves a directory by rclone, with more arguments for it.
    ///
    /// # Panics
    /// When it cannot be started, or when rclone does not serve the protocol.
    pub fn start_with(rclone: &Path, protocol: Protocol, directory: &Path, more: &[String]) -> Self {
        let port = free_port();
        let user = ["--user=user", "--pass=secret"];
        let (name, own, connection) = match protocol {
            Protocol::S3 => (
                "s3",
                ["--auth-key=access,secret", "--vfs-cache-mode=off"],
                format!(
                    ":s3,provider=Rclone,endpoint='http://127.0.0.1:{port}',access_key_id=access,secret_access_key=secret"
                ),
            ),
            Protocol::Sftp => ("sftp", user, format!(":sftp,host=127.0.0.1,port={port},user=user,pass={PASSWORD}")),
            Protocol::Webdav => (
                "webdav",
                user,
                format!(":webdav,url='http://127.0.0.1:{port}',vendor=rclone,user=user,pass={PASSWORD}"),
            ),
            Protocol::Moto | Protocol::Openssh | Protocol::Apache => panic!("rclone does not serve {protocol:?}"),
        };
        let mut command = Command::new(rclone);
        command.args(["--config=", "serve", name]).arg(directory).arg(format!("--addr=127.0.0.1:{port}"));
        // What the tests do behind its back it sees before the next request. With no time at all it is caught now and then in looking at
        // a directory again and again.
        command.args(own).arg("--dir-cache-time=50us").args(more);
        Self::run(command, port, connection, None)
    }

    fn run(mut command: Command, port: u16, connection: String, own: Option<TempDir>) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let process = start(&mut command, port);
        Self { running: Mutex::new(Running { process, command }), port, connection, _own: own, memory: None }
    }

    /// Kills it, with all that it has started.
    ///
    /// # Panics
    /// When somebody panicked who did the same.
    pub fn kill(&self) {
        kill_with_descendants(&mut self.running.lock().unwrap().process);
    }

    /// Starts it again after it was killed: the same directory at the same port.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_again(&self) {
        let mut running = self.running.lock().unwrap();
        // What it had started may not have ended yet, and would take the port from it, and answer in its place.
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
        running.process = start(&mut running.command, self.port);
    }

    /// Makes what was done on the disk, at a path below the directory, what is served there. Most servers serve the disk itself.
    ///
    /// # Panics
    /// When it cannot be done.
    pub fn bring_in(&self, path: &str) {
        self.memory.iter().for_each(|memory| memory.bring_in(path));
    }

    /// Makes what is served, below a path of a directory, what is on the disk there. Most servers serve the disk itself.
    ///
    /// # Panics
    /// When it cannot be done.
    pub fn bring_out(&self, path: &str) {
        self.memory.iter().for_each(|memory| memory.bring_out(path));
    }

    /// Returns the options of a remote that reaches it by another port, where whoever answers is taken for it.
    pub fn connection_by(&self, port: u16) -> String {
        // Keys of servers are known by their ports.
        let connection = self.connection.split(",known_hosts_file").next().unwrap_or_default();
        connection.replace(&self.port.to_string(), &port.to_string())
    }

    /// Returns the section of rclone's configuration for a remote of this name that reaches it.
    pub fn section(&self, name: &str) -> String {
        let mut options = self.connection.trim_start_matches(':').split(',');
        let kind = options.next().unwrap_or_default();
        let lines = options.filter_map(|option| option.split_once('='));
        let lines: String = lines.map(|(name, value)| format!("{name} = {}\n", value.trim_matches('\''))).collect();
        format!("[{name}]\ntype = {kind}\n{lines}")
    }

    /// Returns the port at which it is reached.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the options of a remote that reaches it, as a connection string of rclone has them: `:s3,option=value`.
    pub fn connection(&self) -> &str {
        &self.connection
    }
}

/// Starts a server, and waits until it can be reached.
fn start(command: &mut Command, port: u16) -> Child {
    let mut process = command.spawn().unwrap();
    let said = process.stderr.take().unwrap();
    // It never waits for a full pipe.
    std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(drop));
    let deadline = Instant::now() + STARTS_IN;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < deadline, "nothing is served: {command:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    process
}

/// Returns a port of this machine that is free just now. When somebody else takes it before it is used, the test says so.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        kill_with_descendants(&mut running.process);
    }
}
