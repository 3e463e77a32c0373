//! Listings there and back, listings of rclone, and damaged ones.

use super::*;
use crate::entry::{Entry, Fingerprint, Found, Hash, Instant, Kind};
use crate::path::{PathProblem, RelPath};
use crate::pull::Pull;

/// A listing as rclone bisync 1.75.2 wrote it with `--create-empty-src-dirs --compare size,modtime,checksum`.
const OF_RCLONE: &[u8] = include_bytes!("rclone.lst");

const HEADER_LINE: &str = "# bisync listing v1 from 2026-11-22T22:04:50.000000000+0000\n";
const TIME: &str = "2001-02-03T04:05:06.789000000+0000";

fn read(pieces: &[&[u8]]) -> Result<Vec<Entry>, ListingError> {
    let mut reader = Reader::default();
    let mut pieces = pieces.iter();
    let mut entries = Vec::new();
    loop {
        match reader.pull()? {
            Pull::Item(entry) => entries.push(entry),
            Pull::Wait => match pieces.next() {
                Some(piece) => reader.feed(piece),
                None => reader.finish(),
            },
            Pull::End => return Ok(entries),
        }
    }
}

fn write(now: Instant, entries: &[Entry]) -> String {
    let mut out = Vec::new();
    write_header(&mut out, now);
    entries.iter().for_each(|entry| write_entry(&mut out, entry));
    String::from_utf8(out).unwrap()
}

fn entry(path: &str, kind: Kind, fingerprint: Fingerprint) -> Entry {
    Entry { path: RelPath::parse(path).unwrap(), found: Found { kind, fingerprint } }
}

fn check_line(line: &str, expected: Entry) {
    let text = format!("{HEADER_LINE}{line}\n");
    assert_eq!(read(&[text.as_bytes()]), Ok(vec![expected.clone()]));
    assert_eq!(write(Instant { seconds: 1_795_385_090, nanoseconds: 0 }, &[expected]), text);
}

