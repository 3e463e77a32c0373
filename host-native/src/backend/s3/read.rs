//! Downloads.

use std::ops::Range;
use std::pin::pin;

use bisync_engine::entry::Fingerprint;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use futures_util::stream::TryStreamExt;
use md5::{Digest, Md5};
use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};
use rusty_s3::Method;

use super::S3;
use super::object::Object;
use super::request::Request;
use crate::backend::http::{RANGE, hexadecimal};
use crate::backend::{Content, Producer, failed};

/// So many times in a row a download goes on without having come any further.
const VAIN_TRIES: u32 = 5;

/// A range is handed on in pieces of at most this length, in bytes.
const PIECE: usize = 256 << 10;

impl S3 {
    /// Reads the file that is `version`.
    pub(super) fn content(&self, path: RelPath, version: Fingerprint) -> Content {
        let backend = self.clone();
        Content::produced(|producer| async move { backend.send(&path, &version, &producer).await })
    }

    async fn send(&self, path: &RelPath, version: &Fingerprint, producer: &Producer) -> Result<(), Failure> {
        let key = self.folder.key(path)?;
        // Without a tag nobody could tell whether ranges are of one version.
        let size = version.size.filter(|size| self.ranges.are_for(*size) && version.id.is_some());
        let mut response = self.get(&key, 0..size.map_or(u64::MAX, |_| RANGE), None).await?;
        let object = Object::of(&response)?;
        if !object.is(&key, version) {
            return Err(changed());
        }
        let mut received = Received { producer, digest: Md5::new(), length: 0, size: object.size };
        if is_partial(&response) {
            is_range_of(&response, &object, &(0..RANGE))?;
            self.receive_in_ranges(&key, &object, response, &mut received).await?;
        } else {
            self.receive(&key, &object, &mut response, &mut received).await?;
        }
        let md5 = hexadecimal(&received.digest.finalize());
        if object.details.md5.as_ref() == Some(&md5) {
            // Whatever has happened to the object since, this is what it held.
            return Ok(());
        }
        if !self.server.look(&self.folder.bucket, &key).await?.is_some_and(|now| now.is(&key, version)) {
            return Err(changed());
        }
        match object.details.md5 {
            None => Ok(()),
            Some(_) => Err(failed(
                FailureKind::Temporary,
                "what was received is not what the server holds: its checksum differs",
            )),
        }
    }

    /// Receives an object from its beginning. Where the connection ends too soon, the rest is asked for.
    async fn receive(
        &self,
        key: &str,
        object: &Object,
        response: &mut Response,
        received: &mut Received<'_>,
    ) -> Result<(), Failure> {
        let mut vain_tries = 0;
        loop {
            let problem = match self.server.client.chunk(response).await {
                Ok(Some(bytes)) => {
                    received.take(bytes.to_vec()).await?;
                    vain_tries = 0;
                    continue;
                }
                Ok(None) => too_little(),
                Err(failure) => failure,
            };
            // All of it may be there already.
            if received.length == object.size {
                return Ok(());
            }
            vain_tries += 1;
            if vain_tries > VAIN_TRIES || object.etag.is_empty() {
                return Err(problem);
            }
            let rest = received.length..u64::MAX;
            *response = self.get(key, rest.clone(), Some(&object.etag)).await?;
            if !is_partial(response) {
                return Err(problem);
            }
            is_range_of(response, object, &rest)?;
        }
    }

    /// Receives an object in ranges, the first of which is answered already.
    async fn receive_in_ranges(
        &self,
        key: &str,
        object: &Object,
        mut first: Response,
        received: &mut Received<'_>,
    ) -> Result<(), Failure> {
        let length = RANGE.min(object.size);
        let begun = self.server.client.whole(&mut first, RANGE as usize).await.ok();
        let begun = begun.filter(|bytes| bytes.len() as u64 == length);
        let from = if begun.is_some() { length } else { 0 };
        received.take_all(&begun.unwrap_or_default()).await?;
        let fetch = |range| {
            let (backend, key, object) = (self.clone(), key.to_owned(), object.clone());
            async move { backend.range(&key, &object, range).await }
        };
        let mut fetched = pin!(self.ranges.fetched(from, object.size, fetch));
        while let Some(bytes) = fetched.try_next().await? {
            received.take_all(&bytes).await?;
        }
        if received.length == object.size { Ok(()) } else { Err(too_little()) }
    }

    /// Fetches a range of an object, more than once where that may help.
    async fn range(&self, key: &str, object: &Object, range: Range<u64>) -> Result<Vec<u8>, Failure> {
        let mut problem = too_little();
        for _ in 0..VAIN_TRIES {
            let mut response = self.get(key, range.clone(), Some(&object.etag)).await?;
            is_range_of(&response, object, &range)?;
            problem = match self.server.client.whole(&mut response, RANGE as usize).await {
                Ok(bytes) if bytes.len() as u64 == range.end - range.start => return Ok(bytes),
                Ok(_) => too_little(),
                Err(failure) => failure,
            };
        }
        Err(problem)
    }

    /// Asks for a range of the content of an object; of that version only, where one is named. A range without an end has `u64::MAX`.
    async fn get(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Response, Failure> {
        let mut request = Request::new(Method::Get, &self.folder.bucket, key);
        let Range { start, end } = range;
        if end < u64::MAX {
            request = request.header("range", format!("bytes={start}-{}", end - 1));
        } else if start > 0 {
            request = request.header("range", format!("bytes={start}-"));
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

/// What has come so far.
struct Received<'a> {
    producer: &'a Producer,
    digest: Md5,
    /// Its length, and that of the whole, in bytes.
    length: u64,
    size: u64,
}

impl Received<'_> {
    /// Hands on what comes next.
    async fn take(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.length += bytes.len() as u64;
        if self.length > self.size {
            return Err(failed(FailureKind::Temporary, "more was received than the file holds"));
        }
        self.digest.update(&bytes);
        self.producer.send(bytes).await
    }

    async fn take_all(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        for piece in bytes.chunks(PIECE) {
            self.take(piece.to_vec()).await?;
        }
        Ok(())
    }
}

/// Says whether an answer holds a part of an object. rclone's server tells which, and says that all is well, as if it were the whole.
fn is_partial(response: &Response) -> bool {
    response.status() == StatusCode::PARTIAL_CONTENT || response.headers().contains_key(CONTENT_RANGE)
}

/// Makes sure that an answer holds this range of this version of an object, or what there is of it.
fn is_range_of(response: &Response, object: &Object, range: &Range<u64>) -> Result<(), Failure> {
    let told = Object::of(response)?;
    if told.etag != object.etag || told.size != object.size {
        return Err(changed());
    }
    let expected = format!("bytes {}-{}/{}", range.start, range.end.min(object.size).saturating_sub(1), object.size);
    let is_range = response.headers().get(CONTENT_RANGE).is_some_and(|range| *range == *expected);
    if is_range { Ok(()) } else { Err(failed(FailureKind::Temporary, "the server does not send what was asked for")) }
}

fn too_little() -> Failure {
    failed(FailureKind::Temporary, "less was received than the file holds")
}

fn changed() -> Failure {
    failed(FailureKind::Changed, "it has changed while it was being read")
}
