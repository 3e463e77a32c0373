//! Options of the group "Choosing files".

use bisync_engine::entry::Instant;
use bisync_engine::side::Side;
use bisync_world::host::{opening, run};
use bisync_world::scenario::after;
use bisync_world::world::World;

const FILES: &str = "1 write a.txt 1\n 1 write b.TXT 22\n 1 write d/a.txt 333\n 1 write d/e/c.md 4444";
const ALL: &str = "a.txt b.TXT d/a.txt d/e/c.md";

/// Writes files on Path1, and returns those that a run carries over.
fn taken(options: &str) -> String {
    let (world, run) = after("1 write kept/file k", FILES, options);
    assert_eq!(run.outcome.exit_code, 0, "{options}: {:?}", run.outcome);
    world.contents(Side::Two).into_keys().filter(|path| path != "kept/file").collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(options: &str, expected: &str) {
    assert_eq!(taken(""), ALL);
    assert_eq!(taken(options), expected, "{options}");
}

#[test]
fn filters_file() {
    check(r"--filters-file=rules\n-\s*.md\n#\scomment\n-\s/a.txt", "b.TXT d/a.txt");
    // Of several, the last one counts; they come before other files of rules.
    check(r"--filters-file=one\n-\s*.md --filters-file=two\n-\s/a.txt", "b.TXT d/a.txt d/e/c.md");
    check(r"--filter-from=rules\n-\s*.md --filters-file=first\n+\s*.md\n-\s*.txt", "b.TXT d/e/c.md");
}

#[test]
fn filter() {
    check(r"--filter=-\s*.txt", "b.TXT d/e/c.md");
    check(r"--filter=+\s/d/** --filter=-\s*", "d/a.txt d/e/c.md");
    check(r"--filter=-\s*.md --filter=! --filter=-\sb.*", "a.txt d/a.txt d/e/c.md");
}

#[test]
fn filter_from() {
    check(r"--filter-from=rules\n-\s*.txt\n-\s*.md", "b.TXT");
    check(r"--filter-from=one\n-\s*.txt --filter-from=two\n-\s*.md", "b.TXT");
}

#[test]
fn include() {
    check("--include=*.txt", "a.txt d/a.txt");
    check("--include=/a.txt --include=/d/e/**", "a.txt d/e/c.md");
}

#[test]
fn include_from() {
    check(r"--include-from=patterns\n*.txt\n;\scomment\n*.md", "a.txt d/a.txt d/e/c.md");
}

#[test]
fn exclude() {
    check("--exclude=*.txt", "b.TXT d/e/c.md");
    check("--exclude=*.txt --exclude=/d/**", "b.TXT");
}

#[test]
fn exclude_from() {
    check(r"--exclude-from=patterns\n*.txt\n*.md", "b.TXT");
}

#[test]
fn ignore_case() {
    check("--exclude=*.txt", "b.TXT d/e/c.md");
    check("--exclude=*.txt --ignore-case", "d/e/c.md");
}

#[test]
fn exclude_if_present() {
    check("--exclude-if-present=c.md", "a.txt b.TXT d/a.txt");
    check("--exclude-if-present=c.md --exclude-if-present=b.TXT", "");
}

#[test]
fn min_size() {
    check("--min-size=3B", "d/a.txt d/e/c.md");
}

#[test]
fn max_size() {
    check("--max-size=2B", "a.txt b.TXT");
}

/// Returns which of a file of three hours ago and one of an hour ago a run carries over.
fn taken_by_age(options: &str) -> Vec<String> {
    const HOUR: i64 = 3600;
    let mut world = World::default();
    let now = opening(Vec::new(), &world, 1).now;
    for (path, hours) in [("old", 3), ("recent", 1)] {
        let modified = Instant { seconds: now.seconds - hours * HOUR, ..now };
        world.write_at(Side::One, path, "x", modified);
    }
    run(&mut world, options, 1).unwrap();
    world.contents(Side::Two).into_keys().collect()
}

#[test]
fn min_age() {
    assert_eq!(taken_by_age(""), ["old", "recent"]);
    assert_eq!(taken_by_age("--min-age=2h"), ["old"]);
}

#[test]
fn max_age() {
    assert_eq!(taken_by_age(""), ["old", "recent"]);
    assert_eq!(taken_by_age("--max-age=2h"), ["recent"]);
}

#[test]
fn max_depth() {
    check("--max-depth=1", "a.txt b.TXT");
    check("--max-depth=2", "a.txt b.TXT d/a.txt");
}

#[test]
fn delete_excluded() {
    let (world, run) = after("1 write a A\n 1 write b B", "1 write a A2", "--delete-excluded --exclude=b");
    assert_eq!(world.contents(Side::Two)["b"], "B", "what is left out is left alone");
    assert_eq!(run.said("option-ignored").len(), 1);
}

#[test]
fn files_from() {
    check(r"--files-from=list\n/a.txt\n#\scomment\n\s\sd/e/c.md\s\s\nnone", "a.txt d/e/c.md");
}

#[test]
fn files_from_raw() {
    check(r"--files-from=list\n\sa.txt\nd/a.txt", "a.txt d/a.txt");
    check(r"--files-from-raw=list\n\sa.txt\nd/a.txt", "d/a.txt");
}

#[test]
fn hash_filter() {
    let files = "1 write file1.jpg 1\n 1 write file2.jpg 2\n 1 write file3.jpg 3\n 1 write file4.jpg 4";
    let taken = |share: &str| {
        let (world, _) = after("1 write kept k", files, &format!("--hash-filter={share}"));
        world.contents(Side::Two).into_keys().filter(|path| path != "kept").collect::<Vec<_>>()
    };
    // The shares that rclone gives.
    assert_eq!(taken("0/2"), ["file1.jpg", "file2.jpg", "file4.jpg"]);
    assert_eq!(taken("1/2"), ["file3.jpg"]);
    assert_eq!(taken("3/2"), taken("1/2"));
    assert!([taken("0/2"), taken("1/2")].contains(&taken("@/2")));
}
