//! What S3 servers do wrong.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use bisync_engine::protocol::{Disposal, Expect, FailureKind, MoveFile};
use bisync_engine::side::Side;

use super::super::{at, kind_of, path};
use super::{Answer, Faulty, SILENCE, answer, version};

/// Lists the file `f` of five bytes.
fn listing() -> String {
    listing_of(5)
}

/// Lists the file `f` of so many bytes.
fn listing_of(size: u64) -> String {
    let object = format!(
        "<Contents><Key>d/f</Key><Size>{size}</Size><ETag>\"e\"</ETag><LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents>"
    );
    answer("200 OK", "", &format!("<ListBucketResult>{object}<IsTruncated>false</IsTruncated></ListBucketResult>"))
}

const TOLD: &str = "etag: \"e\"\r\nlast-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\nx-amz-meta-mtime: 1577836800\r\n";

/// Answers like a server that has that file.
fn has_file(request: &str) -> String {
    match &request[..4] {
        "HEAD" => answer("200 OK", &format!("{TOLD}content-length: 5\r\n"), ""),
        _ => listing(),
    }
}

#[test]
fn a_server_that_asks_for_patience_is_asked_again() {
    let faulty = Faulty::s3(|request, before| match before {
        0 => answer("503 Slow Down", "retry-after: 0\r\n", "<Error><Code>SlowDown</Code></Error>"),
        _ => has_file(request),
    });
    assert_eq!(faulty.list().unwrap()[0].name, "f");
    assert_eq!(faulty.heard("GET").len(), 2);
}

#[test]
fn an_upload_waits_as_well_and_a_server_that_wants_too_much_patience_is_left() {
    let faulty = Faulty::s3(|request, before| match (&request[..4], before) {
        ("HEAD", _) => answer("404 Not Found", "", ""),
        ("PUT ", 0) => answer("503 Slow Down", "retry-after: 0\r\n", "<Error><Code>SlowDown</Code></Error>"),
        ("PUT ", _) => answer("200 OK", "etag: \"e\"\r\n", ""),
        _ => answer("200 OK", "", "<ListBucketResult/>"),
    });
    faulty.write(Expect::Absent).unwrap();
    assert_eq!(faulty.heard("PUT").len(), 2);
    let faulty = Faulty::s3(|_, _| answer("503 Slow Down", "retry-after: 86400\r\n", ""));
    assert_eq!(kind_of(faulty.list()), FailureKind::Other);
    assert_eq!(faulty.heard("GET").len(), 1);
}

#[test]
fn a_server_that_stops_answering_is_not_waited_for() {
    let hurry = [("timeout", "100ms"), ("low-level-retries", "2")];
    let faulty = Faulty::s3_with(|_, _| SILENCE.into(), &hurry);
    assert!(faulty.list().unwrap_err().message.contains("does not answer"));
    assert_eq!(faulty.heard("GET").len(), 2);
    // In the middle of a listing.
    let faulty = Faulty::s3_with(|_, _| answer("200 OK", "content-length: 9999\r\n", "<ListBu") + SILENCE, &hurry);
    assert!(faulty.list().unwrap_err().message.contains("does not answer"));
    // When it has all that is to be uploaded.
    let faulty = Faulty::s3_with(
        |request, _| if request.starts_with("HEAD") { answer("404 Not Found", "", "") } else { SILENCE.into() },
        &hurry,
    );
    assert_eq!(kind_of(faulty.write(Expect::Absent)), FailureKind::Temporary);
    // In the middle of a download, again and again.
    let faulty = Faulty::s3_with(
        |request, _| match request.starts_with("GET /bucket/d/f") {
            true => answer("200 OK", &format!("{TOLD}content-length: 5\r\n"), "te") + SILENCE,
            false => has_file(request),
        },
        &hurry,
    );
    let version = version(&faulty);
    assert_eq!(kind_of(faulty.read(version)), FailureKind::Temporary);
}

/// The connection closes when the server has done it: it is not done twice, nor taken for somebody else's.
#[test]
fn an_upload_whose_answer_is_lost_is_known_again() {
    let ours = "etag: \"e\"\r\nlast-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\nx-amz-meta-mtime: 1600000000\r\n\
                x-amz-meta-md5chksum: cjnqK13JQ/YfPAoCdsIJdA==\r\ncontent-length: 3\r\n";
    assert_eq!(after_a_lost_answer(ours), Ok(()));
    let theirs = ours.replace("1600000000", "1600000001");
    assert_eq!(after_a_lost_answer(&theirs), Err(FailureKind::Refused));
}

