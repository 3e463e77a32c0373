//! What the component sends, as the engine's own types.

use bisync_engine::entry::{Fingerprint, Hash};
use bisync_engine::event::{Event, Workload};
use bisync_engine::outcome::{Conflict, FailedPath, Outcome};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Expect, MoveFile, Request, SetMetadata, Staging, Verb};
use bisync_engine::session::{OpenError, ProtocolError, Turn};
use bisync_engine::side::Pair;

use super::values::Malformed;
use super::wit;

impl TryFrom<wit::Turn> for Turn {
    type Error = Malformed;

    fn try_from(value: wit::Turn) -> Result<Self, Malformed> {
        Ok(Self {
            requests: all(value.requests)?,
            events: all(value.events)?,
            workload: value.workload.into(),
            outcome: value.outcome.map(Outcome::try_from).transpose()?,
        })
    }
}

impl From<wit::Workload> for Workload {
    fn from(wit::Workload { files, bytes, is_final }: wit::Workload) -> Self {
        Self { files, bytes, is_final }
    }
}

impl TryFrom<wit::Request> for Request {
    type Error = Malformed;

    fn try_from(value: wit::Request) -> Result<Self, Malformed> {
        Ok(Self { id: value.id, verb: value.verb.try_into()? })
    }
}

impl TryFrom<wit::Verb> for Verb {
    type Error = Malformed;

    fn try_from(value: wit::Verb) -> Result<Self, Malformed> {
        Ok(match value {
            wit::Verb::ListDirectory(wit::ListDirectory { side, path, hash, metadata }) => {
                Self::ListDirectory { side: side.into(), path: parsed(&path)?, hash, metadata }
            }
            wit::Verb::Describe(wit::Place { side, path }) => {
                Self::Describe { side: side.into(), path: parsed(&path)? }
            }
            wit::Verb::SameContent(wit::SameContent { one, two, half }) => {
                Self::SameContent { one: version(one)?, two: version(two)?, half: half.map(Into::into) }
            }
            wit::Verb::CopyFile(copy) => Self::CopyFile(copy.try_into()?),
            wit::Verb::MoveFile(movement) => Self::MoveFile(movement.try_into()?),
            wit::Verb::DeleteFile(wit::DeleteFile { side, path, expect, disposal }) => Self::DeleteFile {
                side: side.into(),
                path: parsed(&path)?,
                expect: expect.try_into()?,
                disposal: disposal.try_into()?,
            },
            wit::Verb::MakeDirectory(wit::Place { side, path }) => {
                Self::MakeDirectory { side: side.into(), path: parsed(&path)? }
            }
            wit::Verb::RemoveDirectory(wit::RemoveDirectory { side, path, emptiness }) => {
                Self::RemoveDirectory { side: side.into(), path: parsed(&path)?, emptiness: emptiness.into() }
            }
            wit::Verb::SetTime(wit::SetTime { side, path, expect, modified }) => Self::SetTime {
                side: side.into(),
                path: parsed(&path)?,
                expect: expect.try_into()?,
                modified: modified.into(),
            },
            wit::Verb::SetMetadata(set) => Self::SetMetadata(set.try_into()?),
            wit::Verb::Flush(side) => Self::Flush { side: side.into() },
            wit::Verb::ReadState(wit::ReadState { name, offset, length }) => Self::ReadState { name, offset, length },
            wit::Verb::WriteState(wit::WriteState { name, offset, bytes }) => Self::WriteState { name, offset, bytes },
            wit::Verb::ReplaceState(wit::RenameState { name, target }) => Self::ReplaceState { name, target },
            wit::Verb::KeepState(wit::RenameState { name, target }) => Self::KeepState { name, target },
            wit::Verb::RemoveState(name) => Self::RemoveState { name },
        })
    }
}

impl TryFrom<wit::CopyFile> for CopyFile {
    type Error = Malformed;

    fn try_from(value: wit::CopyFile) -> Result<Self, Malformed> {
        Ok(Self {
            from: value.from.into(),
            path: parsed(&value.path)?,
            source: value.source.try_into()?,
            target: parsed(&value.target)?,
            expect: value.expect.try_into()?,
            disposal: value.disposal.try_into()?,
            staging: value.staging.try_into()?,
            verify: value.verify.map(|text| Hash::parse(&text).ok_or(Malformed)).transpose()?,
        })
    }
}

