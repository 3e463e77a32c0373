//! Lists directories: one in a call, or several.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::Failure;
use serde_json::{Value, json};

use super::item::{Batch, Listed, Listing};
use super::{Folder, Times, failure, together};

/// Directories with more entries are listed one in a call: there the entries are what costs, and several answers in one would only be held
/// at the same time.
const MANY: usize = 200;

impl Folder {
    pub(super) async fn list(&self, path: &RelPath, hash: Option<&str>, times: Times) -> Result<Vec<Item>, Failure> {
        let listed: Listing = self.rclone.ask("operations/list", self.wish(path, hash, times)).await?;
        self.entries_lately.store(listed.list.len(), Ordering::Relaxed);
        self.items(path, listed.list, hash).await
    }

    /// Says whether several directories are to be listed in one call.
    pub(super) fn lists_together(&self) -> bool {
        self.entries_lately.load(Ordering::Relaxed) <= MANY && !self.rclone.lacks_batches.load(Ordering::Relaxed)
    }

    /// Lists directories in one call; rclone does one after the other. The answer is `None` where one could not be listed.
    pub(super) async fn list_all(&self, paths: &[&RelPath], hash: Option<&str>) -> Vec<Option<Vec<Item>>> {
        let mut listed = vec![None; paths.len()];
        let inputs = paths.iter().map(|path| {
            let mut input = self.wish(path, hash, Times::Told);
            input["_path"] = "operations/list".into();
            input
        });
        let batch = json!({ "concurrency": 1, "inputs": inputs.collect::<Vec<_>>() });
        let results = match self.rclone.ask::<Batch>("job/batch", batch).await {
            Ok(batch) if batch.results.len() == paths.len() => batch.results,
            Ok(_) => return listed,
            Err(failure) => {
                if failure::is_of_old_rclone(&failure) {
                    self.rclone.lacks_batches.store(true, Ordering::Relaxed);
                }
                return listed;
            }
        };
        let entries = results.iter().flat_map(|result| &result.list).map(Vec::len).sum::<usize>();
        self.entries_lately.store(entries / paths.len().max(1), Ordering::Relaxed);
        for ((place, path), result) in listed.iter_mut().zip(paths).zip(results) {
            if let Some(list) = result.list {
                *place = self.items(path, list, hash).await.ok();
            }
        }
        listed
    }

    fn wish(&self, path: &RelPath, hash: Option<&str>, times: Times) -> Value {
        let options = json!({
            "noMimeType": true, "noModTime": times == Times::Untold,
            "showHash": hash.is_some(), "hashTypes": hash.iter().collect::<Vec<_>>(),
        });
        json!({ "fs": self.place, "remote": path.as_str(), "opt": options })
    }

    async fn items(&self, path: &RelPath, list: Vec<Listed>, hash: Option<&str>) -> Result<Vec<Item>, Failure> {
        if list.len() > together::LARGE {
            self.large.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        }
        let items = list.into_iter().map(|item| item.into_item(&self.features, hash)).collect();
        self.settle_names(path, items).await
    }
}
