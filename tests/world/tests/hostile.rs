//! Input that nobody means well with, many times over. `fuzz/` looks for more of it for as long as one likes.

use bisync_hostile::TARGETS;
use bisync_world::random::Random;
use bisync_world::seeds::seeds;

#[test]
fn arbitrary_input_is_taken_or_refused() {
    for target in TARGETS {
        for seed in seeds("BISYNC_SEEDS", 1000) {
            println!("{} {seed}", target.name);
            let mut random = Random::new(seed);
            (target.feed)(&target.input(|| random.number()));
        }
    }
}
