//! Names that may not be those that a server has: bytes that are not UTF-8 come from rclone as the replacement character, and by such a
//! name it finds nothing. A name may also hold that character itself.

use std::collections::BTreeMap;

use bisync_engine::entry::{Fingerprint, Found, Kind};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind};

use super::Folder;

impl Folder {
    /// Turns what no name leads to into what takes no part. The others stay as they are.
    pub(super) async fn settle_names(&self, directory: &RelPath, items: Vec<Item>) -> Result<Vec<Item>, Failure> {
        if !items.iter().any(|item| is_damaged(&item.name)) {
            return Ok(items);
        }
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        items.iter().for_each(|item| *named.entry(item.name.clone()).or_default() += 1);
        let mut settled = Vec::with_capacity(items.len());
        for item in items {
            // Of several that have become one name none can be told from the others, and it is told once.
            let times = if is_damaged(&item.name) { named.insert(item.name.clone(), 0) } else { Some(1) };
            match times.unwrap_or_default() {
                0 => {}
                1 if !is_damaged(&item.name) || self.is_found(directory, &item).await? => settled.push(item),
                _ => settled.push(nameless(item.name)),
            }
        }
        Ok(settled)
    }

    async fn is_found(&self, directory: &RelPath, item: &Item) -> Result<bool, Failure> {
        let Ok(path) = directory.join(&item.name) else { return Ok(false) };
        match self.look(&path).await {
            Ok(found) => Ok(found.is_some_and(|found| found.kind == item.found.kind)),
            Err(failure) if failure.kind == FailureKind::Temporary => Err(failure),
            Err(_) => Ok(false),
        }
    }
}

fn is_damaged(name: &str) -> bool {
    name.contains(char::REPLACEMENT_CHARACTER)
}

fn nameless(name: String) -> Item {
    Item { name, found: Found { kind: Kind::Special, fingerprint: Fingerprint::default() }, metadata: None }
}
