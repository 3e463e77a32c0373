//! Downloads.

use bisync_engine::entry::Fingerprint;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};

use super::address::Form;
use super::{Webdav, is_version};
use crate::backend::{Content, Producer, failed};

impl Webdav {
    /// Reads the file that is `version`.
    pub(super) fn content(&self, path: RelPath, version: Fingerprint) -> Content {
        let backend = self.clone();
        Content::produced(|producer| async move { backend.send(&path, &version, &producer).await })
    }

    async fn send(&self, path: &RelPath, version: &Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let place = self.place(path);
        let url = self.server.url(&place, Form::Plain)?;
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        let answer = self.server.ask("GET", &url, &headers, Bytes::new()).await;
        let mut response = answer.map_err(|failure| match failure.kind {
            FailureKind::NotFound => changed(),
            _ => failure,
        })?;
        let told = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|told| version.size.is_some_and(|size| size != told)) {
            return Err(changed());
        }
        if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(failed(FailureKind::Other, "the server sends it encoded, and not as it is"));
        }
        let mut length = 0;
        while let Some(bytes) = self.server.client.chunk(&mut response).await? {
            length += bytes.len() as u64;
            producer.send(bytes.to_vec()).await?;
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

fn changed() -> Failure {
    failed(FailureKind::Changed, "it has changed while it was being read")
}