#[test]
fn lines_are_read_and_written() {
    let modified = Some(Instant { seconds: 981_173_106, nanoseconds: 789_000_000 });
    let hash = Some(Hash::new("md5", "5d41402abc4b2a76b9719d911017c592"));
    check_line(
        &format!(r#"-        5 md5:5d41402abc4b2a76b9719d911017c592 - {TIME} "a.txt""#),
        entry("a.txt", Kind::File, Fingerprint { size: Some(5), modified, hash, id: None }),
    );
    check_line(
        &format!(r#"- 12345678901 - - {TIME} "a\tb/é""#),
        entry("a\tb/é", Kind::File, Fingerprint { size: Some(12_345_678_901), modified, ..Fingerprint::default() }),
    );
    check_line(
        r#"-       -1 - - 0001-01-01T00:00:00.000000000+0000 "unknown""#,
        entry("unknown", Kind::File, Fingerprint::default()),
    );
    check_line(
        &format!(r#"d       -1 - - {TIME} "directory""#),
        entry("directory", Kind::Directory, Fingerprint { modified, ..Fingerprint::default() }),
    );
}

#[test]
fn listings_of_rclone_are_read_and_written() {
    let entries = read(&[OF_RCLONE]).unwrap();
    let text = std::str::from_utf8(OF_RCLONE).unwrap();
    assert_eq!(entries.len(), text.lines().count() - 1);
    let header = text.lines().next().unwrap();
    let now = time::parse(header.strip_prefix("# bisync listing v1 from ").unwrap()).unwrap().unwrap();
    assert_eq!(write(now, &entries), text);
}

#[test]
fn pieces_of_any_length_give_the_same() {
    let whole = read(&[OF_RCLONE]);
    for length in [1, 2, 7, 64, 200] {
        assert_eq!(read(&OF_RCLONE.chunks(length).collect::<Vec<_>>()), whole, "{length}");
    }
}

#[test]
fn comments_and_empty_lines_are_passed_over() {
    let line = format!("-        5 - - {TIME} \"a\"\n");
    let text = format!("\n# a comment\n{HEADER_LINE}\n{line}#\n");
    assert_eq!(read(&[text.as_bytes()]).unwrap().len(), 1);
    assert_eq!(read(&[HEADER_LINE.as_bytes()]), Ok(Vec::new()));
}

#[test]
fn links_and_special_files_are_not_written() {
    let mut out = Vec::new();
    write_entry(&mut out, &entry("a", Kind::Link, Fingerprint::default()));
    write_entry(&mut out, &entry("b", Kind::Special, Fingerprint::default()));
    assert!(out.is_empty());
}

/// Reads the line as the third of a listing, after one for `b` with an MD5 hash.
fn check_damaged(line: &str, expected: ListingProblem) {
    let text = format!("{HEADER_LINE}-        5 md5:11 - {TIME} \"b\"\n{line}\n");
    assert_eq!(read(&[text.as_bytes()]), Err(ListingError { line: 3, problem: expected }), "{line}");
}

#[test]
fn damaged_lines_are_told() {
    let with_path = |path: &str| format!("-        5 - - {TIME} {path}");
    check_damaged("-", ListingProblem::Missing(Field::Size));
    check_damaged("- ", ListingProblem::Missing(Field::Size));
    check_damaged("- \"c\"", ListingProblem::Missing(Field::Size));
    check_damaged("-        5", ListingProblem::Missing(Field::Hash));
    check_damaged("-        5 -", ListingProblem::Missing(Field::Id));
    check_damaged("-        5 - - \"c\"", ListingProblem::Missing(Field::Time));
    check_damaged(&with_path(""), ListingProblem::Missing(Field::Path));
    check_damaged(&format!("x 5 - - {TIME} \"c\""), ListingProblem::Kind("x".into()));
    check_damaged(&format!("- 5x - - {TIME} \"c\""), ListingProblem::Size("5x".into()));
    check_damaged(&format!("- -2 - - {TIME} \"c\""), ListingProblem::Size("-2".into()));
    check_damaged(&format!("- +2 - - {TIME} \"c\""), ListingProblem::Size("+2".into()));
    check_damaged(&format!("- 5 md5 - {TIME} \"c\""), ListingProblem::Hash("md5".into()));
    check_damaged(&format!("- 5 md5: - {TIME} \"c\""), ListingProblem::Hash("md5:".into()));
    check_damaged(&format!("- 5 - 7 {TIME} \"c\""), ListingProblem::Id("7".into()));
    check_damaged("- 5 - - 2001-02-03 \"c\"", ListingProblem::Time("2001-02-03".into()));
    check_damaged(&with_path("c"), ListingProblem::Quote(QuoteError::NotQuoted("c".into())));
    check_damaged(&with_path("\"c\"\r"), ListingProblem::Quote(QuoteError::NotQuoted("\"c\"\r".into())));
    check_damaged(&with_path(r#""\q""#), ListingProblem::Quote(QuoteError::UnknownEscape(r#""\q""#.into())));
    check_damaged(&with_path("\"\""), ListingProblem::EmptyPath);
    check_damaged(&with_path("\"b\""), ListingProblem::Duplicate(RelPath::parse("b").unwrap()));
    let unsorted = ListingProblem::Unsorted { previous: "b".into(), path: RelPath::parse("a/é").unwrap() };
    check_damaged(&with_path("\"a/é\""), unsorted);
    let other = ListingProblem::OtherAlgorithm { expected: "md5".into(), found: "sha1:22".into() };
    check_damaged(&format!("- 5 sha1:22 - {TIME} \"c\""), other);
    let outside = RelPath::parse("../c").unwrap_err();
    assert_eq!(outside.problem, PathProblem::Dots);
    check_damaged(&with_path("\"../c\""), ListingProblem::Path(outside));
}

fn check_damaged_file(text: &[u8], expected: &str) {
    assert_eq!(read(&[text]).unwrap_err().to_string(), expected);
}

#[test]
fn damaged_files_are_told() {
    let line = format!("-        5 - - {TIME} \"a\"\n");
    check_damaged_file(b"", "cannot read listing line 1: the file is empty");
    check_damaged_file(b"\n# x\n", "cannot read listing line 3: the header `# bisync listing v1 from …` is missing");
    let headless = "cannot read listing line 1: the header `# bisync listing v1 from …` is missing";
    check_damaged_file(line.as_bytes(), headless);
    let cut = format!("{HEADER_LINE}{}", line.trim_end());
    check_damaged_file(cut.as_bytes(), "cannot read listing line 2: the file ends in the middle of it");
    check_damaged_file(b"# bisync list", "cannot read listing line 1: the file ends in the middle of it");
    let endless = [HEADER_LINE.as_bytes(), &[0; LONGEST_LINE + 1]].concat();
    check_damaged_file(&endless, "cannot read listing line 2: it is too long");
    let not_utf8 = [HEADER_LINE.as_bytes(), b"- \xff\n"].concat();
    check_damaged_file(&not_utf8, "cannot read listing line 2: it is not UTF-8");
    let missing = format!("{HEADER_LINE}{line}- \n");
    check_damaged_file(missing.as_bytes(), "cannot read listing line 3: size is missing");
}
