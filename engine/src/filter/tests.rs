//! Whole filters. The expected answers are those of `rclone lsf -R` (1.75.2) with the same rules.

use super::*;

fn path(text: &str) -> RelPath {
    RelPath::parse(text).unwrap()
}

fn rule(kind: SourceKind, text: &str) -> RuleSource {
    RuleSource { kind, file: None, text: text.to_owned() }
}

fn file(kind: SourceKind, text: &str) -> RuleSource {
    RuleSource { kind, file: Some("rules.txt".to_owned()), text: text.to_owned() }
}

fn filter(sources: &[RuleSource]) -> Filter {
    Filter::new(sources, Limits::default(), false).unwrap()
}

/// Explains a path of which nothing more is known.
fn explain<'filter>(filter: &'filter Filter, path: &RelPath, kind: Kind) -> Decision<'filter> {
    filter.explain(path, kind, None, |_, _| false)
}

/// Returns what a walk finds in a tree of `paths`, directories with a `/` at the end.
fn walk(filter: &Filter, paths: &[&str]) -> Vec<String> {
    let in_sync = |text: &&&str| {
        let (text, kind) = text.strip_suffix('/').map_or((**text, Kind::File), |text| (text, Kind::Directory));
        let path = path(text);
        let above = std::iter::successors(path.parent(), RelPath::parent).all(|directory| filter.descends(&directory));
        let own = match kind {
            Kind::Directory => filter.descends(&path),
            Kind::File | Kind::Link | Kind::Special | Kind::OtherFileSystem => filter.includes_path(&path),
        };
        assert_eq!(explain(filter, &path, kind).included, above && own, "{path}");
        above && own
    };
    paths.iter().filter(in_sync).map(|text| (*text).to_owned()).collect()
}

const TREE: [&str; 14] = [
    "a.jpg",
    "b.txt",
    "d/",
    "d/a.jpg",
    "d/e/",
    "d/e/a.jpg",
    "d/e/b.txt",
    "d/f/",
    "d/f/b.bak",
    "g/",
    "g/d/",
    "g/d/a.txt",
    "empty/",
    "empty/more/",
];

fn check(sources: &[RuleSource], expected: &[&str]) {
    assert_eq!(walk(&filter(sources), &TREE), expected, "{sources:?}");
}

/// Checks the rules of one file of `--filter-from`.
fn check_rules(rules: &str, expected: &[&str]) {
    check(&[file(SourceKind::Filter, rules)], expected);
}

#[test]
fn rules_decide_for_files_and_directories() {
    let everything = TREE;
    check_rules("", &everything);
    check_rules("# nothing\n\n; at all\n", &everything);
    check_rules("+ **", &everything);
    check_rules("- **", &[]);
    check_rules("- /**", &[]);
    check_rules("- *", &[]);
    check_rules(
        "- /*",
        &[
            "d/",
            "d/a.jpg",
            "d/e/",
            "d/e/a.jpg",
            "d/e/b.txt",
            "d/f/",
            "d/f/b.bak",
            "g/",
            "g/d/",
            "g/d/a.txt",
            "empty/",
            "empty/more/",
        ],
    );
    check_rules("- d/", &["a.jpg", "b.txt", "g/", "empty/", "empty/more/"]);
    check_rules("- /d/", &["a.jpg", "b.txt", "g/", "g/d/", "g/d/a.txt", "empty/", "empty/more/"]);
    check_rules(
        "- /d/e/**",
        &["a.jpg", "b.txt", "d/", "d/a.jpg", "d/f/", "d/f/b.bak", "g/", "g/d/", "g/d/a.txt", "empty/", "empty/more/"],
    );
    check_rules(
        "+ *.jpg\n- *",
        &["a.jpg", "d/", "d/a.jpg", "d/e/", "d/e/a.jpg", "d/f/", "g/", "g/d/", "empty/", "empty/more/"],
    );
    check_rules("+ /d/*.jpg\n- *", &["d/", "d/a.jpg"]);
    check_rules("+ /d/e/*.jpg\n- **", &["d/", "d/e/", "d/e/a.jpg"]);
    check_rules("+ d/*.txt\n- *", &["d/"]);
    check_rules("+ /g/**\n- *", &["g/", "g/d/", "g/d/a.txt"]);
    check_rules("+ /d/\n- *", &["d/"]);
    check_rules("- *.jpg\n+ /d/**\n- *", &["d/", "d/e/", "d/e/b.txt", "d/f/", "d/f/b.bak"]);
    check_rules("- **\n!\n- d/", &["a.jpg", "b.txt", "g/", "empty/", "empty/more/"]);
    check_rules("  - d/  \r\n", &["a.jpg", "b.txt", "g/", "empty/", "empty/more/"]);
    check_rules(
        "+ {d/e,g/d}/**\n- *",
        &["d/", "d/e/", "d/e/a.jpg", "d/e/b.txt", "d/f/", "g/", "g/d/", "g/d/a.txt", "empty/", "empty/more/"],
    );
    check_rules("+ /{d,g}/*.jpg\n- *", &["d/", "d/a.jpg", "g/"]);
    check_rules("- {{[a-z]}}.jpg\n- *.{txt,bak}", &["d/", "d/e/", "d/f/", "g/", "g/d/", "empty/", "empty/more/"]);
}

