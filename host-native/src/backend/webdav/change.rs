//! Moves and deletes files, keeps backups of them, and sets their times.

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, Failure, FailureKind, MoveFile, Staging};
use bisync_engine::side::Side;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH};

use super::address::Form;
use super::multistatus::Resource;
use super::{Webdav, below};
use crate::backend::{Content, failed};

/// What is done to something that was just looked at.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    /// It is deleted.
    Delete,
    /// It is moved to a place where nothing may be, or over what was seen there.
    Move { target: &'a str, there: Option<&'a Resource> },
}

/// What became of a step that failed.
enum State {
    Done,
    Unchanged,
    Changed,
}

impl Webdav {
    /// Does something to what was just looked at, on conditions where the server knows them. Looks when that fails: the answer may
    /// have been lost, and some servers refuse every condition.
    pub(super) async fn step(&self, place: &str, resource: &Resource, step: Step<'_>) -> Result<(), Failure> {
        let plain = self.headers(resource, step, false)?;
        let conditional =
            if self.server.knows_conditions() { self.headers(resource, step, true)? } else { plain.clone() };
        // RACE: on a server that does not look itself, a change after the look is lost.
        let Err(failure) = self.request(place, step, &conditional).await else { return Ok(()) };
        match self.state(place, resource, step).await? {
            State::Done => Ok(()),
            State::Unchanged if failure.kind == FailureKind::Refused && conditional != plain => {
                self.server.forget_conditions();
                self.request(place, step, &plain).await
            }
            State::Unchanged | State::Changed => Err(failure),
        }
    }

    async fn request(&self, place: &str, step: Step<'_>, headers: &HeaderMap) -> Result<(), Failure> {
        let method = match step {
            Step::Delete => "DELETE",
            Step::Move { .. } => "MOVE",
        };
        // Made again it could concern what somebody else has put there since.
        self.server.ask_once(method, &self.server.url(place, Form::Plain)?, headers).await.map(drop)
    }

    fn headers(&self, resource: &Resource, step: Step<'_>, is_conditional: bool) -> Result<HeaderMap, Failure> {
        let value = |text: &str| {
            let impossible = |_| failed(FailureKind::Other, "the server's name of this version cannot be told back");
            HeaderValue::from_str(text).map_err(impossible)
        };
        let mut headers = HeaderMap::new();
        if let (true, Some(etag)) = (is_conditional, &resource.etag) {
            headers.insert(IF_MATCH, value(etag)?);
        }
        if let Step::Move { target, there } = step {
            let destination = self.server.url(target, Form::Plain)?;
            if let (true, Some(etag)) = (is_conditional, there.and_then(|there| there.etag.as_ref())) {
                headers.insert(HeaderName::from_static("if"), value(&format!("<{destination}> ([{etag}])"))?);
            }
            headers.insert(HeaderName::from_static("destination"), value(destination.as_str())?);
            let overwrite = if there.is_some() { "T" } else { "F" };
            headers.insert(HeaderName::from_static("overwrite"), HeaderValue::from_static(overwrite));
        }
        Ok(headers)
    }

    async fn state(&self, place: &str, resource: &Resource, step: Step<'_>) -> Result<State, Failure> {
        let left = self.server.look(place).await?;
        let is_left = left.as_ref().is_some_and(|left| is_same(left, resource));
        Ok(match step {
            Step::Delete if left.is_none() => State::Done,
            Step::Delete if is_left => State::Unchanged,
            Step::Delete => State::Changed,
            Step::Move { target, there } => match (self.server.look(target).await?, there) {
                (Some(now), _) if left.is_none() && is_moved(&now, resource) => State::Done,
                (Some(now), Some(there)) if is_left && is_same(&now, there) => State::Unchanged,
                (None, None) if is_left => State::Unchanged,
                _ => State::Changed,
            },
        })
    }

    /// Moves a file.
    pub(super) async fn move_resource(&self, moved: &MoveFile) -> Result<Found, Failure> {
        let (place, target) = (self.place(&moved.path), self.place(&moved.target));
        let resource = self.expect(&place, &moved.expect).await?;
        self.make_parents(&target).await?;
        let step = Step::Move { target: &target, there: None };
        self.step(&place, &resource, step).await.map_err(|failure| self.without_directory(failure))?;
        Ok(self.arrived(&target, &resource).await)
    }

