//! A file on its way by rclone: how far it is, and that it ends when the run breaks off.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bisync_engine::path::RelPath;
use bisync_engine::protocol::Failure;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use super::{Folder, exactly, stopped};

/// Up to this size, in bytes, a file is on its way as fast as it is found out how far it is.
const SMALL: u64 = 1 << 20;

/// How often rclone is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Tells files apart that are on their way at the same time.
static FILES: AtomicU64 = AtomicU64::new(0);

/// What is known of the path that a file is copied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Nobody else uses it.
    New,
    /// rclone is to look what is there.
    Looked,
}

/// A file that is copied, as rclone finds it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// The folder: `remote:path`, or one of this machine.
    pub place: &'a str,
    /// The path there.
    pub name: &'a str,
    /// Its size in bytes, where that is known.
    pub size: Option<u64>,
    /// Whether its bytes are counted as rclone carries them. What comes from elsewhere was counted when it came.
    pub is_counted: bool,
}

/// What rclone says of a group of copies.
#[derive(Deserialize)]
struct Stats {
    /// So many bytes were carried, also of files that are still on their way.
    bytes: u64,
}

impl Folder {
    /// Has a file copied to this folder.
    pub(super) async fn carry(&self, source: Source<'_>, path: &RelPath, target: Target) -> Result<(), Failure> {
        let mut options = exactly();
        options["NoCheckDest"] = (target == Target::New).into();
        let mut input = json!({
            "srcFs": source.place, "srcRemote": source.name,
            "dstFs": self.place, "dstRemote": path.as_str(), "_config": options,
        });
        if let Some(size) = source.size.filter(|size| *size <= SMALL) {
            self.rclone.order("operations/copyfile", input).await?;
            self.rclone.transport.passage.file_here().count(if source.is_counted { size } else { 0 });
            return Ok(());
        }
        let group = format!("bisync/{}", FILES.fetch_add(1, Ordering::Relaxed));
        input["_group"] = group.as_str().into();
        let copied = self.watch(&group, source, self.rclone.order("operations/copyfile", input)).await;
        // It would be kept until there are a thousand.
        self.rclone.order("core/stats-delete", json!({ "group": group })).await.ok();
        copied
    }

    async fn watch(
        &self,
        group: &str,
        source: Source<'_>,
        copy: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let passage = &self.rclone.transport.passage;
        let most = if source.is_counted { source.size.unwrap_or(u64::MAX) } else { 0 };
        let mut so_far = 0;
        let mut count = |bytes: u64| {
            // What was tried again was carried twice.
            let bytes = bytes.min(most);
            passage.file_here().count(bytes.saturating_sub(so_far));
            so_far = so_far.max(bytes);
        };
        let mut copy = pin!(copy);
        loop {
            tokio::select! {
                copied = &mut copy => {
                    if copied.is_ok() {
                        count(source.size.unwrap_or(0));
                    }
                    return copied;
                }
                () = sleep(ASKED_EVERY) => {}
            }
            if passage.is_closed() {
                // rclone ends what nobody waits for any more.
                return Err(stopped());
            }
            if let Ok(stats) = self.rclone.ask::<Stats>("core/stats", json!({ "group": group })).await {
                count(stats.bytes);
            }
        }
    }
}