#[test]
fn options_are_evaluated_in_the_order_of_rclone() {
    use SourceKind::{Exclude, Filter, Include};
    let jpg = ["a.jpg", "d/", "d/a.jpg", "d/e/", "d/e/a.jpg", "d/f/", "g/", "g/d/", "empty/", "empty/more/"];
    check(&[rule(Include, "*.jpg")], &jpg);
    check(&[rule(Exclude, "*.jpg"), rule(Include, "*.jpg")], &jpg);
    check(&[rule(Filter, "- *.jpg"), rule(Include, "*.jpg")], &jpg);
    check(&[file(Include, "# only these\n*.jpg\n")], &jpg);
    check(&[file(Include, "")], &[]);
    check(&[file(Filter, "+ *.txt"), rule(Filter, "- *"), file(Exclude, "*.bak")], &[]);
    check(&[rule(Filter, "!"), rule(Include, "*.jpg")], &[]);
    check(&[file(Filter, "- *"), file(Filter, "!")], &TREE);
    assert!(filter(&[rule(Include, "a"), file(Exclude, "b")]).mixes_include_and_exclude());
    assert!(!filter(&[rule(Include, "a"), file(Filter, "- b")]).mixes_include_and_exclude());
}

#[test]
fn lists_of_files_are_exact() {
    use SourceKind::{FilesFrom, FilesFrom0, FilesFromRaw};
    check(&[file(FilesFrom, "# d/a.jpg\n /d/e/b.txt \n*.jpg\nnone/such\n")], &["d/", "d/e/", "d/e/b.txt"]);
    check(&[file(FilesFromRaw, "a.jpg\n g/d/a.txt\n")], &["a.jpg"]);
    check(
        &[file(FilesFrom0, "a.jpg\0g/d/a.txt\0"), file(FilesFrom, "b.txt")],
        &["a.jpg", "b.txt", "g/", "g/d/", "g/d/a.txt"],
    );
    check(&[file(FilesFrom, "")], &[]);
    // rclone has the directory `d` in the sync here, and nothing in it.
    check(&[file(FilesFrom, "d//a.jpg\n./a.jpg\n../b.txt\n")], &[]);
}

#[test]
fn the_reserved_name_is_in_no_sync() {
    const RESERVED: [&str; 5] = [".bisync/", ".bisync/lock", "d/", "d/.bisync/", "d/.bisync/lock"];
    let files = "d/.bisync/lock\n.bisync/lock\n";
    for sources in [vec![], vec![rule(SourceKind::Filter, "+ **")], vec![file(SourceKind::FilesFrom, files)]] {
        assert_eq!(walk(&filter(&sources), &RESERVED), ["d/"], "{sources:?}");
    }
    assert!(!Filter::default().includes_path(&path(".bisync")));
    let explained = explain(&Filter::default(), &path("d/.bisync/lock"), Kind::File).to_string();
    assert_eq!(explained, "excluded: `.bisync` is for what machines share about a folder");
}

#[test]
fn depth_ends_the_walk() {
    let walk_to = |max_depth| {
        let limits = Limits { max_depth: Some(max_depth), ..Limits::default() };
        walk(&Filter::new(&[], limits, false).unwrap(), &TREE)
    };
    // Unlike rclone's, it ends before directories that it could not look into.
    assert_eq!(walk_to(1), ["a.jpg", "b.txt"]);
    assert_eq!(walk_to(0), walk_to(1));
    assert_eq!(walk_to(2), ["a.jpg", "b.txt", "d/", "d/a.jpg", "g/", "empty/"]);
}

