//! Small files of one directory, read together: rclone copies them into a directory of this machine, and asks the server only for what
//! they hold.

use std::collections::BTreeMap;
use std::fs;
use std::sync::PoisonError;

use bisync_engine::entry::{Found, Kind};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Failure, FailureKind};
use serde_json::json;

use super::together::folded;
use super::{Folder, Times, failed, is_still};

impl Folder {
    /// Returns the directory in which these files are; `None` where one after the other is as well.
    pub(super) fn source_directory_of(&self, copies: &[&CopyFile]) -> Option<RelPath> {
        let directory = copies.first()?.path.parent()?;
        let large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        // rclone lists all directories on the way.
        let on_the_way: Vec<_> = std::iter::successors(Some(directory.clone()), RelPath::parent).collect();
        let is_worth_it = copies.len() > on_the_way.len()
            && !self.features.tells_times_slowly()
            && !on_the_way.iter().any(|directory| large.contains(directory))
            // For the sake of such a name rclone lists the whole remote.
            && !copies.iter().any(|copy| copy.path.as_str().contains('{'))
            && copies.iter().all(|copy| copy.path.parent().as_ref() == Some(&directory));
        is_worth_it.then_some(directory)
    }

    /// Returns what the files hold; `None` where that is not certain.
    pub(super) async fn read_files(
        &self,
        directory: &RelPath,
        copies: &[&CopyFile],
    ) -> Result<Vec<Option<Vec<u8>>>, Failure> {
        let child = self.rclone.child().await?;
        let arrived = tempfile::tempdir_in(child.directory.path())
            .map_err(|error| failed(FailureKind::Other, &format!("no temporary directory: {error}")))?;
        // Not in place: what has its name is complete, even when rclone died on the way.
        let options = json!({ "IgnoreTimes": true, "Transfers": self.rclone.transfers_limit });
        let rules: Vec<_> = copies.iter().map(|copy| format!("/{}", literally(copy.path.as_str()))).collect();
        let input = json!({
            "srcFs": self.place, "dstFs": arrived.path().to_string_lossy(),
            "_config": options, "_filter": { "IncludeRule": rules },
        });
        {
            let _turn = self.rclone.transfers.acquire_many(self.rclone.transfers_limit).await;
            // What failed of it is missing, and is read by itself.
            self.rclone.order("sync/copy", input).await.ok();
        }
        let listed = self.list(directory, None, Times::Told).await?;
        let listed: BTreeMap<_, _> = listed.into_iter().map(|item| (item.name, item.found)).collect();
        // What may be one name here may be the content of either.
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        copies.iter().for_each(|copy| *named.entry(folded(copy.path.name())).or_default() += 1);
        let content = |copy: &&CopyFile| {
            if named.get(&folded(copy.path.name())) != Some(&1) {
                return None;
            }
            let is_source = |found: &Found| found.kind == Kind::File && is_still(&copy.source, &found.fingerprint);
            let length = listed.get(copy.path.name()).filter(|found| is_source(found))?.fingerprint.size?;
            let file = arrived.path().join(copy.path.as_str());
            if fs::metadata(&file).ok()?.len() != length {
                return None;
            }
            let bytes = fs::read(file).ok()?;
            (bytes.len() as u64 == length).then_some(bytes)
        };
        Ok(copies.iter().map(content).collect())
    }
}

/// Returns a rule of rclone's that only this path follows.
fn literally(path: &str) -> String {
    let is_special = |character| matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\');
    let mut rule = String::with_capacity(path.len());
    for character in path.chars() {
        if is_special(character) {
            rule.push('\\');
        }
        rule.push(character);
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_pattern() {
        let check = |path: &str, expected: &str| assert_eq!(literally(path), expected);
        check("a/b c.txt", "a/b c.txt");
        check(r"a*/[b]?{c}\d", r"a\*/\[b\]\?\{c\}\\d");
    }
}
