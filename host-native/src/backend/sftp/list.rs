//! Lists directories, and says what there is at a path.

use std::collections::BTreeMap;

use bisync_engine::entry::{Fingerprint, Found, Item, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use russh_sftp::protocol::{File, FileAttributes};

use super::connection::Connection;
use super::entry::{found, kind};
use super::{Sftp, below};
use crate::backend::failed;

/// So many parts of a directory are asked for at once: most have no more than one, and its end.
const PARTS: [usize; 3] = [2, 4, 16];
/// So many links of a directory are followed at a time.
const FOLLOWED_AT_ONCE: usize = 16;

impl Sftp {
    /// Lists a directory.
    pub(super) async fn list(&self, path: &RelPath) -> Result<Vec<Item>, Failure> {
        let connection = self.server.connection().await?;
        let directory = self.at(path)?;
        let files = contents(&connection, &directory).await?;
        let found: Vec<_> = stream::iter(files)
            .map(|file| self.tell(&connection, &directory, file))
            .buffered(FOLLOWED_AT_ONCE)
            .try_collect()
            .await?;
        Ok(items(found))
    }

    async fn tell(&self, connection: &Connection, directory: &str, file: File) -> Result<(String, Found), Failure> {
        let File { filename, attrs, .. } = file;
        let is_plain = matches!(kind(&attrs), Kind::File | Kind::Directory);
        if is_plain || self.server.settings.skips_links || is_damaged(&filename) {
            return Ok((filename, found(&attrs)));
        }
        let followed = reachable(connection.stat(&below(directory, &filename)).await)?;
        Ok((filename, found(followed.as_ref().unwrap_or(&attrs))))
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
    let mut files = Vec::new();
    let mut parts = PARTS.into_iter().chain(std::iter::repeat(PARTS[2]));
    let outcome = 'reading: loop {
        let asked = parts.next().unwrap_or(1);
        for names in join_all((0..asked).map(|_| connection.names(&opened))).await {
            match names {
                Ok(Some(names)) => files.extend(names),
                Ok(None) => break 'reading Ok(()),
                Err(failure) => break 'reading Err(failure),
            }
        }
    };
    let closed = connection.close(opened).await;
    outcome.and(closed)?;
    files.retain(|file| file.filename != "." && file.filename != "..");
    if files.iter().any(|file| file.filename.is_empty() || file.filename.contains('/')) {
        return Err(failed(FailureKind::Other, "the server lists names that cannot be"));
    }
    Ok(files)
}

/// Says whether a name is not, or may not be, the one that the server has: bytes that are not UTF-8 come as this character.
pub(super) fn is_damaged(name: &str) -> bool {
    name.contains(char::REPLACEMENT_CHARACTER)
}

/// Says whether attributes are those of a directory itself, not of a link to one.
pub(super) fn is_directory(attributes: &FileAttributes) -> bool {
    kind(attributes) == Kind::Directory
}

/// Returns what is told of a directory: what no name leads to takes no part.
fn items(entries: Vec<(String, Found)>) -> Vec<Item> {
    let special = Found { kind: Kind::Special, fingerprint: Fingerprint::default() };
    let mut items = BTreeMap::new();
    for (name, found) in entries {
        let found = if is_damaged(&name) { special.clone() } else { found };
        items.entry(name).and_modify(|twice: &mut Found| twice.clone_from(&special)).or_insert(found);
    }
    items.into_iter().map(|(name, found)| Item { name, found, metadata: None }).collect()
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

    #[test]
    fn a_name_that_is_not_its_own_takes_no_part() {
        let file = || found(&FileAttributes::empty());
        let names = ["a", "b\u{FFFD}", "b\u{FFFD}", "c", "c"];
        let items = items(names.iter().map(|name| ((*name).to_owned(), file())).collect());
        let listed: Vec<_> = items.iter().map(|item| (&*item.name, item.found.kind)).collect();
        assert_eq!(listed, [("a", Kind::File), ("b\u{FFFD}", Kind::Special), ("c", Kind::Special)]);
    }
}
