//! What the engine tells a person while it works. Its words are the same on every host.

use std::borrow::Cow;

use serde::Serialize;

use crate::path::RelPath;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Something was not done, or the run stops.
    Error,
    /// Something a person should look at.
    Notice,
    /// What is done, and why: shown with `-v`, and always in a dry run.
    Info,
    /// Why each path was decided as it was: shown with `-vv`.
    Debug,
}

/// What a run has to copy, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Files, those included that are copied already.
    pub files: u64,
    /// Their bytes, where their size is known.
    pub bytes: u64,
    /// Whether nothing more can be added to it.
    pub is_final: bool,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// How much it matters.
    pub level: Level,
    /// A stable word for programs: `copied`, `link-skipped`, `too-many-deletes`.
    pub code: Cow<'static, str>,
    /// The path it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// The message for a person, without the path: `copied to Path2: new on Path1`.
    pub text: String,
}
