//! Downloads.

use bisync_engine::entry::Fingerprint;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Response, StatusCode, Url};

use super::address::Form;
use super::{Webdav, is_version};
use crate::backend::{Content, Producer, failed};

/// So many times in a row a download goes on without having come any further.
const VAIN_TRIES: u32 = 5;

impl Webdav {
    /// Reads the file that is `version`.
    pub(super) fn content(&self, path: RelPath, version: Fingerprint) -> Content {
        let backend = self.clone();
        Content::produced(|producer| async move { backend.send(&path, &version, &producer).await })
    }

    async fn send(&self, path: &RelPath, version: &Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let place = self.place(path);
        let url = self.server.url(&place, Form::Plain)?;
        let mut response = self.get(&url, HeaderMap::new()).await?;
        let told = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|told| version.size.is_some_and(|size| size != told)) {
            return Err(changed());
        }
        let tag = strong_tag(&response);
        let (mut length, mut vain_tries) = (0, 0);
        loop {
            let problem = match self.server.client.chunk(&mut response).await {
                Ok(Some(bytes)) => {
                    length += bytes.len() as u64;
                    producer.send(bytes.to_vec()).await?;
                    vain_tries = 0;
                    continue;
                }
                Ok(None) => None,
                Err(failure) => Some(failure),
            };
            // All of it may be there although the connection ended otherwise.
            let Some(problem) = problem.filter(|_| told != Some(length)) else { break };
            vain_tries += 1;
            let (Some(told), Some(tag), true) = (told, &tag, vain_tries <= VAIN_TRIES) else { return Err(problem) };
            response = self.rest(&url, length, told, tag).await?.ok_or(problem)?;
        }
        // Whatever was sent, it is the file only when that has been there before and after.
        let now = self.server.look(&place).await?.filter(|now| is_version(now, version)).ok_or_else(changed)?;
        match now.found.fingerprint.size.or(told) {
            Some(size) if size != length => {
                Err(failed(FailureKind::Temporary, "what was received is not as long as the file is"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Webdav {
    /// Asks for content as it is, not encoded.
    async fn get(&self, url: &Url, mut headers: HeaderMap) -> Result<Response, Failure> {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let answer = self.server.ask("GET", url, &headers, Bytes::new()).await;
        let response = answer.map_err(|failure| match failure.kind {
            FailureKind::NotFound => changed(),
            _ => failure,
        })?;
        if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(failed(FailureKind::Other, "the server sends it encoded, and not as it is"));
        }
        Ok(response)
    }

    /// Asks for what comes after a position of the version with this tag; `None` where the server sends something else.
    async fn rest(&self, url: &Url, position: u64, size: u64, tag: &HeaderValue) -> Result<Option<Response>, Failure> {
        let range = HeaderValue::from_str(&format!("bytes={position}-")).map_err(|_| changed())?;
        let response = self.get(url, HeaderMap::from_iter([(RANGE, range), (IF_RANGE, tag.clone())])).await?;
        // A server that knows no ranges, or another version only, sends all.
        let Some(told) = response.headers().get(ETAG).filter(|_| response.status() == StatusCode::PARTIAL_CONTENT)
        else {
            return Ok(None);
        };
        let expected = format!("bytes {position}-{}/{size}", size.saturating_sub(1));
        let is_rest = response.headers().get(CONTENT_RANGE).is_some_and(|range| range == expected.as_str());
        if told == tag && is_rest { Ok(Some(response)) } else { Err(changed()) }
    }
}

/// Returns what the server calls this version of a file, where it is sure that no other one is called so.
fn strong_tag(response: &Response) -> Option<HeaderValue> {
    response.headers().get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")).cloned()
}

fn changed() -> Failure {
    failed(FailureKind::Changed, "it has changed while it was being read")
}
