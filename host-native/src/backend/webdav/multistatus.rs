//! What a server says of its resources (RFC 4918, section 13).

use std::time::UNIX_EPOCH;

use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::protocol::{Failure, FailureKind};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use md5::{Digest, Md5};

use super::address::names_of;
use crate::backend::failed;
use crate::backend::http::xml::{plain_etag, read, unreadable};

/// Something on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The names that lead to it from the root of the server.
    pub names: Vec<Vec<u8>>,
    /// What it is, without a hash.
    pub found: Found,
    /// What the server calls this version, as it writes it; `None` when it does not, or is not sure of it.
    pub etag: Option<String>,
    /// A number below a billion, made of what the server calls this version: those of two versions are seldom the same.
    pub mark: u32,
    /// The hashes that the server tells.
    pub hashes: Vec<Hash>,
}

/// The properties of a resource that have one status.
#[derive(Debug, Default)]
struct Properties {
    status: Option<String>,
    has_type: bool,
    is_collection: bool,
    size: Option<String>,
    modified: Option<String>,
    etag: Option<String>,
    checksums: Vec<String>,
}

/// Reads an answer, all of it or nothing. What was deleted meanwhile is left out.
///
/// # Errors
/// Fails when it is not whole, or does not say of a resource what it is.
pub fn multistatus(text: &[u8]) -> Result<Vec<Resource>, Failure> {
    const PROPERTY: [&str; 4] = ["multistatus", "response", "propstat", "prop"];
    // Where a server fails half way, as Go's does for rclone when a file in a directory is locked, it closes all that it opened, so that
    // the rest seems not to be there, and then says that it failed.
    if text.trim_ascii_end().last().is_some_and(|last| *last != b'>') {
        return Err(unreadable("something stands after its end"));
    }
    let (mut resources, mut is_multistatus, mut problem) = (Vec::new(), false, None);
    let (mut href, mut status): (Option<String>, Option<String>) = (None, None);
    let (mut properties, mut known) = (Properties::default(), Properties::default());
    read(text, |path, value| match path {
        ["multistatus"] => is_multistatus = true,
        ["multistatus", "response", "href"] => href = href.take().or(Some(value)),
        ["multistatus", "response", "status"] => status = Some(value),
        ["multistatus", "response", "propstat", "status"] => properties.status = Some(value),
        ["multistatus", "response", "propstat"] => {
            let told = std::mem::take(&mut properties);
            if is_status(told.status.as_deref().unwrap_or_default(), "200") {
                known = std::mem::take(&mut known).with(told);
            }
        }
        ["multistatus", "response"] => {
            let known = std::mem::take(&mut known);
            match resource(href.take(), status.take(), known) {
                Ok(resource) => resources.extend(resource),
                Err(failure) => problem = problem.take().or(Some(failure)),
            }
        }
        _ => match path.strip_prefix(&PROPERTY) {
            Some(["resourcetype"]) => properties.has_type = true,
            Some(["resourcetype", "collection"]) => properties.is_collection = true,
            Some(["getcontentlength"]) => properties.size = Some(value),
            Some(["getlastmodified"]) => properties.modified = Some(value),
            Some(["getetag"]) => properties.etag = Some(value),
            Some(["checksums", "checksum"]) => properties.checksums.push(value),
            Some(["sha1hex"]) => properties.checksums.push(format!("sha1:{value}")),
            Some(_) | None => {}
        },
    })?;
    match problem {
        Some(failure) => Err(failure),
        None if is_multistatus => Ok(resources),
        None => Err(unreadable("it is none of WebDAV")),
    }
}

impl Properties {
    /// Adds properties that are known too.
    fn with(mut self, more: Self) -> Self {
        self.checksums.extend(more.checksums);
        Self {
            status: None,
            has_type: self.has_type || more.has_type,
            is_collection: self.is_collection || more.is_collection,
            size: self.size.or(more.size),
            modified: self.modified.or(more.modified),
            etag: self.etag.or(more.etag),
            checksums: self.checksums,
        }
    }
}

