//! When two versions count as the same.

use crate::entry::{Fingerprint, Instant};

/// Which attributes tell versions apart. What either version does not know never counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compare {
    /// Sizes.
    pub size: bool,
    /// Modification times.
    pub modified: bool,
    /// Content hashes.
    pub checksum: bool,
}

/// What the fingerprints of a file on both sides say about their contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// A hash says that they are the same.
    Same,
    /// They cannot be the same.
    Different,
    /// Only the contents can tell.
    Unknown,
}

/// Returns true when `now` is still the version that the listing of the same side has as `prior`.
///
/// `window_ns` is the smallest difference of times that counts on this side; `None` when times say nothing. Where checksums
/// are compared and the listing has none, because it was written when they were not, times stand in for them.
pub fn is_unchanged(prior: &Fingerprint, now: &Fingerprint, compare: Compare, window_ns: Option<u64>) -> bool {
    let size = !compare.size || !differ(prior.size, now.size);
    let by_time = compare.modified || lacks_hash(prior, now, compare);
    let modified = !by_time || !times_differ(prior.modified, now.modified, window_ns);
    let checksum = !compare.checksum || !hashes_differ(prior, now);
    size && modified && checksum
}

/// How well a listing tells whether a version is the one that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// It holds all that is compared and known now.
    Full,
    /// It lacks something, and something else stands in for it.
    Substitute,
    /// It lacks something, and nothing stands in for it: the version may be any.
    None,
}

/// Says how well `prior` tells whether `now` is the same version. Options that changed between runs make a difference.
pub fn evidence(prior: &Fingerprint, now: &Fingerprint, compare: Compare, window_ns: Option<u64>) -> Evidence {
    let times = prior.modified.is_some() && now.modified.is_some() && window_ns.is_some();
    let hashes = !hash_is_missing(prior, now);
    let lacks_time = compare.modified && now.modified.is_some() && window_ns.is_some() && prior.modified.is_none();
    match (lacks_hash(prior, now, compare), lacks_time) {
        (false, false) => Evidence::Full,
        (true, _) if times => Evidence::Substitute,
        (false, true) if compare.checksum && hashes && now.hash.is_some() => Evidence::Substitute,
        (true, _) | (false, true) => Evidence::None,
    }
}

fn lacks_hash(prior: &Fingerprint, now: &Fingerprint, compare: Compare) -> bool {
    compare.checksum && hash_is_missing(prior, now)
}

fn hash_is_missing(prior: &Fingerprint, now: &Fingerprint) -> bool {
    now.hash.as_ref().is_some_and(|now| prior.hash.as_ref().is_none_or(|prior| prior.algorithm() != now.algorithm()))
}

/// Says what can be known of the contents of a file on both sides without reading them.
///
/// Sizes are looked at whether or not they are compared: different sizes are different contents.
pub fn likeness(one: &Fingerprint, two: &Fingerprint) -> Likeness {
    if differ(one.size, two.size) {
        return Likeness::Different;
    }
    match (&one.hash, &two.hash) {
        (Some(one), Some(two)) if one.algorithm() == two.algorithm() => {
            if one == two {
                Likeness::Same
            } else {
                Likeness::Different
            }
        }
        _ => Likeness::Unknown,
    }
}

/// Returns true when both times are known and lie at least `window_ns` apart.
pub fn times_differ(one: Option<Instant>, two: Option<Instant>, window_ns: Option<u64>) -> bool {
    match (one, two, window_ns) {
        (Some(one), Some(two), Some(window)) => one.distance_ns(two) >= u128::from(window.max(1)),
        _ => false,
    }
}

fn hashes_differ(one: &Fingerprint, two: &Fingerprint) -> bool {
    match (&one.hash, &two.hash) {
        (Some(one), Some(two)) => one.algorithm() == two.algorithm() && one != two,
        _ => false,
    }
}

fn differ(one: Option<u64>, two: Option<u64>) -> bool {
    matches!((one, two), (Some(one), Some(two)) if one != two)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Hash;

    fn version(size: u64, nanoseconds: u32, hash: &str) -> Fingerprint {
        let modified = Some(Instant { seconds: 1, nanoseconds });
        Fingerprint { size: Some(size), modified, hash: Hash::parse(hash), id: None }
    }

    #[test]
    fn only_what_is_compared_and_known_counts() {
        let check = |now: Fingerprint, flags: [bool; 3], expected: bool| {
            let compare = Compare { size: flags[0], modified: flags[1], checksum: flags[2] };
            let prior = version(1, 500, "md5:00");
            assert_eq!(is_unchanged(&prior, &now, compare, Some(100)), expected, "{now:?} {compare:?}");
        };
        check(version(1, 500, "md5:00"), [true, true, true], true);
        check(version(2, 500, "md5:00"), [true, true, true], false);
        check(version(2, 500, "md5:00"), [false, true, true], true);
        check(version(1, 599, "md5:00"), [true, true, true], true);
        check(version(1, 600, "md5:00"), [true, true, true], false);
        check(version(1, 600, "md5:00"), [true, false, true], true);
        check(version(1, 500, "md5:11"), [true, true, true], false);
        check(version(1, 500, "md5:11"), [true, true, false], true);
        check(version(1, 500, "sha1:11"), [true, true, true], true);
        check(version(1, 600, "sha1:11"), [true, false, true], false);
        check(Fingerprint::default(), [true, true, true], true);
    }

    #[test]
    fn a_listing_of_other_options_may_prove_nothing() {
        let check = |prior: Fingerprint, flags: [bool; 3], expected: Evidence| {
            let compare = Compare { size: flags[0], modified: flags[1], checksum: flags[2] };
            let found = evidence(&prior, &version(1, 500, "md5:00"), compare, Some(1));
            assert_eq!(found, expected, "{prior:?} {compare:?}");
        };
        let timeless = |hash| Fingerprint { modified: None, ..version(1, 0, hash) };
        check(version(1, 500, "-"), [true, true, false], Evidence::Full);
        check(version(1, 500, "-"), [true, false, true], Evidence::Substitute);
        check(timeless("-"), [true, false, true], Evidence::None);
        check(timeless("-"), [true, true, false], Evidence::None);
        check(timeless("md5:00"), [true, true, true], Evidence::Substitute);
        check(timeless("-"), [true, false, false], Evidence::Full);
        // A time stands in for a hash where both are known, and times say something.
        let now = |window_ns| {
            let compare = Compare { size: true, modified: false, checksum: true };
            evidence(&version(1, 500, "-"), &version(1, 500, "md5:00"), compare, window_ns)
        };
        assert_eq!((now(Some(1)), now(None)), (Evidence::Substitute, Evidence::None));
        let compare = Compare { size: true, modified: false, checksum: true };
        assert_eq!(evidence(&version(1, 500, "-"), &timeless("md5:00"), compare, Some(1)), Evidence::None);
    }

    #[test]
    fn likeness_needs_a_common_hash() {
        let check = |one, two, expected| assert_eq!(likeness(&one, &two), expected);
        check(version(1, 0, "md5:00"), version(1, 9, "md5:00"), Likeness::Same);
        check(version(1, 0, "md5:00"), version(1, 9, "md5:11"), Likeness::Different);
        check(version(1, 0, "md5:00"), version(2, 0, "md5:00"), Likeness::Different);
        check(version(1, 0, "md5:00"), version(1, 0, "sha1:00"), Likeness::Unknown);
        check(version(1, 0, "-"), version(1, 0, "-"), Likeness::Unknown);
    }
}
