//! What a loss of power takes back: everything that was not flushed may be lost, each operation on its own.

use std::collections::BTreeSet;

use bisync_engine::protocol::Verb;
use bisync_engine::side::{Pair, Side};

use crate::random::Random;
use crate::world::{File, Tree, World};

/// What was done and is not yet durable.
///
/// On a side every operation is lost or kept whole, in any choice that makes sense: what was built on something that is lost is
/// lost as well. A blob that was not given its name yet may be cut off.
#[derive(Debug, Clone, Default)]
pub struct Unflushed {
    operations: Pair<Vec<Operation>>,
    soft_blobs: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Operation {
    before: Tree,
    after: Tree,
}

impl Unflushed {
    /// Takes note of a request that was carried out.
    pub fn note(&mut self, verb: &Verb, before: Pair<Tree>, after: &Pair<Tree>) {
        match verb {
            Verb::Flush { side } => self.operations[*side].clear(),
            Verb::WriteState { name, .. } => {
                self.soft_blobs.insert(name.clone());
            }
            Verb::ReplaceState { name, target } => {
                self.soft_blobs.remove(name);
                self.soft_blobs.remove(target);
            }
            Verb::RemoveState { name } => {
                self.soft_blobs.remove(name);
            }
            Verb::ReadState { .. } | Verb::KeepState { .. } => {}
            Verb::ListDirectory { .. } | Verb::Describe { .. } | Verb::SameContent { .. } => {}
            Verb::CopyFile(_)
            | Verb::MoveFile(_)
            | Verb::DeleteFile { .. }
            | Verb::MakeDirectory { .. }
            | Verb::RemoveDirectory { .. }
            | Verb::SetTime { .. }
            | Verb::SetMetadata(_) => {
                for (side, before) in Side::BOTH.into_iter().zip([before.one, before.two]) {
                    if before != after[side] {
                        self.operations[side].push(Operation { before, after: after[side].clone() });
                    }
                }
            }
        }
    }
}

impl World {
    /// From now on a loss of power may take back what is not flushed.
    pub fn watch_power(&mut self) {
        self.unflushed = Some(Unflushed::default());
    }

    /// The power fails: keeps what is durable, and of the rest what chance leaves.
    pub fn lose_power(&mut self, random: &mut Random) {
        let Some(unflushed) = self.unflushed.take() else { return };
        for (side, operations) in Side::BOTH.into_iter().zip([unflushed.operations.one, unflushed.operations.two]) {
            let Some(first) = operations.first() else { continue };
            let mut tree = first.before.clone();
            for operation in &operations {
                if !random.once_in(3) {
                    operation.apply(&mut tree);
                }
            }
            self.sides[side] = tree;
        }
        for name in unflushed.soft_blobs {
            let Some(blob) = self.state.get_mut(&name) else { continue };
            match random.below(3) {
                0 => drop(self.state.remove(&name)),
                1 => blob.truncate(random.below(blob.len())),
                _ => {}
            }
        }
    }
}

impl Operation {
    /// Does it again, where everything that it was done to is as it was.
    fn apply(&self, tree: &mut Tree) {
        let paths = self.before.files.keys().chain(self.after.files.keys());
        let changed: Vec<&String> =
            paths.filter(|path| self.before.files.get(*path) != self.after.files.get(*path)).collect();
        let fits = |path: &&String| tree.files.get(*path) == self.before.files.get(*path);
        let blocked = |path: &&String| self.after.files.contains_key(*path) && is_blocked(tree, path);
        if !changed.iter().all(fits) || changed.iter().any(blocked) {
            return;
        }
        for path in changed {
            match self.after.files.get(path) {
                Some(file) => put(tree, path, file.clone()),
                None => drop(tree.files.remove(path)),
            }
        }
        for directory in self.after.directories.difference(&self.before.directories) {
            if !tree.files.contains_key(directory) && !is_blocked(tree, directory) {
                make_directory(tree, directory);
            }
        }
        for directory in self.before.directories.difference(&self.after.directories) {
            let below = format!("{directory}/");
            let is_empty = !tree.files.keys().chain(&tree.links).any(|path| path.starts_with(&below));
            if is_empty {
                tree.directories.retain(|path| path != directory && !path.starts_with(&below));
            }
        }
    }
}

/// Whether a directory has this name, or a file has the name of a directory above.
fn is_blocked(tree: &Tree, path: &str) -> bool {
    let above = path.match_indices('/').any(|(end, _)| tree.files.contains_key(&path[..end]));
    above || tree.directories.contains(path)
}

fn put(tree: &mut Tree, path: &str, file: File) {
    if let Some((parent, _)) = path.rsplit_once('/') {
        make_directory(tree, parent);
    }
    tree.files.insert(path.into(), file);
}

fn make_directory(tree: &mut Tree, path: &str) {
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    tree.directories.extend(ends.map(|end| path[..end].to_owned()));
}
