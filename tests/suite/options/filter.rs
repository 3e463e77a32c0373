//! Options of the group "Choosing files".

use bisync_engine::side::Side;
use bisync_tests::scenario::after;

#[test]
fn delete_excluded() {
    let (world, run) = after("1 write a A\n 1 write b B", "1 write a A2", "--delete-excluded --exclude=b");
    assert_eq!(world.contents(Side::Two)["b"], "B", "what is left out is left alone");
    assert_eq!(run.said("option-ignored").len(), 1);
}
