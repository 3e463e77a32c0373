//! Whether the server itself refuses to replace an object where none is expected.
//!
//! Most servers do if the request asks for it; then no check is needed before each new file. Some servers ignore it. Each run tests this
//! once: it uploads an empty file under a temporary name, and then uploads it again on the condition that nothing is there.

use std::sync::atomic::{AtomicU32, Ordering};

use bisync_engine::protocol::{CopyFile, Expect, Failure, FailureKind, Staging};
use bytes::Bytes;
use rusty_s3::Method;
use tokio::sync::OnceCell;

use super::S3;
use super::object::Object;
use super::request::{Condition, Request};

/// So many new files are looked for one by one before it is worth three requests to find out.
const LOOKED_FOR: u32 = 16;

/// What is known of it so far.
#[derive(Debug, Default)]
pub(super) struct Probe {
    looked_for: AtomicU32,
    refuses: OnceCell<bool>,
}

impl S3 {
    /// Makes sure that what is at the key of an upload is what is expected there, and returns it. Where nothing is expected and the
    /// server sees to that itself, it is not asked.
    pub(super) async fn check_target(&self, copy: &CopyFile, key: &str) -> Result<Option<Object>, Failure> {
        if copy.expect == Expect::Absent && self.refuses_to_replace(copy).await {
            return Ok(None);
        }
        self.check(key, &copy.expect).await
    }

    /// Says whether the server was seen to refuse to replace something with a new file.
    async fn refuses_to_replace(&self, copy: &CopyFile) -> bool {
        let Staging::Temporary(temporary) = &copy.staging else { return false };
        if self.probe.looked_for.fetch_add(1, Ordering::Relaxed) < LOOKED_FOR {
            return false;
        }
        let seen = async || {
            let Ok(key) = self.folder.key(temporary) else { return false };
            self.try_to_replace(copy, &key).await.unwrap_or(false)
        };
        *self.probe.refuses.get_or_init(seen).await && self.server.knows_conditions(Method::Put)
    }

    async fn try_to_replace(&self, copy: &CopyFile, temporary: &str) -> Result<bool, Failure> {
        let request = self.making(Method::Put, copy, temporary);
        self.server.ask(&request, Bytes::new()).await?;
        let once_more = self.server.on_condition(request, Some(Condition::Absent));
        let answer = self.server.ask(&once_more, Bytes::new()).await;
        let removal = Request::new(Method::Delete, &self.folder.bucket, temporary);
        // What stays behind is empty, and removed as what a killed run leaves is.
        self.server.ask(&removal, Bytes::new()).await.ok();
        match answer {
            Ok(_) => Ok(false),
            Err(failure) if failure.kind == FailureKind::Refused => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}
