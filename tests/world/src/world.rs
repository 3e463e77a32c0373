//! Two sides and a state store in memory.

use std::collections::{BTreeMap, BTreeSet};

use bisync_engine::entry::{Fingerprint, Found, Instant, Kind};
use bisync_engine::item::Item;
use bisync_engine::metadata::{Metadata, Pairs};
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{CopyFile, Disposal, Emptiness, Expect, Failure, FailureKind, Reply, Staging, Verb};
use bisync_engine::side::{Pair, Side};

use crate::durability::Unflushed;
use crate::nature::Nature;
use crate::random::Random;
/// A run begins so many seconds after the last edit.
pub const RUNS_AFTER: i64 = 1_000_000;

/// A file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub content: String,
    /// When it was modified.
    pub modified: Instant,
    /// Its identity.
    pub id: u64,
    /// Its permissions.
    pub mode: u32,
    /// When anything about it was last changed.
    pub changed: Instant,
}

/// A side in memory: the directories are those of the files, and the ones that were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Files by path.
    pub files: BTreeMap<String, File>,
    /// Directories by path, without the root.
    pub directories: BTreeSet<String>,
    /// Symbolic links by path.
    pub links: BTreeSet<String>,
}

/// Everything that a run can see and change.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The sides.
    pub sides: Pair<Tree>,
    /// The backup directories.
    pub backups: Pair<BTreeMap<String, String>>,
    /// The state store.
    pub state: BTreeMap<String, Vec<u8>>,
    /// The clock, in seconds; every edit moves it on.
    pub clock: i64,
    /// Whether copies arrive with another content than the one that was read.
    pub corrupts: bool,
    /// Paths on which an operation fails.
    pub broken: Pair<BTreeSet<String>>,
    /// What each side is like.
    pub natures: Pair<Nature>,
    /// What a loss of power may take back; `None` where nobody asks.
    pub unflushed: Option<Unflushed>,
    /// The identity that was given last.
    pub last_id: u64,
    /// Every change has a time of its own.
    pub changes: u32,
}

impl World {
    /// Writes a file now, and its parents.
    pub fn write(&mut self, side: Side, path: &str, content: &str) {
        self.clock += 1;
        let modified = Instant { seconds: self.clock, nanoseconds: 0 };
        self.write_at(side, path, content, modified);
    }

    /// Writes a file with a time of its own.
    pub fn write_at(&mut self, side: Side, path: &str, content: &str, modified: Instant) {
        self.last_id += 1;
        let modified = self.natures[side].rounded(modified);
        let file = File { content: content.into(), modified, id: self.last_id, mode: 0o644, changed: self.edited() };
        let path = self.spelled(side, path);
        self.put(side, &path, file);
    }

