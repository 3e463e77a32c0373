//! What tells versions apart, and which hash the listing of each side holds.
//!
//! Derived as rclone's bisync does, with one deliberate difference: a side whose checksums are left out is never compared by
//! size alone because of that.

use super::{Options, OptionsError};
use crate::compare::Compare;
use crate::event::{Event, Level};
use crate::protocol::Capabilities;
use crate::side::{Pair, Side};

/// How versions are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparing {
    pub compare: Compare,
    pub listing_hash: Pair<Option<String>>,
    pub sync_checksum: bool,
}

/// The hash that is computed from the content where a side offers none, as in rclone.
const DOWNLOADED_HASH: &str = "md5";

/// Decides how versions are told apart.
///
/// # Errors
/// Nothing would tell them apart.
pub(super) fn resolve(
    options: &Options,
    capabilities: &Pair<Capabilities>,
    resync: bool,
    events: &mut Vec<Event>,
) -> Result<Comparing, OptionsError> {
    let mut compare = requested(options);
    let mut listing_hash = Pair::default();
    let mut sync_checksum = false;
    if compare.checksum {
        sync_checksum = compares_between_sides(options, capabilities, resync);
        if options.flag("ignore-listing-checksum") {
            notice(events, "checksums are not used to find what changed: `--ignore-listing-checksum` is set");
        } else {
            listing_hash = listing_hashes(options, capabilities, events);
        }
        fall_back(&mut compare, &listing_hash, options, events);
    }
    check(compare, capabilities, events)?;
    Ok(Comparing { compare, listing_hash, sync_checksum })
}

/// What the options ask for, whatever the sides can do.
fn requested(options: &Options) -> Compare {
    if let Some(words) = options.words("compare") {
        let has = |word| words.contains(&word);
        return Compare { size: has("size"), modified: has("modtime"), checksum: has("checksum") };
    }
    let size_only = options.flag("size-only");
    let checksum = options.flag("checksum") && !size_only;
    Compare { size: !options.flag("ignore-size"), modified: !size_only && !checksum, checksum }
}

/// Chooses the hash of each listing: one that both sides offer if possible, else each side's best.
fn listing_hashes(
    options: &Options,
    capabilities: &Pair<Capabilities>,
    events: &mut Vec<Event>,
) -> Pair<Option<String>> {
    let leave_out_slow = options.flag("no-slow-hash") || options.flag("slow-hash-sync-only");
    let any_is_slow = capabilities.one.slow_hashes || capabilities.two.slow_hashes;
    let common = common_hash(capabilities);
    Pair::from_fn(|side| {
        let capabilities = &capabilities[side];
        let offered = if leave_out_slow && capabilities.slow_hashes {
            notice(events, format!("slow checksums of {side} are left out"));
            None
        } else if leave_out_slow && any_is_slow {
            capabilities.hashes.first().cloned()
        } else {
            common.or(capabilities.hashes.first()).cloned()
        };
        let downloaded = options.flag("download-hash").then(|| DOWNLOADED_HASH.to_owned());
        offered.or(downloaded)
    })
}

/// Returns the best hash of Path1 that Path2 offers too.
fn common_hash(capabilities: &Pair<Capabilities>) -> Option<&String> {
    capabilities.one.hashes.iter().find(|hash| capabilities.two.hashes.contains(hash))
}

/// Whether files of the two sides are to be compared by checksum, which takes a hash on both.
fn compares_between_sides(options: &Options, capabilities: &Pair<Capabilities>, resync: bool) -> bool {
    let any_is_slow = capabilities.one.slow_hashes || capabilities.two.slow_hashes;
    let slow_ones_are_unwanted = options.flag("no-slow-hash") || (options.flag("slow-hash-sync-only") && resync);
    let offered = common_hash(capabilities).is_some() && !(any_is_slow && slow_ones_are_unwanted);
    offered || options.flag("download-hash")
}

/// Adds size and time where checksums cannot do what was asked of them.
fn fall_back(compare: &mut Compare, listing_hash: &Pair<Option<String>>, options: &Options, events: &mut Vec<Event>) {
    let downloads = options.flag("download-hash");
    let problem = match (&listing_hash.one, &listing_hash.two) {
        (None, None) => {
            compare.checksum = false;
            "no checksums are kept"
        }
        (Some(one), Some(two)) if one == two || downloads => return,
        (Some(_), Some(_)) => "the sides have no checksum in common",
        (None, Some(_)) => "no checksums are kept for Path1",
        (Some(_), None) => "no checksums are kept for Path2",
    };
    // Who wants slow checksums only between the sides has said what else tells changes apart.
    let asked_for = options.flag("slow-hash-sync-only") && compare.modified;
    if asked_for || (compare.size && compare.modified) {
        notice(events, problem);
        return;
    }
    notice(events, format!("{problem}: size and time are compared as well"));
    compare.size = true;
    compare.modified = true;
}

fn check(compare: Compare, capabilities: &Pair<Capabilities>, events: &mut Vec<Event>) -> Result<(), OptionsError> {
    let refuse = |option, problem: String| Err(OptionsError::Contradiction { option, problem });
    if !compare.size && !compare.modified && !compare.checksum {
        return refuse("ignore-size", "nothing is left to tell versions apart: size, modtime or checksum".to_owned());
    }
    for side in Side::BOTH {
        if !compare.modified || capabilities[side].time_precision_ns.is_some() {
            continue;
        }
        if !compare.size && !compare.checksum {
            return refuse("compare", format!("{side} keeps no times, and nothing else is compared"));
        }
        notice(
            events,
            format!("{side} keeps no times: they are not compared there; `--checksum` or `--size-only` is better"),
        );
    }
    Ok(())
}

