//! Events and outcomes as text for a person.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use bisync_engine::event::{Event, Level};
use bisync_engine::outcome::{Counts, FailedPath, Outcome};
use bisync_engine::side::Side;
use indicatif::HumanBytes;

/// How many conflicts and how many failed paths are shown when nobody asked for all.
const SHOWN: usize = 20;

/// Writes an event as one line without its end, with colours.
pub fn event(event: &Event) -> String {
    let (label, style) = match event.level {
        Level::Error => ("error: ", AnsiColor::Red.on_default().bold()),
        Level::Notice => ("notice: ", AnsiColor::Yellow.on_default().bold()),
        Level::Info => ("", Style::new()),
        Level::Debug => ("debug: ", Style::new().dimmed()),
    };
    format!("{style}{label}{style:#}{}", plain(event))
}

/// Writes a directory below which actions of a plan follow, as a line.
pub fn folder(path: &str) -> String {
    let style = Style::new().bold();
    format!("{style}{}/{style:#}\n", visible(path))
}

/// Writes an action of a plan as a line, below its directory's line if it has one.
pub fn action(event: &Event, is_below: bool) -> String {
    match &event.path {
        Some(path) if is_below => format!("  {}: {}\n", visible(path.name()), visible(&event.text)),
        Some(_) | None => format!("{}\n", self::event(event)),
    }
}

/// Writes an event as one line for a file, which begins with the time.
pub fn log_line(time: &str, event: &Event) -> String {
    format!("{time} {:<6}: {}", level_name(event.level), plain(event))
}

/// Returns the name of a level, as rclone writes it.
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Notice => "NOTICE",
        Level::Info => "INFO",
        Level::Debug => "DEBUG",
    }
}

fn plain(event: &Event) -> String {
    match &event.path {
        Some(path) => format!("{}: {}", visible(path.as_str()), visible(&event.text)),
        None => visible(&event.text),
    }
}

/// Makes control characters visible, so that a name cannot write to the terminal what it likes.
fn visible(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut visible, character| {
        match character.is_control() {
            true => visible.extend(character.escape_default()),
            false => visible.push(character),
        }
        visible
    })
}

/// Writes how a run ended, with colours: one line, and what a person should know besides.
pub fn outcome(outcome: &Outcome, all: bool) -> String {
    let color = match outcome.exit_code {
        0 if outcome.conflicts.is_empty() => AnsiColor::Green,
        0 | 1 => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let style = color.on_default().bold();
    let mut text = format!("{style}{}{style:#}\n", visible(&outcome.headline));
    for side in Side::BOTH {
        if let Some(done) = done(&outcome.counts[side]) {
            let _ = writeln!(text, "  {side}: {done}");
        }
    }
    let conflicts = outcome.conflicts.iter().map(|conflict| (conflict.path.as_str(), conflict.resolution.as_str()));
    section(&mut text, "Conflicts", conflicts, all);
    section(&mut text, "Not in step", failures(&outcome.failures), all);
    text
}

/// Writes what keeps a run from success, for when nothing else is to be said.
pub fn trouble(outcome: &Outcome) -> String {
    let mut text = String::new();
    section(&mut text, "Not in step", failures(&outcome.failures), false);
    text.push_str(&visible(&outcome.headline));
    text.push('\n');
    text
}

fn failures(failures: &[FailedPath]) -> impl ExactSizeIterator<Item = (&str, &str)> {
    failures.iter().map(|failed| (failed.path.as_str(), failed.reason.as_str()))
}

fn section<'a>(text: &mut String, title: &str, lines: impl ExactSizeIterator<Item = (&'a str, &'a str)>, all: bool) {
    let count = lines.len();
    if count == 0 {
        return;
    }
    let shown = if all || count <= SHOWN { count } else { SHOWN };
    let style = Style::new().bold();
    let _ = writeln!(text, "{style}{title}:{style:#}");
    for (path, what) in lines.take(shown) {
        let path = if path.is_empty() { "(the whole side)" } else { path };
        let _ = writeln!(text, "  {}: {}", visible(path), visible(what));
    }
    if shown < count {
        let _ = writeln!(text, "  … and {} more (all with -v)", count - shown);
    }
}

/// Says what was done to a side; `None` when nothing was.
fn done(counts: &Counts) -> Option<String> {
    let copied = (counts.copied > 0).then(|| format!("{} copied ({})", counts.copied, HumanBytes(counts.copied_bytes)));
    let others = [
        (counts.moved, "moved"),
        (counts.deleted, "deleted"),
        (counts.touched, "with a new time"),
        (counts.metadata_set, "with new metadata"),
        (counts.directories_made, "directories made"),
        (counts.directories_removed, "directories removed"),
    ];
    let others = others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| match count {
        1 => format!("1 {}", what.replace("directories", "directory")),
        _ => format!("{count} {what}"),
    });
    let parts: Vec<String> = copied.into_iter().chain(others).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use bisync_engine::outcome::Conflict;
    use bisync_engine::path::RelPath;
    use bisync_engine::side::Pair;

    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    fn bare(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn events_are_one_line() {
        let check = |level, at: Option<&str>, text: &str, expected: &str, logged: &str| {
            let shown = Event { level, code: "x".into(), path: at.map(path), text: text.into() };
            assert_eq!(bare(&event(&shown)), expected);
            assert_eq!(log_line("2026-01-02 03:04:05", &shown), format!("2026-01-02 03:04:05 {logged}"));
        };
        check(Level::Error, Some("a/b"), "cannot", "error: a/b: cannot", "ERROR : a/b: cannot");
        check(Level::Notice, None, "look", "notice: look", "NOTICE: look");
        check(Level::Info, Some("a"), "copied", "a: copied", "INFO  : a: copied");
        check(Level::Debug, Some("a\nb\u{1b}[2J"), "", "debug: a\\nb\\u{1b}[2J: ", "DEBUG : a\\nb\\u{1b}[2J: ");
    }

    #[test]
    fn an_outcome_with_nothing_to_say_is_one_line() {
        let quiet = Outcome { headline: "Path1 and Path2 are in step.".into(), ..Outcome::default() };
        assert_eq!(bare(&outcome(&quiet, false)), "Path1 and Path2 are in step.\n");
    }

    #[test]
    fn an_outcome_names_what_matters() {
        let failed = |index| FailedPath { path: path(&format!("f{index:02}")), reason: "permission denied".into() };
        let full = Outcome {
            exit_code: 1,
            headline: "Not everything is in step.".into(),
            counts: Pair::new(
                Counts { files: 9, copied: 2, copied_bytes: 3 << 20, deleted: 1, ..Counts::default() },
                Counts { files: 9, directories_made: 4, ..Counts::default() },
            ),
            conflicts: vec![Conflict { path: path("a.txt"), resolution: "kept as a.txt.conflict1".into() }],
            failures: (0..22).map(failed).collect(),
            ..Outcome::default()
        };
        let lines: Vec<String> = (0..20).map(|index| format!("  f{index:02}: permission denied\n")).collect();
        let expected = format!(
            "Not everything is in step.\n  Path1: 2 copied (3.00 MiB), 1 deleted\n  Path2: 4 directories made\nConflicts:\n  \
             a.txt: kept as a.txt.conflict1\nNot in step:\n{}  … and 2 more (all with -v)\n",
            lines.concat()
        );
        assert_eq!(bare(&outcome(&full, false)), expected);
        assert!(bare(&outcome(&full, true)).ends_with("  f21: permission denied\n"));
        assert!(bare(&trouble(&full)).ends_with("… and 2 more (all with -v)\nNot everything is in step.\n"));
    }
}
