//! Directories that may hold what is to be copied, for `--compare-dest` and `--copy-dest`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bisync_engine::compare::times_differ;
use bisync_engine::entry::{Fingerprint, Found, Kind};
use bisync_engine::options::{Options, OptionsError, Settings, Value};
use bisync_engine::protocol::{CopyFile, Failure, FailureKind};

use super::{Backend, failed, same_content};

/// Directories in which a file may be found instead of being copied from the other side.
#[derive(Clone, Default)]
pub struct References {
    directories: Vec<(PathBuf, Arc<dyn Backend>)>,
    purpose: Purpose,
    /// The smallest difference of times that counts, in nanoseconds; `None` when only the size does.
    window_ns: Option<u64>,
    /// Whether the contents are compared as well.
    by_content: bool,
}

/// What becomes of a file that is found there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// It is not copied at all.
    #[default]
    Compare,
    /// It is copied from there.
    Copy,
}

impl References {
    /// Opens the directories that the options name.
    ///
    /// # Errors
    /// Says which options contradict each other, or which directory cannot be opened.
    pub fn open<E: From<OptionsError>>(
        options: &Options,
        settings: &Settings,
        mut open: impl FnMut(&Path) -> Result<Arc<dyn Backend>, E>,
    ) -> Result<Self, E> {
        let purpose = Self::purpose(options)?;
        let name = if purpose == Purpose::Copy { "copy-dest" } else { "compare-dest" };
        let paths = options.all(name).filter_map(Value::as_text).map(PathBuf::from);
        let directories = paths.map(|path| Ok::<_, E>((path.clone(), open(&path)?))).collect::<Result<_, E>>()?;
        let window_ns = if settings.compare.modified { settings.modify_window_ns } else { None };
        // What is copied from there is recorded as the source's content. Size and time may be the same by chance.
        let by_content = purpose == Purpose::Copy || settings.compare.checksum || settings.sync_checksum;
        Ok(Self { directories, purpose, window_ns, by_content })
    }

    /// Keeps for later runs what they would have to find out again.
    pub fn remember(&self) {
        self.directories.iter().for_each(|(_, directory)| directory.remember());
    }

    /// Returns what the options want of such directories.
    ///
    /// # Errors
    /// Fails when they want both.
    pub fn purpose(options: &Options) -> Result<Purpose, OptionsError> {
        match (options.is_given("compare-dest"), options.is_given("copy-dest")) {
            (true, true) => {
                let problem = "`--copy-dest` compares as well".to_owned();
                Err(OptionsError::Contradiction { option: "compare-dest", problem })
            }
            (false, true) => Ok(Purpose::Copy),
            (true, false) | (false, false) => Ok(Purpose::Compare),
        }
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.directories.is_empty()
    }

    /// Looks for the file that is to be copied. Returns the request that copies it from where it was found, and whose that is.
    ///
    /// # Errors
    /// Answers [`FailureKind::Elsewhere`] when it is not to be copied.
    pub async fn find(
        &self,
        copy: &CopyFile,
        source: &Arc<dyn Backend>,
    ) -> Result<Option<(Arc<dyn Backend>, CopyFile)>, Failure> {
        for (path, directory) in &self.directories {
            // What cannot be looked at is as good as not there: the file is then copied from the other side.
            let Ok(Some(found)) = directory.describe(copy.target.clone()).await else { continue };
            if !self.may_be_same(&copy.source, &found) {
                continue;
            }
            if self.by_content {
                let here = source.read(copy.path.clone(), copy.source.clone());
                let there = directory.read(copy.target.clone(), found.fingerprint.clone());
                if !same_content(here, there, None).await.unwrap_or(false) {
                    continue;
                }
            }
            return match self.purpose {
                Purpose::Compare => {
                    let message = format!("`{}` holds it", path.display());
                    Err(failed(FailureKind::Elsewhere, &message))
                }
                Purpose::Copy => {
                    let copy = CopyFile { path: copy.target.clone(), source: found.fingerprint, ..copy.clone() };
                    Ok(Some((Arc::clone(directory), copy)))
                }
            };
        }
        Ok(None)
    }

    fn may_be_same(&self, source: &Fingerprint, found: &Found) -> bool {
        let there = &found.fingerprint;
        found.kind == Kind::File
            && source.size.is_some()
            && source.size == there.size
            && !times_differ(source.modified, there.modified, self.window_ns)
    }
}
