//! SFTP.
//!
//! A folder has the same entries as in rclone: the same names, the same times in whole seconds, links followed. Requests go over a few
//! connections, any number at once. A file is written under a temporary name and renamed when it is complete. Before a file is replaced
//! or deleted, the server is asked for its present version. Written files are made durable if the server supports it.

mod algorithm;
mod alive;
mod change;
mod changed;
mod checksums;
mod circles;
mod connection;
mod directories;
mod durable;
mod entry;
mod exec;
mod expand;
mod failure;
mod followed;
mod host_key;
mod list;
mod login;
mod pauses;
mod read;
mod running;
mod server;
mod settings;
mod shell;
mod write;

use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Capabilities, CopyFile, Disposal, Emptiness, Failure, FailureKind, MoveFile};

use self::checksums::Checksums;
use self::server::Server;
use self::settings::{Settings, Wanted, compares_checksums};
use super::native::{Native, Opened, Opening, Unopened};
use super::{Answer, Backend, Content, ListDirectory, Pages, Transport, failed, is_of_servers};
use crate::environment::Environment;
use crate::remote::Remote;

/// Times are whole seconds.
const PRECISION_NS: u64 = 1_000_000_000;

/// A folder on a server.
#[derive(Clone)]
pub struct Sftp {
    server: Arc<Server>,
    /// Its whole path.
    folder: Arc<str>,
    /// The whole path of the folder of its backups.
    backup: Option<Arc<str>>,
    transport: Transport,
    /// The checksums that the server computes, where the run compares any.
    checksums: Arc<Checksums>,
}

/// Serves what rclone calls `sftp`.
pub const NATIVE: Native = Native { kind: "sftp", lacks, open };

fn lacks(remote: &Remote, environment: &Environment) -> Option<String> {
    match Settings::of(remote, environment) {
        Err(Unopened::LeftToRclone(what)) => Some(what),
        Ok(_) | Err(Unopened::Failed(_)) => None,
    }
}

/// Opens a folder on a server, which is asked where its paths begin.
fn open(opening: Opening<'_>) -> Opened<'_> {
    Box::pin(async move {
        let Opening { remote, path, backup, transport, options, .. } = opening;
        let settings = Settings::of(remote, &Environment::of_process())?;
        let wanted = if compares_checksums(options) { settings.checksums.clone() } else { Ok(Wanted::default()) };
        let wanted = wanted.map_err(Unopened::LeftToRclone)?;
        let server = Server::new(settings, options, transport);
        let connection = server.connection().await?;
        let checksums = Arc::new(Checksums::find(&connection, &wanted).await?);
        let whole = |path: &str| Arc::from(whole(&connection.home, path));
        let (folder, backup) = (whole(path), backup.map(whole));
        drop(connection);
        let opened = Sftp { server: Arc::new(server), folder, backup, transport: transport.clone(), checksums };
        Ok(Arc::new(opened) as Arc<dyn Backend>)
    })
}

/// Returns the whole path of a folder: one that does not begin with `/` is below the home of the user.
fn whole(home: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { below(home, path) };
    if whole.len() > 1 { whole.trim_end_matches('/').to_owned() } else { whole }
}

/// Returns the path of something below a directory; of the directory itself without a name.
fn below(directory: &str, name: &str) -> String {
    if name.is_empty() {
        return directory.to_owned();
    }
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// Returns a path as the server has it.
///
/// # Errors
/// Fails where what is listed under that path may be another file, see [`list::is_damaged`].
fn name(path: &RelPath) -> Result<&str, Failure> {
    if list::is_damaged(path.as_str()) || path.as_str().contains('\0') {
        return Err(failed(FailureKind::ImpossibleName, "this name is not possible here"));
    }
    Ok(path.as_str())
}

impl Sftp {
    /// Returns the whole path of something in this folder.
    fn at(&self, path: &RelPath) -> Result<String, Failure> {
        Ok(below(&self.folder, name(path)?))
    }
}

impl Backend for Sftp {
    fn carries_out(&self, option: &str) -> bool {
        is_of_servers(option)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            time_precision_ns: Some(PRECISION_NS),
            sets_time: true,
            hashes: self.checksums.names(),
            slow_hashes: true,
            ..Capabilities::default()
        }
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        Box::pin(async move {
            let ListDirectory { path, hash, metadata: _ } = list;
            let Some(hash) = hash else { return self.list(&path, pages).await };
            let mut items = Pages::default();
            self.list(&path, &mut items).await?;
            let mut items = items.take_last();
            self.add_hashes(&path, &mut items, &hash).await?;
            pages.extend(items);
            Ok(())
        })
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        Box::pin(async move { self.find(&path).await })
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        self.content(path, version)
    }

    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found> {
        Box::pin(async move { self.upload(&copy, content).await })
    }

    fn move_file(&self, moved: MoveFile, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move { self.move_within(&moved).await })
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        Box::pin(async move { self.delete(&path, expect, &disposal).await })
    }

    fn make_directory(&self, path: RelPath, _like: &dyn Backend) -> Answer<'_, Found> {
        Box::pin(async move { self.make(&path).await })
    }

    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()> {
        Box::pin(async move { self.remove(&path, emptiness).await })
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        Box::pin(async move { self.set_modified(&path, expect, modified).await })
    }

    fn flush(&self, _like: &dyn Backend) -> Answer<'_, ()> {
        Box::pin(async move { self.make_durable().await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_where_rclone_finds_them() {
        let check = |home: &str, path: &str, expected: &str| assert_eq!(whole(home, path), expected);
        check("/home/me", "", "/home/me");
        check("/home/me", "a/b", "/home/me/a/b");
        check("/home/me", "/a/b/", "/a/b");
        check("/", "a", "/a");
        check("/", "", "/");
        check("/home/me", "/", "/");
        assert_eq!(below("/", "a"), "/a");
    }
}