    /// Changes the permissions of a file now.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn set_mode(&mut self, side: Side, path: &str, mode: u32) {
        let changed = self.edited();
        let file = self.sides[side].files.get_mut(path).unwrap_or_else(|| panic!("no file at {path}"));
        (file.mode, file.changed) = (mode, changed);
    }

    /// The time of an edit: after the last run began, and before the next one does.
    fn edited(&mut self) -> Instant {
        self.changes += 1;
        Instant { seconds: self.clock + RUNS_AFTER - 1, nanoseconds: self.changes }
    }

    /// The time of what a run does.
    fn done(&mut self) -> Instant {
        self.changes += 1;
        Instant { seconds: self.clock + RUNS_AFTER, nanoseconds: self.changes }
    }

    /// Deletes a file, or a directory with all that is in it.
    pub fn delete(&mut self, side: Side, path: &str) {
        let path = &self.spelled(side, path);
        let tree = &mut self.sides[side];
        let below = format!("{path}/");
        tree.files.retain(|name, _| name != path && !name.starts_with(&below));
        tree.directories.retain(|name| name != path && !name.starts_with(&below));
        tree.links.remove(path);
    }

    /// Moves a file, or a directory with all that is in it.
    pub fn rename(&mut self, side: Side, from: &str, to: &str) {
        let from = &self.spelled(side, from);
        let below = format!("{from}/");
        let files: Vec<_> = self.sides[side]
            .files
            .iter()
            .filter(|(name, _)| *name == from || name.starts_with(&below))
            .map(|(name, file)| (name.clone(), file.clone()))
            .collect();
        self.delete(side, from);
        for (name, mut file) in files {
            file.changed = self.edited();
            let target = self.spelled(side, &format!("{to}{}", &name[from.len()..]));
            self.put(side, &target, file);
        }
    }

    /// Makes a directory and its parents.
    pub fn make_directory(&mut self, side: Side, path: &str) {
        let mut made = String::new();
        for name in path.split('/') {
            if !made.is_empty() {
                made.push('/');
            }
            made.push_str(name);
            self.sides[side].directories.insert(made.clone());
        }
    }

    /// Returns path and content of every file of a side, but for temporary ones.
    pub fn contents(&self, side: Side) -> BTreeMap<String, String> {
        let is_temporary =
            |path: &str| bisync_engine::temporary::run_of(path.rsplit('/').next().unwrap_or_default()).is_some();
        let files = self.sides[side].files.iter().filter(|(path, _)| !is_temporary(path));
        files.map(|(path, file)| (path.clone(), file.content.clone())).collect()
    }

    /// Returns how a side spells a path: as what is there, where that is the same name to it.
    pub fn spelled(&self, side: Side, path: &str) -> String {
        let (nature, tree) = (&self.natures[side], &self.sides[side]);
        if nature.is_literal() {
            return path.into();
        }
        let mut spelled = String::new();
        for name in path.split('/') {
            let above = if spelled.is_empty() { String::new() } else { format!("{spelled}/") };
            let known = tree.files.keys().chain(&tree.directories).chain(&tree.links);
            let mut names = known.filter_map(|known| known.strip_prefix(&above)).filter(|known| !known.contains('/'));
            let same = names.find(|known| nature.key(known) == nature.key(name));
            spelled = format!("{above}{}", same.map_or_else(|| nature.kept(name), str::to_owned));
        }
        spelled
    }

    fn spell(&self, side: Side, path: RelPath) -> RelPath {
        if self.natures[side].is_literal() || path.is_root() {
            return path;
        }
        RelPath::parse(&self.spelled(side, path.as_str())).unwrap_or(path)
    }

    fn put(&mut self, side: Side, path: &str, file: File) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.make_directory(side, parent);
        }
        self.sides[side].files.insert(path.into(), file);
    }

    fn found(&self, side: Side, path: &str, hash: bool) -> Option<Found> {
        let tree = &self.sides[side];
        if let Some(file) = tree.files.get(path) {
            return Some(Found { kind: Kind::File, fingerprint: self.natures[side].fingerprint(file, hash) });
        }
        let kind = if tree.directories.contains(path) {
            Kind::Directory
        } else if tree.links.contains(path) {
            Kind::Link
        } else {
            return None;
        };
        Some(Found { kind, fingerprint: Fingerprint::default() })
    }

    /// Carries out a request.
    pub fn perform(&mut self, verb: Verb) -> Reply {
        let before = self.unflushed.as_ref().map(|_| self.sides.clone());
        let reply = self.attempt(verb.clone()).unwrap_or_else(Reply::Failed);
        if let (Some(before), Some(unflushed)) = (before, &mut self.unflushed) {
            unflushed.note(&verb, before, &self.sides);
        }
        reply
    }

    fn attempt(&mut self, verb: Verb) -> Result<Reply, Failure> {
        match verb {
            Verb::ListDirectory { side, path, hash, metadata } => {
                let path = self.spell(side, path);
                self.check_broken(side, &path)?;
                if !path.is_root() && !self.sides[side].directories.contains(path.as_str()) {
                    return fail(FailureKind::NotFound, "no such directory");
                }
                let prefix = if path.is_root() { String::new() } else { format!("{path}/") };
                let tree = &self.sides[side];
                let names: BTreeSet<String> = tree
                    .files
                    .keys()
                    .chain(&tree.directories)
                    .chain(&tree.links)
                    .filter_map(|name| name.strip_prefix(&prefix))
                    .filter(|name| !name.contains('/'))
                    .map(str::to_owned)
                    .collect();
                let items = names
                    .into_iter()
                    .filter_map(|name| {
                        let found = self.found(side, &format!("{prefix}{name}"), hash.is_some())?;
                        let file = self.sides[side].files.get(&format!("{prefix}{name}")).filter(|_| metadata);
                        let metadata = file.map(|file| Metadata { pairs: pairs(file), changed: Some(file.changed) });
                        Some(Item { name, found, metadata })
                    })
                    .collect();
                Ok(Reply::Page { items, last: true })
            }
            Verb::Describe { side, path } => {
                let path = self.spell(side, path);
                Ok(Reply::Described(self.found(side, path.as_str(), false)))
            }
            Verb::SameContent { one, two, half } => {
                let left = self.expect_file(Side::One, &one.0, &one.1)?.content;
                let right = self.expect_file(Side::Two, &two.0, &two.1)?.content;
                Ok(Reply::Same(match half {
                    None => left == right,
                    Some(Side::One) => right.starts_with(&left),
                    Some(Side::Two) => left.starts_with(&right),
                }))
            }
            Verb::CopyFile(mut copy) => {
                let to = copy.from.other();
                copy.target = self.spell(to, copy.target);
                self.check_broken(to, &copy.target)?;
                self.check_broken(copy.from, &copy.path)?;
                let source = self.expect_file(copy.from, &copy.path, &copy.source)?;
                self.check_parents(to, &copy.target)?;
                let replaced = match &copy.expect {
                    Expect::Absent => self.expect_absent(to, &copy.target).map(|()| None)?,
                    Expect::Exactly(version) => Some(self.expect_file(to, &copy.target, version)?),
                };
                let mut file = source;
                file.modified = match self.natures[to].sets_time {
                    true => self.natures[to].rounded(file.modified),
                    false => self.natures[to].rounded(Instant { seconds: self.clock, nanoseconds: 0 }),
                };
                if self.corrupts {
                    file.content = file.content.chars().rev().collect();
                }
                if copy.verify.is_some() && copy.verify != Nature::default().fingerprint(&file, true).hash {
                    return fail(FailureKind::Temporary, "it arrived damaged");
                }
                if let Some(old) = &replaced {
                    self.dispose(to, old, &copy.disposal);
                }
                file.id = match (&copy.staging, &replaced) {
                    (Staging::InPlace, Some(old)) => old.id,
                    (Staging::InPlace | Staging::Temporary(_), _) => {
                        self.last_id += 1;
                        self.last_id
                    }
                };
                file.changed = self.done();
                self.put(to, copy.target.as_str(), file);
                Ok(Reply::Done(self.found(to, copy.target.as_str(), false)))
            }
            Verb::MoveFile(mut moved) => {
                let target = self.spell(moved.side, moved.target.clone());
                let only_spelling = target == self.spell(moved.side, moved.path.clone());
                if !only_spelling {
                    moved.target = target;
                }
                moved.path = self.spell(moved.side, moved.path);
                self.check_broken(moved.side, &moved.path)?;
                let mut file = self.expect_file(moved.side, &moved.path, &moved.expect)?;
                file.changed = self.done();
                self.check_parents(moved.side, &moved.target)?;
                if !only_spelling {
                    self.expect_absent(moved.side, &moved.target)?;
                }
                self.sides[moved.side].files.remove(moved.path.as_str());
                self.put(moved.side, moved.target.as_str(), file);
                Ok(Reply::Done(self.found(moved.side, moved.target.as_str(), false)))
            }
            Verb::DeleteFile { side, path, expect, disposal } => {
                let path = self.spell(side, path);
                self.check_broken(side, &path)?;
                let old = self.expect_file(side, &path, &expect)?;
                self.dispose(side, &old, &disposal);
                self.sides[side].files.remove(path.as_str());
                Ok(Reply::Done(None))
            }
            Verb::MakeDirectory { side, path } => {
                let path = self.spell(side, path);
                self.check_broken(side, &path)?;
                self.check_parents(side, &path)?;
                if self.sides[side].files.contains_key(path.as_str()) {
                    return fail(FailureKind::WrongKind, "a file is in the way");
                }
                self.make_directory(side, path.as_str());
                Ok(Reply::Done(self.found(side, path.as_str(), false)))
            }
            Verb::RemoveDirectory { side, path, emptiness } => {
                let path = self.spell(side, path);
                let below = format!("{path}/");
                let tree = &mut self.sides[side];
                let mut places = std::iter::successors(Some(path.clone()), RelPath::parent);
                if places.any(|place| tree.files.contains_key(place.as_str())) {
                    return fail(FailureKind::WrongKind, "not a directory");
                }
                let has_file = tree.files.keys().chain(&tree.links).any(|name| name.starts_with(&below));
                let has_directory = tree.directories.iter().any(|name| name.starts_with(&below));
                if has_file || (has_directory && emptiness == Emptiness::Empty) {
                    return fail(FailureKind::NotEmpty, "the directory is not empty");
                }
                tree.directories.retain(|name| name != path.as_str() && !name.starts_with(&below));
                Ok(Reply::Done(None))
            }
            Verb::SetTime { side, path, expect, modified } => {
                let path = self.spell(side, path);
                self.check_broken(side, &path)?;
                self.expect_file(side, &path, &expect)?;
                let (rounded, changed) = (self.natures[side].rounded(modified), self.done());
                if let Some(file) = self.sides[side].files.get_mut(path.as_str()) {
                    (file.modified, file.changed) = (rounded, changed);
                }
                Ok(Reply::Done(self.found(side, path.as_str(), false)))
            }
            Verb::SetMetadata(set) => {
                let to = set.from.other();
                self.check_broken(to, &set.target)?;
                let source = self.expect_file(set.from, &set.path, &set.source.fingerprint)?;
                let there = self.expect_file(to, &set.target, &set.expect.fingerprint)?;
                if pairs(&source) != set.source_metadata || pairs(&there) != set.expect_metadata {
                    return fail(FailureKind::Refused, "its metadata is not what was listed");
                }
                let changed = self.done();
                self.put(to, set.target.as_str(), File { mode: source.mode, changed, ..there });
                Ok(Reply::Done(self.found(to, set.target.as_str(), false)))
            }
            Verb::Flush { .. } => Ok(Reply::Done(None)),
            Verb::ReadState { name, offset, length } => Ok(Reply::State(self.state.get(&name).map(|blob| {
                let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(blob.len());
                let end = (begin + length as usize).min(blob.len());
                blob[begin..end].to_vec()
            }))),
            Verb::WriteState { name, offset, bytes } => {
                let blob = self.state.entry(name).or_default();
                blob.truncate(usize::try_from(offset).unwrap_or(usize::MAX));
                blob.extend(bytes);
                Ok(Reply::Done(None))
            }
            Verb::ReplaceState { name, target } => match self.state.remove(&name) {
                Some(blob) => {
                    self.state.insert(target, blob);
                    Ok(Reply::Done(None))
                }
                None => fail(FailureKind::NotFound, "no such blob"),
            },
            Verb::KeepState { name, target } => {
                if let Some(blob) = self.state.get(&name).cloned() {
                    self.state.insert(target, blob);
                }
                Ok(Reply::Done(None))
            }
            Verb::RemoveState { name } => {
                self.state.remove(&name);
                Ok(Reply::Done(None))
            }
        }
    }

    /// Leaves half of a file that was being written in place, with any of the times that it may have then.
    pub fn leave_half(&mut self, copy: &CopyFile, random: &mut Random) {
        let (to, target) = (copy.from.other(), self.spell(copy.from.other(), copy.target.clone()));
        let Ok(source) = self.expect_file(copy.from, &copy.path, &copy.source) else { return };
        let old = match &copy.expect {
            Expect::Absent if self.expect_absent(to, &target).is_ok() => None,
            Expect::Exactly(version) => self.expect_file(to, &target, version).ok(),
            Expect::Absent => return,
        };
        if old.is_none() && copy.expect != Expect::Absent || self.check_parents(to, &target).is_err() {
            return;
        }
        if let Some(old) = &old {
            self.dispose(to, old, &copy.disposal);
        }
        self.last_id += 1;
        let now = Instant { seconds: self.clock + RUNS_AFTER, nanoseconds: 0 };
        let before = Instant { seconds: source.modified.seconds - 1, ..source.modified };
        let modified = match random.below(3) {
            0 => now,
            1 => before,
            _ => old.as_ref().map_or(before, |old| old.modified),
        };
        let changed = self.done();
        let half = File {
            content: source.content[..random.below(source.content.len() + 1)].to_owned(),
            modified: self.natures[to].rounded(modified),
            id: old.map_or(self.last_id, |old| old.id),
            changed,
            mode: source.mode,
        };
        self.put(to, target.as_str(), half);
    }

    fn check_broken(&self, side: Side, path: &RelPath) -> Result<(), Failure> {
        if self.broken[side].contains(path.as_str()) {
            return fail(FailureKind::PermissionDenied, "permission denied").map(|_| ());
        }
        Ok(())
    }

    fn check_parents(&self, side: Side, path: &RelPath) -> Result<(), Failure> {
        let mut above = path.parent();
        while let Some(parent) = above {
            if self.sides[side].files.contains_key(parent.as_str()) {
                return fail(FailureKind::WrongKind, "a file is in the place of a directory").map(|_| ());
            }
            above = parent.parent();
        }
        Ok(())
    }

    fn expect_file(&self, side: Side, path: &RelPath, version: &Fingerprint) -> Result<File, Failure> {
        match self.sides[side].files.get(self.spell(side, path.clone()).as_str()) {
            Some(file) if version.is_still(&self.natures[side].fingerprint(file, false)) => Ok(file.clone()),
            _ => Err(Failure { kind: FailureKind::Refused, message: "it is not what was listed".into() }),
        }
    }

    fn expect_absent(&self, side: Side, path: &RelPath) -> Result<(), Failure> {
        if self.found(side, path.as_str(), false).is_some() {
            return fail(FailureKind::Refused, "something is there").map(|_| ());
        }
        Ok(())
    }

    fn dispose(&mut self, side: Side, file: &File, disposal: &Disposal) {
        if let Disposal::Backup(path) = disposal {
            self.backups[side].insert(path.to_string(), file.content.clone());
        }
    }
}

fn fail(kind: FailureKind, message: &str) -> Result<Reply, Failure> {
    Err(Failure { kind, message: message.into() })
}

fn pairs(file: &File) -> Pairs {
    [("mode".to_owned(), format!("100{:03o}", file.mode))].into()
}
