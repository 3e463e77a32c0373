//! Small worlds written as text.

use bisync_engine::side::Side;

use crate::world::World;

/// Applies edits to a world, one a line: `1 write a/b content`, `2 delete a`, `1 move a b`, `1 mkdir d`, `1 link l`.
///
/// # Panics
/// On a line that is none of these.
pub fn edit(world: &mut World, script: &str) {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let sides: &[Side] = match words[0] {
            "1" => &[Side::One],
            "2" => &[Side::Two],
            "both" => &Side::BOTH,
            other => panic!("no such side: {other}"),
        };
        world.clock += 1;
        let clock = world.clock;
        for side in sides {
            match words[1..] {
                ["write", path, content] => {
                    world.clock = clock;
                    world.write(*side, path, content);
                }
                ["touch", path] => {
                    let content = world.sides[*side].files[path].content.clone();
                    world.write(*side, path, &content);
                }
                ["delete", path] => world.delete(*side, path),
                ["move", from, to] => world.rename(*side, from, to),
                ["mkdir", path] => world.make_directory(*side, path),
                ["link", path] => {
                    world.sides[*side].links.insert(path.into());
                }
                _ => panic!("no such edit: {line}"),
            }
        }
    }
}
