//! Carries out what the engine asks of the sides.

use std::sync::Arc;

use bisync_engine::entry::{Fingerprint, Found};
use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Expect, Failure, FailureKind, Reply, Staging, Verb};
use bisync_engine::side::Pair;

use super::{Backend, Content, ListDirectory, Pages, References, Stopping, failed, same_content};
use crate::limits::Passage;

/// Both folders of a run, and where else their files may be found.
#[derive(Clone)]
pub struct Sides {
    /// The folders.
    pub folders: Pair<Arc<dyn Backend>>,
    /// What is looked at before a file is copied.
    pub references: References,
    /// What the content that comes from servers passes through.
    pub passage: Arc<Passage>,
    /// Whether the run is to end.
    pub stopping: Stopping,
}

/// Carries out a verb that concerns a side. The verbs of the state store are not for a side, and fail.
/// Pages of a listing before the last are handed on by `pages`.
pub async fn perform(sides: &Sides, verb: Verb, pages: &mut Pages) -> Reply {
    carry_out(sides, verb, pages).await.unwrap_or_else(Reply::Failed)
}

/// Carries out requests together, where they are copies or listings and a side gains by it; the answers are in the order of the requests.
/// `None` stands for what is to be carried out by itself.
pub async fn perform_together(sides: &Sides, verbs: &[&Verb]) -> Vec<Option<Reply>> {
    let copies = verbs.iter().map(|verb| if let Verb::CopyFile(copy) = verb { Some(copy) } else { None });
    if verbs.len() < 2 {
        return vec![None; verbs.len()];
    }
    if let Some(listed) = list_together(&sides.folders, verbs).await {
        let page = |items| Reply::Page { items, last: true };
        return listed.into_iter().map(|items| items.map(page)).collect();
    }
    let copied = match copies.collect::<Option<Vec<_>>>() {
        Some(copies) if sides.references.is_empty() => copy_together(&sides.folders, &copies).await,
        Some(_) | None => None,
    };
    let copied = copied.unwrap_or_else(|| vec![None; verbs.len()]);
    copied.into_iter().map(|found| found.map(|found| Reply::Done(Some(found)))).collect()
}

/// Lists directories of one side; `None` where not all of these are such requests, or the side does not do that.
async fn list_together(folders: &Pair<Arc<dyn Backend>>, verbs: &[&Verb]) -> Option<Vec<Option<Vec<Item>>>> {
    let Verb::ListDirectory { side, hash, .. } = *verbs.first()? else { return None };
    let paths = verbs.iter().map(|verb| match *verb {
        Verb::ListDirectory { side: of, path, hash: with, .. } if (of, with) == (side, hash) => Some(path),
        _ => None,
    });
    let paths = paths.collect::<Option<Vec<_>>>()?;
    Some(folders[*side].list_together(&paths, hash.as_deref())?.await)
}

async fn copy_together(folders: &Pair<Arc<dyn Backend>>, copies: &[&CopyFile]) -> Option<Vec<Option<Found>>> {
    let first = copies.first()?;
    if copies.iter().any(|copy| copy.from != first.from) {
        return None;
    }
    let (source, target) = (&folders[first.from], &folders[first.from.other()]);
    let new: Vec<_> = copies.iter().copied().filter(|copy| is_new(copy)).collect();
    if let Some(copied) = target.copy_together(source.as_ref(), &new) {
        let mut copied = copied.await.into_iter();
        return Some(copies.iter().map(|copy| if is_new(copy) { copied.next().flatten() } else { None }).collect());
    }
    if target.copy_from(source.as_ref(), first).is_some() {
        return None;
    }
    let read: Vec<_> = copies.iter().copied().filter(|copy| !rewrites(copy)).collect();
    let mut contents = source.read_together(&read)?.await.into_iter();
    let mut copied = Vec::with_capacity(copies.len());
    for copy in copies {
        let content = if rewrites(copy) { None } else { contents.next().flatten() };
        copied.push(match content {
            Some(bytes) => target.write((*copy).clone(), Content::of(Ok(bytes))).await.ok(),
            None => None,
        });
    }
    Some(copied)
}

