//! Lists directories, and says what there is at a path.

use bisync_engine::entry::{Fingerprint, Found, Kind};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use russh_sftp::protocol::{File, FileAttributes};

use super::circles::Above;
use super::connection::{Connection, Opened};
use super::entry::{found, kind};
use super::{Sftp, below};
use crate::backend::{Pages, failed};

/// So many parts of a directory are asked for at once: most have no more than one, and its end.
const PARTS: [usize; 3] = [2, 4, 16];
/// So many links of a directory are followed at a time.
const FOLLOWED_AT_ONCE: usize = 16;

impl Sftp {
    /// Lists a directory.
    pub(super) async fn list(&self, path: &RelPath, pages: &mut Pages) -> Result<(), Failure> {
        let connection = self.server.connection().await?;
        let (directory, above) = (self.at(path)?, Above::new(self, path));
        let opened = connection.open_directory(&directory).await?;
        let mut parts = Parts::default();
        let outcome = loop {
            let told = match parts.next(&connection, &opened).await {
                Ok(None) => break Ok(()),
                Ok(Some(files)) => self.tell_all(&connection, &directory, &above, files).await,
                Err(failure) => Err(failure),
            };
            match told {
                Ok(items) => pages.extend(items),
                Err(failure) => break Err(failure),
            }
        };
        let closed = connection.close(opened).await;
        outcome.and(closed)
    }

    async fn tell_all(
        &self,
        connection: &Connection,
        directory: &str,
        above: &Above<'_>,
        files: Vec<File>,
    ) -> Result<Vec<Item>, Failure> {
        let told = stream::iter(files).map(|file| self.tell(connection, directory, above, file));
        told.buffered(FOLLOWED_AT_ONCE).try_collect().await
    }

    async fn tell(
        &self,
        connection: &Connection,
        directory: &str,
        above: &Above<'_>,
        file: File,
    ) -> Result<Item, Failure> {
        let File { filename: name, attrs, .. } = file;
        if is_damaged(&name) {
            // No name leads to it.
            let found = Found { kind: Kind::Special, fingerprint: Fingerprint::default() };
            return Ok(Item { name, found, metadata: None });
        }
        let is_plain = matches!(kind(&attrs), Kind::File | Kind::Directory);
        if is_plain || self.server.settings.skips_links {
            return Ok(Item { name, found: found(&attrs), metadata: None });
        }
        let link = below(directory, &name);
        let followed = match reachable(connection.stat(&link).await)? {
            Some(followed) if is_directory(&followed) && above.holds(connection, &link).await? => None,
            followed => followed,
        };
        Ok(Item { name, found: found(followed.as_ref().unwrap_or(&attrs)), metadata: None })
    }

    /// Says what there is at a path.
    pub(super) async fn find(&self, path: &RelPath) -> Result<Option<Found>, Failure> {
        let Ok(full) = self.at(path) else { return Ok(None) };
        let connection = self.server.connection().await?;
        let (followed, there) = join(connection.stat(&full), connection.lstat(&full)).await;
        let Some(there) = there? else { return Ok(None) };
        let follows = !self.server.settings.skips_links || path.is_root();
        let followed = if kind(&there) == Kind::Link { reachable(followed)? } else { followed? };
        Ok(Some(found(&followed.filter(|_| follows).unwrap_or(there))))
    }
}

/// Returns what a link leads to. One to where we may not look takes no part: it is no reason to leave out the directory that it is in.
fn reachable(followed: Result<Option<FileAttributes>, Failure>) -> Result<Option<FileAttributes>, Failure> {
    match followed {
        Err(failure) if failure.kind == FailureKind::Temporary => Err(failure),
        followed => Ok(followed.ok().flatten()),
    }
}

/// Returns what is in a directory, without `.` and `..`.
pub(super) async fn contents(connection: &Connection, directory: &str) -> Result<Vec<File>, Failure> {
    let opened = connection.open_directory(directory).await?;
    let (mut files, mut parts) = (Vec::new(), Parts::default());
    let outcome = loop {
        match parts.next(connection, &opened).await {
            Ok(Some(part)) => files.extend(part),
            Ok(None) => break Ok(files),
            Err(failure) => break Err(failure),
        }
    };
    let closed = connection.close(opened).await;
    outcome.and_then(|files| closed.map(|()| files))
}

/// What is in an open directory, part by part.
#[derive(Default)]
struct Parts {
    asked: usize,
    is_over: bool,
}

impl Parts {
    /// Returns what comes next, without `.` and `..`; `None` at the end.
    async fn next(&mut self, connection: &Connection, opened: &Opened<'_>) -> Result<Option<Vec<File>>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let asked = PARTS.get(self.asked).copied().unwrap_or(PARTS[2]);
        self.asked += 1;
        let mut files = Vec::new();
        for names in join_all((0..asked).map(|_| connection.names(opened))).await {
            let Some(names) = names? else {
                self.is_over = true;
                break;
            };
            files.extend(names);
        }
        files.retain(|file: &File| file.filename != "." && file.filename != "..");
        if files.iter().any(|file| file.filename.is_empty() || file.filename.contains('/')) {
            return Err(failed(FailureKind::Other, "the server lists names that cannot be"));
        }
        Ok(Some(files))
    }
}

/// Says whether a name is not, or may not be, the one that the server has: bytes that are not UTF-8 come as this character.
pub(super) fn is_damaged(name: &str) -> bool {
    name.contains(char::REPLACEMENT_CHARACTER)
}

/// Says whether attributes are those of a directory itself, not of a link to one.
pub(super) fn is_directory(attributes: &FileAttributes) -> bool {
    kind(attributes) == Kind::Directory
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_cannot_be_followed_leads_nowhere() {
        let leads_nowhere =
            |kind| reachable(Err(failed(kind, ""))).map(|found| found.is_none()).map_err(|failure| failure.kind);
        assert_eq!(leads_nowhere(FailureKind::PermissionDenied), Ok(true));
        assert_eq!(leads_nowhere(FailureKind::Other), Ok(true));
        assert_eq!(leads_nowhere(FailureKind::Temporary), Err(FailureKind::Temporary));
    }
}
