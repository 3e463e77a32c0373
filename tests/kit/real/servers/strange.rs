//! An SFTP server of a few lines that does what a test says: whom it lets in, and what goes wrong.

use std::collections::HashMap;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use russh::keys::PrivateKey;
use russh::server::{Auth, ChannelOpenHandle, Config, Msg, Response, Session, run_stream};
use russh::{Channel, ChannelId};
use russh_sftp::protocol::{
    Attrs, Data, File as Entry, FileAttributes, Handle, Name, OpenFlags, Packet, Status, StatusCode, Version,
};
use russh_sftp::server::StatusReply;

/// The key of all these servers; it protects nothing.
const HOST_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACCwSGQBva3qBrZ3mNc3GGwEO0nMjFB0y5hS16Sj40GlWQAAAIiPzwJSj88C
UgAAAAtzc2gtZWQyNTUxOQAAACCwSGQBva3qBrZ3mNc3GGwEO0nMjFB0y5hS16Sj40GlWQ
AAAECHPm0sJH/ZZvOt1XrLYXFX/hdjGltwKX+8NFO8L+Clx7BIZAG9reoGtneY1zcYbAQ7
ScyMUHTLmFLXpKPjQaVZAAAAAAECAwQF
-----END OPENSSH PRIVATE KEY-----
";

/// Whom a server lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lets {
    /// Anybody, without a question.
    Anybody,
    /// Who knows the password, `secret`.
    ByPassword,
    /// Who answers `secret` when asked for the password, and then for a code.
    ByQuestions,
    /// Nobody.
    Nobody,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The request is refused.
    Refused(StatusCode, &'static str),
    /// It is not answered, and nothing after it.
    Silence,
    /// It is answered, but late, and so is what comes after it.
    Late(Duration),
    /// The connection ends.
    End,
    /// Only one byte of those that are asked for is read.
    OneByte,
}

/// Says what goes wrong with a request, such as `open /d/f` or `rename /d/f /d/g`, given how often it came before.
pub type Faults = fn(request: &str, before: usize) -> Option<Fault>;

/// Nothing goes wrong.
pub fn nothing(_: &str, _: usize) -> Option<Fault> {
    None
}

/// A server that serves a directory as its root. It ends with the test.
#[derive(Debug)]
pub struct Strange {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

/// What all connections of a server have in common.
#[derive(Clone)]
struct Serving {
    root: PathBuf,
    lets: Lets,
    extensions: &'static [&'static str],
    faults: Faults,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Strange {
    /// Serves a directory. The extensions are announced in version 1: `posix-rename@openssh.com`, `hardlink@openssh.com` and
    /// `fsync@openssh.com` are known here.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(root: &Path, lets: Lets, extensions: &'static [&'static str], faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::default();
        let serving = Serving { root: root.to_owned(), lets, extensions, faults, heard: Arc::clone(&heard) };
        let config = Arc::new(Config {
            keys: vec![PrivateKey::from_openssh(HOST_KEY).unwrap()],
            auth_rejection_time: Duration::ZERO,
            ..Config::default()
        });
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            for stream in listener.incoming().map_while(Result::ok) {
                let (serving, config) = (serving.clone(), Arc::clone(&config));
                runtime.spawn(async move {
                    let whole = stream.try_clone().unwrap();
                    stream.set_nonblocking(true).unwrap();
                    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
                    let login = Login { serving, stream: whole, asked: 0, channels: HashMap::new() };
                    if let Ok(running) = run_stream(config, stream, login).await {
                        running.await.ok();
                    }
                });
            }
        });
        Self { port, heard }
    }

    /// Returns the options of a remote that reaches it, but for the way to log in.
    pub fn connection(&self) -> String {
        format!(":sftp,host=127.0.0.1,port={},user=user", self.port)
    }

    /// Returns the requests that came so far, in their order, that begin so.
    ///
    /// # Panics
    /// When one of the server's own threads did.
    pub fn heard(&self, beginning: &str) -> Vec<String> {
        self.heard.lock().unwrap().iter().filter(|request| request.starts_with(beginning)).cloned().collect()
    }
}