    /// Returns what a file is at the place to which it was moved. A server that keeps times of its own may have given it another one, and
    /// another tag.
    pub(super) async fn arrived(&self, target: &str, moved: &Resource) -> Found {
        if self.server.settings.vendor.keeps_times() {
            return elsewhere(moved);
        }
        // RACE: what somebody else has put there since the move, of the same size, is taken for what was moved, unless the server has
        // left the tag and the time as they were.
        match self.server.look(target).await {
            Ok(Some(now)) if now.found.kind == Kind::File && has_same_size(&now, moved) => elsewhere(&now),
            // The next run knows its size, and has to compare it.
            Ok(_) | Err(_) => {
                let Found { kind, fingerprint } = elsewhere(moved);
                Found { kind, fingerprint: Fingerprint { modified: None, ..fingerprint } }
            }
        }
    }

    /// Deletes a file.
    pub(super) async fn delete(
        &self,
        path: &RelPath,
        expect: &Fingerprint,
        disposal: &Disposal,
    ) -> Result<(), Failure> {
        let place = self.place(path);
        let resource = self.expect(&place, expect).await?;
        match disposal {
            Disposal::Discard => self.step(&place, &resource, Step::Delete).await,
            Disposal::Backup(path) => self.back_up(&place, expect, path).await.map(drop),
        }
    }

    /// Moves a file to where backups are, and returns where that is.
    pub(super) async fn back_up(&self, place: &str, expect: &Fingerprint, path: &RelPath) -> Result<String, Failure> {
        let nowhere = || failed(FailureKind::Other, "there is no backup directory");
        let target = below(self.backup.as_ref().ok_or_else(nowhere)?, path);
        self.make_parents(&target).await?;
        let there = self.server.look(&target).await?;
        if there.as_ref().is_some_and(|there| there.found.kind != Kind::File) {
            let problem = format!("cannot back up to `{path}`: a directory is there");
            return Err(failed(FailureKind::WrongKind, &problem));
        }
        let resource = self.expect(place, expect).await?;
        let step = Step::Move { target: &target, there: there.as_ref() };
        self.step(place, &resource, step).await.map_err(|failure| self.without_directory(failure))?;
        Ok(target)
    }

    /// Sets the time of a file: times come with contents, so the same content is written once more.
    pub(super) async fn set_modified(
        &self,
        path: &RelPath,
        expect: Fingerprint,
        modified: Instant,
    ) -> Result<Found, Failure> {
        if !self.server.settings.vendor.keeps_times() {
            return Err(failed(FailureKind::Other, "this server sets no times"));
        }
        let resource = self.expect(&self.place(path), &expect).await?;
        let content = self.content(path.clone(), expect.clone());
        let source = Fingerprint { size: resource.found.fingerprint.size, modified: Some(modified), ..expect.clone() };
        let copy = CopyFile {
            from: Side::One,
            path: path.clone(),
            source,
            target: path.clone(),
            expect: Expect::Exactly(expect),
            disposal: Disposal::Discard,
            staging: Staging::InPlace,
            verify: None,
        };
        self.upload(&copy, as_refused(content)).await
    }
}

/// Content that has changed refuses the change that it is read for.
fn as_refused(mut content: Content) -> Content {
    Content::produced(|producer| async move {
        loop {
            match content.next().await {
                Ok(Some(piece)) => producer.send(piece).await?,
                Ok(None) => return Ok(()),
                Err(Failure { kind: FailureKind::Changed, message }) => {
                    return Err(Failure { kind: FailureKind::Refused, message });
                }
                Err(failure) => return Err(failure),
            }
        }
    })
}

/// Says whether something is at the same place what it was.
fn is_same(one: &Resource, other: &Resource) -> bool {
    one.found.kind == other.found.kind && one.found.fingerprint.is_still(&other.found.fingerprint)
}

/// Says whether something may be what was moved there. What identifies it is of its place.
fn is_moved(now: &Resource, moved: &Resource) -> bool {
    let placeless = |resource: &Resource| elsewhere(resource).fingerprint;
    now.found.kind == moved.found.kind && placeless(now).is_still(&placeless(moved))
}

fn has_same_size(one: &Resource, other: &Resource) -> bool {
    one.found.fingerprint.size == other.found.fingerprint.size
}

/// Returns what a file is at another place.
fn elsewhere(resource: &Resource) -> Found {
    let fingerprint = Fingerprint { id: None, ..resource.found.fingerprint.clone() };
    Found { kind: resource.found.kind, fingerprint }
}
