//! Lists directories, which are no more than what keys begin with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::header::DATE;
use rusty_s3::Method;

use super::names::{Name, from_key};
use super::object::{Details, Object, fingerprint, found, hash};
use super::request::Request;
use super::times::read_date;
use super::xml::{Listed, Page, page};
use super::{S3, directory};
use crate::backend::{Pages, failed};

/// So many objects of a directory are asked for at a time.
const ASKED_AT_ONCE: usize = 16;

/// What was written so shortly before it was listed may be written once more without its time in the listing changing.
const UNSETTLED: Duration = Duration::from_secs(3);

/// A listed object, and what the server says of it alone.
struct Told {
    listed: Listed,
    details: Details,
    /// Whether it may be kept for later runs.
    lasts: bool,
}

impl S3 {
    /// Lists a directory. What no path leads to takes no part.
    pub(super) async fn list(&self, path: &RelPath, with_hash: bool, pages: &mut Pages) -> Result<(), Failure> {
        let prefix = self.folder.prefix_of(path)?;
        let (mut next, mut last): (Option<String>, _) = (None, String::new());
        // When the server began to tell, in its own time.
        let mut told_at = None;
        loop {
            let (date, page) = self.page(&prefix, Some("/"), self.server.settings.page, next.as_deref()).await?;
            told_at = told_at.or(date);
            let keys = || page.objects.iter().map(|object| &object.key).chain(&page.prefixes);
            if !keys().all(|key| key.starts_with(&prefix)) {
                return Err(failed(FailureKind::Other, "the server lists what was not asked for"));
            }
            let end = keys().max().and_then(|key| key.strip_prefix(&prefix)).unwrap_or(&last).to_owned();
            let names = (last.as_str(), page.next.as_ref().map(|_| end.as_str()));
            pages.extend(self.items(&prefix, names, page.objects, told_at, with_hash).await?);
            pages.extend(
                page.prefixes.iter().map(|key| item(name(key.strip_suffix('/').unwrap_or(key), &prefix), directory())),
            );
            match page.next {
                None => return Ok(()),
                token if token == next => {
                    return Err(failed(FailureKind::Other, "the server lists the same again and again"));
                }
                token => (next, last) = (token, end),
            }
        }
    }

    /// Returns the files that a page of a listing shows. The page has all names after the first of these, up to and with the second.
    async fn items(
        &self,
        prefix: &str,
        names: (&str, Option<&str>),
        mut objects: Vec<Listed>,
        told_at: Option<SystemTime>,
        with_hash: bool,
    ) -> Result<Vec<Item>, Failure> {
        // An empty object of this name stands for the directory itself.
        objects.retain(|object| object.key != prefix || object.size > 0);
        let known = self.cache.known(prefix, names, &objects);
        let told: Vec<Option<Told>> = stream::iter(objects.into_iter().zip(known))
            .map(|(listed, known)| self.tell(prefix, listed, known, told_at))
            .buffered(ASKED_AT_ONCE)
            .try_collect()
            .await?;
        let told: Vec<Told> = told.into_iter().flatten().collect();
        self.cache.keep(prefix, told.iter().filter(|told| told.lasts).map(|told| (&told.listed, &told.details)));
        let files = told.into_iter().map(|Told { listed, details, .. }| {
            let modified = details.modified.or_else(|| read_date(&listed.modified));
            let version = fingerprint(&listed.key, listed.size, &listed.etag, modified);
            let hash = details.md5.filter(|_| with_hash).map(|md5| hash(&md5));
            item(name(&listed.key, prefix), found(Fingerprint { hash, ..version }))
        });
        Ok(files.collect())
    }

    /// Says what there is to know of a listed object; `None` when it is gone again.
    async fn tell(
        &self,
        prefix: &str,
        listed: Listed,
        known: Option<Details>,
        told_at: Option<SystemTime>,
    ) -> Result<Option<Told>, Failure> {
        // What no path leads to is not asked for: for some such keys there is no address either.
        let is_reachable = matches!(name(&listed.key, prefix), Name::Usable(_));
        if let Some(details) = known.or_else(|| (!is_reachable).then(Details::default)) {
            return Ok(Some(Told { listed, details, lasts: false }));
        }
        let Some(object) = self.server.look(&self.folder.bucket, &listed.key).await? else {
            // Only what is not listed any more either is gone, and may be taken for deleted.
            if self.listed_alone(&listed.key).await?.is_some() {
                let message = format!("`{}` is listed, but the server does not find it", listed.key);
                return Err(failed(FailureKind::Other, &message));
            }
            return Ok(None);
        };
        if object.etag == listed.etag && object.size == listed.size {
            let lasts = is_settled(&listed, told_at);
            return Ok(Some(Told { details: object.details, listed, lasts }));
        }
        // Another version by now, which is as good; but the listing does not know when it was written.
        let details = Details { modified: object.details.modified.or(object.written), ..object.details };
        let listed = Listed { size: object.size, etag: object.etag, ..listed };
        Ok(Some(Told { listed, details, lasts: false }))
    }