/// A connection before it is one for files.
struct Login {
    serving: Serving,
    stream: TcpStream,
    asked: usize,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Login {
    fn accepts(&self, is_well: bool) -> Auth {
        if is_well { Auth::Accept } else { Auth::reject() }
    }
}

impl russh::server::Handler for Login {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(self.accepts(self.serving.lets == Lets::Anybody))
    }

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.accepts(self.serving.lets == Lets::ByPassword && password == "secret"))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        if self.serving.lets != Lets::ByQuestions {
            return Ok(Auth::reject());
        }
        let answers: Vec<_> = response.into_iter().flatten().collect();
        if self.asked > 0 && answers != [&b"secret"[..]] {
            return Ok(Auth::reject());
        }
        let question = ["Password: ", "Code: "].get(self.asked).copied();
        self.asked += 1;
        Ok(question.map_or(Auth::Accept, |question| Auth::Partial {
            name: "".into(),
            instructions: "".into(),
            prompts: vec![(question.into(), false)].into(),
        }))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(&mut self, channel: ChannelId, _: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        session.channel_failure(channel)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        let files = Files {
            serving: self.serving.clone(),
            stream: self.stream.try_clone().unwrap(),
            opened: HashMap::new(),
            next: 0,
        };
        let channel = self.channels.remove(&channel).unwrap();
        russh_sftp::server::run(channel.into_stream(), files).await;
        Ok(())
    }
}

/// A connection that files go through.
struct Files {
    serving: Serving,
    stream: TcpStream,
    /// What is open: its path, the file, and the names that were not told yet.
    opened: HashMap<String, (String, Option<File>, Vec<Entry>)>,
    next: u64,
}

type Answer<T> = Result<T, StatusReply>;

fn refused(error: std::io::Error) -> StatusReply {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => StatusCode::NoSuchFile,
        std::io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    };
    code.into()
}

fn done(id: u32, result: std::io::Result<()>) -> Answer<Status> {
    result.map_err(refused)?;
    Ok(Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() })
}

fn told(id: u32, metadata: std::io::Result<fs::Metadata>) -> Answer<Attrs> {
    metadata.map(|metadata| Attrs { id, attrs: FileAttributes::from(&metadata) }).map_err(refused)
}

fn set(file: &File, attributes: &FileAttributes) -> std::io::Result<()> {
    let time = |seconds: u32| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
    match attributes.mtime {
        Some(modified) => file.set_times(FileTimes::new().set_modified(time(modified))),
        None => Ok(()),
    }
}

impl Files {
    fn at(&self, path: &str) -> PathBuf {
        self.serving.root.join(path.trim_start_matches('/'))
    }

