//! Servers for tests: rclone serves a directory over a protocol, or OpenSSH does; on this machine only.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// So long a server may take until it can be reached.
const STARTS_IN: Duration = Duration::from_secs(30);

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// S3; directories in the root are the buckets.
    S3,
    /// SFTP.
    Sftp,
    /// SFTP, as OpenSSH serves it.
    Openssh,
    /// WebDAV.
    Webdav,
}

/// A server that ends with the test.
#[derive(Debug)]
pub struct Server {
    process: Child,
    protocol: Protocol,
    port: u16,
    /// The keys of OpenSSH's server.
    keys: Option<TempDir>,
}

/// Returns the program of OpenSSH's server, where it is installed with what makes keys for it.
pub fn sshd() -> Option<PathBuf> {
    let program = PathBuf::from("/usr/sbin/sshd");
    (program.exists() && Path::new("/usr/bin/ssh-keygen").exists()).then_some(program)
}

/// Says whether a protocol can be served on this machine where rclone is installed.
pub fn is_served(protocol: Protocol) -> bool {
    protocol != Protocol::Openssh || sshd().is_some()
}

impl Server {
    /// Serves a directory.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(rclone: &Path, protocol: Protocol, directory: &Path) -> Self {
        Self::start_with(rclone, protocol, directory, &[])
    }

    /// Serves a directory, with more arguments for the server.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_with(rclone: &Path, protocol: Protocol, directory: &Path, more: &[String]) -> Self {
        // Nobody else takes a port of this machine that was free a moment ago, or the test says so.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(rclone);
        let mut keys = None;
        let name = match protocol {
            Protocol::Openssh => "ssh",
            Protocol::S3 => "s3",
            Protocol::Sftp => "sftp",
            Protocol::Webdav => "webdav",
        };
        if protocol != Protocol::Openssh {
            command.args(["--config=", "serve", name]).arg(directory).arg(format!("--addr=127.0.0.1:{port}"));
        }
        match protocol {
            Protocol::S3 => command.args(["--auth-key=access,secret", "--vfs-cache-mode=off", "--dir-cache-time=0s"]),
            Protocol::Openssh => {
                let made = keys.insert(make_keys(directory, port));
                command = Command::new(sshd().unwrap());
                command.args(["-D", "-e", "-f"]).arg(made.path().join("config"))
            }
            Protocol::Sftp | Protocol::Webdav => command.args(["--user=user", "--pass=secret", "--dir-cache-time=0s"]),
        };
        let mut process =
            command.args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = process.stderr.take().unwrap();
        // It never waits for a full pipe.
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(drop));
        let deadline = Instant::now() + STARTS_IN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "{name} is not served");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, protocol, port, keys }
    }

    /// Returns the options of a remote that reaches it, as a connection string of rclone has them: `:s3,option=value`.
    pub fn connection(&self) -> String {
        let Self { port, .. } = self;
        // `secret`, obscured.
        let password = "H2-hQutpFzGhp88XyIOUa7dYCUuzJw";
        match self.protocol {
            Protocol::S3 => format!(
                ":s3,provider=Rclone,endpoint='http://127.0.0.1:{port}',access_key_id=access,secret_access_key=secret"
            ),
            Protocol::Openssh => {
                let keys = self.keys.as_ref().unwrap().path().display();
                let user = Command::new("id").arg("-un").output().unwrap().stdout;
                let user = String::from_utf8(user).unwrap();
                let user = user.trim();
                format!(
                    ":sftp,host=127.0.0.1,port={port},user={user},key_file='{keys}/user',known_hosts_file='{keys}/known'"
                )
            }
            Protocol::Sftp => format!(":sftp,host=127.0.0.1,port={port},user=user,pass={password}"),
            Protocol::Webdav => {
                format!(":webdav,url='http://127.0.0.1:{port}',vendor=rclone,user=user,pass={password}")
            }
        }
    }
}

/// Makes keys and the configuration of a server that begins in a directory.
fn make_keys(directory: &Path, port: u16) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    for name in ["host", "user"] {
        let mut command = Command::new("ssh-keygen");
        let made = command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(at(name)).status().unwrap();
        assert!(made.success());
    }
    let key = std::fs::read_to_string(at("host.pub")).unwrap();
    std::fs::write(at("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
    let config = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
         StrictModes no\nPasswordAuthentication no\nSubsystem sftp internal-sftp -d {}\n",
        at("host"),
        at("user.pub"),
        directory.display()
    );
    std::fs::write(at("config"), config).unwrap();
    // Only root needs it, and only root can make it.
    std::fs::create_dir_all("/run/sshd").ok();
    home
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