fn resource(href: Option<String>, status: Option<String>, known: Properties) -> Result<Option<Resource>, Failure> {
    if status.as_deref().is_some_and(|status| is_status(status, "404")) {
        return Ok(None);
    }
    let all = status.as_deref().is_none_or(|status| is_status(status, "200"));
    let Some(href) = href.filter(|_| all) else {
        // What cannot be told would look deleted. 507 says that a listing is too long.
        let what = status.unwrap_or_else(|| "a resource without an address".to_owned());
        return Err(failed(FailureKind::Other, &format!("the server does not tell all: {}", what.trim())));
    };
    let names = names_of(&href);
    if !known.has_type {
        let name = names.last().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
        return Err(failed(FailureKind::Other, &format!("the server does not say what `{name}` is")));
    }
    if known.is_collection {
        let found = Found { kind: Kind::Directory, fingerprint: Fingerprint::default() };
        return Ok(Some(Resource { names, found, etag: None, mark: 0, hashes: Vec::new() }));
    }
    let etag = known.etag.as_deref().map(str::trim).unwrap_or_default();
    let fingerprint = Fingerprint {
        size: known.size.as_deref().and_then(|size| size.trim().parse().ok()),
        modified: known.modified.as_deref().and_then(read_date),
        hash: None,
        id: file_id(&names, plain_etag(etag), known.modified.as_deref().unwrap_or_default().trim()),
    };
    let is_sure = etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"');
    Ok(Some(Resource {
        names,
        found: Found { kind: Kind::File, fingerprint },
        etag: is_sure.then(|| etag.to_owned()),
        mark: mark(plain_etag(etag)),
        hashes: hashes(&known.checksums),
    }))
}

/// Makes an identity of a version of its tag and time: the same elsewhere is another file, since some servers make tags of size and
/// time alone.
fn file_id(names: &[Vec<u8>], etag: &str, modified: &str) -> Option<FileId> {
    let parts: [&[u8]; 3] = [&names.join(&b'/'), etag.as_bytes(), modified.as_bytes()];
    let digest: [u8; 16] = Md5::digest(parts.join(&0)).into();
    Some(FileId(u128::from_be_bytes(digest).max(1))).filter(|_| !etag.is_empty() || !modified.is_empty())
}

/// Makes a number below a billion of a tag; 0 where there is none.
fn mark(etag: &str) -> u32 {
    let [a, b, c, d, ..]: [u8; 16] = Md5::digest(etag).into();
    if etag.is_empty() { 0 } else { u32::from_be_bytes([a, b, c, d]) % 1_000_000_000 }
}

/// Returns what `SHA1:… MD5:…` says.
fn hashes(checksums: &[String]) -> Vec<Hash> {
    let words = checksums.iter().flat_map(|text| text.split_whitespace());
    let hashes = words.filter_map(|word| Hash::parse(&word.to_lowercase()));
    hashes.filter(|hash| matches!((hash.algorithm(), hash.as_str().len()), ("md5", 36) | ("sha1", 45))).collect()
}

/// Reads a time, in the ways in which servers write it.
pub fn read_date(text: &str) -> Option<Instant> {
    let text = text.trim();
    let seconds = match httpdate::parse_http_date(text) {
        Ok(time) => time.duration_since(UNIX_EPOCH).ok()?.as_secs().cast_signed(),
        Err(_) => {
            let numbered = rfc2822::parse(text).ok().map(|time| time.timestamp());
            numbered.or_else(|| text.parse::<Timestamp>().ok())?.as_second()
        }
    };
    Some(Instant { seconds, nanoseconds: 0 })
}

