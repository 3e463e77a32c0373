//! Where the files of a side are: what every kind of storage can do, and who carries out the engine's requests.

mod content;
pub mod http;
pub mod local;
pub mod native;
pub mod open;
mod pages;
mod pause;
mod perform;
pub mod rclone;
mod reach;
mod references;
pub mod s3;
pub mod sftp;
mod stopping;
mod transport;
pub mod webdav;

use std::pin::Pin;

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{
    Capabilities, CopyFile, Disposal, Emptiness, Failure, FailureKind, MoveFile, SetMetadata,
};

pub use content::{Content, Producer, same_content};
pub use pages::Pages;
pub use perform::{Sides, perform, perform_together, rewrites};
pub use references::References;
pub use stopping::Stopping;
pub use transport::Transport;

/// What a backend is working on.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// What several copies came to, each in the place of its request: what then is at the target, or `None` where it was not copied, or
/// where that is not certain.
pub type Together<'a> = Pin<Box<dyn Future<Output = Vec<Option<Found>>> + Send + 'a>>;

/// The contents of several files, each in the place of its request; `None` where it was not read.
pub type Contents<'a> = Pin<Box<dyn Future<Output = Vec<Option<Vec<u8>>>> + Send + 'a>>;

/// What is in several directories, each in the place of its request; `None` where it was not listed.
pub type Listings<'a> = Pin<Box<dyn Future<Output = Vec<Option<Vec<Item>>>> + Send + 'a>>;

/// The directory to list, and what is to be said of each entry besides its name, kind and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDirectory {
    /// The directory.
    pub path: RelPath,
    /// The hash algorithm to be given for every file, if any.
    pub hash: Option<String>,
    /// Whether metadata is to be given, where this side keeps any.
    pub metadata: bool,
}

impl ListDirectory {
    /// Nothing else is to be said.
    pub fn plain(path: RelPath) -> Self {
        Self { path, hash: None, metadata: false }
    }
}

/// A folder that is one side of a run.
///
/// Every method carries out the verb of [`bisync_engine::protocol::Verb`] that has its name, to the letter: what is said
/// there about what is expected, refused and made on the way is not repeated here. Methods may be called in any number
/// at once; who calls them limits how many. They are called and awaited inside a tokio runtime, on threads that may block. Only small
/// files may be read from a disk and written to a server on the runtime's own thread: to write there blocks only to hold content to a
/// limit.
pub trait Backend: Send + Sync {
    /// Returns what this side can do.
    fn capabilities(&self) -> Capabilities;

    /// Lists a directory into `pages`, which nothing was put into yet.
    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()>;

    /// Lists a directory, all in one.
    fn list_whole(&self, list: ListDirectory) -> Answer<'_, Vec<Item>> {
        Box::pin(async move {
            let mut pages = Pages::default();
            self.list_directory(list, &mut pages).await?;
            Ok(pages.take_last())
        })
    }

    /// Lists directories together, where this backend then has less to do than for one after the other; `None` where it has not. What is
    /// not listed so is asked for once more by itself, and told then why not.
    fn list_together<'a>(&'a self, paths: &'a [&'a RelPath], hash: Option<&'a str>) -> Option<Listings<'a>> {
        let _ = (paths, hash);
        None
    }

    /// Says what there is at a path; `None` when there is nothing.
    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>>;

    /// Reads the file that is `version`. Its content ends well only when the file was still `version` afterwards.
    fn read(&self, path: RelPath, version: Fingerprint) -> Content;

    /// Writes what another backend reads: everything of [`CopyFile`] that concerns the target.
    fn write(&self, copy: CopyFile, content: Content) -> Answer<'_, Found>;

    /// Copies from `source` without the content passing through here, where this backend can; `None` where it cannot.
    fn copy_from<'a>(&'a self, source: &'a dyn Backend, copy: &CopyFile) -> Option<Answer<'a, Found>> {
        let _ = (source, copy);
        None
    }

    /// Copies small files from `source` together, where this backend then asks a server less often than for one after the other;
    /// `None` where it does not. What is not copied so is asked for once more by itself, and told then why not.
    fn copy_together<'a>(&'a self, source: &'a dyn Backend, copies: &'a [&'a CopyFile]) -> Option<Together<'a>> {
        let _ = (source, copies);
        None
    }

    /// Reads the sources of small copies together, where this backend then asks a server less often than for one after the other; `None`
    /// where it does not. What is answered was the version that was asked for, before and after it was read.
    fn read_together<'a>(&'a self, copies: &'a [&'a CopyFile]) -> Option<Contents<'a>> {
        let _ = copies;
        None
    }

    /// Moves a file. Directories that are missing are made with the metadata of those of the other side `like` them where that is wanted.
    fn move_file(&self, moved: MoveFile, like: &dyn Backend) -> Answer<'_, Found>;

    /// Deletes a file.
    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()>;

    /// Makes a directory and its missing parents, with the metadata of those of the other side `like` them where that is wanted.
    fn make_directory(&self, path: RelPath, like: &dyn Backend) -> Answer<'_, Found>;

    /// Says whether a directory without files is kept. Where keys are all there is, it cannot be.
    fn keeps_empty_directories(&self) -> bool {
        true
    }

    /// Removes a directory.
    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()>;

    /// Sets the modification time of a file.
    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found>;

    /// Sets metadata of something here to that of `source`, where this backend keeps any.
    fn set_metadata<'a>(&'a self, source: &'a dyn Backend, set: SetMetadata) -> Answer<'a, Found> {
        let _ = (source, set);
        Box::pin(async { Err(failed(FailureKind::Other, "no metadata is kept here")) })
    }

    /// Makes everything that was written durable; before that, directories that were made get the times of those of the other
    /// side `like` them, where that is wanted.
    fn flush(&self, like: &dyn Backend) -> Answer<'_, ()>;

    /// Keeps for later runs what they would have to find out again. This is called when a run ends, however it ends.
    fn remember(&self) {}

    /// Says whether a temporary file of this run may still appear here when the run has ended: a server got its content, and did not say
    /// what it does with it. The next run looks for it then.
    fn may_finish_late(&self) -> bool {
        false
    }

    /// Says whether an option that means nothing between local folders is carried out here. The engine says that the others are ignored.
    fn carries_out(&self, option: &str) -> bool {
        let _ = option;
        false
    }

    /// Returns what tells this folder from every copy of it, also on another machine; `None` where nothing does.
    fn identity(&self) -> Option<String> {
        None
    }

    /// Returns the local backend behind this one, for what two local backends do faster between them.
    fn as_local(&self) -> Option<&local::Local> {
        None
    }

    /// Returns the folder that rclone serves, for what rclone does by itself between two of them.
    fn as_rclone(&self) -> Option<&rclone::Folder> {
        None
    }
}

/// Says whether every server is held to an option.
fn is_of_servers(option: &str) -> bool {
    matches!(option, "tpslimit" | "tpslimit-burst")
}

fn stopped() -> Failure {
    failed(FailureKind::Stopped, "the run was stopped")
}

/// Makes a failure.
pub(crate) fn failed(kind: FailureKind, message: &str) -> Failure {
    Failure { kind, message: message.to_owned() }
}
