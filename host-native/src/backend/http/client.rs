//! The client that requests are made with.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bisync_engine::options::{Options, Value};
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, RequestBuilder, Response};

use super::body::{Sent, whole};
use super::dump::Dump;
use super::retry::{Answered, Failures, Tries, is_in_vain, is_temporary};
use crate::backend::reach::Reach;
use crate::backend::{Transport, failed};
use crate::failure::reason;
use crate::limits::Requests;

/// A client for one server. Proxies are those of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, over HTTP or SOCKS.
#[derive(Debug, Clone)]
pub struct Client {
    client: reqwest::Client,
    /// So long nothing may come; `None` for ever.
    patience: Option<Duration>,
    /// So many times in all a request is made that may work when made again.
    tries: u32,
    /// What of all requests that are made once has failed lately.
    failures: Arc<Mutex<Failures>>,
    reach: Arc<Reach>,
    requests: Arc<Requests>,
    dump: Option<Arc<Dump>>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file of certificates cannot be used.
    #[error("cannot use the certificates in `{}`: {reason}", file.display())]
    Certificates {
        /// The file of `--ca-cert`.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The rest did not work.
    #[error("cannot prepare connections: {0}")]
    Setup(#[from] reqwest::Error),
}

impl Client {
    /// Makes a client of the options of the run.
    ///
    /// # Errors
    /// Fails when a certificate cannot be read.
    pub fn new(options: &Options, transport: &Transport) -> Result<Self, ClientError> {
        let duration = |name| options.duration_ns(name).filter(|duration| *duration > 0).map(Duration::from_nanos);
        let agent = options.text("user-agent").unwrap_or_else(|| concat!("bisync/", env!("CARGO_PKG_VERSION")).into());
        // What is signed for one address is not for another.
        let mut builder = builder().user_agent(agent).redirect(Policy::none()).http1_only();
        if let Some(limit) = duration("contimeout") {
            builder = builder.connect_timeout(limit);
        }
        let mut certificates = Vec::new();
        for file in options.all("ca-cert").filter_map(Value::as_text) {
            certificates.extend(read_certificates(Path::new(file))?);
        }
        if !certificates.is_empty() {
            // As in rclone, these and no others.
            builder = builder.tls_certs_only(certificates);
        }
        let client = builder.tls_danger_accept_invalid_certs(options.flag("no-check-certificate")).build()?;
        let tries = u32::try_from(options.number("low-level-retries").unwrap_or(1).max(1)).unwrap_or(u32::MAX);
        let Transport { requests, dump, stopping, .. } = transport.clone();
        let (failures, reach) = (Arc::default(), Arc::new(Reach::new(stopping)));
        Ok(Self { client, patience: duration("timeout"), tries, failures, reach, requests, dump })
    }

    /// Returns what requests are made of.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Makes a request, more than once where that may help. `make` makes it anew each time, without its body.
    ///
    /// An answer with a status that says that something is wrong is an answer too, but for a server that is doubted.
    ///
    /// # Errors
    /// Fails when there is no answer, and at once when the server was given up.
    pub async fn send(
        &self,
        body: &Bytes,
        make: impl Fn() -> Result<RequestBuilder, Failure>,
    ) -> Result<Response, Failure> {
        let mut tries = self.tries();
        let first = self.reach.begin()?;
        let (mut begun, mut unreached_since, mut is_all_in_vain) = (first, None, true);
        loop {
            let answer = self.exchange_whole(make()?, body).await;
            is_all_in_vain &= is_in_vain(&answer);
            let is_unreached = matches!(&answer, Ok(Err(error)) if error.is_connect());
            unreached_since = if is_unreached { unreached_since.or(Some(begun)) } else { None };
            let pause = tries.pause_after(&answer);
            let answer = self.unless_doubted(answer)?;
            let goes_on = match pause {
                Some(pause) => self.reach.pause(pause).await,
                None => false,
            };
            if !goes_on {
                if pause.is_none() && is_all_in_vain && unreached_since.is_none() {
                    self.reach.doubt(first);
                }
                let answer = answer?.map_err(no_answer);
                if let (Err(failure), Some(before)) = (&answer, unreached_since) {
                    self.reach.give_up(before, failure);
                }
                return answer;
            }
            begun = self.reach.begin()?;
        }
    }

    /// Makes a request once, since what it would do the next time is to be seen first. Where another try may help, the pause before it
    /// is waited for here, however it failed.
    ///
    /// # Errors
    /// Fails when there is no answer, and at once when the server was given up.
    pub async fn send_once(&self, body: &Bytes, request: RequestBuilder) -> Result<Response, Failure> {
        self.reach.begin()?;
        let answer = self.exchange_whole(request, body).await;
        let answer = self.unless_doubted(answer)?;
        self.rest_after(&answer).await;
        answer?.map_err(no_answer)
    }

    /// Makes a request once whose body cannot be sent twice, as [`send_once`](Self::send_once) does. Whoever feeds the body sees to it
    /// that this does not take for ever.
    ///
    /// # Errors
    /// Fails when there is no answer, and at once when the server was given up.
    pub async fn send_streamed(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.reach.begin()?;
        self.turn().await;
        let answer = self.unless_doubted(Ok(self.exchange(request).await))?;
        self.rest_after(&answer).await;
        answer?.map_err(|_| failed(FailureKind::Temporary, "the connection to the server broke off"))
    }

    /// Passes an answer on, unless a server that is doubted was asked in vain once more. That is not temporary: another try would come to
    /// the same.
    fn unless_doubted(&self, answer: Answered) -> Result<Answered, Failure> {
        if !self.reach.is_doubted() || !is_in_vain(&answer) {
            return Ok(answer);
        }
        let why = match answer {
            Ok(Ok(response)) => format!("the server has trouble (status {})", response.status().as_u16()),
            Ok(Err(error)) => no_answer(error).message,
            Err(failure) => failure.message,
        };
        let message = format!("{why}; it is not asked again, since the server answers nothing else either");
        Err(failed(FailureKind::Other, &message))
    }

    /// Returns how often something is tried.
    pub fn tries(&self) -> Tries {
        Tries::new(self.tries)
    }

    /// Waits for what comes before another try, of what failed with a good status.
    pub async fn rest(&self) {
        let pause = self.failures.lock().unwrap_or_else(PoisonError::into_inner).pause(None);
        self.reach.pause(pause.unwrap_or_default()).await;
    }

    async fn rest_after(&self, answer: &Answered) {
        let pause = self.failures.lock().unwrap_or_else(PoisonError::into_inner).pause_after(answer);
        if let Some(pause) = pause {
            self.reach.pause(pause).await;
        }
    }

    async fn exchange_whole(&self, request: RequestBuilder, body: &Bytes) -> Answered {
        self.turn().await;
        let sent = Sent::default();
        let request = if body.is_empty() { request } else { request.body(whole(body.clone(), &sent)) };
        self.while_it_goes(&sent, self.exchange(request)).await
    }

    /// Waits until a request may be made.
    pub async fn turn(&self) {
        let wait = self.requests.wait(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Returns the next piece of an answer; `None` at its end.
    ///
    /// # Errors
    /// Fails when the connection does, or when nothing comes for too long.
    pub async fn chunk(&self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        self.patiently(response.chunk()).await?.map_err(no_answer)
    }

    /// Returns the whole of an answer, which has no more bytes than this.
    ///
    /// # Errors
    /// Fails when the connection does, or when there is more.
    pub async fn whole(&self, response: &mut Response, most: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.chunk(response).await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > most {
                return Err(failed(FailureKind::Other, "the server's answer does not end"));
            }
        }
        Ok(bytes)
    }

    async fn exchange(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let answer = self.exchange_shown(request).await;
        match &answer {
            Ok(response) if is_temporary(response.status()) => self.reach.hear(),
            Ok(_) => self.reach.hear_well(),
            Err(_) => {}
        }
        answer
    }

    async fn exchange_shown(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let Some(dump) = &self.dump else { return request.send().await };
        let (client, request) = request.build_split();
        let request = request?;
        let number = dump.request(&request);
        let answer = client.execute(request).await;
        dump.answer(number, &answer);
        answer
    }

    /// Waits for something as long as is allowed.
    ///
    /// # Errors
    /// Fails when it takes longer.
    pub async fn patiently<T>(&self, waited: impl Future<Output = T>) -> Result<T, Failure> {
        self.while_it_goes(&Sent::default(), waited).await
    }

    /// Waits for something as long as is allowed since anything of a body has gone.
    ///
    /// # Errors
    /// Fails when it takes longer.
    pub async fn while_it_goes<T>(&self, sent: &Sent, waited: impl Future<Output = T>) -> Result<T, Failure> {
        let Some(patience) = self.patience else { return Ok(waited.await) };
        let mut waited = pin!(waited);
        loop {
            let before = sent.bytes();
            match tokio::time::timeout(patience, &mut waited).await {
                Ok(done) => return Ok(done),
                Err(_) if sent.bytes() > before => {}
                Err(_) => return Err(failed(FailureKind::Temporary, "the server does not answer")),
            }
        }
    }
}

/// Begins a client, which is not made without something that encrypts.
pub fn builder() -> ClientBuilder {
    // The first to come decides for the process; whoever comes later wants the same.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
}

/// Returns the failure of a request that was not answered. The address is left out: a signature may be in it.
fn no_answer(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let (mut message, mut source) = (error.to_string(), error.source());
    while let Some(cause) = source {
        message = cause.to_string();
        source = cause.source();
    }
    let words = message.split(" (os error").next().unwrap_or_default().to_lowercase();
    failed(FailureKind::Temporary, &format!("no answer from the server: {words}"))
}

fn read_certificates(file: &Path) -> Result<Vec<Certificate>, ClientError> {
    let unusable = |reason| ClientError::Certificates { file: file.to_owned(), reason };
    let bytes = fs::read(file).map_err(|error| unusable(reason(&error)))?;
    let certificates = Certificate::from_pem_bundle(&bytes).map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() { Err(unusable("it holds none".to_owned())) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::super::streamed;
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("ca.pem");
        fs::write(&file, "nothing\n").unwrap();
        for (file, expected) in [(file, "it holds none"), (home.path().join("no"), "no such file")] {
            let given = [("ca-cert".to_owned(), file.to_str().unwrap().to_owned())];
            let error = Client::new(&Options::parse(&given).unwrap(), &Transport::default()).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(file.to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn what_goes_is_waited_for() {
        let given = [("timeout".to_owned(), "1s".to_owned())];
        let client = Client::new(&Options::parse(&given).unwrap(), &Transport::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let waited = |goes: bool| {
            let (sender, mut body) = streamed(100);
            let sent = sender.sent.clone();
            runtime.block_on(client.while_it_goes(&sent, async move {
                for _ in 0..10 {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                    if goes {
                        sender.pieces.send(Bytes::from_static(b"0123456789")).await.unwrap();
                        body.frame().await.unwrap().unwrap();
                    }
                }
            }))
        };
        assert_eq!(waited(true), Ok(()));
        assert_eq!(waited(false).unwrap_err().kind, FailureKind::Temporary);
    }
}
