//! Uploads in parts. Nothing is at the key before the last step, which puts the parts together.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use md5::{Digest, Md5};
use quick_xml::escape::escape;
use reqwest::header::ETAG;
use rusty_s3::Method;
use tokio::task::{JoinSet, spawn_blocking};

use super::Place;
use super::attempts::{Attempts, Expected, Next};
use super::object::Object;
use super::request::{Request, Server};
use super::settings::Settings;
use crate::backend::failed;
use crate::backend::http::xml::plain_etag;
use crate::backend::http::{Incoming, hexadecimal};

/// An upload under way.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    server: Arc<Server>,
    place: Arc<Place>,
    key: Arc<str>,
    upload: Arc<str>,
}

/// A part that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its number, from 1 on.
    pub number: u64,
    /// What the server calls it.
    pub etag: String,
    /// The MD5 of its content, where it is known.
    pub md5: Option<[u8; 16]>,
}

impl Parts {
    /// Begins an upload with a request that says what it is to become.
    pub async fn begin(
        server: &Arc<Server>,
        place: &Arc<Place>,
        request: &Request<'_>,
        key: &str,
    ) -> Result<Self, Failure> {
        let upload = server.told(request, Bytes::new()).await?.upload;
        let upload = upload.ok_or_else(|| failed(FailureKind::Other, "the server takes no uploads in parts"))?;
        Ok(Self { server: Arc::clone(server), place: Arc::clone(place), key: key.into(), upload: upload.into() })
    }

    /// Sends what is read, some parts at a time, and returns them with their size in all.
    pub async fn send(
        &self,
        size: Option<u64>,
        first: Vec<u8>,
        mut goes_on: bool,
        incoming: &mut Incoming<'_, Md5>,
    ) -> Result<(Vec<Part>, u64), Failure> {
        let (length, concurrency) = plan(size, &self.server.settings);
        let (mut made, mut total, mut number) = (Vec::new(), 0, 0);
        let mut under_way: JoinSet<Result<Part, Failure>> = JoinSet::new();
        let mut bytes = first;
        loop {
            // The part that is read counts as one of those that go.
            while under_way.len() >= concurrency {
                made.push(joined(under_way.join_next().await)?);
            }
            if goes_on && (bytes.len() as u64) < length {
                goes_on = incoming.fill(&mut bytes, length).await?;
            }
            if bytes.is_empty() {
                break;
            }
            number += 1;
            if number > self.server.settings.most_parts {
                return Err(failed(FailureKind::Other, "it has too many parts: give a larger `chunk_size`"));
            }
            let rest = bytes.split_off(bytes.len().min(usize::try_from(length).unwrap_or(usize::MAX)));
            let part = Bytes::from(std::mem::replace(&mut bytes, rest));
            total += part.len() as u64;
            let (parts, number) = (self.clone(), number);
            under_way.spawn(async move { parts.put(number, part).await });
        }
        while !under_way.is_empty() {
            made.push(joined(under_way.join_next().await)?);
        }
        made.sort_unstable_by_key(|part| part.number);
        Ok((made, total))
    }

    async fn put(&self, number: u64, bytes: Bytes) -> Result<Part, Failure> {
        // Not on the thread that all connections share.
        let hashed = bytes.clone();
        let md5 = spawn_blocking(move || <[u8; 16]>::from(Md5::digest(&hashed)));
        let md5 = md5.await.map_err(|_| failed(FailureKind::Temporary, "the upload broke off"))?;
        let request = self.request(Method::Put, number).header("content-md5", BASE64_STANDARD.encode(md5));
        let response = self.server.ask(&request, bytes).await?;
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(plain_etag);
        let etag = etag.ok_or_else(|| failed(FailureKind::Other, "the server gives a part no tag"))?.to_owned();
        Ok(Part { number, etag, md5: Some(md5) })
    }

