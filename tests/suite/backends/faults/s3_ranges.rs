//! What S3 servers do wrong while a large file is fetched in ranges.

use bisync_engine::protocol::FailureKind;

use super::super::kind_of;
use super::{Answer, Faulty, answer, version};

/// The size of the file, in bytes: two ranges of four MiB, and a little more.
const SIZE: usize = (8 << 20) + 5;

const TOLD: &str = "etag: \"e\"\r\nlast-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\nx-amz-meta-mtime: 1577836800\r\n";

fn content() -> String {
    (0..).flat_map(|line: u32| format!("line {line}\n").into_bytes()).map(char::from).take(SIZE).collect()
}

/// Serves the file `f`, in ranges where it is larger than four MiB.
fn serve(file: Answer) -> Faulty {
    let faulty = Faulty::s3_with(file, &[("low-level-retries", "3"), ("multi-thread-cutoff", "1M")]);
    assert_eq!(version(&faulty).size, Some(SIZE as u64));
    faulty
}

/// Answers whatever is not about content.
fn has_file(request: &str) -> String {
    if request.starts_with("HEAD") {
        return answer("200 OK", &format!("{TOLD}content-length: {SIZE}\r\n"), "");
    }
    let object = format!(
        "<Contents><Key>d/f</Key><Size>{SIZE}</Size><ETag>\"e\"</ETag><LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents>"
    );
    answer("200 OK", "", &format!("<ListBucketResult>{object}<IsTruncated>false</IsTruncated></ListBucketResult>"))
}

/// Returns the first byte that is asked for, and the one after the last.
fn range_of(request: &str) -> Option<(usize, usize)> {
    let (first, last) = request.split_once("range: bytes=")?.1.split(';').next()?.split_once('-')?;
    Some((first.parse().unwrap(), last.trim().parse::<usize>().unwrap() + 1))
}

/// Sends a range, of which so many bytes come.
fn range(request: &str, tag: &str, comes: usize) -> String {
    let (first, end) = range_of(request).unwrap();
    let headers = format!(
        "{}content-range: bytes {first}-{}/{SIZE}\r\ncontent-length: {}\r\n",
        TOLD.replace("\"e\"", tag),
        end - 1,
        end - first
    );
    answer("206 Partial Content", &headers, &content()[first..end.min(first + comes)])
}

#[test]
fn a_large_file_arrives_in_ranges_of_one_version() {
    let faulty = serve(|request, _| match range_of(request) {
        Some(_) => range(request, "\"e\"", SIZE),
        None => has_file(request),
    });
    let version = version(&faulty);
    assert!(faulty.read(version).unwrap() == content().into_bytes());
    let mut asked = faulty.heard("GET /bucket/d/f");
    asked.sort_by_key(|request| range_of(request));
    let ranges: Vec<_> = asked.iter().filter_map(|request| range_of(request)).collect();
    assert_eq!(ranges, [(0, 4 << 20), (4 << 20, 8 << 20), (8 << 20, SIZE)]);
    assert!(asked[1..].iter().all(|request| request.contains("if-match: \"e\"")), "{asked:?}");
}

/// As rclone's server does it.
#[test]
fn a_range_may_be_answered_as_if_it_were_the_whole() {
    let faulty = serve(|request, _| match range_of(request) {
        Some(_) => range(request, "\"e\"", SIZE).replace("206 Partial Content", "200 OK"),
        None => has_file(request),
    });
    let version = version(&faulty);
    assert!(faulty.read(version).unwrap() == content().into_bytes());
    assert_eq!(faulty.heard("GET /bucket/d/f").len(), 3);
}

#[test]
fn a_range_that_breaks_off_is_fetched_once_more() {
    for broken in [0, 4 << 20] {
        // Each range is asked for on a connection of its own: the file may have been named up to three times before.
        let faulty = serve(match broken {
            0 => |request, before| match range_of(request) {
                Some((0, _)) if before < 3 => range(request, "\"e\"", 2),
                Some(_) => range(request, "\"e\"", SIZE),
                None => has_file(request),
            },
            _ => |request, before| match range_of(request) {
                Some((first, _)) if first > 0 && before < 4 => range(request, "\"e\"", 2),
                Some(_) => range(request, "\"e\"", SIZE),
                None => has_file(request),
            },
        });
        let version = version(&faulty);
        assert!(faulty.read(version).unwrap() == content().into_bytes(), "{broken}");
        assert!(faulty.heard("GET /bucket/d/f").len() > 3, "{broken}: nothing was asked for twice");
    }
}

#[test]
fn ranges_of_two_versions_are_no_file() {
    let faulty = serve(|request, _| match range_of(request) {
        Some((0, _)) => range(request, "\"e\"", SIZE),
        Some(_) => range(request, "\"other\"", SIZE),
        None => has_file(request),
    });
    let listed = version(&faulty);
    assert_eq!(kind_of(faulty.read(listed)), FailureKind::Changed);
    let faulty = serve(|request, _| match range_of(request) {
        Some((0, _)) => range(request, "\"e\"", SIZE),
        Some(_) => answer("412 Precondition Failed", "", ""),
        None => has_file(request),
    });
    let listed = version(&faulty);
    assert_eq!(kind_of(faulty.read(listed)), FailureKind::Changed);
}

#[test]
fn a_server_that_knows_no_ranges_sends_all() {
    let faulty = serve(|request, _| match request.starts_with("GET /bucket/d/f") {
        true => answer("200 OK", TOLD, &content()),
        false => has_file(request),
    });
    let version = version(&faulty);
    assert!(faulty.read(version).unwrap() == content().into_bytes());
    assert_eq!(faulty.heard("GET /bucket/d/f").len(), 1);
}