#[test]
fn everything_means_that_nothing_is_excluded() {
    assert!(Filter::default().is_everything());
    assert!(filter(&[file(SourceKind::Filter, "- a\n!\n")]).is_everything());
    assert!(!filter(&[rule(SourceKind::Filter, "+ a")]).is_everything());
    assert!(!filter(&[file(SourceKind::FilesFrom, "")]).is_everything());
    let marked = Limits { exclude_if_present: vec![".ignore".to_owned()], ..Limits::default() };
    let marked = Filter::new(&[], marked, false).unwrap();
    assert!(!marked.is_everything());
    assert_eq!(marked.marker_names(), [".ignore"]);
}

fn check_error(sources: &[RuleSource], expected: &str) {
    assert_eq!(Filter::new(sources, Limits::default(), false).unwrap_err().to_string(), expected);
}

#[test]
fn errors_name_the_rule_and_where_it_stands() {
    use SourceKind::{Exclude, FilesFrom, Filter, Include};
    check_error(
        &[file(Filter, "# first\n- a\n- [a\n")],
        "rule `- [a` in line 3 of `rules.txt` has a `[` without a `]` after it, or with a `/` between them",
    );
    check_error(&[rule(Exclude, "a***")], "rule `a***` of `--exclude` has more than two `*` in a row");
    check_error(&[rule(Include, "a}")], "rule `a}` of `--include` has a `{` or `}` without its counterpart");
    check_error(&[rule(Include, "{{a")], "rule `{{a` of `--include` has a `{{` without `}}` after it");
    check_error(&[rule(Include, r"a\")], r"rule `a\` of `--include` ends with a `\` that escapes nothing");
    check_error(&[rule(Include, "[z-a]")], "rule `[z-a]` of `--include` has a character class that cannot be read");
    check_error(&[rule(Filter, "-a")], "rule `-a` of `--filter` starts with neither `+ ` nor `- `, and is not `!`");
    // The directory that follows from the rule would be `[a/`.
    check_error(
        &[rule(Include, "[a/b]")],
        "rule `[a/b]` of `--include` has a `[` without a `]` after it, or with a `/` between them",
    );
    check_error(
        &[rule(Include, "{{(}}")],
        "rule `{{(}}` of `--include` is no pattern: found open group without closing ')' (read as the regular \
         expression `(^|/)(()$`)",
    );
    check_error(
        &[file(FilesFrom, "a"), rule(Filter, "- b")],
        "the list of files `rules.txt` cannot be combined with any other filter",
    );
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let instant = |seconds| Some(crate::entry::Instant { seconds, nanoseconds: 0 });
    let limits = |oldest, newest| Limits { oldest: instant(oldest), newest: instant(newest), ..Limits::default() };
    assert_eq!(Filter::new(&[], limits(2, 1), false).unwrap_err(), FilterError::Ages);
    assert!(Filter::new(&[], limits(1, 1), false).is_ok());
    let list = [file(SourceKind::FilesFrom, "a")];
    assert!(Filter::new(&list, limits(1, 2), false).is_err());
}

fn check_decision(filter: &Filter, text: &str, kind: Kind, expected: &str) {
    assert_eq!(explain(filter, &path(text), kind).to_string(), expected);
}

#[test]
fn decisions_say_why() {
    let sources = [file(SourceKind::Filter, "\n- /d/**\n+ *.txt\n"), rule(SourceKind::Exclude, "*.bak")];
    let limits = Limits { max_depth: Some(2), ..Limits::default() };
    let rules = Filter::new(&sources, limits, false).unwrap();
    check_decision(&rules, "a.txt", Kind::File, "included by rule `+ *.txt` in line 3 of `rules.txt`");
    check_decision(&rules, "a.bak", Kind::File, "excluded by rule `*.bak` of `--exclude`");
    check_decision(&rules, "a.jpg", Kind::File, "included: no rule matches");
    check_decision(&rules, "a.jpg", Kind::Link, "excluded: a symbolic link");
    check_decision(&rules, "d", Kind::Directory, "excluded by rule `- /d/**` in line 2 of `rules.txt`");
    check_decision(
        &rules,
        "d/e/f",
        Kind::File,
        "excluded with directory `d` by rule `- /d/**` in line 2 of `rules.txt`",
    );
    check_decision(&rules, "x/y/z", Kind::File, "excluded: deeper than `--max-depth`");
    check_decision(&rules, "x", Kind::Directory, "included by rule `+ *.txt` in line 3 of `rules.txt`");
    check_decision(&rules, "x/y", Kind::Directory, "excluded: deeper than `--max-depth`");
    check_decision(&rules, "", Kind::Directory, "included: no rule matches");
    let only = filter(&[rule(SourceKind::Include, "*.txt")]);
    check_decision(&only, "a.jpg", Kind::File, "excluded by rule `/**` implied by `--include`");
    let listed = filter(&[file(SourceKind::FilesFrom, "d/a")]);
    check_decision(&listed, "d", Kind::Directory, "included: on the list of files");
    check_decision(&listed, "b", Kind::File, "excluded: not on the list of files");
}

#[test]
fn limits_and_markers_are_explained() {
    let instant = |seconds| Some(crate::entry::Instant { seconds, nanoseconds: 0 });
    let limits = Limits {
        min_size: Some(10),
        max_size: Some(20),
        oldest: instant(100),
        newest: instant(200),
        exclude_if_present: vec![".no".to_owned()],
        max_depth: None,
        partition: None,
    };
    let filter = Filter::new(&[rule(SourceKind::Exclude, "x")], limits, false).unwrap();
    let check = |text: &str, kind, size, seconds, expected: &str| {
        let fingerprint = Fingerprint { size: Some(size), modified: instant(seconds), ..Fingerprint::default() };
        let holds = |directory: &RelPath, name: &str| directory.as_str() == "d" && name == ".no";
        assert_eq!(filter.explain(&path(text), kind, Some(&fingerprint), holds).to_string(), expected);
    };
    check("a", Kind::File, 10, 200, "included: no rule matches");
    check("a", Kind::File, 9, 100, "excluded: smaller than `--min-size`");
    check("a", Kind::File, 21, 100, "excluded: larger than `--max-size`");
    check("a", Kind::File, 20, 99, "excluded: modified earlier than `--max-age`");
    check("a", Kind::File, 20, 201, "excluded: modified later than `--min-age`");
    check("x", Kind::File, 9, 201, "excluded by rule `x` of `--exclude`");
    check("e", Kind::Directory, 9, 201, "included: no rule matches");
    check("d", Kind::Directory, 10, 100, "excluded with directory `d`: it holds `.no` (`--exclude-if-present`)");
    check("d/e/f", Kind::File, 10, 100, "excluded with directory `d`: it holds `.no` (`--exclude-if-present`)");
}

/// Random rules and paths: what is explained is what a walk would do.
#[test]
fn explanations_agree_with_the_walk() {
    const GLOBS: [&str; 12] =
        ["a", "b", "/a/", "a/", "/a/b", "*", "**", "/a/**", "b/*", "/**/b/", "{a,b}/a", "/*/a/**"];
    let mut state = 11_u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for _ in 0..2_000 {
        let lines: Vec<String> =
            (0..below(5)).map(|_| format!("{} {}", ["+", "-"][below(2)], GLOBS[below(GLOBS.len())])).collect();
        let max_depth = [None, Some(1), Some(2)][below(3)];
        let limits = Limits { max_depth, max_size: Some(5), ..Limits::default() };
        let filter = Filter::new(&[file(SourceKind::Filter, &lines.join("\n"))], limits, false).unwrap();
        for _ in 0..8 {
            let names: Vec<&str> = (0..1 + below(4)).map(|_| ["a", "b", "c"][below(3)]).collect();
            let (path, kind) = (path(&names.join("/")), [Kind::File, Kind::Directory][below(2)]);
            let fingerprint = Fingerprint { size: Some(below(8) as u64), ..Fingerprint::default() };
            let entered =
                std::iter::successors(path.parent(), RelPath::parent).all(|directory| filter.descends(&directory));
            let own = match kind {
                Kind::Directory => filter.descends(&path),
                Kind::File | Kind::Link | Kind::Special | Kind::OtherFileSystem => {
                    filter.includes_path(&path) && filter.includes_version(&fingerprint)
                }
            };
            let explained = filter.explain(&path, kind, Some(&fingerprint), |_, _| false);
            assert_eq!(explained.included, entered && own, "{lines:?} {max_depth:?} {path} {kind:?}: {explained}");
        }
    }
}
