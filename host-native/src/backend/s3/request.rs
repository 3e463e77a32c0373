//! Requests, signed, and what becomes of their answers.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, RequestBuilder, Response, StatusCode};
use rusty_s3::signing::sign;
use rusty_s3::{Bucket, Credentials, Map, Method};

use super::gone;
use super::settings::Settings;
use super::xml::{Said, said};
use crate::backend::failed;
use crate::backend::http::{Client, is_temporary, is_waited_for};

/// So long a signature holds.
const SIGNED_FOR: Duration = Duration::from_secs(3600);

/// No answer but the content of an object is longer than this, in bytes.
const LONGEST_ANSWER: usize = 64 << 20;

/// Where requests go, and in whose name.
#[derive(Debug)]
pub struct Server {
    /// How connections are made.
    pub client: Client,
    /// How the remote is used.
    pub settings: Settings,
    credentials: Option<Credentials>,
    /// Whether the server said that it knows no headers which say what is expected at a key, where something is put, and where it is
    /// deleted.
    knows_no_conditions: [AtomicBool; 2],
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    method: Method,
    bucket: &'a Bucket,
    /// `None` for the bucket itself.
    key: Option<&'a str>,
    query: Map<'a>,
    headers: Map<'a>,
}

/// What a request expects at its key, for servers that look themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Nothing is there.
    Absent,
    /// The object with this tag is there.
    Tag(&'a str),
}

impl<'a> Request<'a> {
    /// Makes a request about an object.
    pub fn new(method: Method, bucket: &'a Bucket, key: &'a str) -> Self {
        Self { key: Some(key), ..Self::of_bucket(method, bucket) }
    }

    /// Makes a request about a bucket.
    pub fn of_bucket(method: Method, bucket: &'a Bucket) -> Self {
        Self { method, bucket, key: None, query: Map::new(), headers: Map::new() }
    }

    /// Adds a parameter.
    pub fn query(mut self, name: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        self.query.insert(name, value);
        self
    }

    /// Adds a header. Its name is in small letters.
    pub fn header(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl Server {
    /// Nothing is asked yet.
    pub fn new(client: Client, settings: Settings, credentials: Option<Credentials>) -> Self {
        Self { client, settings, credentials, knows_no_conditions: Default::default() }
    }

    /// Adds what is expected at the key of a request that changes it. Servers that do not know this leave it aside.
    pub fn on_condition<'a>(&self, request: Request<'a>, condition: Option<Condition<'_>>) -> Request<'a> {
        match condition.filter(|_| self.knows_conditions(request.method)) {
            None | Some(Condition::Tag("")) => request,
            Some(Condition::Absent) => request.header("if-none-match", "*"),
            Some(Condition::Tag(tag)) => request.header("if-match", format!("\"{tag}\"")),
        }
    }

    /// Says whether the server is thought to look itself at what is expected at a key before it does this there.
    pub fn knows_conditions(&self, method: Method) -> bool {
        !self.no_conditions(method).load(Ordering::Relaxed)
    }

    fn no_conditions(&self, method: Method) -> &AtomicBool {
        let [puts, deletes] = &self.knows_no_conditions;
        if method == Method::Delete { deletes } else { puts }
    }

    /// Makes a request, more than once where that may help, and returns an answer that is good.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn ask(&self, request: &Request<'_>, body: Bytes) -> Result<Response, Failure> {
        let make = || {
            let made = self.build(request)?;
            Ok(match request.method {
                // A server wants to know the length even of nothing.
                Method::Put | Method::Post => made.header(CONTENT_LENGTH, body.len()),
                Method::Get | Method::Head | Method::Delete => made,
            })
        };
        self.good(self.client.send(&body, make).await?, request).await
    }

    /// Makes a request once that changes something, and returns an answer that is good. Where it may work the next time, the pause
    /// before that has passed when this fails.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn ask_once(&self, request: &Request<'_>, body: &Bytes) -> Result<Response, Failure> {
        let made = self.build(request)?;
        let made = if request.method == Method::Delete { made } else { made.header(CONTENT_LENGTH, body.len()) };
        self.good(self.client.send_once(body, made).await?, request).await
    }

