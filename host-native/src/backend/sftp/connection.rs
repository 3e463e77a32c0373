//! A connection to a server, and what is asked over it. Any number of requests may be under way at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bisync_engine::protocol::{Failure, FailureKind};
use russh::client::{self, Handle};
use russh_sftp::client::rawsession::SftpResult;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::extensions::HardlinkExtension;
use russh_sftp::protocol::{File, FileAttributes, OpenFlags, Packet, StatusCode};
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::failure::{broken, leaves_connection, no_answer, of_request};
use super::host_key::HostKey;
use super::login::log_in;
use super::settings::Settings;
use crate::backend::failed;

/// So many files and directories are open at a time. OpenSSH numbers them, and from 128 on a number is no text: the library would
/// damage it.
const OPEN_AT_ONCE: usize = 64;
/// The library's own limit of time is none: waiting ends here.
const FOR_EVER_S: u64 = 365 * 24 * 60 * 60;
/// A server that is asked nothing is told this often that we are still there.
const KEPT_ALIVE: Duration = Duration::from_secs(60);
/// So much may come unasked for, in bytes.
const WINDOW: u32 = 8 << 20;

/// A connection.
pub struct Connection {
    session: RawSftpSession,
    ssh: Handle<HostKey>,
    /// Whether a rename can replace what has the new name.
    pub replaces: bool,
    /// Whether a file can get a second name.
    pub links: bool,
    /// Where paths begin that do not begin with `/`.
    pub home: String,
    open: Semaphore,
    is_broken: AtomicBool,
    /// Closed when the connection is.
    alive: watch::Receiver<()>,
    patience: Option<Duration>,
}

/// Something that is open on the server. Whoever opens it closes it.
pub struct Opened<'a> {
    handle: String,
    _permit: SemaphorePermit<'a>,
}

impl Connection {
    /// Connects and logs in; each answer is waited for so long, if it is not for ever.
    ///
    /// # Errors
    /// Fails when the server cannot be reached, is not who it should be, or does not let us in.
    pub async fn open(settings: &Settings, patience: Option<Duration>) -> Result<Self, Failure> {
        let mut config = client::Config { nodelay: true, window_size: WINDOW, ..client::Config::default() };
        config.keepalive_interval = Some(KEPT_ALIVE);
        let Settings { host, port, known_hosts, .. } = settings;
        let (life, alive) = watch::channel(());
        let host_key = HostKey { host: host.clone(), port: *port, known_hosts: known_hosts.clone(), _life: life };
        let connected = client::connect(Arc::new(config), (host.as_str(), *port), host_key).await;
        let mut ssh = connected.map_err(|error| unconnected(&error))?;
        log_in(&mut ssh, settings).await?;
        let channel = ssh.channel_open_session().await.map_err(|_| broken())?;
        channel.request_subsystem(true, "sftp").await.map_err(|_| broken())?;
        let config = Config { request_timeout_secs: FOR_EVER_S, max_packet_len: 1 << 20, ..Config::default() };
        let session = RawSftpSession::new_with_config(channel.into_stream(), config);
        let version = while_alive(&alive, session.init())
            .await
            .ok_or_else(broken)?
            .map_err(|_| failed(FailureKind::Other, "the server lets us in, but does not offer SFTP"))?;
        let offers = |name: &str, wanted: &str| version.extensions.get(name).is_some_and(|version| version == wanted);
        let mut connection = Self {
            session,
            ssh,
            replaces: offers("posix-rename@openssh.com", "1"),
            links: offers("hardlink@openssh.com", "1"),
            home: String::new(),
            open: Semaphore::new(OPEN_AT_ONCE),
            is_broken: AtomicBool::new(false),
            alive,
            patience,
        };
        let home = connection.answer(connection.session.realpath(".")).await?;
        connection.home = home.files.into_iter().next().map(|file| file.filename).unwrap_or_default();
        Ok(connection)
    }

