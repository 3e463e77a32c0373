//! Small new files of one directory, copied together: one listing of the directory serves all of them.
//!
//! Many servers, and rclone itself, let only so many requests a second pass; for a small file each of them counts as much as its content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use bisync_engine::entry::{Found, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Expect, Failure, FailureKind, Staging};
use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;
use tokio::time::Instant;
use unicode_normalization::UnicodeNormalization;

use super::carry::{Source, Target};
use super::copies::check_source;
use super::{Backend, Folder, Times, failed};

/// A directory with more entries is not listed for the sake of a few.
pub(super) const LARGE: usize = 2_000;
/// So many files of a directory are on their way at once; fewer of them are copied at the same moment.
const ON_THEIR_WAY: usize = 8;
/// So long it counts what was seen in a directory. Between a look and the change that it is for there is always a moment.
const FRESH: Duration = Duration::from_secs(1);

impl Folder {
    /// Returns the directory in which these copies make new files; `None` where one after the other is as well.
    pub(super) fn directory_of(&self, copies: &[&CopyFile]) -> Option<RelPath> {
        let directory = copies.first()?.target.parent()?;
        let is_large = self.large.lock().unwrap_or_else(PoisonError::into_inner).contains(&directory);
        let is_new = |copy: &&CopyFile| {
            copy.expect == Expect::Absent
                && matches!(copy.staging, Staging::Temporary(_))
                && copy.target.parent().as_ref() == Some(&directory)
        };
        (copies.len() > 1 && !is_large && copies.iter().all(is_new)).then_some(directory)
    }

    /// Copies new files into a directory. The answer is `None` where a file was not copied, or where that is not certain.
    pub(super) async fn copy_files(
        &self,
        source: &dyn Backend,
        place: &str,
        directory: &RelPath,
        copies: &[&CopyFile],
    ) -> Vec<Option<Found>> {
        let view = View { folder: self, directory, seen: Mutex::default() };
        // What may be one name elsewhere is not begun at the same time.
        let mut begun = BTreeSet::new();
        let copied = copies.iter().map(|copy| {
            let is_first = begun.insert(folded(copy.target.name()));
            self.copy_new(source, place, copy, is_first.then_some(&view))
        });
        let copied: Vec<_> = copied.collect();
        let copied: Vec<_> = stream::iter(copied).buffered(ON_THEIR_WAY).collect().await;
        // What the server itself says is there now.
        let times = if self.features.tells_times_slowly() { Times::Untold } else { Times::Told };
        let listed = self.list(directory, None, times).await;
        let listed = listed.map(|items| items.into_iter().map(|item| (item.name, item.found)).collect()).ok();
        let settled = copies.iter().zip(copied).map(|(copy, copied)| self.settle(copy, copied, listed.as_ref()));
        stream::iter(settled.collect::<Vec<_>>()).buffered(ON_THEIR_WAY).collect().await
    }

    /// Copies a new file. Without a view of the directory it is not begun.
    async fn copy_new(
        &self,
        source: &dyn Backend,
        place: &str,
        copy: &CopyFile,
        view: Option<&View<'_>>,
    ) -> Result<(), Failure> {
        let view = view.ok_or_else(in_the_way)?;
        check_source(source, copy).await?;
        let staged = self.staged(copy);
        {
            let _turn = self.rclone.transfers.acquire().await;
            if staged.is_none() {
                view.check_free(copy.target.name()).await?;
            }
            let carried = Source { place, name: copy.path.as_str(), size: copy.source.size, is_counted: true };
            self.carry(carried, staged.unwrap_or(&copy.target), Target::New).await?;
        }
        check_source(source, copy).await?;
        if let Some(staged) = staged {
            self.rename_new(staged, &copy.target).await?;
        }
        Ok(())
    }

    /// Returns what became of a copy, given what is in its directory now, if that could be found out.
    async fn settle(
        &self,
        copy: &CopyFile,
        copied: Result<(), Failure>,
        listed: Option<&BTreeMap<String, Found>>,
    ) -> Option<Found> {
        if let Some(staged) = self.staged(copy) {
            let is_left = match (&copied, listed) {
                (Err(_), _) => true,
                (Ok(()), Some(listed)) => listed.contains_key(staged.name()),
                (Ok(()), None) => self.look_for_file(staged).await.map_or(true, |found| found.is_some()),
            };
            if is_left {
                // Something was in its way.
                self.remove_staged(staged).await;
                return None;
            }
        }
        copied.ok()?;
        let found = listed.and_then(|listed| listed.get(copy.target.name()));
        match found.filter(|found| found.kind == Kind::File && !self.features.tells_times_slowly()) {
            // What somebody put in its place since is not what was copied.
            Some(found) => self.features.can_be_copy(&copy.source, &found.fingerprint).then(|| found.clone()),
            None => self.copied(copy).await.ok(),
        }
    }
}

/// What is in a directory now, or was a moment ago.
struct View<'a> {
    folder: &'a Folder,
    directory: &'a RelPath,
    seen: Mutex<Option<(Instant, BTreeSet<String>)>>,
}

impl View<'_> {
    /// Makes sure that nothing has this name.
    async fn check_free(&self, name: &str) -> Result<(), Failure> {
        let mut seen = self.seen.lock().await;
        let names = match seen.take().filter(|(at, _)| at.elapsed() < FRESH) {
            Some(fresh) => seen.insert(fresh),
            None => {
                let begun = Instant::now();
                seen.insert((begun, self.names().await?))
            }
        };
        if names.1.contains(&folded(name)) { Err(in_the_way()) } else { Ok(()) }
    }

    async fn names(&self) -> Result<BTreeSet<String>, Failure> {
        match self.folder.list(self.directory, None, Times::Untold).await {
            Ok(items) => Ok(items.iter().map(|item| folded(&item.name)).collect()),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(BTreeSet::new()),
            Err(failure) => Err(failure),
        }
    }
}

fn in_the_way() -> Failure {
    failed(FailureKind::Refused, "something is there already")
}

/// Returns a name so that all are the same that any storage takes for the same. Where two are not, each is copied by itself.
pub(super) fn folded(name: &str) -> String {
    // Some letters have several small ones, and others several capital ones.
    name.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_storage_takes_for_one_are_one() {
        let check = |one: &str, two: &str| assert_eq!(folded(one), folded(two));
        check("A.txt", "a.TXT");
        check("\u{e9}", "E\u{301}");
        check("\u{3c3}", "\u{3c2}");
        check("\u{df}", "SS");
        check("\u{17f}", "s");
        assert_ne!(folded("a"), folded("b"));
    }
}
