//! What the engine asks of a host, and what a host answers.
//!
//! A host carries out requests in any order and with any parallelism. Every verb that replaces or destroys something
//! says what it expects to find there; a host that finds something else changes nothing and answers with
//! [`FailureKind::Refused`]. Only the requests on the state store are carried out one after the other, in the order in which
//! they were made.

use serde::Serialize;

use crate::entry::{Fingerprint, Found, Hash, Instant};
use crate::item::Item;
use crate::metadata::{Keeps, Pairs};
use crate::path::RelPath;
use crate::side::Side;

/// Names a request in its reply; unique within a session.
pub type RequestId = u64;

/// Something the engine wants done or wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// To be given back with the reply.
    pub id: RequestId,
    /// What is wanted.
    pub verb: Verb,
}

/// What a side can do; asked once, before the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The finest difference of times that the side keeps, in nanoseconds; `None` when it has no times.
    pub time_precision_ns: Option<u64>,
    /// Whether a modification time can be set.
    pub sets_time: bool,
    /// The hash algorithms that the side offers, by the names that listings use (`md5`), best first.
    pub hashes: Vec<String>,
    /// Whether a hash costs reading the whole file.
    pub slow_hashes: bool,
    /// Whether names that differ only by case name the same file.
    pub case_insensitive: bool,
    /// Which metadata is kept as it is told.
    pub keeps: Keeps,
}

/// What an action expects to find at the path that it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Expect {
    /// Nothing is there.
    Absent,
    /// The very file that was listed, see [`Fingerprint::is_still`].
    Exactly(Fingerprint),
}

/// What becomes of a file that is replaced or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Disposal {
    /// It is gone.
    Discard,
    /// It is moved to this path in the side's backup directory. What is already there is replaced.
    Backup(RelPath),
}

/// How empty a directory has to be to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Emptiness {
    /// It holds nothing.
    Empty,
    /// It holds nothing but directories that hold nothing but directories, and so on; they go too.
    NoFiles,
}

/// Where the content of a copy is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Staging {
    /// To this path in the same directory as the target; when it is complete, it is renamed to the target.
    Temporary(RelPath),
    /// Into the target itself. A copy that fails before it is complete removes a file that it made, but a file that it found has then
    /// lost its content; it keeps its old time, so that it never counts as newer.
    InPlace,
}

/// Copies a file from one side to the other.
///
/// The host writes the content where `staging` says, sets the source's time where the side can, and reads the source's fingerprint
/// again: when that is no longer `source`, the copy is thrown away and the answer is [`FailureKind::Changed`]. Then the content
/// that was written is verified; when it is not what it has to be, the answer is [`FailureKind::Temporary`]. Missing parents are made. The reply is [`Reply::Done`] with what `target`
/// then is; a copy of another size counts as failed, where sizes count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyFile {
    /// The side that is read.
    pub from: Side,
    /// The path that is read.
    pub path: RelPath,
    /// The version that is to be read.
    pub source: Fingerprint,
    /// The path that is written on the other side.
    pub target: RelPath,
    /// What is expected at `target`.
    pub expect: Expect,
    /// What becomes of the file at `target`.
    pub disposal: Disposal,
    /// Where the content is written.
    pub staging: Staging,
    /// The hash that the written content must have; `None` when its size is enough. A host that cannot compute it looks only at the
    /// size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Hash>,
}

/// Moves a file within a side. Nothing may be at `target`; missing parents are made.
///
/// The reply is [`Reply::Done`] with what `target` then is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveFile {
    /// The side.
    pub side: Side,
    /// The path that is moved.
    pub path: RelPath,
    /// The version that is expected there.
    pub expect: Fingerprint,
    /// Where it goes.
    pub target: RelPath,
    /// A path beside the target, where a host writes a copy first when it cannot rename the file: the target may be on
    /// another file system.
    pub temporary: RelPath,
}

/// Gives a file or a directory metadata of what the other side has there.
///
/// Both have to be what was listed: the same version of a file, and the same in all metadata but times. Otherwise the host changes nothing
/// and answers [`FailureKind::Refused`]. What only the target has stays. The reply is [`Reply::Done`] with what `target` then is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetMetadata {
    /// The side whose metadata is read; that of the other side is set.
    pub from: Side,
    /// The path that is read.
    pub path: RelPath,
    /// What is expected there.
    pub source: Found,
    /// The metadata that is expected there.
    pub source_metadata: Pairs,
    /// The path on the other side.
    pub target: RelPath,
    /// What is expected there.
    pub expect: Found,
    /// The metadata that is expected there.
    pub expect_metadata: Pairs,
    /// What is carried over.
    pub keeps: Keeps,
}

