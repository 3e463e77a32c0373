//! Moves a file where a rename is impossible: to another file system, or where it becomes something else.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bisync_engine::entry::Fingerprint;
use bisync_engine::protocol::Failure;

use super::links::Form;
use super::place::Place;
use super::source::Source;
use super::staged::{Permissions, Staged};
use super::transfer::transfer;
use super::tree::Tree;
use crate::errno::naming_failure;

/// Copies the file at `place` to `target` with all that belongs to it. It is for the caller to unlink it then.
///
/// It is written under the name `temporary` beside the target first. A file at `target` is replaced when `replaces` says so,
/// otherwise nothing may be there.
pub fn carry(place: &Place, target: &Place, temporary: Vec<u8>, replaces: bool, tree: &Tree) -> Result<(), Failure> {
    let source = Source::open_at(&place.directory, &place.name, place.form, &Fingerprint::default())?;
    let permissions = match place.form {
        Form::Plain | Form::Followed => Permissions::Exact(source.stat.permissions),
        Form::Link => Permissions::New(source.stat.permissions),
    };
    let mut staged = Staged::create(target.sibling(temporary), permissions)?;
    transfer(&source, &staged.file, &AtomicBool::new(false), &tree.transport)?;
    source.lend_metadata(&staged.file, None)?;
    source.verify()?;
    let stat = staged.finish(source.stat.fingerprint.modified, Some(source.stat.accessed))?;
    tree.written(staged.directory(), stat.device);
    staged.take_form()?;
    staged.settle(|temporary| {
        let renamed = if replaces { temporary.rename_over(target) } else { temporary.rename_new(target) };
        renamed.map_err(naming_failure)
    })
}

/// Returns a name that nothing else uses.
pub fn temporary_name() -> Vec<u8> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!(".bisync-{}-{}.partial", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)).into_bytes()
}