fn is_status(line: &str, status: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|word| word.starts_with("HTTP/")) && words.next() == Some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(href: &str, properties: &str) -> String {
        format!(
            "<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>\
             <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )
    }

    fn answer(body: &str) -> Result<Vec<Resource>, Failure> {
        multistatus(format!("<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">{body}</D:multistatus>").as_bytes())
    }

    #[test]
    fn resources_are_read_to_the_letter() {
        let file = "<D:resourcetype/><D:getcontentlength>5</D:getcontentlength><D:getetag>\"e&amp;1\"</D:getetag>\
                    <D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</D:getlastmodified>\
                    <o:checksums><o:checksum>SHA1:2FD4E1C67A2D28FCED849EE1BB76E7391B93EB12 ADLER32:1</o:checksum></o:checksums>";
        let not_found = "<D:propstat><D:prop><D:getcontentlength>9</D:getcontentlength></D:prop>\
                         <D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>";
        let directory = "<D:resourcetype><D:collection/></D:resourcetype>";
        let directory =
            response("http://h/d/", directory).replace("</D:response>", &format!("{not_found}</D:response>"));
        let gone = "<D:response><D:href>/g</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>";
        let all = answer(&format!("{}{directory}{gone}", response("/d/a%20b%2F", file))).unwrap();
        let [one, two] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.names, [b"d".to_vec(), b"a b/".to_vec()]);
        assert_eq!(one.found.kind, Kind::File);
        assert_eq!(one.found.fingerprint.size, Some(5));
        assert_eq!(one.found.fingerprint.modified, Some(Instant { seconds: 784_111_777, nanoseconds: 0 }));
        assert_eq!(one.etag.as_deref(), Some("\"e&1\""));
        let hashes: Vec<_> = one.hashes.iter().map(Hash::as_str).collect();
        assert_eq!(hashes, ["sha1:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"]);
        assert_eq!((two.names.as_slice(), two.found.kind), (&[b"d".to_vec()][..], Kind::Directory));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let check = |text: &str, expected: &str| {
            let failure = multistatus(text.as_bytes()).unwrap_err();
            assert!(failure.message.contains(expected), "{failure}");
        };
        let whole = format!("<m:multistatus xmlns:m=\"DAV:\">{}</m:multistatus>", response("/a", "<D:resourcetype/>"));
        assert!(multistatus(whole.as_bytes()).is_ok());
        for end in [whole.len() - 3, whole.len() - 20, 60, 30] {
            multistatus(&whole.as_bytes()[..end]).unwrap_err();
        }
        check("<html></html>", "none of WebDAV");
        check("", "none of WebDAV");
        let broken = |body: &str| format!("<multistatus>{body}</multistatus>");
        check(&broken("<response><href>/a</href></response>"), "does not say what `a` is");
        check(&broken("<response></response>"), "without an address");
        let too_many = "<response><href>/</href><status>HTTP/1.1 507 Insufficient Storage</status></response>";
        check(&broken(too_many), "507");
    }

    #[test]
    fn the_same_version_elsewhere_is_another_file() {
        let id = |name: &str, etag, modified| file_id(&[name.as_bytes().to_vec()], etag, modified);
        assert_eq!(id("a", "t", "m"), id("a", "t", "m"));
        assert_ne!(id("a", "t", "m"), id("b", "t", "m"));
        assert_ne!(id("a", "t", "m"), id("a", "u", "m"));
        assert_ne!(id("a", "t", "m"), id("a", "t", "n"));
        assert_eq!(id("a", "", ""), None);
    }

    #[test]
    fn versions_of_the_same_second_are_told_apart() {
        assert!(mark("5-1") != mark("5-2") && mark("5-1") < 1_000_000_000);
        assert_eq!(mark(""), 0);
    }

    #[test]
    fn times_are_read_as_servers_write_them() {
        let check = |text: &str, seconds: Option<i64>| assert_eq!(read_date(text).map(|time| time.seconds), seconds);
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("Sun, 06 Nov 1994 08:49:37 +0000", Some(784_111_777));
        check("1994-11-06T08:49:37Z", Some(784_111_777));
        check("yesterday", None);
        check("", None);
    }
}
