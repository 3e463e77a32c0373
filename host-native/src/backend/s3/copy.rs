//! Copies that the server makes by itself.

use std::sync::Arc;

use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderMap;
use rusty_s3::Method;

use super::attempts::{Attempts, Expected, Next};
use super::object::{MTIME, Object};
use super::parts::{Part, Parts};
use super::request::{Condition, Request};
use super::times::read_time;
use super::{Place, S3};
use crate::backend::failed;

/// What is written as it is in the address of a source.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// What an object keeps when it is written anew, besides the metadata of its owner.
const KEPT: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-website-redirect-location",
];

/// What an object keeps where the remote's options want nothing else.
const KEPT_UNLESS_SET: [&str; 3] =
    ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class"];

/// A copy within the server.
pub(super) struct Copy<'a> {
    /// The key that is copied, in the folder's bucket.
    pub key: &'a str,
    /// What is copied; nothing else is.
    pub object: &'a Object,
    /// Where it goes.
    pub place: &'a Arc<Place>,
    /// The key that it gets.
    pub target: &'a str,
    /// The modification time that it gets, as rclone writes it; `None` to keep the one that it has.
    pub modified: Option<String>,
    /// What is expected at the target.
    pub expected: Expected<'a>,
}

impl S3 {
    /// Copies an object, and returns what the server calls the new one.
    pub(super) async fn copy(&self, copy: Copy<'_>) -> Result<String, Failure> {
        let settings = &self.server.settings;
        let Copy { key, object, place, target, modified, expected } = copy;
        let source = format!("/{}/{}", self.folder.bucket.name(), key);
        let source = utf8_percent_encode(&source, PLAIN).to_string();
        let in_parts = object.size > settings.copy_cutoff;
        let replaces = in_parts || modified.is_some();
        let mut headers = kept(&object.headers, replaces)?;
        if let Some(modified) = &modified {
            headers.retain(|(name, _)| name != MTIME);
            headers.push((MTIME.to_owned(), modified.clone()));
        }
        let wanted = settings.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let (method, directive) = if in_parts { (Method::Post, None) } else { (Method::Put, Some(replaces)) };
        let request = Request::new(method, &place.bucket, target);
        let request = headers.into_iter().chain(wanted).fold(request, |made, (name, value)| made.header(name, value));
        if let Some(replaces) = directive {
            let directive = if replaces { "REPLACE" } else { "COPY" };
            let request = copied_from(request, &source, object).header("x-amz-metadata-directive", directive);
            let mut attempts = Attempts::new(&self.server, &place.bucket, target, expected);
            loop {
                // What is copied onto itself is held to its version as the source.
                let condition = expected.condition().filter(|condition| *condition == Condition::Absent);
                let request = self.server.on_condition(request.clone(), condition);
                let failure = match self.server.told_once(&request, &Bytes::new()).await {
                    Ok(said) => return Ok(said.etag.unwrap_or_default()),
                    Err(failure) => failure,
                };
                // Where nothing was, the same content under the same tag is the copy; else it is told by the time that it got.
                let is_copy = |now: &Object| {
                    let has_time = modified.as_deref().is_none_or(|text| now.details.modified == read_time(text));
                    let is_told = matches!(expected, Expected::Found(None)) || modified.is_some();
                    is_told && has_time && now.etag == object.etag && now.holds_the_same_as(object)
                };
                if let Next::Done(copied) = attempts.after(failure, |now| now.is_some_and(is_copy)).await? {
                    return Ok(copied.map(|copied| copied.etag).unwrap_or_default());
                }
            }
        }
        let parts = Parts::begin(&self.server, place, &request.query("uploads", ""), target).await?;
        let made = async {
            let copied = ranges(object.size, settings.copy_cutoff).map(|(number, first, last)| {
                let request = copied_from(parts.request(Method::Put, number), &source, object);
                let request = request.header("x-amz-copy-source-range", format!("bytes={first}-{last}"));
                async move {
                    let etag = self.server.told(&request, Bytes::new()).await?.etag;
                    let etag = etag.ok_or_else(|| failed(FailureKind::Other, "the server gives a part no tag"))?;
                    Ok::<_, Failure>(Part { number, etag, md5: None })
                }
            });
            let made: Vec<Part> = stream::iter(copied).buffered(settings.concurrency).try_collect().await?;
            // That took its time, and not every server looks itself.
            expected.check(&self.server, &place.bucket, target).await?;
            parts.finish(&made, expected, object.size).await
        };
        parts.or_abort(made.await).await
    }
}

/// Says in a request what is copied, and which version of it.
fn copied_from<'a>(request: Request<'a>, source: &str, object: &Object) -> Request<'a> {
    let request = request.header("x-amz-copy-source", source.to_owned());
    match object.etag.as_str() {
        "" => request,
        etag => request.header("x-amz-copy-source-if-match", format!("\"{etag}\"")),
    }
}

/// Returns the headers with which an object stays what it is; all of them when its metadata is written anew.
fn kept(headers: &HeaderMap, replaces: bool) -> Result<Vec<(String, String)>, Failure> {
    let is_kept = |name: &str| {
        KEPT_UNLESS_SET.contains(&name) || replaces && (KEPT.contains(&name) || name.starts_with("x-amz-meta-"))
    };
    let mut kept = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| is_kept(name.as_str())) {
        let unreadable = |_| failed(FailureKind::Other, &format!("its header `{name}` cannot be kept"));
        let value = value.to_str().map_err(unreadable)?;
        // It says how an upload was encoded, not the object.
        let value = if name == "content-encoding" {
            value.trim_start_matches("aws-chunked").trim_start_matches(',')
        } else {
            value
        };
        if !value.is_empty() {
            kept.push((name.as_str().to_owned(), value.to_owned()));
        }
    }
    Ok(kept)
}

/// Returns the numbers of parts with their first and last bytes.
fn ranges(size: u64, length: u64) -> impl Iterator<Item = (u64, u64, u64)> {
    (0..size.div_ceil(length)).map(move |index| (index + 1, index * length, ((index + 1) * length).min(size) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        let check =
            |size, length, expected: &[(u64, u64, u64)]| assert_eq!(ranges(size, length).collect::<Vec<_>>(), expected);
        check(10, 5, &[(1, 0, 4), (2, 5, 9)]);
        check(11, 5, &[(1, 0, 4), (2, 5, 9), (3, 10, 10)]);
    }

    #[test]
    fn an_object_stays_what_it_is() {
        let headers: HeaderMap = [
            ("content-type", "text/html"),
            ("content-encoding", "aws-chunked,gzip"),
            ("content-length", "5"),
            ("etag", "x"),
            ("x-amz-meta-a", "b"),
            ("x-amz-storage-class", "STANDARD_IA"),
        ]
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
        let check = |replaces, expected: &[(&str, &str)]| {
            let mut kept = kept(&headers, replaces).unwrap();
            kept.sort();
            let kept: Vec<_> = kept.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(kept, expected);
        };
        let class = ("x-amz-storage-class", "STANDARD_IA");
        check(false, &[class]);
        check(true, &[("content-encoding", "gzip"), ("content-type", "text/html"), ("x-amz-meta-a", "b"), class]);
    }
}
