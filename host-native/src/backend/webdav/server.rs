//! Requests, and what becomes of their answers.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bisync_engine::entry::{Instant, Kind};
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::address::{Form, address, names_of};
use super::multistatus::{Resource, multistatus};
use super::settings::{Settings, Vendor};
use crate::backend::failed;
use crate::backend::http::{Client, is_temporary, is_waited_for};

/// No listing of one directory is longer than this, in bytes.
const LONGEST_ANSWER: usize = 1 << 30;

/// Where requests go, and in whose name.
#[derive(Debug)]
pub struct Server {
    /// How connections are made.
    pub client: Client,
    /// How the remote is used.
    pub settings: Settings,
    /// Whether the server is thought to look itself, where it is told what is expected.
    knows_conditions: AtomicBool,
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Itself,
    Directory,
}

impl Server {
    /// Nothing is asked yet.
    pub fn new(client: Client, settings: Settings) -> Self {
        // rclone's refuses whatever is told that way, as if something else were there.
        let knows_conditions = AtomicBool::new(settings.vendor != Vendor::Rclone);
        Self { client, settings, knows_conditions }
    }

    /// Says whether a request may say what is expected.
    pub fn knows_conditions(&self) -> bool {
        self.knows_conditions.load(Ordering::Relaxed)
    }

    /// From now on only the look just before tells.
    pub fn forget_conditions(&self) {
        self.knows_conditions.store(false, Ordering::Relaxed);
    }

    /// Returns the address of a path, counted from where the server's files begin.
    ///
    /// # Errors
    /// Fails when no address leads there.
    pub fn url(&self, path: &str, form: Form) -> Result<Url, Failure> {
        address(&self.settings.endpoint, path, form)
    }

    /// Makes a request, more than once where that may help, and returns an answer that is good.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn ask(&self, method: &str, url: &Url, headers: &HeaderMap, body: Bytes) -> Result<Response, Failure> {
        let make = || self.build(method, url, headers);
        self.good(self.client.send(&body, make).await?, method).await
    }

    /// Uploads something, more than once where that may help, and returns how often it was tried.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn put(&self, url: &Url, headers: &HeaderMap, body: Bytes) -> Result<u32, Failure> {
        let tried = AtomicU32::new(0);
        let make = || {
            tried.fetch_add(1, Ordering::Relaxed);
            // A server wants to know the length even of nothing.
            Ok(self.build("PUT", url, headers)?.header(CONTENT_LENGTH, body.len()))
        };
        self.good(self.client.send(&body, make).await?, "PUT").await?;
        Ok(tried.into_inner())
    }

    /// Makes a request once: one that does something else when it is made again.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn ask_once(&self, method: &str, url: &Url, headers: &HeaderMap) -> Result<Response, Failure> {
        let made = self.build(method, url, headers)?;
        self.good(self.client.send_once(&Bytes::new(), made).await?, method).await
    }

    /// Makes a request whose body cannot be sent twice.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn put_once(
        &self,
        url: &Url,
        headers: &HeaderMap,
        length: u64,
        body: reqwest::Body,
    ) -> Result<Response, Failure> {
        let made = self.build("PUT", url, headers)?.header(CONTENT_LENGTH, length).body(body);
        self.good(self.client.send_streamed(made).await?, "PUT").await
    }

    /// Says what there is at a path; `None` when there is nothing.
    ///
    /// # Errors
    /// Fails as the server says, or when it says nothing of what was asked for.
    pub async fn look(&self, path: &str) -> Result<Option<Resource>, Failure> {
        let url = self.url(path, Form::Plain)?;
        let resources = match self.resources(&url, Depth::Itself).await {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            resources => resources?,
        };
        let names = names_of(url.path());
        match resources.into_iter().find(|resource| resource.names == names) {
            Some(resource) => Ok(Some(resource)),
            None => Err(failed(FailureKind::Other, "the server tells of something else than was asked for")),
        }
    }

    /// Returns what is in a directory, with what the server calls it.
    ///
    /// # Errors
    /// Fails as the server says, and when what it says is not the whole of this directory.
    pub async fn entries(&self, path: &str) -> Result<Vec<(Vec<u8>, Resource)>, Failure> {
        let url = self.url(path, Form::Directory)?;
        let base = names_of(url.path());
        let (mut itself, mut entries) = (None, Vec::new());
        for mut resource in self.resources(&url, Depth::Directory).await? {
            if !resource.names.starts_with(&base) {
                return Err(failed(FailureKind::Other, "the server lists what was not asked for"));
            }
            match resource.names.len() - base.len() {
                0 => itself = Some(resource),
                1 => entries.extend(resource.names.pop().map(|name| (name, resource))),
                // Of a directory that was not asked for nothing is inferred.
                _ => {}
            }
        }
        match itself.map(|directory| directory.found.kind) {
            // A listing begins with the directory itself: one without it is none.
            None => Err(failed(FailureKind::Other, "the server lists something else than the directory")),
            Some(Kind::Directory) => Ok(entries),
            Some(_) => Err(failed(FailureKind::WrongKind, "it is not a directory")),
        }
    }

    async fn resources(&self, url: &Url, depth: Depth) -> Result<Vec<Resource>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("depth", if depth == Depth::Itself { "0" } else { "1" }.parse().map_err(impossible)?);
        headers.insert(CONTENT_TYPE, "application/xml; charset=utf-8".parse().map_err(impossible)?);
        let body = Bytes::from_static(properties(self.settings.vendor).as_bytes());
        let mut response = match self.ask("PROPFIND", url, &headers, body.clone()).await {
            Err(Failure { kind: FailureKind::Other, message }) if message == SLASH_IS_MISSING => {
                let mut url = url.clone();
                url.set_path(&format!("{}/", url.path()));
                self.ask("PROPFIND", &url, &headers, body).await?
            }
            response => response?,
        };
        if response.status() != StatusCode::MULTI_STATUS {
            return Err(failed(FailureKind::Other, "the server does not speak WebDAV at this address"));
        }
        let mut resources = multistatus(&self.client.whole(&mut response, LONGEST_ANSWER).await?)?;
        if !self.settings.vendor.keeps_times() {
            // It is when the server wrote it. Its whole seconds do not tell versions apart that follow each other: the tag does.
            for Resource { found, mark, .. } in &mut resources {
                let second = found.fingerprint.modified;
                found.fingerprint.modified = second.map(|second| Instant { nanoseconds: *mark, ..second });
            }
        }
        Ok(resources)
    }

    fn build(&self, method: &str, url: &Url, headers: &HeaderMap) -> Result<RequestBuilder, Failure> {
        let method = Method::from_bytes(method.as_bytes()).map_err(impossible)?;
        let made = self.client.client().request(method, url.clone());
        Ok(made.headers(self.settings.headers.clone()).headers(headers.clone()))
    }

    async fn good(&self, mut response: Response, method: &str) -> Result<Response, Failure> {
        let status = response.status();
        if status == StatusCode::MULTI_STATUS && method != "PROPFIND" {
            return Err(failed(FailureKind::Other, "the server did it only in part"));
        }
        if status.is_success() {
            return Ok(response);
        }
        if status.is_redirection() {
            return Err(redirected(&response));
        }
        // The connection can be used again when the answer has been taken.
        self.client.whole(&mut response, 1 << 20).await.ok();
        let failure = failure(status);
        let is_left = failure.kind == FailureKind::Temporary && !is_waited_for(response.headers());
        Err(if is_left { Failure { kind: FailureKind::Other, ..failure } } else { failure })
    }
}