fn notice(events: &mut Vec<Event>, text: impl Into<String>) {
    events.push(Event { level: Level::Notice, code: "compare".into(), path: None, text: text.into() });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What rclone 1.75.2 prints with `-v` as its comparison settings, one case a line: `sides | options | settings`.
    const CASES: &str = include_str!("compare-cases.txt");

    /// The capabilities of rclone's backends. `hasher` is one with `hashes=sha1` over a `crypt`.
    fn capabilities(backend: &str) -> Capabilities {
        let (hashes, slow_hashes): (&[&str], bool) = match backend {
            "local" => (&["md5", "sha1", "sha256"], true),
            "memory" => (&["md5"], false),
            "hasher" => (&["sha1"], false),
            "crypt" => (&[], false),
            other => panic!("no such backend: {other}"),
        };
        let hashes = hashes.iter().map(|hash| (*hash).to_owned()).collect();
        Capabilities { time_precision_ns: Some(1), sets_time: true, hashes, slow_hashes, ..Capabilities::default() }
    }

    fn parse(options: &str) -> Options {
        let mut words = options.split_whitespace();
        let mut given = Vec::new();
        while let Some(name) = words.next() {
            let value = if name == "compare" { words.next().unwrap() } else { "true" };
            given.push((name.to_owned(), value.to_owned()));
        }
        Options::parse(&given).unwrap()
    }

    /// Puts what was decided as rclone prints it.
    fn summary(backends: &str, options: &str) -> String {
        let (one, two) = backends.split_once(' ').unwrap();
        let capabilities = Pair::new(capabilities(one), capabilities(two));
        let Ok(comparing) = resolve(&parse(options), &capabilities, false, &mut Vec::new()) else {
            return "error".to_owned();
        };
        let Compare { size, modified, checksum } = comparing.compare;
        let words: Vec<_> = [("size", size), ("modtime", modified), ("checksum", checksum)]
            .iter()
            .filter_map(|(word, set)| set.then_some(*word))
            .collect();
        let hash = |side: Side| comparing.listing_hash[side].as_deref().unwrap_or("-");
        format!("{} {} {}", words.join(","), hash(Side::One), hash(Side::Two))
    }

    #[test]
    fn the_same_as_rclone() {
        for case in CASES.lines().filter(|line| !line.starts_with('#')) {
            let [sides, options, expected] = case.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
                panic!("{case}");
            };
            assert_eq!(summary(sides, options), expected, "{sides}: {options}");
        }
    }

    #[test]
    fn checksums_that_are_left_out_never_leave_size_alone() {
        let check = |sides, options, expected| assert_eq!(summary(sides, options), expected, "{sides}: {options}");
        // rclone: `size - -`, so that a change of the same size is never seen.
        check("local local", "checksum slow-hash-sync-only", "size,modtime - -");
        check("local local", "compare modtime,checksum slow-hash-sync-only", "modtime - -");
        // rclone: `size,modtime - -`, where `modtime` alone was asked for and does.
        check("local crypt", "compare modtime,checksum slow-hash-sync-only", "modtime - -");
        // rclone: `size,checksum md5 -`.
        check("memory local", "checksum slow-hash-sync-only", "size,modtime,checksum md5 -");
        // rclone: `checksum - -`, so that no change is ever seen.
        check("local local", "compare checksum ignore-listing-checksum download-hash", "size,modtime - -");
    }

    #[test]
    fn downloads_fill_in_for_missing_hashes() {
        // rclone prints `-` and then writes md5 into the listing.
        let check = |sides, options, expected| assert_eq!(summary(sides, options), expected, "{sides}: {options}");
        check("local crypt", "checksum download-hash", "size,checksum md5 md5");
        check("crypt crypt", "compare checksum download-hash", "checksum md5 md5");
        check("local local", "checksum no-slow-hash download-hash", "size,checksum md5 md5");
        check("memory hasher", "checksum download-hash", "size,checksum md5 sha1");
    }

    #[test]
    fn sides_are_compared_by_checksum_when_both_have_one() {
        let check = |sides: &str, options, resync, expected| {
            let (one, two) = sides.split_once(' ').unwrap();
            let capabilities = Pair::new(capabilities(one), capabilities(two));
            let comparing = resolve(&parse(options), &capabilities, resync, &mut Vec::new()).unwrap();
            assert_eq!(comparing.sync_checksum, expected, "{sides}: {options} {resync}");
        };
        check("local local", "", false, false);
        check("local local", "checksum", false, true);
        check("local local", "checksum size-only", false, false);
        check("local local", "compare size,modtime checksum", false, false);
        check("local local", "checksum ignore-listing-checksum", false, true);
        check("local local", "checksum no-slow-hash", false, false);
        check("local local", "checksum slow-hash-sync-only", false, true);
        check("local local", "checksum slow-hash-sync-only", true, false);
        check("memory hasher", "checksum", false, false);
        check("memory hasher", "checksum download-hash", false, true);
    }

    #[test]
    fn times_that_a_side_does_not_keep() {
        let check = |options, expected: Result<usize, &str>| {
            let no_times = Capabilities { time_precision_ns: None, ..capabilities("memory") };
            let mut events = Vec::new();
            let result = resolve(&parse(options), &Pair::new(capabilities("memory"), no_times), false, &mut events);
            let result = result.map(|_| events.len()).map_err(|error| error.to_string());
            assert_eq!(result, expected.map_err(str::to_owned), "{options}");
        };
        check("", Ok(1));
        check("size-only", Ok(0));
        check("checksum", Ok(0));
        check("compare modtime", Err("cannot use `--compare`: Path2 keeps no times, and nothing else is compared"));
    }
}
