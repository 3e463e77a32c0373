//! The engine as a library and the engine as a component: the same inputs give the same plan.

use bisync::component::{self, Conversation};
use bisync_engine::protocol::{Reply, RequestId};
use bisync_engine::session::Turn;
use bisync_engine::side::Side;
use bisync_world::host::{Engine, converse, opening, options, run};
use bisync_world::random::Random;
use bisync_world::scenario::edit;
use bisync_world::world::World;

/// Option sets that reach every module of the engine.
const OPTIONS: [&str; 8] = [
    "",
    "--force --create-empty-src-dirs",
    "--dry-run --force",
    "--checksum --conflict-resolve=newer --force",
    "--resync-mode=larger",
    "--exclude=*.tmp --max-size=1k --force --conflict-suffix=mine,yours",
    "--backup-dir1=x --backup-dir2=y --suffix=.old --conflict-loser=pathname --force",
    "--lockout --resilient --check-access",
];

const EDITS: &str =
    "1 write a A\n 2 write b B\n both write RCLONE_TEST t\n 1 write d/x.tmp X\n 2 mkdir e/f\n 1 write d/y Y";
const MORE_EDITS: &str = "1 write a A1\n 2 write a A22\n 2 delete b\n 1 move d g\n 1 link l\n 2 write g Y";

/// The engine as a component.
struct Compiled(Box<dyn Conversation>);

impl Engine for Compiled {
    fn turn(&mut self) -> Turn {
        self.0.turn().unwrap()
    }

    fn supply(&mut self, id: RequestId, reply: Reply) {
        self.0.supply(id, reply).unwrap();
    }
}

#[test]
fn the_component_does_what_the_library_does() {
    let engine = component::Engine::load().unwrap();
    for (seed, text) in (1_u64..).zip(OPTIONS) {
        let mut library = World::default();
        edit(&mut library, EDITS);
        run(&mut library, "", seed).unwrap();
        edit(&mut library, MORE_EDITS);
        let mut other = library.clone();
        let number = Random::new(seed).number();
        let mut session = Compiled(Box::new(engine.open(opening(options(text), &other, number)).unwrap()));
        let there = converse(&mut session, &mut other, seed, usize::MAX).unwrap();
        let here = run(&mut library, text, seed).unwrap();
        assert_eq!(there.verbs, here.verbs, "{text}");
        assert_eq!(there.events, here.events, "{text}");
        assert_eq!(there.outcome, here.outcome, "{text}");
        assert_eq!(other.state, library.state, "{text}");
        for side in Side::BOTH {
            assert_eq!(other.contents(side), library.contents(side), "{text}");
        }
    }
}

#[test]
fn both_refuse_the_same_options() {
    let engine = component::Engine::load().unwrap();
    for text in
        ["--max-delte=5", "--conflict-resolve=oldest", "--filter=x", "--remove-empty-dirs --create-empty-src-dirs"]
    {
        let world = World::default();
        let library = bisync_engine::session::Session::open(opening(options(text), &world, 1)).unwrap_err();
        let there = engine.open(opening(options(text), &world, 1)).err().map(|error| error.to_string());
        assert_eq!(there, Some(library.to_string()), "{text}");
    }
}
