//! Conflicts: which version wins, and what the loser is called.

use crate::entry::Fingerprint;
use crate::path::{PathError, RelPath};
use crate::side::{Pair, Side};
use crate::suffix::cut_and_suffixed;

/// Which version is preferred, in a conflict or with `--resync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    /// That of one side.
    Side(Side),
    /// The one modified later.
    Newer,
    /// The one modified earlier.
    Older,
    /// The one with more bytes.
    Larger,
    /// The one with fewer bytes.
    Smaller,
}

/// What becomes of the loser of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loser {
    /// Renamed with the suffix and the first free number.
    Number,
    /// Renamed with the suffix and the number of its side.
    Pathname,
    /// Deleted, where there is a winner.
    Delete,
}

/// How losers are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// Number or side.
    pub loser: Loser,
    /// What is appended for each side, dots and dates included: `.conflict`.
    pub suffixes: Pair<String>,
    /// Whether the suffix goes before the extension.
    pub keep_extension: bool,
}

/// Returns the side that wins, or `None` when what is asked for is unknown or equal.
pub fn winner(prefer: Prefer, one: &Fingerprint, two: &Fingerprint) -> Option<Side> {
    match prefer {
        Prefer::Side(side) => Some(side),
        Prefer::Newer => greater(one.modified?, two.modified?),
        Prefer::Older => greater(one.modified?, two.modified?).map(Side::other),
        Prefer::Larger => greater(one.size?, two.size?),
        Prefer::Smaller => greater(one.size?, two.size?).map(Side::other),
    }
}

fn greater<T: Ord>(one: T, two: T) -> Option<Side> {
    match one.cmp(&two) {
        std::cmp::Ordering::Greater => Some(Side::One),
        std::cmp::Ordering::Less => Some(Side::Two),
        std::cmp::Ordering::Equal => None,
    }
}

/// What the search for a name came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// The loser of each side gets this name; `None` for a side that keeps its name.
    Names(Pair<Option<RelPath>>),
    /// First it must be known whether this path is taken on either side.
    Ask(RelPath),
}

