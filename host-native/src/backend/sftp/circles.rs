//! Links to directories in which they lie: whoever follows one comes back to where it is, and never to an end.

use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;

use super::Sftp;
use super::connection::Connection;

/// The directory that is listed and those above it, up to the folder. On the way there links may have been followed.
pub(super) struct Above<'a> {
    sftp: &'a Sftp,
    directory: &'a RelPath,
    /// Where they really are; asked for when there is a link to a directory.
    real: OnceCell<Vec<String>>,
}

impl<'a> Above<'a> {
    /// Nothing is asked yet.
    pub fn new(sftp: &'a Sftp, directory: &'a RelPath) -> Self {
        Self { sftp, directory, real: OnceCell::new() }
    }

    /// Says whether a link leads to one of them. Where a server does not say where links lead, it is followed as often as the server does.
    pub async fn holds(&self, connection: &Connection, link: &str) -> Result<bool, Failure> {
        let Some(target) = real(connection, link).await? else { return Ok(false) };
        Ok(self.real.get_or_try_init(|| self.ask(connection)).await?.contains(&target))
    }

    async fn ask(&self, connection: &Connection) -> Result<Vec<String>, Failure> {
        let directories = std::iter::successors(Some(self.directory.clone()), RelPath::parent);
        let paths = directories.map(|directory| self.sftp.at(&directory)).collect::<Result<Vec<_>, _>>()?;
        let asked = try_join_all(paths.iter().map(|path| real(connection, path))).await?;
        Ok(asked.into_iter().flatten().collect())
    }
}

/// Returns where something really is; `None` where the server does not say.
async fn real(connection: &Connection, path: &str) -> Result<Option<String>, Failure> {
    match connection.real_path(path).await {
        Err(failure) if failure.kind == FailureKind::Temporary => Err(failure),
        told => Ok(told.ok().flatten()),
    }
}