    /// Notes what is asked for, and lets go wrong what is to go wrong; says whether only one byte is read.
    async fn hear(&self, request: String) -> Answer<bool> {
        let fault = {
            let mut heard = self.serving.heard.lock().unwrap();
            let before = heard.iter().filter(|other| **other == request).count();
            let fault = (self.serving.faults)(&request, before);
            heard.push(request);
            fault
        };
        match fault {
            None => Ok(false),
            Some(Fault::OneByte) => Ok(true),
            Some(Fault::Refused(code, said)) => Err(code.with_message(said)),
            Some(Fault::Late(delay)) => {
                tokio::time::sleep(delay).await;
                Ok(false)
            }
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::End) => {
                self.stream.shutdown(Shutdown::Both).ok();
                std::future::pending().await
            }
        }
    }

    fn path_of(&self, handle: &str) -> Answer<String> {
        self.opened.get(handle).map(|opened| opened.0.clone()).ok_or_else(|| StatusCode::BadMessage.into())
    }

    fn file(&self, handle: &str) -> Answer<&File> {
        self.opened.get(handle).and_then(|opened| opened.1.as_ref()).ok_or_else(|| StatusCode::BadMessage.into())
    }

    fn keep(&mut self, id: u32, path: String, file: Option<File>, names: Vec<Entry>) -> Handle {
        self.next += 1;
        let handle = self.next.to_string();
        self.opened.insert(handle.clone(), (path, file, names));
        Handle { id, handle }
    }
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusReply;

    fn unimplemented(&self) -> StatusReply {
        StatusCode::OpUnsupported.into()
    }

    async fn init(&mut self, _: u32, _: HashMap<String, String>) -> Answer<Version> {
        let mut version = Version::new();
        version.extensions = self.serving.extensions.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
        Ok(version)
    }

    async fn realpath(&mut self, id: u32, path: String) -> Answer<Name> {
        self.hear(format!("realpath {path}")).await?;
        Ok(Name { id, files: vec![Entry::dummy("/")] })
    }

    async fn open(&mut self, id: u32, path: String, flags: OpenFlags, _: FileAttributes) -> Answer<Handle> {
        self.hear(format!("open {path}")).await?;
        let file = OpenOptions::from(flags).open(self.at(&path)).map_err(refused)?;
        Ok(self.keep(id, path, Some(file), Vec::new()))
    }

    async fn close(&mut self, id: u32, handle: String) -> Answer<Status> {
        let path = self.path_of(&handle)?;
        self.opened.remove(&handle);
        self.hear(format!("close {path}")).await?;
        done(id, Ok(()))
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, length: u32) -> Answer<Data> {
        let one = self.hear(format!("read {}", self.path_of(&handle)?)).await?;
        let mut data = vec![0; if one { 1 } else { length as usize }];
        let read = self.file(&handle)?.read_at(&mut data, offset).map_err(refused)?;
        data.truncate(read);
        if data.is_empty() { Err(StatusCode::Eof.into()) } else { Ok(Data { id, data }) }
    }

    async fn write(&mut self, id: u32, handle: String, offset: u64, data: Vec<u8>) -> Answer<Status> {
        self.hear(format!("write {}", self.path_of(&handle)?)).await?;
        done(id, self.file(&handle)?.write_all_at(&data, offset))
    }

    async fn lstat(&mut self, id: u32, path: String) -> Answer<Attrs> {
        self.hear(format!("lstat {path}")).await?;
        told(id, fs::symlink_metadata(self.at(&path)))
    }

    async fn stat(&mut self, id: u32, path: String) -> Answer<Attrs> {
        self.hear(format!("stat {path}")).await?;
        told(id, fs::metadata(self.at(&path)))
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Answer<Attrs> {
        self.hear(format!("fstat {}", self.path_of(&handle)?)).await?;
        told(id, self.file(&handle)?.metadata())
    }

    async fn setstat(&mut self, id: u32, path: String, attributes: FileAttributes) -> Answer<Status> {
        self.hear(format!("setstat {path}")).await?;
        done(id, File::open(self.at(&path)).and_then(|file| set(&file, &attributes)))
    }

    async fn fsetstat(&mut self, id: u32, handle: String, attributes: FileAttributes) -> Answer<Status> {
        self.hear(format!("fsetstat {}", self.path_of(&handle)?)).await?;
        done(id, set(self.file(&handle)?, &attributes))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Answer<Handle> {
        self.hear(format!("opendir {path}")).await?;
        let entries = fs::read_dir(self.at(&path)).map_err(refused)?.map_while(Result::ok);
        let told = |entry: fs::DirEntry| {
            let metadata = fs::symlink_metadata(entry.path()).ok()?;
            Some(Entry::new(entry.file_name().into_string().ok()?, FileAttributes::from(&metadata)))
        };
        let names = entries.filter_map(told).collect();
        Ok(self.keep(id, path, None, names))
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Answer<Name> {
        self.hear(format!("readdir {}", self.path_of(&handle)?)).await?;
        let names = self.opened.get_mut(&handle).map(|opened| std::mem::take(&mut opened.2)).unwrap_or_default();
        if names.is_empty() { Err(StatusCode::Eof.into()) } else { Ok(Name { id, files: names }) }
    }

    async fn remove(&mut self, id: u32, path: String) -> Answer<Status> {
        self.hear(format!("remove {path}")).await?;
        done(id, fs::remove_file(self.at(&path)))
    }

    async fn mkdir(&mut self, id: u32, path: String, _: FileAttributes) -> Answer<Status> {
        self.hear(format!("mkdir {path}")).await?;
        done(id, fs::create_dir(self.at(&path)))
    }

    async fn rmdir(&mut self, id: u32, path: String) -> Answer<Status> {
        self.hear(format!("rmdir {path}")).await?;
        done(id, fs::remove_dir(self.at(&path)))
    }

    async fn rename(&mut self, id: u32, from: String, to: String) -> Answer<Status> {
        self.hear(format!("rename {from} {to}")).await?;
        if self.at(&to).exists() {
            return Err(StatusCode::Failure.into());
        }
        done(id, fs::rename(self.at(&from), self.at(&to)))
    }

    async fn extended(&mut self, id: u32, request: String, data: Vec<u8>) -> Answer<Packet> {
        // Strings, each after its length.
        let (mut texts, mut rest) = (Vec::new(), data.as_slice());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (text, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            texts.push(String::from_utf8_lossy(text).into_owned());
            rest = after;
        }
        let result = match (request.as_str(), texts.as_slice()) {
            ("fsync@openssh.com", [handle]) => {
                self.hear(format!("fsync {}", self.path_of(handle)?)).await?;
                self.file(handle)?.sync_all()
            }
            ("posix-rename@openssh.com", [from, to]) => {
                self.hear(format!("posix-rename {from} {to}")).await?;
                fs::rename(self.at(from), self.at(to))
            }
            ("hardlink@openssh.com", [from, to]) => {
                self.hear(format!("hardlink {from} {to}")).await?;
                fs::hard_link(self.at(from), self.at(to))
            }
            _ => return Err(StatusCode::OpUnsupported.into()),
        };
        done(id, result).map(Packet::Status)
    }
}
