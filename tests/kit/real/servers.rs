//! Servers for tests: rclone serves a directory over a protocol, on this machine only.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// So long a server may take until it can be reached.
const STARTS_IN: Duration = Duration::from_secs(30);

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// S3; directories in the root are the buckets.
    S3,
    /// SFTP.
    Sftp,
    /// WebDAV.
    Webdav,
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
        // Nobody else takes a port of this machine that was free a moment ago, or the test says so.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(rclone);
        let name = match protocol {
            Protocol::S3 => "s3",
            Protocol::Sftp => "sftp",
            Protocol::Webdav => "webdav",
        };
        command.args(["--config=", "serve", name]).arg(directory).arg(format!("--addr=127.0.0.1:{port}"));
        match protocol {
            Protocol::S3 => command.args(["--auth-key=access,secret", "--vfs-cache-mode=off", "--dir-cache-time=0s"]),
            Protocol::Sftp | Protocol::Webdav => command.args(["--user=user", "--pass=secret", "--dir-cache-time=0s"]),
        };
        let mut process =
            command.args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = process.stderr.take().unwrap();
        // It never waits for a full pipe.
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(drop));
        let deadline = Instant::now() + STARTS_IN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "rclone does not serve {name}");
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
            Protocol::Webdav => {
                format!(":webdav,url='http://127.0.0.1:{port}',vendor=rclone,user=user,pass={password}")
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
