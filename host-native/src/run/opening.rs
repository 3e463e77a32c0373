//! Opens the folders that a run works on, wherever they are.

use std::path::Path;
use std::sync::Arc;

use bisync_engine::options::Options;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};
use bisync_engine::side::Side;
use tokio::runtime::Runtime;

use super::RunError;
use crate::backend::local::{Local, Sight};
use crate::backend::native::{Opening, Unopened};
use crate::backend::open::native;
use crate::backend::rclone::Rclone;
use crate::backend::{Backend, Transport};
use crate::environment::Environment;
use crate::paths::{Location, PathsError, Root};
use crate::remote::{Address, Config, Destination};

/// Opens folders.
pub struct Opener<'a> {
    /// The options of the run.
    pub options: &'a Options,
    /// What is shown of the files of this machine.
    pub sight: Sight,
    /// What content passes through.
    pub transport: Transport,
    /// The directory of the listings.
    pub state: &'a Path,
    /// What remotes are waited for in.
    pub runtime: &'a Runtime,
    /// Serves the remotes that are not served here.
    pub rclone: Arc<Rclone>,
}

impl Opener<'_> {
    /// Opens one of the two folders, and says where its backups go.
    ///
    /// # Errors
    /// Says why it cannot be used.
    pub fn side(
        &self,
        side: Side,
        location: &Location,
        backup: Option<&Root>,
        may_be_missing: bool,
    ) -> Result<Arc<dyn Backend>, RunError> {
        let failed = |failure| RunError::Side { side, path: location.root.to_string(), failure };
        let backup_of = |path: &Root| PathsError::BackupElsewhere { side, backup: path.to_string() };
        match &location.root {
            Root::Directory(directory) => {
                let backup = backup.map(|backup| backup.directory().ok_or_else(|| backup_of(backup))).transpose()?;
                let opened = Local::open_with(directory, backup, self.sight, self.transport.clone());
                Ok(Arc::new(opened.map_err(failed)?))
            }
            Root::Remote(address) => {
                let backup = backup.map(|backup| match backup {
                    Root::Remote(backup) if backup.remote == address.remote => Ok(backup.path.as_str()),
                    Root::Remote(_) | Root::Directory(_) => Err(backup_of(backup)),
                });
                let opened = self.remote(address, backup.transpose()?).map_err(failed)?;
                let root = self.runtime.block_on(opened.describe(RelPath::root())).map_err(failed)?;
                if root.is_none() && may_be_missing && side == Side::One {
                    let made = opened.make_directory(RelPath::root(), opened.as_ref());
                    self.runtime.block_on(made).map_err(failed)?;
                } else if root.is_none() {
                    let message = "it does not exist: make it, or check the spelling".to_owned();
                    return Err(failed(Failure { kind: FailureKind::NotFound, message }));
                }
                Ok(opened)
            }
        }
    }

    /// Opens a folder that is only read.
    ///
    /// # Errors
    /// Says why it cannot be used.
    pub fn reference(&self, root: &Root) -> Result<Arc<dyn Backend>, RunError> {
        let opened = match root {
            Root::Directory(directory) => Local::open_with(directory, None, self.sight, self.transport.clone())
                .map(|local| Arc::new(local) as Arc<dyn Backend>),
            Root::Remote(address) => self.remote(address, None),
        };
        opened.map_err(|failure| RunError::Reference { path: root.to_string(), failure })
    }

    fn remote(&self, address: &Address, backup: Option<&str>) -> Result<Arc<dyn Backend>, Failure> {
        let wanted = self.options.word("backend");
        let native = native(&address.remote.kind).filter(|_| wanted != Some("rclone"));
        let opened = match native {
            Some(native) => {
                let Self { options, transport, state: cache, .. } = self;
                let opening =
                    Opening { remote: &address.remote, path: &address.path, backup, transport, options, cache };
                self.runtime.block_on((native.open)(opening))
            }
            None => Err(Unopened::LeftToRclone(format!("the kind `{}`", address.remote.kind))),
        };
        match opened {
            Ok(opened) => Ok(opened),
            Err(Unopened::LeftToRclone(_)) if wanted != Some("native") => {
                self.runtime.block_on(self.rclone.open(address, backup))
            }
            Err(Unopened::Failed(failure)) => Err(failure),
            Err(error @ Unopened::LeftToRclone(_)) => {
                Err(Failure { kind: FailureKind::Other, message: error.to_string() })
            }
        }
    }
}

/// Reads rclone's configuration when it is first needed.
pub struct Remotes<'a> {
    options: &'a Options,
    environment: Environment,
    config: Option<Config>,
}

impl<'a> Remotes<'a> {
    /// Nothing is read yet.
    pub fn new(options: &'a Options) -> Self {
        Self { options, environment: Environment::of_process(), config: None }
    }

    /// Returns what a path of the command line names.
    ///
    /// # Errors
    /// Says why it names nothing that could be used.
    pub fn location(&mut self, side: Side, given: &std::ffi::OsStr) -> Result<Location, PathsError> {
        Location::parse(side, given, |connection| {
            if self.config.is_none() {
                self.config = Some(Config::of(self.options, &self.environment)?);
            }
            Destination::of(connection, self.config.get_or_insert_default())
        })
    }

    /// Returns who serves the remotes that are not served here: it has to know all whose options are not in the file.
    pub fn rclone<'b>(
        &self,
        roots: impl Iterator<Item = &'b Root>,
        given: &[(String, String)],
        transport: &Transport,
    ) -> Arc<Rclone> {
        let addresses = roots.filter_map(|root| match root {
            Root::Remote(address) => Some(address.as_ref()),
            Root::Directory(_) => None,
        });
        Arc::new(Rclone::new(self.config.as_ref(), given, addresses, transport))
    }
}
