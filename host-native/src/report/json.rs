//! Events and outcomes as lines of JSON for a program.

use bisync_engine::event::{Event, Level};
use bisync_engine::outcome::{Counts, Outcome};
use serde_json::{Value, json};

/// Writes an event as one line without its end: `time`, `level`, `code`, `path` if there is one, and `message`.
pub fn event(time: &str, event: &Event) -> String {
    let mut line = json!({ "time": time, "level": level_name(event.level), "code": event.code });
    if let Some(path) = &event.path {
        line["path"] = path.as_str().into();
    }
    line["message"] = event.text.as_str().into();
    line.to_string()
}

/// Writes how a run ended as one line without its end: an event of the code `summary` with the outcome as `summary`.
pub fn outcome(time: &str, outcome: &Outcome) -> String {
    let level = if outcome.exit_code == 0 { Level::Notice } else { Level::Error };
    let conflicts: Vec<Value> = outcome
        .conflicts
        .iter()
        .map(|conflict| json!({ "path": conflict.path.as_str(), "resolution": conflict.resolution }))
        .collect();
    let failures: Vec<Value> = outcome
        .failures
        .iter()
        .map(|failed| json!({ "path": failed.path.as_str(), "reason": failed.reason }))
        .collect();
    json!({
        "time": time,
        "level": level_name(level),
        "code": "summary",
        "message": outcome.headline,
        "summary": {
            "exit_code": outcome.exit_code,
            "headline": outcome.headline,
            "dry_run": outcome.dry_run,
            "path1": counts(&outcome.counts.one),
            "path2": counts(&outcome.counts.two),
            "conflicts": conflicts,
            "failures": failures,
        },
    })
    .to_string()
}

fn counts(counts: &Counts) -> Value {
    let Counts {
        files,
        copied,
        copied_bytes,
        moved,
        deleted,
        touched,
        metadata_set,
        directories_made,
        directories_removed,
    } = counts;
    json!({
        "files": files,
        "copied": copied,
        "copied_bytes": copied_bytes,
        "moved": moved,
        "deleted": deleted,
        "touched": touched,
        "metadata_set": metadata_set,
        "directories_made": directories_made,
        "directories_removed": directories_removed,
    })
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Notice => "notice",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

#[cfg(test)]
mod tests {
    use bisync_engine::outcome::{Conflict, FailedPath};
    use bisync_engine::path::RelPath;

    use super::*;

    const TIME: &str = "2026-01-02T03:04:05Z";

    #[test]
    fn events_are_objects() {
        let check = |path: Option<&str>, expected: &str| {
            let path = path.map(|path| RelPath::parse(path).unwrap());
            let shown = Event { level: Level::Info, code: "copied".into(), path, text: "copied \"it\"".into() };
            assert_eq!(event(TIME, &shown), expected);
        };
        check(
            Some("a\nb"),
            r#"{"time":"2026-01-02T03:04:05Z","level":"info","code":"copied","path":"a\nb","message":"copied \"it\""}"#,
        );
        check(None, r#"{"time":"2026-01-02T03:04:05Z","level":"info","code":"copied","message":"copied \"it\""}"#);
    }

    #[test]
    fn the_summary_holds_the_whole_outcome() {
        let path = RelPath::parse("a").unwrap();
        let ended = Outcome {
            exit_code: 1,
            headline: "Not all.".into(),
            conflicts: vec![Conflict { path: path.clone(), resolution: "kept".into() }],
            failures: vec![FailedPath { path, reason: "no".into() }],
            ..Outcome::default()
        };
        let counts = r#"{"files":0,"copied":0,"copied_bytes":0,"moved":0,"deleted":0,"touched":0,"metadata_set":0,"directories_made":0,"directories_removed":0}"#;
        let expected = format!(
            "{}{}{}",
            r#"{"time":"2026-01-02T03:04:05Z","level":"error","code":"summary","message":"Not all.","summary":{"#,
            format_args!(r#""exit_code":1,"headline":"Not all.","dry_run":false,"path1":{counts},"path2":{counts},"#),
            r#""conflicts":[{"path":"a","resolution":"kept"}],"failures":[{"path":"a","reason":"no"}]}}"#,
        );
        assert_eq!(outcome(TIME, &ended), expected);
    }
}
