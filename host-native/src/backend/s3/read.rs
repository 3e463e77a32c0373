//! Downloads.

use bisync_engine::entry::Fingerprint;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::{Response, StatusCode};
use rusty_s3::Method;

use super::S3;
use super::object::Object;
use super::request::Request;
use crate::backend::http::hexadecimal;
use crate::backend::{Content, Producer, failed};

/// So many times in a row a download goes on without having come any further.
const VAIN_TRIES: u32 = 5;

impl S3 {
    /// Reads the file that is `version`.
    pub(super) fn content(&self, path: RelPath, version: Fingerprint) -> Content {
        let backend = self.clone();
        Content::produced(|producer| async move { backend.send(&path, &version, &producer).await })
    }

    async fn send(&self, path: &RelPath, version: &Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let key = self.folder.key(path)?;
        let mut response = self.get(&key, 0, None).await?;
        let object = Object::of(&response)?;
        if !object.is(&key, version) {
            return Err(changed());
        }
        let (mut length, mut digest, mut vain_tries) = (0, Md5::new(), 0);
        loop {
            let problem = match self.server.client.chunk(&mut response).await {
                Ok(Some(bytes)) => {
                    length += bytes.len() as u64;
                    if length > object.size {
                        return Err(failed(FailureKind::Temporary, "more was received than the file holds"));
                    }
                    digest.update(&bytes);
                    producer.send(bytes.to_vec()).await?;
                    vain_tries = 0;
                    continue;
                }
                Ok(None) if length == object.size => break,
                Ok(None) => failed(FailureKind::Temporary, "less was received than the file holds"),
                Err(failure) => failure,
            };
            vain_tries += 1;
            if vain_tries > VAIN_TRIES || object.etag.is_empty() {
                return Err(problem);
            }
            // All of it may be there already.
            if length == object.size {
                break;
            }
            response = self.get(&key, length, Some(&object.etag)).await?;
            let rest = Object::of(&response)?;
            if response.status() != StatusCode::PARTIAL_CONTENT {
                return Err(problem);
            }
            if rest.etag != object.etag || rest.size != object.size {
                return Err(changed());
            }
        }
        if object.details.md5.is_some_and(|md5| md5 == hexadecimal(&digest.finalize())) {
            // Whatever has happened to the object since, this is what it held.
            return Ok(());
        }
        let is_still = self.server.look(&self.folder.bucket, &key).await?.is_some_and(|now| now.is(&key, version));
        match (is_still, Object::of(&response)?.details.md5) {
            (false, _) => Err(changed()),
            (true, None) => Ok(()),
            (true, Some(_)) => Err(failed(
                FailureKind::Temporary,
                "what was received is not what the server holds: its checksum differs",
            )),
        }
    }

    /// Asks for the content of an object from a position on; for that version only, where one is named.
    async fn get(&self, key: &str, position: u64, etag: Option<&str>) -> Result<Response, Failure> {
        let mut request = Request::new(Method::Get, &self.folder.bucket, key);
        if position > 0 {
            request = request.header("range", format!("bytes={position}-"));
        }
        if let Some(etag) = etag {
            request = request.header("if-match", format!("\"{etag}\""));
        }
        self.server.ask(&request, Bytes::new()).await.map_err(|failure| match failure.kind {
            FailureKind::NotFound | FailureKind::Refused => changed(),
            _ => failure,
        })
    }
}

fn changed() -> Failure {
    failed(FailureKind::Changed, "it has changed while it was being read")
}
