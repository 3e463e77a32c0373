//! The local file system.
//!
//! The calls of the system are made on the thread that asks, which has to be one that may block; only a large file that goes elsewhere is
//! read on another. Nothing here follows a symbolic link below the root unless that is asked for, and nothing is replaced or removed
//! without a look at it.

mod backup;
mod backup_name;
mod carry;
mod change;
mod copy;
mod directories;
mod hash;
mod keys;
mod links;
mod list;
mod metadata;
mod names;
mod open;
mod place;
mod probe;
mod set_metadata;
mod source;
mod staged;
mod stat;
mod transfer;
mod tree;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found, Instant};
use bisync_engine::options::Links;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{
    Capabilities, CopyFile, Disposal, Emptiness, Failure, FailureKind, MoveFile, SetMetadata,
};
use jiff::tz::TimeZone;
use tokio::task::spawn_blocking;

pub use self::names::{from_disk, to_disk};
pub use self::open::Sight;

use self::hash::Algorithm;
use self::source::{BLOCK, Source};
use self::stat::Stat;
use self::tree::Tree;
use super::{Answer, Backend, Content, ListDirectory, Pages, Transport, failed};

/// A folder of the local file system.
#[derive(Debug, Clone)]
pub struct Local(Arc<Tree>);

impl Local {
    /// Opens a folder, and names the directory where its backups go; that one is made when it is first needed.
    ///
    /// # Errors
    /// Fails when there is no such folder or it cannot be read.
    pub fn open(root: &Path, backup: Option<&Path>, sight: Sight) -> Result<Self, Failure> {
        Self::open_with(root, backup, sight, Transport::default())
    }

    /// Opens a folder as [`open`](Self::open) does, and says how content is copied there.
    ///
    /// # Errors
    /// Fails as [`open`](Self::open) does.
    pub fn open_with(root: &Path, backup: Option<&Path>, sight: Sight, transport: Transport) -> Result<Self, Failure> {
        let mut tree = Tree::open(root, backup, sight)?;
        tree.transport = transport;
        Ok(Self(Arc::new(tree)))
    }

    /// Returns the folder's absolute path, where everything in it is what its name says: no link stands for anything.
    pub fn plain_root(&self) -> Option<&Path> {
        (self.0.root.links == Links::Skip).then_some(self.0.path.as_path())
    }

    /// Does something that blocks, where the answer is awaited.
    fn blocking<'a, T: Send + 'a>(&self, work: impl FnOnce(&Tree) -> Result<T, Failure> + Send + 'a) -> Answer<'a, T> {
        let tree = Arc::clone(&self.0);
        Box::pin(async move { work(&tree) })
    }
}

impl Backend for Local {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities.clone()
    }

    fn list_directory<'a>(&'a self, list: ListDirectory, pages: &'a mut Pages) -> Answer<'a, ()> {
        self.blocking(move |tree| {
            let algorithm = list.hash.as_deref().map(Algorithm::parse).transpose()?;
            list::list(&tree.root, &list.path, algorithm, list.metadata.then(TimeZone::system).as_ref(), pages)
        })
    }

    fn describe(&self, path: RelPath) -> Answer<'_, Option<Found>> {
        self.blocking(move |tree| Ok(tree.describe(&path)?.map(Stat::found)))
    }

    fn read(&self, path: RelPath, version: Fingerprint) -> Content {
        let source = match Source::open(&self.0.root, &path, &version) {
            // To hand it to another thread takes longer than to read it.
            Ok(source) if source.size() <= BLOCK as u64 => return Content::of(source.read_whole()),
            Ok(source) => source,
            Err(failure) => return Content::of(Err(failure)),
        };
        let (producer, content) = Content::channel();
        spawn_blocking(move || {
            let outcome = source.send(&producer);
            producer.blocking_end(outcome);
        });
        content
    }

    fn write(&self, copy: CopyFile, mut content: Content) -> Answer<'_, Found> {
        self.blocking(move |tree| copy::write(tree, &copy, &mut content))
    }

    fn copy_from<'a>(&'a self, source: &'a dyn Backend, copy: &CopyFile) -> Option<Answer<'a, Found>> {
        let (from, copy) = (source.as_local()?.clone(), copy.clone());
        Some(self.blocking(move |tree| copy::copy_file(&from.0, tree, &copy)))
    }

    fn move_file(&self, moved: MoveFile, like: &dyn Backend) -> Answer<'_, Found> {
        let like = like.as_local().filter(|_| self.0.metadata).cloned();
        self.blocking(move |tree| change::move_file(tree, &moved, like.as_ref().map(|like| &like.0.root)))
    }

    fn delete_file(&self, path: RelPath, expect: Fingerprint, disposal: Disposal) -> Answer<'_, ()> {
        self.blocking(move |tree| change::delete_file(tree, &path, &expect, &disposal))
    }

    fn make_directory(&self, path: RelPath, like: &dyn Backend) -> Answer<'_, Found> {
        let like = like.as_local().filter(|_| self.0.metadata).cloned();
        self.blocking(move |tree| {
            directories::make_directory(&tree.root, &path, like.as_ref().map(|like| &like.0.root))
        })
    }

    fn remove_directory(&self, path: RelPath, emptiness: Emptiness) -> Answer<'_, ()> {
        self.blocking(move |tree| directories::remove_directory(&tree.root, &path, emptiness))
    }

    fn set_time(&self, path: RelPath, expect: Fingerprint, modified: Instant) -> Answer<'_, Found> {
        self.blocking(move |tree| change::set_time(tree, &path, &expect, modified))
    }

    fn set_metadata<'a>(&'a self, source: &'a dyn Backend, set: SetMetadata) -> Answer<'a, Found> {
        let source = source.as_local().cloned();
        self.blocking(move |tree| match source {
            Some(source) => set_metadata::set_metadata(&source.0, tree, &set),
            None => Err(failed(FailureKind::Other, "the other side keeps no metadata")),
        })
    }

    fn flush(&self, like: &dyn Backend) -> Answer<'_, ()> {
        let like = like.as_local().cloned();
        self.blocking(move |tree| {
            if let Some(like) = like {
                directories::set_times(&tree.root, &like.0.root);
            }
            tree.flush()
        })
    }

    fn identity(&self) -> Option<String> {
        self.0.identity()
    }

    fn as_local(&self) -> Option<&Local> {
        Some(self)
    }
}