/// Says whether a copy makes a file that gets its name when it is complete.
fn is_new(copy: &CopyFile) -> bool {
    copy.expect == Expect::Absent && matches!(copy.staging, Staging::Temporary(_))
}

/// Says whether a copy changes a file where it is. When it fails, the file is not what was expected any more, and a second try would only
/// hide why the first one failed.
pub fn rewrites(copy: &CopyFile) -> bool {
    matches!(copy, CopyFile { staging: Staging::InPlace, expect: Expect::Exactly(_), .. })
}

async fn carry_out(sides: &Sides, verb: Verb, pages: &mut Pages) -> Result<Reply, Failure> {
    let Sides { folders, passage, .. } = sides;
    let done = |found: Found| Reply::Done(Some(found));
    let gone = |()| Reply::Done(None);
    match verb {
        Verb::ListDirectory { side, path, hash, metadata } => {
            // What a try before this one found counts no more.
            pages.begin_anew();
            folders[side].list_directory(ListDirectory { path, hash, metadata }, pages).await?;
            Ok(Reply::Page { items: pages.take_last(), last: true })
        }
        Verb::Describe { side, path } => folders[side].describe(path).await.map(Reply::Described),
        Verb::SameContent { one, two, half } => {
            let (one, two) = (read(passage, &folders.one, one.0, one.1), read(passage, &folders.two, two.0, two.1));
            same_content(one, two, half).await.map(Reply::Same)
        }
        Verb::CopyFile(copy) => copy_file(sides, copy).await.map(done),
        Verb::MoveFile(moved) => {
            let side = moved.side;
            folders[side].move_file(moved, folders[side.other()].as_ref()).await.map(done)
        }
        Verb::DeleteFile { side, path, expect, disposal } => {
            folders[side].delete_file(path, expect, disposal).await.map(gone)
        }
        Verb::MakeDirectory { side, path } => {
            folders[side].make_directory(path, folders[side.other()].as_ref()).await.map(done)
        }
        Verb::RemoveDirectory { side, path, emptiness } => {
            folders[side].remove_directory(path, emptiness).await.map(gone)
        }
        Verb::SetTime { side, path, expect, modified } => {
            folders[side].set_time(path, expect, modified).await.map(done)
        }
        Verb::SetMetadata(set) => {
            folders[set.from.other()].set_metadata(folders[set.from].as_ref(), set).await.map(done)
        }
        Verb::Flush { side } => folders[side].flush(folders[side.other()].as_ref()).await.map(gone),
        Verb::ReadState { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => Err(failed(FailureKind::Other, "a side holds no state")),
    }
}

async fn copy_file(sides: &Sides, copy: CopyFile) -> Result<Found, Failure> {
    let Sides { folders, references, passage, .. } = sides;
    let (source, target) = (&folders[copy.from], &folders[copy.from.other()]);
    let elsewhere = references.find(&copy, source).await?;
    let (source, copy) = elsewhere.unwrap_or_else(|| (Arc::clone(source), copy));
    if let Some(answer) = target.copy_from(source.as_ref(), &copy) {
        return answer.await;
    }
    let content = read(passage, &source, copy.path.clone(), copy.source.clone());
    target.write(copy, content).await
}

/// Reads a file. What comes from a server is held to the limit for that; rclone does so by itself.
fn read(passage: &Arc<Passage>, source: &Arc<dyn Backend>, path: RelPath, version: Fingerprint) -> Content {
    let mut content = source.read(path, version);
    if !passage.limits_down() || source.as_local().is_some() || source.as_rclone().is_some() {
        return content;
    }
    let passage = Arc::clone(passage);
    Content::produced(|producer| async move {
        while let Some(piece) = content.next().await? {
            passage.received(piece.len() as u64).await?;
            producer.send(piece).await?;
        }
        Ok(())
    })
}
