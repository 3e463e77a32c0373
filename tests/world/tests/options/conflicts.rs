//! Options of the group "Conflicts".

use bisync_world::scenario::check;

const ONE: &str = "1 write a.txt A\n 1 write b B";
/// Path1's version is older and larger.
const BOTH: &str = "1 write a.txt ONE1\n 2 write a.txt TWO";

#[test]
fn conflict_resolve() {
    let one_wins = "a.txt=ONE1 a.txt.conflict1=TWO b=B";
    let two_wins = "a.txt=TWO a.txt.conflict1=ONE1 b=B";
    let check = |word, expected| check(ONE, BOTH, &format!("--conflict-resolve={word}"), expected);
    check("none", "a.txt.conflict1=ONE1 a.txt.conflict2=TWO b=B");
    check("path1", one_wins);
    check("path2", two_wins);
    check("newer", two_wins);
    check("older", one_wins);
    check("larger", one_wins);
    check("smaller", two_wins);
}

#[test]
fn conflict_loser() {
    let check = |word, expected| {
        check(ONE, BOTH, &format!("--conflict-resolve=path1 --conflict-loser={word}"), expected);
    };
    check("num", "a.txt=ONE1 a.txt.conflict1=TWO b=B");
    check("pathname", "a.txt=ONE1 a.txt.conflict2=TWO b=B");
    check("delete", "a.txt=ONE1 b=B");
}

#[test]
fn conflict_suffix() {
    check(ONE, BOTH, "", "a.txt.conflict1=ONE1 a.txt.conflict2=TWO b=B");
    check(ONE, BOTH, "--conflict-suffix=lost", "a.txt.lost1=ONE1 a.txt.lost2=TWO b=B");
    check(ONE, BOTH, "--conflict-suffix=mine,yours", "a.txt.mine1=ONE1 a.txt.yours1=TWO b=B");
}

#[test]
fn suffix_keep_extension() {
    check(ONE, BOTH, "--suffix-keep-extension", "a.conflict1.txt=ONE1 a.conflict2.txt=TWO b=B");
}
