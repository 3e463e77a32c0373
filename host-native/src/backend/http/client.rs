//! The client that requests are made with.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bisync_engine::options::{Options, Value};
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, RequestBuilder, Response};

use super::dump::Dump;
use super::retry::Tries;
use crate::backend::{Transport, failed};
use crate::failure::reason;
use crate::limits::Requests;

/// A client for one server. Proxies are those of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`.
#[derive(Debug, Clone)]
pub struct Client {
    client: reqwest::Client,
    /// So long nothing may come; `None` for ever.
    patience: Option<Duration>,
    /// So many times in all a request is made that may work when made again.
    tries: u32,
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
        let Transport { requests, dump, .. } = transport.clone();
        Ok(Self { client, patience: duration("timeout"), tries, requests, dump })
    }

    /// Returns what requests are made of.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Makes a request, more than once where that may help. `make` makes it anew each time.
    ///
    /// An answer with a status that says that something is wrong is an answer too.
    ///
    /// # Errors
    /// Fails when there is no answer.
    pub async fn send(&self, make: impl Fn() -> Result<RequestBuilder, Failure>) -> Result<Response, Failure> {
        let mut tries = Tries::new(self.tries);
        loop {
            self.turn().await;
            let answer = self.patiently(self.exchange(make()?)).await;
            match tries.pause_after(&answer) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return answer?.map_err(no_answer),
            }
        }
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

    /// Makes a request once. Whoever waits sees to it that this does not take for ever.
    ///
    /// # Errors
    /// Fails when there is no answer.
    pub async fn send_once(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.turn().await;
        self.exchange(request)
            .await
            .map_err(|_| failed(FailureKind::Temporary, "the connection to the server broke off"))
    }

    async fn exchange(&self, request: RequestBuilder) -> reqwest::Result<Response> {
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
        let Some(patience) = self.patience else { return Ok(waited.await) };
        let too_long = |_| failed(FailureKind::Temporary, "the server does not answer");
        tokio::time::timeout(patience, waited).await.map_err(too_long)
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
}
