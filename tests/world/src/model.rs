//! What docs/semantics.md says, written down as plainly as can be: whole maps, no order, no questions, no moves.

use std::collections::{BTreeMap, BTreeSet};

use bisync_engine::conflict::Prefer;
use bisync_engine::entry::Instant;
use bisync_engine::side::{Pair, Side};

use crate::world::World;

/// Path, content and time of the files of a side.
pub type Files = BTreeMap<String, (String, Instant)>;

/// Two sides, and what was recorded of them at the end of the last run, if there was one.
#[derive(Debug, Clone)]
pub struct Model {
    /// The files of both sides.
    pub sides: Pair<Files>,
    directories: Pair<BTreeSet<String>>,
    base: Option<Pair<BTreeMap<String, (usize, Instant)>>>,
}

/// What is asked for in conflicts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Who wins.
    pub resolve: Option<Prefer>,
    /// Whether the loser is deleted.
    pub deletes_loser: bool,
}

/// What happened to a path on one side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Unchanged,
    Changed,
    Deleted,
}

/// What becomes of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Leave,
    CopyFrom(Side),
    DeleteOn(Side),
    Compare,
}

impl Model {
    /// Begins without a base.
    pub fn new() -> Self {
        Self { sides: Pair::default(), directories: Pair::default(), base: None }
    }

    /// Takes over what was edited since.
    pub fn see(&mut self, world: &World) {
        self.sides = files(world);
        self.directories = world.sides.as_ref().map(|tree| tree.directories.clone());
    }

    /// Brings both sides in step.
    pub fn run(&mut self, rules: Rules) {
        let before = self.sides.clone();
        let mut paths: BTreeSet<String> = before.one.keys().chain(before.two.keys()).cloned().collect();
        let mut taken = paths.clone();
        if let Some(base) = &self.base {
            paths.extend(base.one.keys().chain(base.two.keys()).cloned());
        }
        let wishes: BTreeMap<String, Wish> = paths.into_iter().map(|path| (path.clone(), self.wish(&path))).collect();
        for (path, wish) in &wishes {
            match *wish {
                Wish::Leave => {}
                Wish::DeleteOn(side) => drop(self.sides[side].remove(path)),
                Wish::CopyFrom(from) => {
                    let below = |other: &&String| other.starts_with(&format!("{path}/"));
                    let mut kept = before[from.other()].keys().filter(below);
                    // Without a base an empty directory is something new as well.
                    let is_new = self.base.is_none() && self.directories[from.other()].contains(path);
                    let stays = is_new || kept.any(|other| wishes.get(other) != Some(&Wish::DeleteOn(from.other())));
                    let name = if stays { free_name(path, &mut taken) } else { path.clone() };
                    let version = before[from][path].clone();
                    self.sides[from].remove(path);
                    self.put(&name, &version);
                }
                Wish::Compare => self.compare(path, &before, rules, &mut taken),
            }
        }
        let record = |files: &Files| {
            files.iter().map(|(path, (content, time))| (path.clone(), (content.len(), *time))).collect()
        };
        self.base = Some(self.sides.as_ref().map(record));
    }

    fn wish(&self, path: &str) -> Wish {
        let is_there = self.sides.as_ref().map(|files| files.contains_key(path));
        match (self.edit(path, Side::One), self.edit(path, Side::Two)) {
            (Some(one), Some(two)) => match (one, two) {
                (Edit::Unchanged, Edit::Unchanged) | (Edit::Deleted, Edit::Deleted) => Wish::Leave,
                (Edit::Unchanged, Edit::Changed) | (Edit::Deleted, Edit::Changed) => Wish::CopyFrom(Side::Two),
                (Edit::Changed, Edit::Unchanged) | (Edit::Changed, Edit::Deleted) => Wish::CopyFrom(Side::One),
                (Edit::Unchanged, Edit::Deleted) => Wish::DeleteOn(Side::One),
                (Edit::Deleted, Edit::Unchanged) => Wish::DeleteOn(Side::Two),
                (Edit::Changed, Edit::Changed) => Wish::Compare,
            },
            (None, _) | (_, None) => match (is_there.one, is_there.two) {
                (true, true) => Wish::Compare,
                (true, false) => Wish::CopyFrom(Side::One),
                (false, true) => Wish::CopyFrom(Side::Two),
                (false, false) => Wish::Leave,
            },
        }
    }

    /// `None` when the last run knew nothing of the path.
    fn edit(&self, path: &str, side: Side) -> Option<Edit> {
        let (size, time) = self.base.as_ref()?[side].get(path)?;
        Some(match self.sides[side].get(path) {
            None => Edit::Deleted,
            Some((content, modified)) if content.len() == *size && modified == time => Edit::Unchanged,
            Some(_) => Edit::Changed,
        })
    }

    fn compare(&mut self, path: &str, before: &Pair<Files>, rules: Rules, taken: &mut BTreeSet<String>) {
        let (one, two) = (&before.one[path], &before.two[path]);
        if one.0 == two.0 {
            let newer = if one.1 > two.1 { one } else { two };
            return self.put(path, newer);
        }
        if self.base.is_none() && one.0.len() == two.0.len() && one.1 == two.1 {
            return;
        }
        match rules.resolve.and_then(|prefer| winner(prefer, one, two)) {
            Some(side) => {
                let (winner, loser) = (&before[side][path], &before[side.other()][path]);
                self.put(path, winner);
                if !rules.deletes_loser {
                    self.put(&free_name(path, taken), loser);
                }
            }
            None => {
                self.sides.one.remove(path);
                self.sides.two.remove(path);
                self.put(&free_name(path, taken), one);
                self.put(&free_name(path, taken), two);
            }
        }
    }

    fn put(&mut self, path: &str, version: &(String, Instant)) {
        self.sides.one.insert(path.into(), version.clone());
        self.sides.two.insert(path.into(), version.clone());
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the files of both sides of a world.
pub fn files(world: &World) -> Pair<Files> {
    Pair::from_fn(|side| {
        let version = |path: &String| world.sides[side].files.get(path).map(|file| file.modified);
        let contents = world.contents(side).into_iter();
        contents.filter_map(|(path, content)| version(&path).map(|time| (path, (content, time)))).collect()
    })
}

fn winner(prefer: Prefer, one: &(String, Instant), two: &(String, Instant)) -> Option<Side> {
    let greater = |is_one: bool, is_two: bool| match (is_one, is_two) {
        (true, _) => Some(Side::One),
        (_, true) => Some(Side::Two),
        (false, false) => None,
    };
    let (size_one, size_two) = (one.0.len(), two.0.len());
    match prefer {
        Prefer::Side(side) => Some(side),
        Prefer::Newer => greater(one.1 > two.1, two.1 > one.1),
        Prefer::Older => greater(one.1 < two.1, two.1 < one.1),
        Prefer::Larger => greater(size_one > size_two, size_two > size_one),
        Prefer::Smaller => greater(size_one < size_two, size_two < size_one),
    }
}

/// The first number that is free on both sides.
fn free_name(path: &str, taken: &mut BTreeSet<String>) -> String {
    let mut names = (1..).map(|number| format!("{path}.conflict{number}"));
    let is_taken = |name: &String| taken.iter().any(|other| other == name || other.starts_with(&format!("{name}/")));
    let name = names.find(|name| !is_taken(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}
