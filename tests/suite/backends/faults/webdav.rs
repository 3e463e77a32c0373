//! What WebDAV servers do wrong.

use std::time::{Duration, Instant};

use bisync_engine::entry::Kind;
use bisync_engine::protocol::{Disposal, Expect, FailureKind};

use super::super::{kind_of, path};
use super::{Answer, Faulty, SILENCE, answer, version};

fn directory(href: &str) -> String {
    resource(href, "<D:resourcetype><D:collection/></D:resourcetype>")
}

fn file(href: &str, size: usize) -> String {
    let etag = "<D:getetag>\"e\"</D:getetag>";
    resource(href, &format!("<D:resourcetype/><D:getcontentlength>{size}</D:getcontentlength>{etag}"))
}

fn resource(href: &str, properties: &str) -> String {
    format!(
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
}

fn told(resources: &[String]) -> String {
    let body = format!("<D:multistatus xmlns:D=\"DAV:\">{}</D:multistatus>", resources.concat());
    answer("207 Multi-Status", "", &body)
}

fn not_found() -> String {
    answer("404 Not Found", "", "")
}

/// Answers like a server that has the file `f` of five bytes, and takes three bytes under a temporary name.
fn has_file(request: &str) -> String {
    match request.split(' ').collect::<Vec<_>>()[..] {
        ["PROPFIND", "/d" | "/d/", ..] => told(&[directory("/d/"), file("/d/f", 5)]),
        ["PROPFIND", "/d/f", ..] => told(&[file("/d/f", 5)]),
        ["PROPFIND", "/d/.bisync-x.tmp", ..] => told(&[file("/d/.bisync-x.tmp", 3)]),
        ["PROPFIND", ..] => not_found(),
        ["MKCOL", ..] => answer("405 Method Not Allowed", "", ""),
        _ => answer("201 Created", "", ""),
    }
}

#[test]
fn what_is_not_the_whole_directory_is_not_listed() {
    for broken in [
        |_: &str, _| answer("207 Multi-Status", "", "<multistatus><response><href>/d/</href>"),
        |_: &str, _| answer("207 Multi-Status", "content-length: 9999\r\n", "<multistatus></multistatus>"),
        |_: &str, _| answer("200 OK", "", "<html></html>"),
        |_: &str, _| answer("401 Unauthorized", "", ""),
        |_: &str, _| answer("403 Forbidden", "", ""),
        |_: &str, _| answer("405 Method Not Allowed", "", ""),
        |_: &str, _| told(&[]),
        |_: &str, _| told(&[file("/d/f", 5)]),
        |_: &str, _| told(&[directory("/d/"), file("/other/f", 5)]),
        |_: &str, _| told(&[directory("/d/"), resource("/d/f", "<D:getetag>x</D:getetag>")]),
        |_: &str, _| {
            let more = "<D:response><D:href>/d/</D:href><D:status>HTTP/1.1 507 Too Many</D:status></D:response>";
            told(&[directory("/d/"), more.to_owned()])
        },
        |_: &str, _| {
            let all = format!("<D:multistatus xmlns:D=\"DAV:\">{}</D:multistatus>", directory("/d/"));
            answer("207 Multi-Status", "", &format!("{all}Internal Server Error"))
        },
        |_: &str, _| String::new(),
    ] as [Answer; 13]
    {
        let faulty = Faulty::webdav(broken, &[("low-level-retries", "1")]);
        assert_ne!(kind_of(faulty.list()), FailureKind::NotFound);
    }
}

#[test]
fn names_that_lead_elsewhere_take_no_part() {
    let faulty = Faulty::webdav(
        |_, _| {
            let files = ["a%2Fb", "%2E%2E", "%FF", "fine"].map(|name| file(&format!("/d/{name}"), 1));
            told(&[&[directory("/d")], files.as_slice()].concat())
        },
        &[],
    );
    let listed = faulty.list().unwrap();
    let files: Vec<_> = listed.iter().filter(|item| item.found.kind == Kind::File).map(|item| &*item.name).collect();
    assert_eq!((files.as_slice(), listed.len()), (&["fine"][..], 4));
}

#[test]
fn a_server_that_sends_elsewhere_is_not_followed() {
    let faulty = Faulty::webdav(|_, _| answer("302 Found", "location: http://127.0.0.1:1/d/\r\n", ""), &[]);
    assert!(faulty.list().unwrap_err().message.contains("elsewhere"));
    let faulty = Faulty::webdav(
        |request, _| match request.starts_with("PROPFIND /d/f ") {
            true => answer("301 Moved Permanently", "location: /d/f/\r\n", ""),
            false => told(&[directory("/d/f/")]),
        },
        &[],
    );
    let there = faulty.runtime.block_on(faulty.backend.describe(path("f"))).unwrap();
    assert_eq!(there.map(|found| found.kind), Some(Kind::Directory));
}

#[test]
fn a_server_that_asks_for_patience_is_asked_again() {
    let faulty = Faulty::webdav(
        |request, before| match before {
            0 => answer("503 Service Unavailable", "retry-after: 0\r\n", ""),
            _ => has_file(request),
        },
        &[],
    );
    assert_eq!(faulty.list().unwrap()[0].name, "f");
    assert_eq!(faulty.heard("PROPFIND").len(), 2);
}

/// A server that is asked three times, as a rule.
const THREE_TRIES: (&str, &str) = ("low-level-retries", "3");

#[test]
fn a_server_that_answers_nothing_well_is_asked_once_from_then_on() {
    for nothing in [|_: &str, _| String::new(), |_: &str, _| answer("503 Service Unavailable", "", "")] as [Answer; 2] {
        let faulty = Faulty::webdav(nothing, &[THREE_TRIES]);
        assert_eq!(kind_of(faulty.list()), FailureKind::Temporary);
        assert_eq!(faulty.heard("PROPFIND").len(), 3);
        // Its failure is of the kind that nobody tries again.
        let failure = faulty.list().unwrap_err();
        assert!(failure.kind == FailureKind::Other && failure.message.contains("nothing else"), "{failure}");
        assert_eq!(faulty.heard("PROPFIND").len(), 4);
        assert_eq!(kind_of(faulty.write(Expect::Absent)), FailureKind::Other);
    }
}

#[test]
fn a_server_that_fails_at_one_path_is_asked_as_often_as_before() {
    let faulty = Faulty::webdav(
        |request, _| match request.starts_with("PROPFIND /d/f ") {
            true => answer("503 Service Unavailable", "", ""),
            false => has_file(request),
        },
        &[THREE_TRIES],
    );
    for round in 1..=2 {
        let looked = faulty.runtime.block_on(faulty.backend.describe(path("f")));
        assert_eq!(kind_of(looked), FailureKind::Temporary);
        assert_eq!(faulty.heard("PROPFIND /d/f ").len(), 3 * round);
        assert!(faulty.list().is_ok());
    }
}

#[test]
fn a_server_that_says_when_its_trouble_will_be_over_is_believed() {
    let faulty = Faulty::webdav(
        |_, _| answer("503 Service Unavailable", "retry-after: 0\r\n", ""),
        &[("low-level-retries", "2")],
    );
    for round in 1..=2 {
        assert_eq!(kind_of(faulty.list()), FailureKind::Temporary);
        assert_eq!(faulty.heard("PROPFIND").len(), 2 * round);
    }
}

#[test]
fn a_server_that_stops_answering_is_not_waited_for() {
    let faulty = Faulty::webdav(|_, _| SILENCE.to_owned(), &[("timeout", "1s"), ("low-level-retries", "1")]);
    let begin = Instant::now();
    assert_eq!(kind_of(faulty.list()), FailureKind::Temporary);
    assert!(begin.elapsed() < Duration::from_secs(60));
}

#[test]
fn what_is_kept_of_an_upload_is_looked_at_before_it_gets_its_name() {
    let faulty = Faulty::webdav(
        |request, _| match request.starts_with("PROPFIND /d/.bisync") {
            true => told(&[file("/d/.bisync-x.tmp", 2)]),
            false => has_file(request),
        },
        &[],
    );
    assert_eq!(kind_of(faulty.write(Expect::Absent)), FailureKind::Temporary);
    assert_eq!((faulty.heard("MOVE").len(), faulty.heard("DELETE /d/.bisync-x.tmp").len()), (0, 1));
}

#[test]
fn what_may_be_finished_late_is_removed_at_the_end() {
    let check = |put: Answer, is_late: bool| {
        let faulty = Faulty::webdav(put, &[]);
        assert!(faulty.write(Expect::Absent).is_ok());
        assert_eq!(faulty.heard("DELETE").len(), 0);
        faulty.runtime.block_on(faulty.backend.flush(faulty.backend.as_ref())).unwrap();
        assert_eq!(faulty.heard("DELETE /d/.bisync-x.tmp").len(), usize::from(is_late));
        assert_eq!(faulty.backend.may_finish_late(), is_late);
    };
    fn unless_first_put(request: &str, before: usize, answer: &str) -> String {
        if request.starts_with("PUT") && before == 0 { answer.to_owned() } else { has_file(request) }
    }
    check(|request, _| has_file(request), false);
    check(|request, before| unless_first_put(request, before, ""), true);
    check(|request, before| unless_first_put(request, before, &answer("504 Gateway Timeout", "", "")), true);
}

#[test]
fn refusals_of_an_upload_are_told_apart() {
    let check = |put: Answer, kind: FailureKind| {
        let faulty = Faulty::webdav(put, &[("low-level-retries", "1")]);
        assert_eq!(kind_of(faulty.write(Expect::Absent)), kind);
        assert_eq!(faulty.heard("MOVE").len(), 0);
    };
    fn unless_put(request: &str, status: &str) -> String {
        if request.starts_with("PUT") { answer(status, "", "") } else { has_file(request) }
    }
    check(|request, _| unless_put(request, "507 Insufficient Storage"), FailureKind::NoSpace);
    check(|request, _| unless_put(request, "423 Locked"), FailureKind::Busy);
    check(|request, _| unless_put(request, "403 Forbidden"), FailureKind::PermissionDenied);
    check(|request, _| unless_put(request, "409 Conflict"), FailureKind::Temporary);
    check(|request, _| unless_put(request, "429 Too Many Requests"), FailureKind::Temporary);
}

#[test]
fn nothing_is_replaced_that_came_meanwhile() {
    let faulty = Faulty::webdav(
        |request, _| match request.starts_with("MOVE") {
            true => answer("412 Precondition Failed", "", ""),
            false => has_file(request),
        },
        &[],
    );
    assert_eq!(kind_of(faulty.write(Expect::Absent)), FailureKind::Refused);
    assert!(faulty.heard("MOVE").iter().all(|request| request.contains("overwrite: f")));
    assert_eq!(faulty.heard("DELETE /d/.bisync-x.tmp").len(), 1);
}

#[test]
fn an_answer_that_was_lost_is_looked_for() {
    let faulty = Faulty::webdav(
        |request, before| match request {
            _ if request.starts_with("MOVE") => String::new(),
            // The directory is looked at, then the content before the move, and after it.
            _ if request.starts_with("PROPFIND /d/.bisync") && before > 1 => not_found(),
            _ if request.starts_with("PROPFIND /d/f ") => told(&[file("/d/f", 3)]),
            _ => has_file(request),
        },
        &[],
    );
    assert_eq!(faulty.write(Expect::Absent).unwrap().fingerprint.size, Some(3));
    assert_eq!(faulty.heard("MOVE").len(), 1);
}

#[test]
fn a_server_that_looks_itself_is_told_what_is_expected() {
    let faulty = Faulty::webdav(|request, _| has_file(request), &[]);
    let expected = version(&faulty);
    faulty.write(Expect::Exactly(expected)).unwrap();
    let moved = faulty.heard("MOVE").pop().unwrap();
    assert!(
        moved.contains("if-match: \"e\"") && moved.contains("([\"e\"])") && moved.contains("overwrite: t"),
        "{moved}"
    );
    // One that refuses whatever it is told that way is told nothing more.
    let faulty = Faulty::webdav(
        |request, _| match request.contains("if-match") {
            true => answer("412 Precondition Failed", "", ""),
            false => has_file(request),
        },
        &[],
    );
    let expected = version(&faulty);
    faulty.write(Expect::Exactly(expected)).unwrap();
    assert_eq!(faulty.heard("MOVE").len(), 2);
}

#[test]
fn what_was_done_only_in_part_is_not_done() {
    let faulty = Faulty::webdav(
        |request, _| match request.starts_with("DELETE") {
            true => told(&[]),
            false => has_file(request),
        },
        &[],
    );
    let expected = version(&faulty);
    let deleted = faulty.runtime.block_on(faulty.backend.delete_file(path("f"), expected, Disposal::Discard));
    assert!(deleted.unwrap_err().message.contains("in part"));
}

#[test]
fn a_download_that_breaks_off_is_no_file() {
    let check = |get: Answer, kind: FailureKind| {
        let faulty = Faulty::webdav(get, &[]);
        let expected = version(&faulty);
        assert_eq!(kind_of(faulty.read(expected)), kind);
    };
    check(
        |request, _| match request.starts_with("GET") {
            true => answer("200 OK", "content-length: 5\r\n", "te"),
            false => has_file(request),
        },
        FailureKind::Temporary,
    );
    check(
        |request, _| match request.starts_with("GET") {
            true => answer("200 OK", "content-length: 7\r\n", "teapots"),
            false => has_file(request),
        },
        FailureKind::Changed,
    );
    check(
        |request, before| match request.starts_with("GET") {
            true => answer("200 OK", "", "teapo"),
            false if before > 0 => told(&[file("/d/f", 6)]),
            false => has_file(request),
        },
        FailureKind::Changed,
    );
}

/// Answers a wish for `f` with its first bytes, and one for the rest as `rest` says; `tag` is told with the first ones.
fn breaks_off(request: &str, tag: &str, rest: String) -> String {
    match request.starts_with("GET") {
        true if !request.contains("range: ") => answer("200 OK", &format!("{tag}content-length: 5\r\n"), "te"),
        true => rest,
        false => has_file(request),
    }
}

const TAG: &str = "etag: \"e\"\r\n";

/// The rest of a file of so many bytes, with the tag of its version.
fn rest(tag: &str, size: usize) -> String {
    let range = format!("{tag}content-range: bytes 2-{}/{size}\r\n", size - 1);
    answer("206 Partial Content", &range, &"apots"[..size - 2])
}

#[test]
fn a_download_that_breaks_off_goes_on_from_there_with_the_same_version() {
    let faulty = Faulty::webdav(|request, _| breaks_off(request, TAG, rest(TAG, 5)), &[]);
    let expected = version(&faulty);
    assert_eq!(faulty.read(expected).unwrap(), b"teapo");
    let went_on = faulty.heard("GET").pop().unwrap();
    assert!(went_on.contains("range: bytes=2-") && went_on.contains("if-range: \"e\""), "{went_on}");
}

#[test]
fn a_download_that_cannot_go_on_is_no_file() {
    let check = |get: Answer, kind: FailureKind, asked: usize| {
        let faulty = Faulty::webdav(get, &[]);
        let expected = version(&faulty);
        assert_eq!(kind_of(faulty.read(expected)), kind);
        assert_eq!(faulty.heard("GET").len(), asked);
    };
    // Nothing tells this version from another.
    check(|request, _| breaks_off(request, "", rest("", 5)), FailureKind::Temporary, 1);
    check(|request, _| breaks_off(request, "etag: W/\"e\"\r\n", rest(TAG, 5)), FailureKind::Temporary, 1);
    check(|request, _| breaks_off(request, TAG, rest("", 5)), FailureKind::Temporary, 2);
    // It is another version, or the server knows no ranges.
    check(|request, _| breaks_off(request, TAG, rest("etag: \"other\"\r\n", 5)), FailureKind::Changed, 2);
    check(|request, _| breaks_off(request, TAG, rest(TAG, 6)), FailureKind::Changed, 2);
    check(|request, _| breaks_off(request, TAG, answer("200 OK", TAG, "teapo")), FailureKind::Temporary, 2);
    // It breaks off again and again.
    let nothing = |request: &str, _| {
        let headers = "etag: \"e\"\r\ncontent-range: bytes 2-4/5\r\ncontent-length: 3\r\n";
        breaks_off(request, TAG, answer("206 Partial Content", headers, ""))
    };
    check(nothing, FailureKind::Temporary, 6);
}