/// Some servers keep the time after all else, and may fail between. What has no time has no owner who could tell it from ours.
#[test]
fn an_upload_that_failed_before_its_time_was_kept_gets_its_time() {
    const OURS: &str = "etag: \"e\"\r\nx-amz-meta-md5chksum: cjnqK13JQ/YfPAoCdsIJdA==\r\ncontent-length: 3\r\n";
    let faulty = Faulty::s3(|request, before| match (&request[..4], before) {
        ("HEAD", 0) => answer("404 Not Found", "", ""),
        ("PUT ", 0) => answer("500 Internal Server Error", "", "<Error><Code>InternalError</Code></Error>"),
        ("PUT ", _) => answer("200 OK", "", "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"),
        _ => answer("200 OK", OURS, ""),
    });
    let written = faulty.write(Expect::Absent).unwrap();
    assert_eq!(written.fingerprint.modified.map(|time| time.seconds), Some(1_600_000_000));
    assert_eq!(faulty.heard("PUT").len(), 2);
}

/// Uploads to a server that closes the first time, refuses the second time, and then has an object with these headers.
fn after_a_lost_answer(headers: &str) -> Result<(), FailureKind> {
    static HEADERS: Mutex<String> = Mutex::new(String::new());
    *HEADERS.lock().unwrap() = headers.to_owned();
    let faulty = Faulty::s3(|request, before| match (&request[..4], before) {
        ("HEAD", 0) => answer("404 Not Found", "", ""),
        ("HEAD", _) => answer("200 OK", &HEADERS.lock().unwrap(), ""),
        ("PUT ", 0) => String::new(),
        _ => answer("412 Precondition Failed", "", "<Error><Code>PreconditionFailed</Code></Error>"),
    });
    let written = faulty.write(Expect::Absent).map(drop).map_err(|failure| failure.kind);
    assert_eq!(faulty.heard("PUT").len(), 1);
    written
}

/// While one waits for the next try somebody else writes, on a server that does not look itself.
#[test]
fn what_came_to_be_there_between_two_tries_stays() {
    let theirs =
        |size| answer("200 OK", &format!("{}content-length: {size}\r\n", TOLD.replace("\"e\"", "\"theirs\"")), "");
    static THEIRS: Mutex<String> = Mutex::new(String::new());
    *THEIRS.lock().unwrap() = theirs(5);
    let new = Faulty::s3(|request, before| match (&request[..4], before) {
        ("HEAD", 0) => answer("404 Not Found", "", ""),
        ("HEAD", _) => THEIRS.lock().unwrap().clone(),
        ("PUT ", 0) => answer("503 Slow Down", "", "<Error><Code>SlowDown</Code></Error>"),
        _ => answer("200 OK", "etag: \"e\"\r\n", ""),
    });
    assert_eq!(kind_of(new.write(Expect::Absent)), FailureKind::Refused);
    assert_eq!(new.heard("PUT").len(), 1);
    // The listing asks once, and so does the look before the change.
    let there = |request: &str, before| match (&request[..4], before) {
        ("HEAD", 0 | 1) => has_file(request),
        ("HEAD", _) => THEIRS.lock().unwrap().clone(),
        ("PUT " | "DELE", 0) => answer("503 Slow Down", "", "<Error><Code>SlowDown</Code></Error>"),
        ("PUT " | "DELE", _) => answer("200 OK", "etag: \"e\"\r\n", ""),
        _ => has_file(request),
    };
    let replaced = Faulty::s3(there);
    let listed = version(&replaced);
    assert_eq!(kind_of(replaced.write(Expect::Exactly(listed))), FailureKind::Refused);
    assert_eq!(replaced.heard("PUT").len(), 1);
    let deleted = Faulty::s3(there);
    let listed = version(&deleted);
    let outcome = deleted.runtime.block_on(deleted.backend.delete_file(path("f"), listed, Disposal::Discard));
    assert_eq!(kind_of(outcome), FailureKind::Refused);
    assert_eq!(deleted.heard("DELE").len(), 1);
}

/// The server refuses to replace anything at first, and then says that it knows no conditions.
#[test]
fn a_server_that_no_longer_looks_itself_is_not_relied_on() {
    let faulty = Faulty::s3(|request, before| match &request[..4] {
        "HEAD" => answer("404 Not Found", "", ""),
        // Sixteen new files, the file of the trial, and the same again.
        "PUT " if before == 17 => {
            answer("412 Precondition Failed", "", "<Error><Code>PreconditionFailed</Code></Error>")
        }
        "PUT " if before == 19 => answer("501 Not Implemented", "", ""),
        "PUT " => answer("200 OK", "etag: \"e\"\r\n", ""),
        _ => answer("204 No Content", "", ""),
    });
    let mut looks = Vec::new();
    for _ in 0..20 {
        let before = faulty.heard("HEAD").len();
        faulty.write(Expect::Absent).unwrap();
        looks.push(faulty.heard("HEAD").len() - before);
    }
    // The one whose request failed is looked at before it is made again.
    assert_eq!(looks, [[1; 16].as_slice(), &[0, 1, 1, 1]].concat());
    assert_eq!(faulty.heard("DELE").len(), 1);
}

