//! Random edits of a tree, as people make them: files are written, touched, deleted, moved, copied; so are directories.

use bisync_engine::side::Side;

use crate::random::Random;
use crate::world::World;

/// Names that lie inside each other, swap kinds, and nearly collide: in case, in order, as text that begins the same.
pub const NAMES: [&str; 18] = [
    "a", "b", "d/a", "d/b", "d/e/a", "a/x", "a.txt", "d", "e", "A", "a-b", "a/x/y", "d/e", "d.x/a", "e/d/a", "a b",
    "d-", "e/d",
];

/// What is written into files.
#[derive(Debug, Clone)]
pub enum Contents {
    /// One of so many, so that many files are alike.
    Few(usize),
    /// A new one each time; the number of the last.
    New(usize),
    /// A new one each time, and of a size of its own.
    NewSize(usize),
}

impl Contents {
    fn next(&mut self, random: &mut Random) -> String {
        match self {
            Self::Few(count) => random.below(*count).to_string(),
            Self::New(last) => {
                *last += 1;
                last.to_string()
            }
            Self::NewSize(last) => {
                *last += 1;
                format!("{last}{}", "-".repeat(*last * 4))
            }
        }
    }
}

/// Makes a random edit on one side; sometimes none, where it makes no sense.
pub fn edit(world: &mut World, side: Side, random: &mut Random, names: &[&str], contents: &mut Contents) {
    let path = *random.pick(names);
    match random.below(12) {
        0..=5 => {
            let content = contents.next(random);
            make_room(world, side, path);
            world.write(side, path, &content);
        }
        6..=7 => world.delete(side, path),
        8..=9 => {
            let target = *random.pick(names);
            rename(world, side, path, target);
        }
        10 => {
            if let Some(file) = world.sides[side].files.get(path).cloned() {
                world.write(side, path, &file.content);
            }
        }
        _ => {
            // A copy that keeps the time, as `cp -p` makes it.
            let target = *random.pick(names);
            if let (Some(file), Contents::Few(_)) = (world.sides[side].files.get(path).cloned(), contents)
                && !target.starts_with(&format!("{path}/"))
            {
                make_room(world, side, target);
                world.write_at(side, target, &file.content, file.modified);
            }
        }
    }
}

/// A file cannot be written below a file, nor over a directory: what is there goes first, as a person would do.
fn make_room(world: &mut World, side: Side, path: &str) {
    let blockers: Vec<String> = world.sides[side]
        .files
        .keys()
        .filter(|name| path.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/')))
        .cloned()
        .collect();
    for blocker in blockers {
        world.delete(side, &blocker);
    }
    if world.sides[side].directories.contains(path) {
        world.delete(side, path);
    }
}

fn rename(world: &mut World, side: Side, path: &str, target: &str) {
    let tree = &world.sides[side];
    let is_there = tree.files.contains_key(path) || tree.directories.contains(path);
    let is_free = !tree.files.contains_key(target) && !tree.directories.contains(target);
    let above_is_file = target.match_indices('/').any(|(end, _)| tree.files.contains_key(&target[..end]));
    if is_there && is_free && !above_is_file && !target.starts_with(&format!("{path}/")) {
        world.rename(side, path, target);
    }
}