    /// Says whether nothing can be asked any more.
    pub fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed) || self.ssh.is_closed()
    }

    /// Waits for an answer as long as is allowed.
    async fn answer<T>(&self, asked: impl Future<Output = SftpResult<T>>) -> Result<T, Failure> {
        // The library forgets a request that is made at the moment in which the connection ends.
        let asked = while_alive(&self.alive, asked);
        let answered = match self.patience {
            None => Ok(asked.await),
            Some(patience) => tokio::time::timeout(patience, asked).await.map_err(|_| no_answer()),
        };
        let answered = answered.and_then(|answered| answered.ok_or_else(broken)).inspect_err(|_| {
            self.is_broken.store(true, Ordering::Relaxed);
        })?;
        answered.map_err(|error| {
            if !leaves_connection(&error) {
                self.is_broken.store(true, Ordering::Relaxed);
            }
            of_request(&error)
        })
    }

    /// Says what a path leads to, through links.
    pub async fn stat(&self, path: &str) -> Result<Option<FileAttributes>, Failure> {
        there(self.answer(self.session.stat(path)).await.map(|answer| answer.attrs))
    }

    /// Says what is at a path, be it a link.
    pub async fn lstat(&self, path: &str) -> Result<Option<FileAttributes>, Failure> {
        there(self.answer(self.session.lstat(path)).await.map(|answer| answer.attrs))
    }

    /// Sets what is given.
    pub async fn set(&self, path: &str, attributes: FileAttributes) -> Result<(), Failure> {
        self.answer(self.session.setstat(path, attributes)).await.map(drop)
    }

    /// Opens a file.
    pub async fn open_file(&self, path: &str, flags: OpenFlags) -> Result<Opened<'_>, Failure> {
        let permit = self.open.acquire().await.map_err(|_| broken())?;
        let opened = self.answer(self.session.open(path, flags, FileAttributes::empty())).await?;
        usable(Opened { handle: opened.handle, _permit: permit })
    }

    /// Opens a directory.
    pub async fn open_directory(&self, path: &str) -> Result<Opened<'_>, Failure> {
        let permit = self.open.acquire().await.map_err(|_| broken())?;
        let opened = self.answer(self.session.opendir(path)).await?;
        usable(Opened { handle: opened.handle, _permit: permit })
    }

    /// Closes what is open.
    pub async fn close(&self, opened: Opened<'_>) -> Result<(), Failure> {
        self.answer(self.session.close(opened.handle)).await.map(drop)
    }

    /// Says what is open.
    pub async fn describe(&self, opened: &Opened<'_>) -> Result<FileAttributes, Failure> {
        Ok(self.answer(self.session.fstat(opened.handle.as_str())).await?.attrs)
    }

    /// Returns the next names of a directory; `None` at its end.
    pub async fn names(&self, directory: &Opened<'_>) -> Result<Option<Vec<File>>, Failure> {
        let asked = async { at_end(self.session.readdir(directory.handle.as_str()).await) };
        Ok(self.answer(asked).await?.map(|names| names.files))
    }

    /// Reads a piece of a file, maybe less than was asked for; `None` at its end.
    pub async fn read(&self, file: &Opened<'_>, offset: u64, length: u32) -> Result<Option<Vec<u8>>, Failure> {
        let asked = async { at_end(self.session.read(file.handle.as_str(), offset, length).await) };
        Ok(self.answer(asked).await?.map(|piece| piece.data))
    }

    /// Writes a piece of a file.
    pub async fn write(&self, file: &Opened<'_>, offset: u64, bytes: Vec<u8>) -> Result<(), Failure> {
        self.answer(self.session.write(file.handle.as_str(), offset, bytes)).await.map(drop)
    }

    /// Removes a file.
    pub async fn remove(&self, path: &str) -> Result<(), Failure> {
        self.answer(self.session.remove(path)).await.map(drop)
    }

    /// Makes a directory.
    pub async fn make_directory(&self, path: &str) -> Result<(), Failure> {
        self.answer(self.session.mkdir(path, FileAttributes::empty())).await.map(drop)
    }

    /// Removes an empty directory.
    pub async fn remove_directory(&self, path: &str) -> Result<(), Failure> {
        self.answer(self.session.rmdir(path)).await.map(drop)
    }

    /// Renames a file. Most servers refuse when the new name is taken.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.answer(self.session.rename(from, to)).await.map(drop)
    }

    /// Renames a file, and replaces what has the new name, in one step; only where [`replaces`](Self::replaces) says so.
    pub async fn rename_over(&self, from: &str, to: &str) -> Result<(), Failure> {
        let paths = HardlinkExtension { oldpath: from.to_owned(), newpath: to.to_owned() };
        let bytes: Vec<u8> = paths.try_into().map_err(|_| broken())?;
        let asked = async {
            match self.session.extended("posix-rename@openssh.com", bytes).await? {
                Packet::Status(status) if status.status_code == StatusCode::Ok => Ok(()),
                Packet::Status(status) => Err(status.into()),
                _ => Err(russh_sftp::client::error::Error::UnexpectedPacket),
            }
        };
        self.answer(asked).await
    }

    /// Gives a file a second name; only where [`links`](Self::links) says so.
    pub async fn link(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.answer(self.session.hardlink(from, to)).await.map(drop)
    }
}

/// Waits for something while a connection lives; `None` when that ends first.
async fn while_alive<T>(alive: &watch::Receiver<()>, waited: impl Future<Output = T>) -> Option<T> {
    let mut alive = alive.clone();
    tokio::select! {
        biased;
        waited = waited => Some(waited),
        // Nothing is ever sent.
        _ = alive.changed() => None,
    }
}

/// Takes what is not there for nothing.
fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(attributes) => Ok(Some(attributes)),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Takes the end for nothing.
fn at_end<T>(answer: SftpResult<T>) -> SftpResult<Option<T>> {
    match answer {
        Ok(piece) => Ok(Some(piece)),
        Err(russh_sftp::client::error::Error::Status(status)) if status.status_code == StatusCode::Eof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The library reads what a server calls an open file as text. Where that is damaged, another file might be meant.
fn usable(opened: Opened<'_>) -> Result<Opened<'_>, Failure> {
    if opened.handle.contains(char::REPLACEMENT_CHARACTER) {
        return Err(failed(FailureKind::Other, "this server is not understood here: `--backend rclone`"));
    }
    Ok(opened)
}

fn unconnected(error: &russh::Error) -> Failure {
    match error {
        russh::Error::IO(error) => {
            let why = crate::failure::reason(error);
            failed(FailureKind::Temporary, &format!("the server cannot be reached: {why}"))
        }
        russh::Error::UnknownKey => failed(
            FailureKind::Other,
            "the key of the server is not the one in `known_hosts_file`, so it is not trusted",
        ),
        russh::Error::NoCommonAlgo { .. } => {
            failed(FailureKind::Other, "the server speaks no cipher that is known here: try `--backend rclone`")
        }
        _ => failed(FailureKind::Temporary, "the connection to the server cannot be made"),
    }
}
