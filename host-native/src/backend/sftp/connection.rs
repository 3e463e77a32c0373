//! A connection to a server, and what is asked over it. Any number of requests may be under way at once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bisync_engine::protocol::{Failure, FailureKind};
use futures_util::future::join3;
use russh::client::{self, Handle};
use russh_sftp::client::rawsession::SftpResult;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::extensions::HardlinkExtension;
use russh_sftp::protocol::{File, FileAttributes, OpenFlags, Packet, Status, StatusCode};
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::alive::while_alive;
use super::changed::Changed;
use super::failure::{broken, leaves_connection, no_answer, of_request};
use super::host_key::{Doubt, HostKey, preferred};
use super::login::log_in;
use super::running::Running;
use super::settings::Settings;
use crate::backend::failed;

/// So many files and directories are open at a time. OpenSSH numbers them, and from 128 on a number is no text: the library would
/// damage it.
const OPEN_AT_ONCE: usize = 64;
/// The library's own limit of time is none: waiting ends here.
const FOR_EVER_S: u64 = 365 * 24 * 60 * 60;
/// A server that is asked nothing is told this often that we are still there.
const KEPT_ALIVE: Duration = Duration::from_secs(60);
/// While files are made durable an answer may take so many times as long: a disk writes what a server took long ago, and the server may
/// answer nothing else meanwhile.
const LONGER_FOR_DISKS: u32 = 10;
/// A server that lets no further command run is asked again after this time.
const UNTIL_DONE: Duration = Duration::from_millis(50);
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
    /// Whether what is written can be made durable.
    pub syncs: bool,
    /// Where paths begin that do not begin with `/`.
    pub home: String,
    open: Semaphore,
    is_broken: AtomicBool,
    /// Whether a command was begun.
    has_run: AtomicBool,
    /// Closed when the connection is.
    alive: watch::Receiver<()>,
    patience: Option<Duration>,
    /// So many files are being made durable.
    syncing: AtomicUsize,
    /// Where names are changed, if they can be made durable.
    changed: Arc<Changed>,
}

/// Something that is open on the server. Whoever opens it closes it.
pub struct Opened<'a> {
    handle: String,
    _permit: SemaphorePermit<'a>,
}

