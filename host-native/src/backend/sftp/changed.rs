//! Where names were changed, so that they can be made durable.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The directories in which names were changed since they were made durable.
#[derive(Debug, Default)]
pub struct Changed(Mutex<BTreeSet<String>>);

impl Changed {
    /// Notes that the name of something is about to change: before it is asked for, since the answer may be lost.
    pub fn note(&self, path: &str) {
        let directory = match path.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((directory, _)) => directory,
        };
        let mut directories = self.all();
        if !directories.contains(directory) {
            directories.insert(directory.to_owned());
        }
    }

    /// Returns them, and forgets them.
    pub fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.all())
    }

    /// Takes back what could not be made durable.
    pub fn put_back(&self, directories: BTreeSet<String>) {
        self.all().extend(directories);
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // It is whole at any moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_in_the_directory_above_it() {
        let check = |path: &str, expected: &str| {
            let changed = Changed::default();
            changed.note(path);
            assert_eq!(changed.take().into_iter().collect::<Vec<_>>(), [expected], "{path}");
        };
        check("/a/b", "/a");
        check("/a", "/");
        check("a/b", "a");
        check("/", "/");
    }
}
