//! The list of options as a page of the documentation.

use std::fmt::Write;

use super::spec::{Group, Kind, OptionSpec};
use super::table::OPTIONS;

/// Returns `docs/options.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Options\n\n\
         <!-- Written from the table in engine/src/options/table.rs: run the engine's tests with BISYNC_BLESS=1. -->\n\n\
         Names and meaning are those of `rclone bisync` 1.75; `rclone-differences.md` lists what differs.\n\n\
         - A flag is switched off with `--flag=false`.\n\
         - SIZE: `100` (KiB), `512B`, `10M` or `10MiB` (units of 1024), `1.5G`, `off`.\n\
         - DURATION: `90` (seconds), `500ms`, `1h30m`, `2d`, `1w`, `1M` (30 days), `1y`, `off`.\n\
         - AGE: a duration before now, or a date: `2026-01-31`, `2026-01-31T12:00:00`, `2026-01-31T12:00:00Z`.\n\
         - RATE: a SIZE a second, for what goes up and down each (`10M:1M`), or a timetable of such rates in local time: \
         `08:00,512k 12:00,10M Sat-09:00,off`, with a space or `;` between.\n\n\
         Each option has a scenario, a test of its name, which shows what happens with it and without; each heading leads to\n\
         those of its options.\n",
    );
    for group in Group::ALL {
        let (title, scenarios) = (group.title(), group.scenarios());
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "\n## {title}\n\n[Scenarios](../tests/suite/options/{scenarios}.rs)\n");
        page.push_str("| Option | Default | |\n|---|---|---|\n");
        for spec in OPTIONS.iter().filter(|spec| spec.group == group) {
            let _ = writeln!(page, "| {} | {} | {} |", synopsis(spec), default(spec), help(spec));
        }
    }
    page
}

fn synopsis(spec: &OptionSpec) -> String {
    let short = spec.short.map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let separator = if spec.takes_value() { " " } else { "" };
    format!("{short}`--{}{separator}{}`", spec.name, spec.value_name)
}

fn default(spec: &OptionSpec) -> String {
    if spec.default.is_empty() { String::new() } else { format!("`{}`", spec.default) }
}

fn help(spec: &OptionSpec) -> String {
    match spec.kind {
        Kind::Choice(words) | Kind::Words(words) => format!("{}. Words: `{}`", spec.help, words.join("`, `")),
        Kind::List | Kind::Files => format!("{}. May be repeated", spec.help),
        Kind::Flag
        | Kind::Count
        | Kind::Number
        | Kind::Percentage
        | Kind::Size
        | Kind::Duration
        | Kind::Age
        | Kind::Partition => spec.help.to_owned(),
        Kind::Decimal | Kind::Bandwidth | Kind::Order | Kind::Text | Kind::File => spec.help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/options.md");
        if std::env::var_os("BISYNC_BLESS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(page == markdown(), "docs/options.md lags behind the table: run this test with BISYNC_BLESS=1");
    }
}