    /// Makes a request about a part.
    pub fn request(&self, method: Method, number: u64) -> Request<'_> {
        self.about(method).query("partNumber", number.to_string())
    }

    fn about(&self, method: Method) -> Request<'_> {
        Request::new(method, &self.place.bucket, &self.key).query("uploadId", &*self.upload)
    }

    /// Puts the parts together, and returns what the server calls the object.
    pub async fn finish(&self, made: &[Part], expected: Expected<'_>, size: u64) -> Result<String, Failure> {
        let list = Bytes::from(list(made));
        let mut attempts = Attempts::new(&self.server, &self.place.bucket, &self.key, expected);
        loop {
            let request = self.server.on_condition(self.about(Method::Post), expected.condition());
            let failure = match self.server.told_once(&request, &list).await {
                Ok(said) => match said.etag {
                    Some(etag) => return Ok(etag),
                    None => failed(FailureKind::Temporary, "the server does not say that it put the parts together"),
                },
                Err(failure) => failure,
            };
            // When it is done, the object has the tag that follows from its parts.
            let is_done = |now: &Object| now.size == size && composed(made).is_some_and(|tag| now.etag == tag);
            if let Next::Done(Some(object)) = attempts.after(failure, |now| now.is_some_and(is_done)).await? {
                return Ok(object.etag);
            }
        }
    }

    /// Removes the parts when something failed.
    pub async fn or_abort<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if outcome.is_err() {
            // What failed says more than this could. Parts that stay are removed by the server's own rules, or `rclone cleanup`.
            self.server.ask(&self.about(Method::Delete), Bytes::new()).await.ok();
        }
        outcome
    }
}

fn joined(part: Option<Result<Result<Part, Failure>, tokio::task::JoinError>>) -> Result<Part, Failure> {
    let broken = || failed(FailureKind::Temporary, "the upload broke off");
    part.ok_or_else(broken)?.map_err(|_| broken())?
}

/// Returns how long parts are, in bytes, and how many go at a time. Where few parts are allowed they are longer, and fewer.
fn plan(size: Option<u64>, settings: &Settings) -> (u64, usize) {
    let least = size.unwrap_or(0).div_ceil(settings.most_parts);
    let length = settings.chunk_size.max(least.next_multiple_of(1 << 20));
    let memory = settings.chunk_size.saturating_mul(settings.concurrency as u64);
    (length, settings.concurrency.min(usize::try_from(memory / length).unwrap_or(1)).max(1))
}

fn list(made: &[Part]) -> String {
    let parts = made.iter().map(|Part { number, etag, .. }| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{}\"</ETag></Part>", escape(etag.as_str()))
    });
    format!(
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</CompleteMultipartUpload>",
        parts.collect::<String>()
    )
}

/// Returns the tag of an object made of these parts.
fn composed(made: &[Part]) -> Option<String> {
    let digests: Option<Vec<[u8; 16]>> = made.iter().map(|part| part.md5).collect();
    Some(format!("{}-{}", hexadecimal(&Md5::digest(digests?.concat())), made.len()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::remote::Remote;

    #[test]
    fn parts_are_as_long_as_they_have_to_be() {
        let check = |options: &[(&str, &str)], size: Option<u64>, length: u64, concurrency: usize| {
            let values: BTreeMap<_, _> =
                options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let settings = Settings::of(&Remote::new("r".into(), "s3".into(), values)).unwrap();
            assert_eq!(plan(size, &settings), (length << 20, concurrency), "{options:?} {size:?}");
        };
        check(&[], Some(300 << 20), 5, 4);
        check(&[], None, 5, 4);
        check(&[], Some(100 << 30), 11, 1);
        check(&[("chunk_size", "16Mi")], Some(100 << 30), 16, 4);
        check(&[("max_upload_parts", "10")], Some(100 << 20), 10, 2);
    }

    #[test]
    fn an_object_of_parts_has_their_tag() {
        let part = |number, content: &str| {
            let md5: [u8; 16] = Md5::digest(content).into();
            Part { number, etag: hexadecimal(&md5), md5: Some(md5) }
        };
        // The MD5 of both MD5s.
        let made = [part(1, "a"), part(2, "b")];
        assert_eq!(composed(&made).as_deref(), Some("96e024ba2074fe77e8e965ba43a704be-2"));
        assert_eq!(composed(&[Part { md5: None, ..part(1, "a") }]), None);
        assert!(list(&made).contains("<PartNumber>2</PartNumber><ETag>\"92eb5ffee6ae2fec3ad71c777531578f\"</ETag>"));
    }
}
