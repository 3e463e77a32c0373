//! Carries out what the engine asks of the sides.

use std::sync::Arc;

use bisync_engine::entry::Found;
use bisync_engine::protocol::{CopyFile, Failure, FailureKind, MoveFile, Reply, Verb};
use bisync_engine::side::Pair;

use super::{Backend, failed, same_content};

/// Carries out a verb that concerns a side. The verbs of the state store are not for a side, and fail.
pub async fn perform(sides: &Pair<Arc<dyn Backend>>, verb: Verb) -> Reply {
    carry_out(sides, verb).await.unwrap_or_else(Reply::Failed)
}

async fn carry_out(sides: &Pair<Arc<dyn Backend>>, verb: Verb) -> Result<Reply, Failure> {
    let done = |found: Found| Reply::Done(Some(found));
    let gone = |()| Reply::Done(None);
    match verb {
        Verb::ListDirectory { side, path, hash } => {
            let items = sides[side].list_directory(path, hash).await?;
            Ok(Reply::Page { items, last: true })
        }
        Verb::Describe { side, path } => sides[side].describe(path).await.map(Reply::Described),
        Verb::SameContent { one, two } => {
            let (one, two) = (sides.one.read(one.0, one.1), sides.two.read(two.0, two.1));
            same_content(one, two).await.map(Reply::Same)
        }
        Verb::CopyFile(copy) => copy_file(sides, copy).await.map(done),
        Verb::MoveFile(MoveFile { side, path, expect, target }) => {
            sides[side].move_file(path, expect, target).await.map(done)
        }
        Verb::DeleteFile { side, path, expect, disposal } => {
            sides[side].delete_file(path, expect, disposal).await.map(gone)
        }
        Verb::MakeDirectory { side, path } => {
            sides[side].make_directory(path, sides[side.other()].as_ref()).await.map(done)
        }
        Verb::RemoveDirectory { side, path, emptiness } => {
            sides[side].remove_directory(path, emptiness).await.map(gone)
        }
        Verb::SetTime { side, path, expect, modified } => sides[side].set_time(path, expect, modified).await.map(done),
        Verb::Flush { side } => sides[side].flush().await.map(gone),
        Verb::ReadState { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => Err(failed(FailureKind::Other, "a side holds no state")),
    }
}

async fn copy_file(sides: &Pair<Arc<dyn Backend>>, copy: CopyFile) -> Result<Found, Failure> {
    let (source, target) = (&sides[copy.from], &sides[copy.from.other()]);
    if let Some(answer) = target.copy_from(source.as_ref(), &copy) {
        return answer.await;
    }
    let content = source.read(copy.path.clone(), copy.source.clone());
    target.write(copy, content).await
}
