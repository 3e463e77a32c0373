//! What is known of an object: from a listing, and from what the server says of it alone.

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, LAST_MODIFIED};
use rusty_s3::{Bucket, Method};

use super::request::{Request, Server};
use super::times::read_time;
use crate::backend::failed;
use crate::backend::http::hexadecimal;
use crate::backend::http::xml::plain_etag;

/// Where rclone keeps the modification time: seconds, with a fraction.
pub const MTIME: &str = "x-amz-meta-mtime";
/// Where rclone keeps the MD5 of what was uploaded in parts, in base 64.
pub const MD5: &str = "x-amz-meta-md5chksum";

/// What the server says of an object.
#[derive(Debug, Clone)]
pub struct Object {
    /// The size in bytes.
    pub size: u64,
    /// What the server calls this version, without quotes; empty when it does not.
    pub etag: String,
    /// What is told only of one object at a time.
    pub details: Details,
    /// When the server last wrote it, in whole seconds.
    pub written: Option<Instant>,
    /// All that the server says.
    pub headers: HeaderMap,
}

/// What is told of an object only when it is asked for alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The modification time, where one is kept.
    pub modified: Option<Instant>,
    /// The MD5 of the content in hexadecimal, where it is known.
    pub md5: Option<String>,
}

impl Object {
    /// Reads what an answer says of the object that it is about.
    ///
    /// # Errors
    /// Fails when it does not say how large it is.
    pub fn of(response: &Response) -> Result<Self, Failure> {
        let headers = response.headers().clone();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // The end of `bytes 5-9/10` is the whole size.
        let whole = text(CONTENT_RANGE).and_then(|range| range.rsplit_once('/')).map(|(_, size)| size);
        let size = whole.or_else(|| text(CONTENT_LENGTH)).and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| failed(FailureKind::Other, "the server does not say how large it is"))?;
        let etag = text(ETAG).map(plain_etag).unwrap_or_default().to_owned();
        let of_etag = if says_content(&headers) { md5_of_etag(&etag) } else { None };
        let details = Details {
            modified: headers.get(MTIME).and_then(|value| read_time(value.to_str().ok()?)),
            md5: stored_md5(&headers).or(of_etag),
        };
        let written = text(LAST_MODIFIED).and_then(|date| httpdate::parse_http_date(date).ok());
        let written = written.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        let written = written.map(|since| Instant { seconds: since.as_secs().cast_signed(), nanoseconds: 0 });
        Ok(Self { size, etag, details, written, headers })
    }

    /// Returns what identifies this version of the object of a key.
    pub fn fingerprint(&self, key: &str) -> Fingerprint {
        fingerprint(key, self.size, &self.etag, self.details.modified.or(self.written))
    }

    /// Says whether this is the version that was listed. When the server wrote it is only known in seconds here.
    pub fn is(&self, key: &str, version: &Fingerprint) -> bool {
        let mut version = version.clone();
        if self.details.modified.is_none() {
            version.modified = version.modified.map(|time| Instant { nanoseconds: 0, ..time });
        }
        version.is_still(&self.fingerprint(key))
    }
}

impl Object {
    /// Says whether this is what is at the key now, given what is there.
    pub fn is_still(&self, now: &Self) -> bool {
        (self.size, &self.etag, self.details.modified, self.written)
            == (now.size, &now.etag, now.details.modified, now.written)
    }

    /// Says whether another object may hold the same content, as far as both tell of it.
    pub fn holds_the_same_as(&self, other: &Self) -> bool {
        let md5s = self.details.md5.as_ref().zip(other.details.md5.as_ref());
        self.size == other.size && md5s.is_none_or(|(one, other)| one == other)
    }
}

impl Server {
    /// Asks for an object; `None` when there is none.
    ///
    /// # Errors
    /// Fails as the server says.
    pub async fn look(&self, bucket: &Bucket, key: &str) -> Result<Option<Object>, Failure> {
        match self.ask(&Request::new(Method::Head, bucket, key), Bytes::new()).await {
            Ok(response) => Object::of(&response).map(Some),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// Returns what identifies a version of the object of a key.
pub fn fingerprint(key: &str, size: u64, etag: &str, modified: Option<Instant>) -> Fingerprint {
    // The same content under two keys is still two files.
    let digest: [u8; 16] = Md5::digest(format!("{key}\0{etag}")).into();
    let id = Some(FileId(u128::from_be_bytes(digest).max(1))).filter(|_| !etag.is_empty());
    Fingerprint { size: Some(size), modified, hash: None, id }
}

/// Returns a file of this version.
pub fn found(fingerprint: Fingerprint) -> Found {
    Found { kind: Kind::File, fingerprint }
}

/// Returns the hash that listings hold.
pub fn hash(md5: &str) -> Hash {
    Hash::new("md5", md5)
}

/// Returns the MD5 that a tag is, in hexadecimal; `None` when it is something else.
pub fn md5_of_etag(etag: &str) -> Option<String> {
    let is_md5 = etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_md5.then(|| etag.to_lowercase())
}

/// Says whether the tag says something about the content: not where the server encrypts with a key of somebody's own.
pub fn says_content(headers: &HeaderMap) -> bool {
    headers.get("x-amz-server-side-encryption").is_none_or(|value| value == "AES256")
        && !headers.contains_key("x-amz-server-side-encryption-customer-algorithm")
}

fn stored_md5(headers: &HeaderMap) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(headers.get(MD5)?.as_bytes()).ok()?;
    (bytes.len() == 16).then(|| hexadecimal(&bytes))
}

/// Returns the bytes of hexadecimal digits.
pub fn from_hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let pairs = (0..digits.len()).step_by(2).map(|start| digits.get(start..start + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_is_taken_for_one() {
        let check = |etag: &str, expected: Option<&str>| assert_eq!(md5_of_etag(etag).as_deref(), expected);
        check("2E962C52C007FD0F14FE6E1D56D50DE5", Some("2e962c52c007fd0f14fe6e1d56d50de5"));
        check("2e962c52c007fd0f14fe6e1d56d50de5-3", None);
        check("0x8DB3", None);
        check("", None);
    }

    #[test]
    fn the_same_content_is_another_file_elsewhere() {
        let id = |key, etag| fingerprint(key, 1, etag, None).id;
        assert_eq!(id("a", "t"), id("a", "t"));
        assert_ne!(id("a", "t"), id("b", "t"));
        assert_ne!(id("a", "t"), id("a", "u"));
        assert_eq!(id("a", ""), None);
    }

    #[test]
    fn digits_are_bytes() {
        assert_eq!(hexadecimal(&[0, 255, 16]), "00ff10");
        assert_eq!(from_hexadecimal("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(from_hexadecimal("0"), None);
        assert_eq!(from_hexadecimal("zz"), None);
    }
}
