//! Small worlds written as text.

use bisync_engine::side::Side;

use crate::host::{Run, run, show};
use crate::world::World;

/// Applies edits to a world, one a line: `1 write a/b content`, `2 delete a`, `1 move a b`, `1 mkdir d`, `1 link l`, `1 chmod a 600`.
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
                ["chmod", path, mode] => world.set_mode(*side, path, u32::from_str_radix(mode, 8).unwrap()),
                ["mkdir", path] => world.make_directory(*side, path),
                ["link", path] => {
                    world.sides[*side].links.insert(path.into());
                }
                _ => panic!("no such edit: {line}"),
            }
        }
    }
}

/// Returns a world after `before`, brought in step, edited by `script`, and run with `options`; and that run.
///
/// # Panics
/// When the first run fails, or the options are wrong.
#[track_caller]
pub fn after(before: &str, script: &str, options: &str) -> (World, Run) {
    let mut world = World::default();
    edit(&mut world, before);
    let first = run(&mut world, "", 1).unwrap();
    assert_eq!(first.outcome.exit_code, 0, "{}", first.outcome.headline);
    edit(&mut world, script);
    let run = run(&mut world, options, 2).unwrap();
    (world, run)
}

/// Checks what both sides hold after a run, and that another run has nothing to do.
///
/// # Panics
/// When that is not so.
#[track_caller]
pub fn check(before: &str, script: &str, options: &str, expected: &str) {
    let (mut world, first) = after(before, script, options);
    let mut wanted: Vec<&str> = expected.split_whitespace().collect();
    wanted.sort_unstable();
    for side in Side::BOTH {
        let mut found: Vec<String> =
            world.contents(side).iter().map(|(path, content)| format!("{path}={content}")).collect();
        found.sort_unstable();
        assert_eq!(found, wanted, "{side} after {script} with {options}: {}", first.outcome.headline);
    }
    assert_eq!(first.outcome.exit_code, 0, "{:?}", first.outcome);
    let again = run(&mut world, options, 3).unwrap();
    assert_eq!(
        again.outcome.counts.map(|counts| counts.copied + counts.deleted),
        Default::default(),
        "{}",
        show(&world)
    );
}
