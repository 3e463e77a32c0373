use super::*;
use crate::metadata::Keeps;
use crate::options::{Kind, OPTIONS, Scope};

const NOW: Instant = Instant { seconds: 1_700_000_000, nanoseconds: 0 };

fn local() -> Capabilities {
    Capabilities {
        time_precision_ns: Some(1),
        sets_time: true,
        hashes: vec!["md5".to_owned(), "sha1".to_owned()],
        slow_hashes: true,
        case_insensitive: false,
        keeps: Keeps { permissions: true, owner: true, attributes: true },
    }
}

fn timeless() -> Capabilities {
    Capabilities { time_precision_ns: None, ..local() }
}

/// Options as on a command line, without dashes: `resync max-delete=10`.
fn resolve_on(sides: Pair<Capabilities>, options: &str) -> Result<(Settings, Vec<Event>), OptionsError> {
    let given: Vec<_> = options
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| word.split_once('=').unwrap_or((word, "true")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Settings::resolve(&Options::parse(&given)?, &sides, NOW, 0)
}

fn resolve(options: &str) -> Result<(Settings, Vec<Event>), OptionsError> {
    resolve_on(Pair::new(local(), local()), options)
}

fn settings(options: &str) -> Settings {
    resolve(options).unwrap().0
}

/// An option that is accepted and changes nothing would be a lie.
#[test]
fn every_option_of_the_engine_has_an_effect() {
    for spec in OPTIONS.iter().filter(|spec| spec.scope == Scope::Engine) {
        let base = match spec.name {
            "check-filename" => "check-access",
            "suffix" => "backup-dir=/old",
            "cutoff-mode" => "max-transfer=1M",
            "download-hash" => "checksum no-slow-hash",
            "no-slow-hash" | "slow-hash-sync-only" | "ignore-listing-checksum" => "checksum",
            _ => "",
        };
        let value = match spec.kind {
            Kind::Flag if spec.default == "true" => "false",
            Kind::Flag | Kind::Count => "true",
            Kind::Number | Kind::Percentage => "7",
            Kind::Size => "1M",
            Kind::Duration | Kind::Age => "5m",
            Kind::Partition => "1/4",
            Kind::Decimal => "0.5",
            Kind::Bandwidth => "1M",
            Kind::Order => "size",
            Kind::Text | Kind::List => "some",
            Kind::File | Kind::Files => "name\n+ content\n",
            Kind::Choice(words) | Kind::Words(words) => words[1],
        };
        let mut given = vec![(spec.name.to_owned(), value.to_owned())];
        let mut without = Vec::new();
        for word in base.split(' ').filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, "true"));
            without.push((name.to_owned(), value.to_owned()));
        }
        given.extend(without.iter().cloned());
        let sides = Pair::new(local(), local());
        let decide = |given: &[_]| Settings::resolve(&Options::parse(given).unwrap(), &sides, NOW, 0).unwrap();
        assert_ne!(decide(&given), decide(&without), "--{}", spec.name);
    }
}

#[test]
fn every_word_means_something_else() {
    for spec in OPTIONS.iter().filter(|spec| spec.scope == Scope::Engine) {
        let Kind::Choice(words) = spec.kind else { continue };
        let base = if spec.name == "cutoff-mode" { "max-transfer=1M " } else { "" };
        let decided: Vec<_> = words.iter().map(|word| settings(&format!("{base}{}={word}", spec.name))).collect();
        for (index, one) in decided.iter().enumerate() {
            assert!(decided[..index].iter().all(|other| other != one), "--{} {}", spec.name, words[index]);
        }
    }
}

#[test]
fn a_resync_is_asked_for_in_two_ways() {
    let check = |options, expected| assert_eq!(settings(options).resync, expected, "{options}");
    check("", None);
    check("resync-mode=none", None);
    check("resync=false", None);
    check("resync", Some(Prefer::Side(Side::One)));
    check("resync resync-mode=none", Some(Prefer::Side(Side::One)));
    check("resync-mode=path2", Some(Prefer::Side(Side::Two)));
    check("resync resync-mode=Newer", Some(Prefer::Newer));
    // What a preference needs is not compared.
    check("resync-mode=newer size-only", Some(Prefer::Side(Side::One)));
    check("resync-mode=older checksum", Some(Prefer::Side(Side::One)));
    check("resync-mode=larger ignore-size", Some(Prefer::Side(Side::One)));
    check("resync-mode=smaller size-only", Some(Prefer::Smaller));
}