/// Chooses the names for the losers of a conflict.
///
/// `paths` are the names on each side; `losers` says which sides lose; `is_taken` says whether a path is taken on either side,
/// or `None` when that is not known yet. rclone's rules: with one suffix for both sides the numbers of both losers differ, and
/// a number counts as taken when any name made with it is; with two suffixes each side counts alone. Unlike rclone, a
/// name by side that is taken is never overwritten: it gets `-2`, `-3` and so on.
///
/// # Errors
/// The suffix cannot be part of a name.
pub fn choose_names(
    naming: &Naming,
    paths: &Pair<RelPath>,
    losers: Pair<bool>,
    is_taken: impl Fn(&RelPath) -> Option<bool>,
) -> Result<Chosen, PathError> {
    let one_suffix = naming.suffixes.one == naming.suffixes.two;
    let mut names = Pair::<Option<RelPath>>::default();
    let mut number = 0;
    for side in Side::BOTH {
        if !losers[side] {
            continue;
        }
        let suffix = &naming.suffixes[side];
        let counts_alone = naming.loser == Loser::Pathname || (!one_suffix && losers.one && losers.two);
        if counts_alone {
            number = 0;
        }
        let chosen = loop {
            number += 1;
            let suffix_text = |suffix: &str| match naming.loser {
                Loser::Number | Loser::Delete => format!("{suffix}{number}"),
                Loser::Pathname => {
                    let digit = match (one_suffix, side) {
                        (false, _) => "",
                        (true, Side::One) => "1",
                        (true, Side::Two) => "2",
                    };
                    if number == 1 { format!("{suffix}{digit}") } else { format!("{suffix}{digit}-{number}") }
                }
            };
            let candidate = cut_and_suffixed(&paths[side], &suffix_text(suffix), naming.keep_extension)?;
            let mut probes = vec![candidate.clone()];
            // With a winner, or with one suffix, rclone wants a number that is free for both suffixes and both names.
            if naming.loser != Loser::Pathname && (one_suffix || !(losers.one && losers.two)) {
                for other in Side::BOTH {
                    for path in [&paths.one, &paths.two] {
                        let probe =
                            cut_and_suffixed(path, &suffix_text(&naming.suffixes[other]), naming.keep_extension)?;
                        if !probes.contains(&probe) {
                            probes.push(probe);
                        }
                    }
                }
            }
            let mut taken = false;
            for probe in probes {
                match is_taken(&probe) {
                    None => return Ok(Chosen::Ask(probe)),
                    Some(answer) => taken |= answer,
                }
            }
            taken |= names.one.as_ref() == Some(&candidate);
            if !taken {
                break candidate;
            }
        };
        names[side] = Some(chosen);
    }
    Ok(Chosen::Names(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Instant;

    fn names(loser: Loser, suffixes: [&str; 2], losers: [bool; 2], taken: &[&str]) -> Vec<Option<String>> {
        let naming =
            Naming { loser, suffixes: Pair::new(suffixes[0].into(), suffixes[1].into()), keep_extension: false };
        let path = RelPath::parse("f").unwrap();
        let is_taken = |path: &RelPath| Some(taken.contains(&path.as_str()));
        let paths = Pair::new(path.clone(), path);
        match choose_names(&naming, &paths, Pair::new(losers[0], losers[1]), is_taken).unwrap() {
            Chosen::Names(names) => [names.one, names.two].map(|name| name.map(|path| path.to_string())).into(),
            Chosen::Ask(path) => panic!("asked for {path}"),
        }
    }

    fn check(loser: Loser, suffixes: [&str; 2], losers: [bool; 2], taken: &[&str], expected: [&str; 2]) {
        let found = names(loser, suffixes, losers, taken);
        let expected = expected.map(|name| (!name.is_empty()).then(|| name.to_owned()));
        assert_eq!(found, expected, "{loser:?} {suffixes:?} {losers:?} {taken:?}");
    }

    #[test]
    fn losers_get_names_that_are_free() {
        use Loser::*;
        let both = [true, true];
        check(Number, [".c", ".c"], both, &[], ["f.c1", "f.c2"]);
        check(Number, [".c", ".c"], both, &["f.c1"], ["f.c2", "f.c3"]);
        check(Number, [".c", ".c"], both, &["f.c2"], ["f.c1", "f.c3"]);
        check(Number, [".a", ".b"], both, &[], ["f.a1", "f.b1"]);
        check(Number, [".a", ".b"], both, &["f.a1"], ["f.a2", "f.b1"]);
        check(Number, [".c", ".c"], [true, false], &[], ["f.c1", ""]);
        check(Number, [".a", ".b"], [false, true], &["f.a1"], ["", "f.b2"]);
        check(Delete, [".c", ".c"], both, &[], ["f.c1", "f.c2"]);
        check(Pathname, [".c", ".c"], both, &[], ["f.c1", "f.c2"]);
        check(Pathname, [".a", ".b"], both, &[], ["f.a", "f.b"]);
        check(Pathname, [".c", ".c"], both, &["f.c1"], ["f.c1-2", "f.c2"]);
    }

    #[test]
    fn the_winner_has_more_of_what_is_asked_for() {
        let version = |size, seconds| Fingerprint {
            size: Some(size),
            modified: Some(Instant { seconds, nanoseconds: 0 }),
            ..Fingerprint::default()
        };
        let check = |prefer, expected| assert_eq!(winner(prefer, &version(1, 9), &version(2, 5)), expected);
        check(Prefer::Newer, Some(Side::One));
        check(Prefer::Older, Some(Side::Two));
        check(Prefer::Larger, Some(Side::Two));
        check(Prefer::Smaller, Some(Side::One));
        check(Prefer::Side(Side::Two), Some(Side::Two));
        assert_eq!(winner(Prefer::Newer, &version(1, 5), &version(2, 5)), None);
        assert_eq!(winner(Prefer::Larger, &Fingerprint::default(), &version(2, 5)), None);
    }
}
