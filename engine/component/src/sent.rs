//! What the engine sends, as the types of the WIT.

use bisync_engine::entry::Fingerprint;
use bisync_engine::event::{Event, Workload};
use bisync_engine::outcome::{Conflict, FailedPath, Outcome};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, MoveFile, Request, SetMetadata, Staging, Verb};
use bisync_engine::session::{OpenError, ProtocolError, Turn};

use super::wit;

impl From<Turn> for wit::Turn {
    fn from(value: Turn) -> Self {
        Self {
            requests: value.requests.into_iter().map(Into::into).collect(),
            events: value.events.into_iter().map(Into::into).collect(),
            workload: value.workload.into(),
            outcome: value.outcome.map(Into::into),
        }
    }
}

impl From<Workload> for wit::Workload {
    fn from(Workload { files, bytes, is_final }: Workload) -> Self {
        Self { files, bytes, is_final }
    }
}

impl From<Request> for wit::Request {
    fn from(value: Request) -> Self {
        Self { id: value.id, verb: value.verb.into() }
    }
}

impl From<Verb> for wit::Verb {
    fn from(value: Verb) -> Self {
        match value {
            Verb::ListDirectory { side, path, hash, metadata } => {
                Self::ListDirectory(wit::ListDirectory { side: side.into(), path: text(path), hash, metadata })
            }
            Verb::Describe { side, path } => Self::Describe(wit::Place { side: side.into(), path: text(path) }),
            Verb::SameContent { one, two, half } => {
                Self::SameContent(wit::SameContent { one: version(one), two: version(two), half: half.map(Into::into) })
            }
            Verb::CopyFile(copy) => Self::CopyFile(copy.into()),
            Verb::MoveFile(movement) => Self::MoveFile(movement.into()),
            Verb::DeleteFile { side, path, expect, disposal } => Self::DeleteFile(wit::DeleteFile {
                side: side.into(),
                path: text(path),
                expect: expect.into(),
                disposal: disposal.into(),
            }),
            Verb::MakeDirectory { side, path } => {
                Self::MakeDirectory(wit::Place { side: side.into(), path: text(path) })
            }
            Verb::RemoveDirectory { side, path, emptiness } => Self::RemoveDirectory(wit::RemoveDirectory {
                side: side.into(),
                path: text(path),
                emptiness: emptiness.into(),
            }),
            Verb::SetTime { side, path, expect, modified } => Self::SetTime(wit::SetTime {
                side: side.into(),
                path: text(path),
                expect: expect.into(),
                modified: modified.into(),
            }),
            Verb::SetMetadata(set) => Self::SetMetadata(set.into()),
            Verb::Flush { side } => Self::Flush(side.into()),
            Verb::ReadState { name, offset, length } => Self::ReadState(wit::ReadState { name, offset, length }),
            Verb::WriteState { name, offset, bytes } => Self::WriteState(wit::WriteState { name, offset, bytes }),
            Verb::ReplaceState { name, target } => Self::ReplaceState(wit::RenameState { name, target }),
            Verb::KeepState { name, target } => Self::KeepState(wit::RenameState { name, target }),
            Verb::RemoveState { name } => Self::RemoveState(name),
        }
    }
}

impl From<CopyFile> for wit::CopyFile {
    fn from(value: CopyFile) -> Self {
        Self {
            from: value.from.into(),
            path: text(value.path),
            source: value.source.into(),
            target: text(value.target),
            expect: value.expect.into(),
            disposal: value.disposal.into(),
            staging: value.staging.into(),
            verify: value.verify.map(|hash| hash.as_str().to_owned()),
        }
    }
}

impl From<MoveFile> for wit::MoveFile {
    fn from(value: MoveFile) -> Self {
        Self {
            side: value.side.into(),
            path: text(value.path),
            expect: value.expect.into(),
            target: text(value.target),
            temporary: text(value.temporary),
        }
    }
}

impl From<SetMetadata> for wit::SetMetadata {
    fn from(value: SetMetadata) -> Self {
        Self {
            from: value.from.into(),
            path: text(value.path),
            source: value.source.into(),
            source_metadata: value.source_metadata.into_vec(),
            target: text(value.target),
            expect: value.expect.into(),
            expect_metadata: value.expect_metadata.into_vec(),
            keeps: value.keeps.into(),
        }
    }
}

impl From<Expect> for wit::Expect {
    fn from(value: Expect) -> Self {
        match value {
            Expect::Absent => Self::Absent,
            Expect::Exactly(fingerprint) => Self::Exactly(fingerprint.into()),
        }
    }
}

impl From<Staging> for wit::Staging {
    fn from(value: Staging) -> Self {
        match value {
            Staging::Temporary(path) => Self::Temporary(text(path)),
            Staging::InPlace => Self::InPlace,
        }
    }
}

impl From<Disposal> for wit::Disposal {
    fn from(value: Disposal) -> Self {
        match value {
            Disposal::Discard => Self::Discard,
            Disposal::Backup(path) => Self::Backup(text(path)),
        }
    }
}

impl From<Event> for wit::Event {
    fn from(value: Event) -> Self {
        Self { level: value.level.into(), code: value.code.into_owned(), path: value.path.map(text), text: value.text }
    }
}

impl From<Outcome> for wit::Outcome {
    fn from(value: Outcome) -> Self {
        Self {
            exit_code: value.exit_code,
            headline: value.headline,
            dry_run: value.dry_run,
            counts: wit::CountsOfSides { one: value.counts.one.into(), two: value.counts.two.into() },
            conflicts: value.conflicts.into_iter().map(Into::into).collect(),
            failures: value.failures.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Conflict> for wit::Conflict {
    fn from(value: Conflict) -> Self {
        Self { path: text(value.path), resolution: value.resolution }
    }
}

impl From<FailedPath> for wit::FailedPath {
    fn from(value: FailedPath) -> Self {
        Self { path: text(value.path), reason: value.reason }
    }
}

impl From<OpenError> for wit::OpenError {
    fn from(value: OpenError) -> Self {
        Self { option: value.option, message: value.message }
    }
}

impl From<ProtocolError> for wit::ProtocolError {
    fn from(value: ProtocolError) -> Self {
        match value {
            ProtocolError::UnknownRequest(id) => Self::UnknownRequest(id),
            ProtocolError::WrongReply(id) => Self::WrongReply(id),
        }
    }
}

fn version((path, fingerprint): (RelPath, Fingerprint)) -> wit::Version {
    wit::Version { path: text(path), fingerprint: fingerprint.into() }
}

fn text(path: RelPath) -> String {
    path.as_str().to_owned()
}