    /// Makes a request whose body cannot be sent twice. Whoever fills the body sees to it that this does not take for ever.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn send_streamed(&self, request: &Request<'_>, length: u64, body: Body) -> Result<Response, Failure> {
        let made = self.build(request)?.header(CONTENT_LENGTH, length).body(body);
        self.good(self.client.send_streamed(made).await?, request).await
    }

    /// Makes a request, and returns what its answer says. Some servers say with a good status that something failed.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn told(&self, request: &Request<'_>, body: Bytes) -> Result<Said, Failure> {
        let response = self.ask(request, body).await?;
        self.said(response).await
    }

    /// Makes a request once that changes something, as [`ask_once`](Self::ask_once) does, and returns what its answer says.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn told_once(&self, request: &Request<'_>, body: &Bytes) -> Result<Said, Failure> {
        let response = self.ask_once(request, body).await?;
        let said = self.said(response).await;
        if said.is_err() {
            self.client.rest().await;
        }
        said
    }

    async fn said(&self, mut response: Response) -> Result<Said, Failure> {
        let status = response.status();
        let said = said(&self.body(&mut response).await?);
        if said.code.is_some() { Err(failure(status, &said)) } else { Ok(said) }
    }

    /// Returns the whole of an answer.
    ///
    /// # Errors
    /// Fails when the connection does.
    pub async fn body(&self, response: &mut Response) -> Result<Vec<u8>, Failure> {
        self.client.whole(response, LONGEST_ANSWER).await
    }

    fn build(&self, request: &Request<'_>) -> Result<RequestBuilder, Failure> {
        let Request { method, bucket, key, query, headers } = request;
        let mut headers = headers.clone();
        if self.settings.requester_pays {
            headers.insert("x-amz-request-payer", "requester");
        }
        let url = key.map_or_else(|| bucket.base_url().clone(), |key| bucket.object_url(key));
        // Whatever a client does to an address that is not kept to the letter: it must not become that of another object.
        if key.is_some_and(|key| key.is_empty() || key.split('/').any(|part| matches!(part, "." | ".."))) {
            return Err(failed(FailureKind::ImpossibleName, "no request can be made for this key"));
        }
        let url = match &self.credentials {
            Some(credentials) => {
                let (key, secret, token) = (credentials.key(), credentials.secret(), credentials.token());
                let (now, seconds) = (Timestamp::now(), SIGNED_FOR.as_secs());
                let (query, headers) = (query.iter(), headers.iter());
                sign(&now, *method, url, key, secret, token, bucket.region(), seconds, query, headers)
            }
            None => {
                let mut url = url;
                if !query.is_empty() {
                    url.query_pairs_mut().extend_pairs(query.iter());
                }
                url
            }
        };
        let method = match method {
            Method::Head => reqwest::Method::HEAD,
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let made = self.client.client().request(method, url);
        Ok(headers.iter().fold(made, |made, (name, value)| made.header(name, value)))
    }

    async fn good(&self, mut response: Response, request: &Request<'_>) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let region = response.headers().get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let is_waited_for = is_waited_for(response.headers());
        let region = region.filter(|region| *region != request.bucket.region()).map(str::to_owned);
        let said = said(&self.body(&mut response).await.unwrap_or_default());
        if let Some(region) = region.filter(|_| status.is_redirection() || status == StatusCode::BAD_REQUEST) {
            let message = format!("the bucket is in the region `{region}`: set the option `region` of the remote");
            return Err(failed(FailureKind::Other, &message));
        }
        let has = |header: &str| request.headers.iter().any(|(name, _)| name == header);
        if (has("if-match") || has("if-none-match")) && status == StatusCode::NOT_IMPLEMENTED {
            // From now on only the look just before tells. What was asked for is asked for once more.
            self.no_conditions(request.method).store(true, Ordering::Relaxed);
            return Err(failed(FailureKind::Busy, "the server knows no conditions"));
        }
        let mut failure = failure(status, &said);
        if failure.kind == FailureKind::Temporary && !is_waited_for {
            failure.kind = FailureKind::Other;
        }
        // Of what has to be there, servers that look say that it is not.
        let is_gone = failure.kind == FailureKind::NotFound && matches!(said.code.as_deref(), None | Some("NoSuchKey"));
        if has("if-match") && is_gone { Err(gone()) } else { Err(failure) }
    }
}

/// Returns the failure that an answer is about.
fn failure(status: StatusCode, said: &Said) -> Failure {
    let code = said.code.as_deref().unwrap_or_default();
    let kind = match code {
        "NoSuchKey" | "NoSuchBucket" | "NoSuchUpload" => FailureKind::NotFound,
        // What is asked for from a position on may have become shorter.
        "PreconditionFailed" | "InvalidRange" => FailureKind::Refused,
        "KeyTooLongError" | "InvalidObjectName" | "XMinioInvalidObjectName" => FailureKind::ImpossibleName,
        "QuotaExceeded" | "XMinioStorageFull" => FailureKind::NoSpace,
        "SlowDown"
        | "InternalError"
        | "RequestTimeout"
        | "ServiceUnavailable"
        | "OperationAborted"
        | "ConditionalRequestConflict" => FailureKind::Temporary,
        _ => match status.as_u16() {
            401 | 403 => FailureKind::PermissionDenied,
            404 => FailureKind::NotFound,
            409 | 412 | 416 => FailureKind::Refused,
            507 => FailureKind::NoSpace,
            _ if is_temporary(status) => FailureKind::Temporary,
            _ => FailureKind::Other,
        },
    };
    let message = match (code, &said.message) {
        ("", _) => format!("the server answers with status {}", status.as_u16()),
        (code, Some(message)) => format!("the server answers `{code}`: {}", message.trim_end_matches('.')),
        (code, None) => format!("the server answers `{code}`"),
    };
    failed(kind, &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let check = |status: u16, body: &str, kind: FailureKind, message: &str| {
            let failure = failure(StatusCode::from_u16(status).unwrap(), &said(body.as_bytes()));
            assert_eq!((failure.kind, failure.message.as_str()), (kind, message), "{body}");
        };
        check(404, "", FailureKind::NotFound, "the server answers with status 404");
        check(403, "", FailureKind::PermissionDenied, "the server answers with status 403");
        check(412, "<html>", FailureKind::Refused, "the server answers with status 412");
        check(503, "<html>", FailureKind::Temporary, "the server answers with status 503");
        check(400, "", FailureKind::Other, "the server answers with status 400");
        let code = |code: &str| format!("<Error><Code>{code}</Code><Message>In words.</Message></Error>");
        check(400, &code("RequestTimeout"), FailureKind::Temporary, "the server answers `RequestTimeout`: In words");
        check(403, &code("AccessDenied"), FailureKind::PermissionDenied, "the server answers `AccessDenied`: In words");
        check(
            400,
            &code("KeyTooLongError"),
            FailureKind::ImpossibleName,
            "the server answers `KeyTooLongError`: In words",
        );
    }
}