    /// Asks for a page of a listing. Returns when the server told it as well.
    async fn page(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
        length: u64,
        next: Option<&str>,
    ) -> Result<(Option<SystemTime>, Page), Failure> {
        let request = Request::of_bucket(Method::Get, &self.folder.bucket)
            .query("encoding-type", "url")
            .query("list-type", "2")
            .query("max-keys", length.to_string())
            .query("prefix", prefix);
        let more = [("continuation-token", next), ("delimiter", delimiter)];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let request = more.fold(request, |request, (name, value)| request.query(name, value));
        let mut response = self.server.ask(&request, Bytes::new()).await?;
        let date = response.headers().get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        Ok((date, page(&self.server.body(&mut response).await?)?))
    }

    /// Says what there is at a path.
    pub(super) async fn find(&self, path: &RelPath) -> Result<Option<Found>, Failure> {
        if path.is_root() {
            // There is no folder without files, but one can be written to where there is a bucket.
            return match self.page(&self.folder.prefix, None, 1, None).await {
                Ok(_) => Ok(Some(directory())),
                Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
                Err(failure) => Err(failure),
            };
        }
        let Ok(key) = self.folder.key(path) else { return Ok(None) };
        if let Some(object) = self.server.look(&self.folder.bucket, &key).await? {
            return self.described(&key, &object).await.map(Some);
        }
        let (_, page) = self.page(&self.folder.prefix_of(path)?, None, 1, None).await?;
        Ok(if page.objects.is_empty() { None } else { Some(directory()) })
    }

    /// Returns what a listing says of a key. It is the first of those that begin with it.
    async fn listed_alone(&self, key: &str) -> Result<Option<Listed>, Failure> {
        let (_, page) = self.page(key, None, 1, None).await?;
        Ok(page.objects.into_iter().find(|listed| listed.key == key))
    }

    /// Returns an object as it is listed.
    pub(super) async fn described(&self, key: &str, object: &Object) -> Result<Found, Failure> {
        let mut version = object.fingerprint(key);
        if object.details.modified.is_none() {
            // The listing says it more precisely.
            let listed = self.listed_alone(key).await?.filter(|listed| listed.etag == object.etag);
            let modified: Option<Instant> = listed.and_then(|listed| read_date(&listed.modified));
            version.modified = modified.or(version.modified);
        }
        Ok(found(version))
    }

    /// Says whether nothing is below a path but objects that stand for directories.
    pub(super) async fn is_without_files(&self, path: &RelPath) -> Result<bool, Failure> {
        let prefix = self.folder.prefix_of(path)?;
        let mut next: Option<String> = None;
        loop {
            let (_, page) = self.page(&prefix, None, self.server.settings.page, next.as_deref()).await?;
            if page.objects.iter().any(|object| !object.key.ends_with('/') || object.size > 0) {
                return Ok(false);
            }
            match page.next {
                None => return Ok(true),
                token if token == next => return Ok(false),
                token => next = token,
            }
        }
    }
}

/// Says whether whatever is written to the object from now on is listed with another time.
fn is_settled(listed: &Listed, told_at: Option<SystemTime>) -> bool {
    let written = read_date(&listed.modified).and_then(|time| u64::try_from(time.seconds).ok());
    let (Some(written), Some(told_at)) = (written, told_at) else { return false };
    UNIX_EPOCH + Duration::from_secs(written) + UNSETTLED <= told_at
}

fn name(key: &str, prefix: &str) -> Name {
    from_key(key.strip_prefix(prefix).unwrap_or(key))
}

/// Returns what is told of a name. What no path leads to takes no part.
fn item(name: Name, found: Found) -> Item {
    match name {
        Name::Usable(name) => Item { name, found, metadata: None },
        Name::Unusable(name) => Item { name, found: special(), metadata: None },
    }
}

fn special() -> Found {
    Found { kind: Kind::Special, fingerprint: Fingerprint::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_written_is_not_settled() {
        let told_at = UNIX_EPOCH + Duration::from_secs(100);
        let check = |modified: &str, told_at: Option<SystemTime>, expected: bool| {
            let listed = Listed { modified: modified.into(), ..Listed::default() };
            assert_eq!(is_settled(&listed, told_at), expected, "{modified}");
        };
        check("1970-01-01T00:01:37.999Z", Some(told_at), true);
        check("1970-01-01T00:01:38Z", Some(told_at), false);
        check("1970-01-01T00:01:00Z", None, false);
        check("never", Some(told_at), false);
    }
}
