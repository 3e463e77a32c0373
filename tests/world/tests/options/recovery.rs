//! Options of the group "State and recovery".

use bisync_engine::side::Side;
use bisync_world::host::run;
use bisync_world::scenario::edit;
use bisync_world::world::World;

const TWO: &str = "1 write a A\n 1 write b B";

/// A world that is in step, and a file that cannot be carried over.
fn failing() -> World {
    let mut world = World::default();
    edit(&mut world, TWO);
    run(&mut world, "", 1).unwrap();
    edit(&mut world, "1 write a A2");
    world.broken.two.insert("a".into());
    world
}

fn exit_code(world: &mut World, options: &str) -> u8 {
    run(world, options, 3).unwrap().outcome.exit_code
}

#[test]
fn lockout() {
    let mut world = World::default();
    edit(&mut world, TWO);
    assert_eq!(exit_code(&mut world.clone(), ""), 0);
    assert_eq!(exit_code(&mut world, "--lockout"), 7, "without listings a human is needed");
    let mut world = failing();
    assert_eq!(exit_code(&mut world.clone(), ""), 1);
    assert_eq!(exit_code(&mut world, "--lockout"), 7);
    world.broken.two.clear();
    assert_eq!(exit_code(&mut world, "--lockout"), 7, "it lasts");
    assert_eq!(exit_code(&mut world, "--lockout --resync"), 0, "until a resync");
    assert_eq!(exit_code(&mut world, "--lockout"), 0);
}

#[test]
fn resilient() {
    let next = |options| {
        let mut world = failing();
        assert_eq!(exit_code(&mut world, options), 7);
        world.broken.two.clear();
        exit_code(&mut world, "--lockout")
    };
    assert_eq!((next("--lockout"), next("--lockout --resilient")), (7, 0));
}

#[test]
fn recover() {
    let deleted_after_loss = |options| {
        let mut world = World::default();
        edit(&mut world, TWO);
        run(&mut world, "", 1).unwrap();
        edit(&mut world, "1 write n N");
        run(&mut world, "", 2).unwrap();
        world.state.retain(|name, _| !name.ends_with(".lst"));
        edit(&mut world, "1 delete a");
        run(&mut world, options, 3).unwrap();
        assert!(world.contents(Side::Two).contains_key("n"));
        !world.contents(Side::Two).contains_key("a")
    };
    assert!(!deleted_after_loss(""), "without a base nothing is deleted");
    assert!(deleted_after_loss("--recover"));
}

#[test]
fn no_cleanup() {
    let left = |options| {
        let mut world = World::default();
        edit(&mut world, TWO);
        run(&mut world, options, 1).unwrap();
        world.state.keys().any(|name| name.ends_with("-part"))
    };
    assert_eq!((left(""), left("--no-cleanup")), (false, true));
}