impl Connection {
    /// Connects and logs in; each answer is waited for so long, if it is not for ever. What changes names is noted in `changed`.
    ///
    /// # Errors
    /// Fails when the server cannot be reached, is not who it should be, or does not let us in.
    pub async fn open(
        settings: &Settings,
        patience: Option<Duration>,
        changed: &Arc<Changed>,
    ) -> Result<Self, Failure> {
        let mut config = client::Config { nodelay: true, window_size: WINDOW, ..client::Config::default() };
        config.keepalive_interval = Some(KEPT_ALIVE);
        let Settings { host, port, known_hosts, .. } = settings;
        let (life, alive) = watch::channel(());
        config.preferred = preferred(host, *port, known_hosts.as_deref());
        let (known_hosts, doubt) = (known_hosts.clone(), Doubt::default());
        let host_key = HostKey { host: host.clone(), port: *port, known_hosts, doubt: Arc::clone(&doubt), _life: life };
        let connected = client::connect(Arc::new(config), (host.as_str(), *port), host_key).await;
        let mut ssh = connected.map_err(|error| unconnected(&error, &doubt))?;
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
            syncs: offers("fsync@openssh.com", "1"),
            home: String::new(),
            open: Semaphore::new(OPEN_AT_ONCE),
            is_broken: AtomicBool::new(false),
            has_run: AtomicBool::new(false),
            alive,
            patience,
            syncing: AtomicUsize::new(0),
            changed: Arc::clone(changed),
        };
        connection.home = connection.real_path(".").await?.unwrap_or_default();
        Ok(connection)
    }

    /// Says whether nothing can be asked any more.
    pub fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed) || self.ssh.is_closed()
    }

    /// Notes that the names of something are about to change.
    fn note(&self, paths: &[&str]) {
        if self.syncs {
            paths.iter().for_each(|path| self.changed.note(path));
        }
    }

    /// Waits for an answer as long as is allowed.
    async fn answer<T>(&self, asked: impl Future<Output = SftpResult<T>>) -> Result<T, Failure> {
        // The library forgets a request that is made at the moment in which the connection ends.
        let asked = while_alive(&self.alive, asked);
        let answered = match self.patience {
            None => Ok(asked.await),
            Some(patience) => self.wait(patience, asked).await.ok_or_else(no_answer),
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

    /// Waits so long, and longer while a disk is what the server waits for.
    async fn wait<T>(&self, patience: Duration, waited: impl Future<Output = T>) -> Option<T> {
        let mut waited = pin!(waited);
        for _ in 0..LONGER_FOR_DISKS {
            match tokio::time::timeout(patience, &mut waited).await {
                Ok(waited) => return Some(waited),
                Err(_) if self.syncing.load(Ordering::Relaxed) > 0 => {}
                Err(_) => break,
            }
        }
        None
    }

    /// Waits for something as long as for an answer.
    pub async fn patiently<T>(&self, waited: impl Future<Output = T>) -> Result<T, Failure> {
        match self.patience {
            None => Ok(waited.await),
            Some(patience) => tokio::time::timeout(patience, waited).await.map_err(|_| no_answer()),
        }
    }

    /// Begins a command; `None` when the server lets none run besides. One that let a command run before may not be done with it: it is
    /// asked so many times.
    pub async fn begin(&self, command: &str, tries: u32) -> Result<Option<Running>, Failure> {
        for _ in 0..tries {
            let opened = while_alive(&self.alive, self.ssh.channel_open_session());
            match self.patiently(opened).await?.ok_or_else(broken)? {
                Ok(channel) => {
                    self.has_run.store(true, Ordering::Relaxed);
                    return Running::begin(channel, self.alive.clone(), command).await.map(Some);
                }
                Err(russh::Error::ChannelOpenFailure(_)) if self.has_run.load(Ordering::Relaxed) => {
                    tokio::time::sleep(UNTIL_DONE).await;
                }
                Err(russh::Error::ChannelOpenFailure(_)) => break,
                Err(_) => return Err(broken()),
            }
        }
        Ok(None)
    }

    /// Says what a path leads to, through links.
    pub async fn stat(&self, path: &str) -> Result<Option<FileAttributes>, Failure> {
        there(self.answer(self.session.stat(path)).await.map(|answer| answer.attrs))
    }

    /// Says what is at a path, be it a link.
    pub async fn lstat(&self, path: &str) -> Result<Option<FileAttributes>, Failure> {
        there(self.answer(self.session.lstat(path)).await.map(|answer| answer.attrs))
    }

    /// Says where something really is, links followed; `None` where the server says nothing.
    pub async fn real_path(&self, path: &str) -> Result<Option<String>, Failure> {
        let answer = self.answer(self.session.realpath(path)).await?;
        Ok(answer.files.into_iter().next().map(|file| file.filename))
    }

    /// Sets what is given.
    pub async fn set(&self, path: &str, attributes: FileAttributes) -> Result<(), Failure> {
        self.answer(self.session.setstat(path, attributes)).await.map(drop)
    }

    /// Sets what is given of what is open.
    pub async fn set_opened(&self, opened: &Opened<'_>, attributes: FileAttributes) -> Result<(), Failure> {
        self.answer(self.session.fsetstat(opened.handle.as_str(), attributes)).await.map(drop)
    }

    /// Opens a file.
    pub async fn open_file(&self, path: &str, flags: OpenFlags) -> Result<Opened<'_>, Failure> {
        let permit = self.open.acquire().await.map_err(|_| broken())?;
        if flags.contains(OpenFlags::CREATE) {
            self.note(&[path]);
        }
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

    /// Sets what is given of a file, makes the file durable, and closes it: asked at once, carried out in this order by servers that
    /// do one thing after the other. What is set here is durable with the content. Only where [`syncs`](Self::syncs) says so.
    ///
    /// Says whether it was set; where it was not, the content is durable all the same.
    pub async fn close_durably(
        &self,
        opened: Opened<'_>,
        attributes: Option<FileAttributes>,
    ) -> Result<Result<(), Failure>, Failure> {
        let handle = opened.handle.as_str();
        let set = async {
            match attributes {
                Some(attributes) => self.answer(self.session.fsetstat(handle, attributes)).await.map(drop),
                None => Ok(()),
            }
        };
        let synced = async {
            let _syncing = Syncing::begin(&self.syncing);
            self.answer(async { syncable(self.session.fsync(handle).await) }).await
        };
        let (set, synced, closed) = join3(set, synced, self.answer(self.session.close(handle))).await;
        synced.and(closed.map(drop)).map(|()| set)
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
        self.note(&[path]);
        self.answer(self.session.remove(path)).await.map(drop)
    }

    /// Makes a directory.
    pub async fn make_directory(&self, path: &str) -> Result<(), Failure> {
        self.note(&[path]);
        self.answer(self.session.mkdir(path, FileAttributes::empty())).await.map(drop)
    }

    /// Removes an empty directory.
    pub async fn remove_directory(&self, path: &str) -> Result<(), Failure> {
        self.note(&[path]);
        self.answer(self.session.rmdir(path)).await.map(drop)
    }

    /// Renames a file. Most servers refuse when the new name is taken.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.note(&[from, to]);
        self.answer(self.session.rename(from, to)).await.map(drop)
    }

    /// Renames a file, and replaces what has the new name, in one step; only where [`replaces`](Self::replaces) says so.
    pub async fn rename_over(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.note(&[from, to]);
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
        self.note(&[to]);
        self.answer(self.session.hardlink(from, to)).await.map(drop)
    }
}

/// A file that is being made durable, and is counted as long.
struct Syncing<'a>(&'a AtomicUsize);

impl<'a> Syncing<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Syncing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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

/// Where what is behind the server knows nothing of the kind, nothing more can be done. OpenSSH says the second of such a file system.
fn syncable(answer: SftpResult<Status>) -> SftpResult<()> {
    match answer {
        Err(russh_sftp::client::error::Error::Status(status))
            if matches!(status.status_code, StatusCode::OpUnsupported | StatusCode::BadMessage) =>
        {
            Ok(())
        }
        answer => answer.map(drop),
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

fn unconnected(error: &russh::Error, doubt: &Doubt) -> Failure {
    match error {
        russh::Error::IO(error) => {
            let why = crate::failure::reason(error);
            failed(FailureKind::Temporary, &format!("the server cannot be reached: {why}"))
        }
        russh::Error::UnknownKey => failed(
            FailureKind::Other,
            doubt.get().copied().unwrap_or("the server shows no plain key, so it is not trusted"),
        ),
        russh::Error::NoCommonAlgo { .. } => {
            failed(FailureKind::Other, "the server speaks no cipher that is known here: try `--backend rclone`")
        }
        _ => failed(FailureKind::Temporary, "the connection to the server cannot be made"),
    }
}