impl TryFrom<wit::MoveFile> for MoveFile {
    type Error = Malformed;

    fn try_from(value: wit::MoveFile) -> Result<Self, Malformed> {
        Ok(Self {
            side: value.side.into(),
            path: parsed(&value.path)?,
            expect: value.expect.try_into()?,
            target: parsed(&value.target)?,
            temporary: parsed(&value.temporary)?,
        })
    }
}

impl TryFrom<wit::SetMetadata> for SetMetadata {
    type Error = Malformed;

    fn try_from(value: wit::SetMetadata) -> Result<Self, Malformed> {
        Ok(Self {
            from: value.from.into(),
            path: parsed(&value.path)?,
            source: value.source.try_into()?,
            source_metadata: value.source_metadata.into(),
            target: parsed(&value.target)?,
            expect: value.expect.try_into()?,
            expect_metadata: value.expect_metadata.into(),
            keeps: value.keeps.into(),
        })
    }
}

impl TryFrom<wit::Expect> for Expect {
    type Error = Malformed;

    fn try_from(value: wit::Expect) -> Result<Self, Malformed> {
        Ok(match value {
            wit::Expect::Absent => Self::Absent,
            wit::Expect::Exactly(fingerprint) => Self::Exactly(fingerprint.try_into()?),
        })
    }
}

impl TryFrom<wit::Staging> for Staging {
    type Error = Malformed;

    fn try_from(value: wit::Staging) -> Result<Self, Malformed> {
        Ok(match value {
            wit::Staging::Temporary(path) => Self::Temporary(parsed(&path)?),
            wit::Staging::InPlace => Self::InPlace,
        })
    }
}

impl TryFrom<wit::Disposal> for Disposal {
    type Error = Malformed;

    fn try_from(value: wit::Disposal) -> Result<Self, Malformed> {
        Ok(match value {
            wit::Disposal::Discard => Self::Discard,
            wit::Disposal::Backup(path) => Self::Backup(parsed(&path)?),
        })
    }
}

impl TryFrom<wit::Event> for Event {
    type Error = Malformed;

    fn try_from(value: wit::Event) -> Result<Self, Malformed> {
        let path = value.path.map(|path| parsed(&path)).transpose()?;
        Ok(Self { level: value.level.into(), code: value.code.into(), path, text: value.text })
    }
}

impl TryFrom<wit::Outcome> for Outcome {
    type Error = Malformed;

    fn try_from(value: wit::Outcome) -> Result<Self, Malformed> {
        Ok(Self {
            exit_code: value.exit_code,
            headline: value.headline,
            dry_run: value.dry_run,
            counts: Pair::new(value.counts.one.into(), value.counts.two.into()),
            conflicts: all(value.conflicts)?,
            failures: all(value.failures)?,
        })
    }
}

impl TryFrom<wit::Conflict> for Conflict {
    type Error = Malformed;

    fn try_from(value: wit::Conflict) -> Result<Self, Malformed> {
        Ok(Self { path: parsed(&value.path)?, resolution: value.resolution })
    }
}

impl TryFrom<wit::FailedPath> for FailedPath {
    type Error = Malformed;

    fn try_from(value: wit::FailedPath) -> Result<Self, Malformed> {
        Ok(Self { path: parsed(&value.path)?, reason: value.reason })
    }
}

impl From<wit::OpenError> for OpenError {
    fn from(value: wit::OpenError) -> Self {
        Self { option: value.option, message: value.message }
    }
}

impl From<wit::ProtocolError> for ProtocolError {
    fn from(value: wit::ProtocolError) -> Self {
        match value {
            wit::ProtocolError::UnknownRequest(id) => Self::UnknownRequest(id),
            wit::ProtocolError::WrongReply(id) => Self::WrongReply(id),
        }
    }
}

fn all<T, U: TryFrom<T, Error = Malformed>>(values: Vec<T>) -> Result<Vec<U>, Malformed> {
    values.into_iter().map(U::try_from).collect()
}

fn version(value: wit::Version) -> Result<(RelPath, Fingerprint), Malformed> {
    Ok((parsed(&value.path)?, value.fingerprint.try_into()?))
}

fn parsed(path: &str) -> Result<RelPath, Malformed> {
    RelPath::parse(path).map_err(|_| Malformed)
}