#[test]
fn preferences_that_cannot_be_used_are_said() {
    let check = |sides: Pair<Capabilities>, options, resolve, expected: &[&str]| {
        let (settings, events) = resolve_on(sides, options).unwrap();
        assert_eq!(settings.conflict.resolve, resolve, "{options}");
        let texts: Vec<_> = events.iter().map(|event| event.text.as_str()).collect();
        assert_eq!(texts, expected, "{options}");
    };
    let both = || Pair::new(local(), local());
    check(both(), "conflict-resolve=newer", Some(Prefer::Newer), &[]);
    check(
        both(),
        "conflict-resolve=newer size-only",
        None,
        &["`--conflict-resolve` is ignored: times are not compared"],
    );
    check(
        both(),
        "conflict-resolve=larger ignore-size",
        None,
        &["`--conflict-resolve` is ignored: sizes are not compared"],
    );
    check(
        Pair::new(local(), timeless()),
        "conflict-resolve=older size-only",
        None,
        &["`--conflict-resolve` is ignored: Path2 keeps no times"],
    );
    check(both(), "conflict-resolve=path2 size-only", Some(Prefer::Side(Side::Two)), &[]);
    let own_times = || Pair::new(local(), Capabilities { sets_time: false, ..local() });
    check(own_times(), "conflict-resolve=newer", Some(Prefer::Newer), &[]);
    check(own_times(), "resync-mode=newer", None, &["`--resync-mode` is ignored: Path2 keeps no times but its own"]);
    check(own_times(), "resync-mode=larger", None, &[]);
}

#[test]
fn contradictions_are_refused() {
    let check = |options, expected: &str| {
        assert_eq!(resolve(options).unwrap_err().to_string(), expected, "{options}");
    };
    check(
        "size-only ignore-size",
        "cannot use `--ignore-size`: nothing is left to tell versions apart: size, modtime or checksum",
    );
    check(
        "create-empty-src-dirs remove-empty-dirs",
        "cannot use `--remove-empty-dirs`: `--create-empty-src-dirs` keeps empty directories",
    );
    check("conflict-suffix=a,b,c", "cannot use `--conflict-suffix`: `a,b,c` holds 3 suffixes; there can be one or two");
    check("conflict-suffix=a/b", "cannot use `--conflict-suffix`: `.a/b` cannot be part of a name");
    check("check-filename=a/b", "cannot use `--check-filename`: path \"a/b\" has a `/` in a name");
    check("suffix=.old", "cannot use `--suffix`: Path1 has no `--backup-dir` in which old versions could be kept");
    check(
        "suffix=.old backup-dir1=/old",
        "cannot use `--suffix`: Path2 has no `--backup-dir` in which old versions could be kept",
    );
}

#[test]
fn suffixes_get_a_dot_and_dates() {
    let check = |options, one: &str, two: &str| {
        let expected = Pair::new(one.to_owned(), two.to_owned());
        assert_eq!(settings(options).conflict.naming.suffixes, expected, "{options}");
    };
    check("", ".conflict", ".conflict");
    check("conflict-suffix=", ".conflict", ".conflict");
    check("conflict-suffix=cloud,laptop", ".cloud", ".laptop");
    check("conflict-suffix=.path", "..path", "..path");
    check("conflict-suffix={DateOnly}-c", ".2023-11-14-c", ".2023-11-14-c");
}

#[test]
fn windows_are_the_coarsest_of_all() {
    let check = |precisions: [Option<u64>; 2], options, between, sides: [Option<u64>; 2]| {
        let [one, two] = precisions.map(|time_precision_ns| Capabilities { time_precision_ns, ..local() });
        let (settings, _) = resolve_on(Pair::new(one, two), options).unwrap();
        assert_eq!(settings.modify_window_ns, between, "{precisions:?} {options}");
        assert_eq!(settings.side_window_ns, Pair::new(sides[0], sides[1]), "{precisions:?} {options}");
    };
    check([Some(1), Some(1)], "", Some(1), [Some(1), Some(1)]);
    check([Some(1), Some(1000)], "", Some(1000), [Some(1), Some(1000)]);
    check([Some(1), Some(1000)], "modify-window=1s", Some(1_000_000_000), [Some(1_000_000_000); 2]);
    check([Some(100), Some(1)], "modify-window=0", Some(100), [Some(100), Some(1)]);
    check([Some(1), None], "", None, [Some(1), None]);
}

#[test]
fn locks_live_at_least_two_minutes() {
    let check = |options, expected| assert_eq!(settings(options).max_lock_ns, expected, "{options}");
    check("", None);
    check("max-lock=0", None);
    check("max-lock=off", None);
    check("max-lock=1m", Some(SHORTEST_LOCK_NS));
    check("max-lock=1h", Some(3_600_000_000_000));
}

#[test]
fn the_rest_of_the_defaults() {
    let settings = settings("");
    assert_eq!(settings.max_delete_percent, 50);
    assert_eq!(settings.check_sync, CheckSync::AtEnd);
    assert_eq!(settings.empty_directories, EmptyDirectories::Ignore);
    assert_eq!(settings.access_check, None);
    assert_eq!((settings.retries, settings.retries_sleep_ms), (3, 0));
    assert_eq!(settings.backup, Pair::new(false, false));
    assert_eq!(settings.names, NamePolicy { ignore_case: false, normalize_unicode: true, fix_case: false });
    assert!(settings.cleanup && !settings.dry_run && !settings.force && !settings.lockout);
    assert_eq!(settings.filter, FilterSettings::default());
}