/// What a host can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verb", rename_all = "camelCase")]
pub enum Verb {
    /// Lists a directory without its subdirectories, in any order. Replies: [`Reply::Page`], one or more, and perhaps [`Reply::Anew`].
    ListDirectory {
        /// The side.
        side: Side,
        /// The directory.
        path: RelPath,
        /// The hash algorithm to be given for every file, if any.
        #[serde(skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
        /// Whether the metadata of every file and directory is to be given.
        metadata: bool,
    },
    /// Says what there is at a path. Reply: [`Reply::Described`].
    Describe {
        /// The side.
        side: Side,
        /// The path.
        path: RelPath,
    },
    /// Says whether a file of side one and a file of side two have the same content, byte for byte. With `half` the file of that side may
    /// also be only the beginning of the other. Reply: [`Reply::Same`]. The host answers [`FailureKind::Changed`] when either file is
    /// not the version given.
    SameContent {
        /// The path on side one and its version.
        one: (RelPath, Fingerprint),
        /// The path on side two and its version.
        two: (RelPath, Fingerprint),
        /// The side whose file may be shorter.
        #[serde(skip_serializing_if = "Option::is_none")]
        half: Option<Side>,
    },
    /// Copies a file to the other side.
    CopyFile(CopyFile),
    /// Moves a file within a side.
    MoveFile(MoveFile),
    /// Deletes a file. Reply: [`Reply::Done`] with `None`.
    DeleteFile {
        /// The side.
        side: Side,
        /// The path.
        path: RelPath,
        /// The version that is expected there.
        expect: Fingerprint,
        /// What becomes of it.
        disposal: Disposal,
    },
    /// Makes a directory and its missing parents. A directory that is already there is fine. Reply: [`Reply::Done`]
    /// with the directory.
    MakeDirectory {
        /// The side.
        side: Side,
        /// The path.
        path: RelPath,
    },
    /// Removes a directory. One that is already gone is fine. Reply: [`Reply::Done`] with `None`, or
    /// [`FailureKind::NotEmpty`].
    RemoveDirectory {
        /// The side.
        side: Side,
        /// The path.
        path: RelPath,
        /// How empty it has to be.
        emptiness: Emptiness,
    },
    /// Sets the modification time of a file. Reply: [`Reply::Done`] with the file.
    SetTime {
        /// The side.
        side: Side,
        /// The path.
        path: RelPath,
        /// The version that is expected there.
        expect: Fingerprint,
        /// The new time.
        modified: Instant,
    },
    /// Gives a file or a directory metadata of the other side's.
    SetMetadata(SetMetadata),
    /// Makes everything that was written to a side durable. It comes after all changes: what a host wants to do to the directories
    /// that it made, such as setting their times, is done now. Reply: [`Reply::Done`] with `None`.
    Flush {
        /// The side.
        side: Side,
    },
    /// Reads a part of a blob of the state store. Reply: [`Reply::State`].
    ReadState {
        /// The blob.
        name: String,
        /// Where to begin, in bytes.
        offset: u64,
        /// At most so many bytes; fewer only at the end.
        length: u32,
    },
    /// Writes a part of a blob; offset 0 makes the blob or empties it first. Reply: [`Reply::Done`] with `None`.
    WriteState {
        /// The blob.
        name: String,
        /// Where to write, in bytes: the blob's length so far.
        offset: u64,
        /// What to write. JSON has no form for it.
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// Makes a blob durable and gives it another name, atomically; a blob that has that name is replaced. With its own name
    /// for a target it only becomes durable. Reply: [`Reply::Done`] with `None`.
    ReplaceState {
        /// The blob's name now.
        name: String,
        /// The name it gets.
        target: String,
    },
    /// Gives a blob a second name; a blob that has that name is replaced. A missing blob is fine. Reply:
    /// [`Reply::Done`] with `None`.
    KeepState {
        /// The blob.
        name: String,
        /// The second name.
        target: String,
    },
    /// Removes a blob durably; a missing one is fine. Reply: [`Reply::Done`] with `None`.
    RemoveState {
        /// The blob.
        name: String,
    },
}

/// A host's answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A part of a directory; `last` ends the listing.
    Page {
        /// Names and what they are, in any order, each once.
        items: Vec<Item>,
        /// Whether this was the last page.
        last: bool,
    },
    /// The listing begins once more: what came of it so far counts no more.
    Anew,
    /// What there is at the path; `None` when there is nothing.
    Described(Option<Found>),
    /// Whether the contents are the same.
    Same(bool),
    /// It was done, and this is what is there now.
    Done(Option<Found>),
    /// A part of a blob; `None` when there is no blob of that name.
    State(Option<Vec<u8>>),
    /// It was not done, and nothing was changed.
    Failed(Failure),
}

impl Reply {
    /// Says whether no other reply to the same request follows.
    pub fn is_last(&self) -> bool {
        !matches!(self, Self::Page { last: false, .. } | Self::Anew)
    }
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// The host's own words, without the path: `permission denied`.
    pub message: String,
}

/// What went wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// What was found is not what the request expected.
    Refused,
    /// The file changed while it was being read.
    Changed,
    /// There is nothing at the path.
    NotFound,
    /// The user may not do this.
    PermissionDenied,
    /// The side is read-only.
    ReadOnly,
    /// There is no space left.
    NoSpace,
    /// The side cannot hold such a name or path.
    ImpossibleName,
    /// A file is in the place of a directory, or the reverse.
    WrongKind,
    /// The directory is not empty.
    NotEmpty,
    /// A directory of `--compare-dest` holds the file already, so it was not copied; no fault.
    Elsewhere,
    /// The run was stopped before this was done.
    Stopped,
    /// Something is in use just now: it may work when tried again at once.
    Busy,
    /// It may work when tried again.
    Temporary,
    /// Anything else.
    Other,
}