#[test]
fn what_has_to_be_there_and_is_not_is_refused() {
    let faulty = Faulty::s3(|request, _| match &request[..4] {
        "PUT " => answer("404 Not Found", "", "<Error><Code>NoSuchKey</Code></Error>"),
        _ => has_file(request),
    });
    let version = version(&faulty);
    assert_eq!(kind_of(faulty.write(Expect::Exactly(version))), FailureKind::Refused);
}

#[test]
fn what_cannot_be_listed_to_the_end_is_not_listed() {
    for broken in [
        |_: &str, _| answer("200 OK", "", "<ListBucketResult><Contents><Key>d/f</Key>"),
        |_: &str, _| answer("404 Not Found", "", "<Error><Code>NoSuchBucket</Code></Error>"),
        |_: &str, _| answer("403 Forbidden", "", ""),
        |_: &str, _| answer("200 OK", "content-length: 9999\r\n", "<ListBucketResult>"),
        // The same page again and again.
        |_: &str, _| {
            let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>";
            answer("200 OK", "", &format!("<ListBucketResult>{more}</ListBucketResult>"))
        },
        // What was not asked for.
        |_: &str, _| {
            let other = "<Contents><Key>other/f</Key><Size>5</Size><ETag>e</ETag></Contents>";
            answer("200 OK", "", &format!("<ListBucketResult>{other}</ListBucketResult>"))
        },
    ] as [Answer; 6]
    {
        let faulty = Faulty::s3(broken);
        faulty.list().unwrap_err();
    }
}