/// Says that the same address with `/` at its end is the one.
const SLASH_IS_MISSING: &str = "the server wants `/` at the end of the address";

/// Returns the failure of a request that the server sends elsewhere. Nothing goes there: who asks is told to this address only.
fn redirected(response: &Response) -> Failure {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let target = location.and_then(|location| response.url().join(location).ok());
    let with_slash = format!("{}/", response.url().path());
    let message = match target {
        Some(url) if url.origin() == response.url().origin() && url.path() == with_slash => SLASH_IS_MISSING,
        Some(_) | None => "the server sends elsewhere: the option `url` has to be the address to which it does",
    };
    failed(FailureKind::Other, message)
}

fn impossible(_: impl std::error::Error) -> Failure {
    failed(FailureKind::ImpossibleName, "no request can be made for this")
}

/// Returns what is asked of each resource.
fn properties(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Other | Vendor::Rclone => {
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:propfind xmlns:d=\"DAV:\"><d:prop><d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/></d:prop></d:propfind>"
        }
        Vendor::Nextcloud | Vendor::Owncloud => {
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:propfind xmlns:d=\"DAV:\" xmlns:o=\"http://owncloud.org/ns\"><d:prop><d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/><o:checksums/></d:prop></d:propfind>"
        }
        // Without a body all properties are told, its own one for SHA-1 among them.
        Vendor::Fastmail => "",
    }
}

/// Returns the failure that an answer is about.
fn failure(status: StatusCode) -> Failure {
    use FailureKind::{Busy, ImpossibleName, NoSpace, NotFound, Other, PermissionDenied, Refused, Temporary};
    let (kind, words) = match status.as_u16() {
        401 => (PermissionDenied, "the server does not accept the credentials"),
        403 => (PermissionDenied, "the server does not allow that"),
        404 | 410 => (NotFound, "it is not there"),
        405 => (Other, "the server cannot do that here"),
        409 => (NotFound, "its directory is not there"),
        412 => (Refused, "it has changed in the meantime"),
        413 => (NoSpace, "the server takes no files of this size"),
        414 => (ImpossibleName, "the name is too long for the server"),
        423 => (Busy, "it is locked on the server"),
        507 => (NoSpace, "no space is left on the server"),
        _ if is_temporary(status) => (Temporary, "the server has trouble"),
        _ => (Other, "the server refuses"),
    };
    failed(kind, &format!("{words} (status {})", status.as_u16()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let check = |status: u16, kind: FailureKind| {
            let failure = failure(StatusCode::from_u16(status).unwrap());
            assert_eq!(failure.kind, kind, "{failure}");
            assert!(failure.message.contains(&status.to_string()), "{failure}");
        };
        check(401, FailureKind::PermissionDenied);
        check(404, FailureKind::NotFound);
        check(405, FailureKind::Other);
        check(412, FailureKind::Refused);
        check(423, FailureKind::Busy);
        check(429, FailureKind::Temporary);
        check(503, FailureKind::Temporary);
        check(507, FailureKind::NoSpace);
    }
}
