//! Servers for tests: rclone serves a directory over a protocol, on this machine only.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// So long a server may take until it can be reached.
const STARTS_IN: Duration = Duration::from_secs(30);

/// What a server speaks, and whose it is: rclone's, unless it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// S3; directories in the root are the buckets.
    S3,
    /// SFTP.
    Sftp,
    /// WebDAV.
    Webdav,
    /// WebDAV, by Apache.
    Apache,
}

/// A server that ends with the test.
#[derive(Debug)]
pub struct Server {
    process: Child,
    protocol: Protocol,
    port: u16,
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
        let port = free_port();
        let mut command = Command::new(rclone);
        let name = match protocol {
            Protocol::S3 => "s3",
            Protocol::Sftp => "sftp",
            Protocol::Webdav => "webdav",
            Protocol::Apache => panic!("this is none of rclone's"),
        };
        command.args(["--config=", "serve", name]).arg(directory).arg(format!("--addr=127.0.0.1:{port}"));
        match protocol {
            Protocol::S3 => command.args(["--auth-key=access,secret", "--vfs-cache-mode=off"]),
            Protocol::Sftp | Protocol::Webdav | Protocol::Apache => command.args(["--user=user", "--pass=secret"]),
        };
        command.arg("--dir-cache-time=0s").args(more);
        Self::run(command, protocol, port)
    }

    /// Serves a directory by Apache, which keeps what it needs in another one; `None` where it is not installed or cannot run.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn apache(directory: &Path, own: &Path) -> Option<Self> {
        let program = Path::new("/usr/sbin/apache2");
        if !program.exists() {
            return None;
        }
        let port = free_port();
        let (modules, directory, own) = ("/usr/lib/apache2/modules", directory.display(), own.display());
        let names = ["mpm_event", "authz_core", "dav", "dav_fs"];
        let load = |name: &&str| format!("LoadModule {name}_module {modules}/mod_{name}.so\n");
        let modules: String = names.iter().map(load).collect();
        let text = format!(
            "{modules}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {own}/pid\nErrorLog {own}/log\n\
             DavLockDB {own}/locks\nDocumentRoot {directory}\n<Directory {directory}>\nDav On\n\
             DavDepthInfinity Off\nRequire all granted\n</Directory>\n"
        );
        let file = format!("{own}/apache.conf");
        std::fs::write(&file, text).unwrap();
        // Apache serves nothing as root; by another number it is the same user to the disk.
        let mut command = Command::new(program);
        if rustix::process::geteuid().is_root() {
            let as_another = || {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-user=1", "--map-group=1"]);
                command
            };
            // Not every machine lets even root do that.
            if !as_another().arg("true").output().is_ok_and(|output| output.status.success()) {
                return None;
            }
            command = as_another();
            command.arg(program);
        }
        command.args(["-DFOREGROUND", "-f", &file]);
        Some(Self::run(command, Protocol::Apache, port))
    }

    fn run(mut command: Command, protocol: Protocol, port: u16) -> Self {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = process.stderr.take().unwrap();
        // It never waits for a full pipe.
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(drop));
        let deadline = Instant::now() + STARTS_IN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "nothing serves {protocol:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, protocol, port }
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
            Protocol::Sftp => format!(":sftp,host=127.0.0.1,port={port},user=user,pass={password}"),
            Protocol::Apache => format!(":webdav,url='http://127.0.0.1:{port}'"),
            Protocol::Webdav => {
                format!(":webdav,url='http://127.0.0.1:{port}',vendor=rclone,user=user,pass={password}")
            }
        }
    }
}

/// Returns a port of this machine that is free just now. When somebody else takes it before it is used, the test says so.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