#[test]
fn what_is_listed_but_not_found_does_not_count_as_deleted() {
    let faulty = Faulty::s3(|request, _| match &request[..4] {
        "HEAD" => answer("404 Not Found", "", ""),
        _ => listing(),
    });
    assert!(faulty.list().unwrap_err().message.contains("`d/f` is listed"));
    // What is not listed any more either is gone.
    let faulty = Faulty::s3(|request, before| match (&request[..4], before) {
        ("HEAD", _) => answer("404 Not Found", "", ""),
        (_, 0) => listing(),
        _ => answer("200 OK", "", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
    });
    assert_eq!(faulty.list().unwrap(), []);
}

#[test]
fn a_download_that_breaks_off_goes_on_from_there_with_the_same_version() {
    let faulty = Faulty::s3(|request, before| match (request.starts_with("GET /bucket/d/f"), before) {
        (true, _) if !request.contains("range") => answer("200 OK", &format!("{TOLD}content-length: 5\r\n"), "te"),
        (true, _) => {
            let range = "content-range: bytes 2-4/5\r\n";
            answer("206 Partial Content", &format!("{TOLD}{range}content-length: 3\r\n"), "apo")
        }
        (false, _) => has_file(request),
    });
    let version = version(&faulty);
    assert_eq!(faulty.read(version).unwrap(), b"teapo");
    let went_on = faulty.heard("GET /bucket/d/f").pop().unwrap();
    assert!(went_on.contains("range: bytes=2-") && went_on.contains("if-match: \"e\""), "{went_on}");
}

#[test]
fn a_download_that_cannot_go_on_is_no_file() {
    let faulty = Faulty::s3(|request, _| match request.starts_with("GET /bucket/d/f") {
        true if !request.contains("range") => answer("200 OK", &format!("{TOLD}content-length: 5\r\n"), "te"),
        true => answer("412 Precondition Failed", "", ""),
        false => has_file(request),
    });
    let version = version(&faulty);
    assert_eq!(kind_of(faulty.read(version)), FailureKind::Changed);
}

#[test]
fn a_server_that_looks_itself_is_told_what_is_expected() {
    let faulty = Faulty::s3(|request, _| match &request[..4] {
        "HEAD" => answer("404 Not Found", "", ""),
        _ => answer("412 Precondition Failed", "", "<Error><Code>PreconditionFailed</Code></Error>"),
    });
    assert_eq!(kind_of(faulty.write(Expect::Absent)), FailureKind::Refused);
    assert!(faulty.heard("PUT")[0].contains("if-none-match: *"));
    let faulty = Faulty::s3(|request, _| match &request[..3] {
        "PUT" => answer("412 Precondition Failed", "", "<Error><Code>PreconditionFailed</Code></Error>"),
        _ => has_file(request),
    });
    let version = version(&faulty);
    assert_eq!(kind_of(faulty.write(Expect::Exactly(version))), FailureKind::Refused);
    assert!(faulty.heard("PUT")[0].contains("if-match: \"e\""));
}

/// Otherwise a deletion that was done, and whose answer was lost, would have left neither.
#[test]
fn a_file_that_may_be_gone_where_it_was_stays_where_it_was_moved_to() {
    let faulty = Faulty::s3(|request, before| match &request[..4] {
        "HEAD" if request.contains("/new") && before <= 2 => answer("404 Not Found", "", ""),
        "PUT " => answer("200 OK", "", "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"),
        "DELE" => answer("500 Internal Server Error", "", ""),
        _ => has_file(request),
    });
    let moved = MoveFile {
        side: Side::One,
        path: path("f"),
        expect: version(&faulty),
        target: path("new"),
        temporary: path(".bisync-y.tmp"),
    };
    let failure = faulty.runtime.block_on(faulty.backend.move_file(moved, faulty.backend.as_ref())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Temporary);
    assert_eq!(faulty.heard("PUT /bucket/d/new").len(), 1);
    assert_eq!(faulty.heard("DELETE /bucket/d/new"), [""; 0]);
}

#[test]
fn what_was_just_uploaded_is_not_asked_for_when_it_is_listed() {
    let faulty = Faulty::s3(|request, before| match (&request[..4], before) {
        ("HEAD", 0) => answer("404 Not Found", "", ""),
        ("PUT ", _) => answer("200 OK", "etag: \"e\"\r\ndate: Wed, 01 Jan 2020 00:00:01 GMT\r\n", ""),
        // The first look at the listing is whether anything lies below the path.
        ("GET ", 0) if request.contains("prefix=d%2Ff%2F") => answer("200 OK", "", "<ListBucketResult/>"),
        ("GET ", _) => answer("200 OK", "", &listing().split_once("\r\n\r\n").unwrap().1.replace(">5<", ">3<")),
        _ => answer("500 Internal Server Error", "", ""),
    });
    let written = faulty.write(Expect::Absent).unwrap();
    assert_eq!(faulty.list().unwrap()[0].found, written);
    assert_eq!(faulty.heard("HEAD").len(), 1);
}

/// The time of a large object is set by copying it onto itself, in parts: what is put there meanwhile stays.
#[test]
fn what_is_put_there_while_it_is_copied_in_parts_stays() {
    static TOLD_LARGE: &str = "etag: \"e\"\r\nlast-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\nx-amz-meta-mtime: 1577836800\r\ncontent-length: 6291456\r\n";
    let place = ":s3,provider=Minio,copy_cutoff=5Mi,endpoint='URL',access_key_id=a,secret_access_key=s:bucket/d";
    let serve: Answer = |request, before| match (&request[..4], before) {
        ("HEAD", 0 | 1) => answer("200 OK", TOLD_LARGE, ""),
        ("HEAD", ..) => answer("200 OK", &TOLD_LARGE.replace("\"e\"", "\"theirs\""), ""),
        ("POST", 0) => answer(
            "200 OK",
            "",
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        ),
        ("PUT ", ..) => answer("200 OK", "", "<CopyPartResult><ETag>\"p\"</ETag></CopyPartResult>"),
        ("POST", _) => {
            answer("200 OK", "", "<CompleteMultipartUploadResult><ETag>\"n-2\"</ETag></CompleteMultipartUploadResult>")
        }
        ("DELE", ..) => answer("204 No Content", "", ""),
        _ => listing_of(6_291_456),
    };
    let faulty = Faulty::new(place, serve, &[("low-level-retries", "3")]);
    let listed = version(&faulty);
    let set = faulty.runtime.block_on(faulty.backend.set_time(path("f"), listed, at(1_500_000_000)));
    let failure = set.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
    assert_eq!(faulty.heard("POST").len(), 1, "the parts were put together");
    assert_eq!(faulty.heard("PUT").len(), 2);
}

/// What is made only once is not made again here; whoever tries again finds that the server was left alone as it wished.
#[test]
fn what_is_not_made_again_leaves_the_server_alone_all_the_same() {
    let faulty = Faulty::s3_with(
        |request, _| match &request[..4] {
            "DELE" => answer("503 Slow Down", "retry-after: 1\r\n", "<Error><Code>SlowDown</Code></Error>"),
            _ => has_file(request),
        },
        &[("low-level-retries", "1")],
    );
    let listed = version(&faulty);
    let begin = Instant::now();
    let outcome = faulty.runtime.block_on(faulty.backend.delete_file(path("f"), listed, Disposal::Discard));
    assert_eq!(kind_of(outcome), FailureKind::Temporary);
    assert_eq!(faulty.heard("DELE").len(), 1);
    assert!(begin.elapsed() >= Duration::from_secs(1));
}
