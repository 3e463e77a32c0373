//! `lib/options.ts` and `lib/node/command/flags.ts`, which are written from the engine's table.

use std::fmt::Write;

use bisync_engine::options::{Group, Kind, OPTIONS, OptionSpec, Scope};

const BEGIN: &str = "\
// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the engine's table of options.

/** The options of a run, named as rclone's remote control names them. */
export interface Options {
";

const FLAGS_BEGIN: &str = "\
// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the engine's table of options.

import type { Flag } from \"./table.js\";

/** All options that are carried out here, by group. */
export const FLAGS: Flag[] = [
";

/// Options of the engine that a side has, and that are therefore no options of a run.
const OF_A_SIDE: [&str; 2] = ["links", "copy-links"];

/// Options of the hosts that the one for JavaScript carries out.
const OF_THE_HOST: [&str; 6] =
    ["checkers", "transfers", "low-level-retries", "bwlimit", "bwlimit-file", "no-update-dir-modtime"];

/// Those that its command carries out besides.
const OF_THE_COMMAND: [&str; 25] = [
    "links",
    "copy-links",
    "one-file-system",
    "compare-dest",
    "copy-dest",
    "backup-dir",
    "backup-dir1",
    "backup-dir2",
    "plan-out",
    "interactive",
    "defaults-file",
    "max-duration",
    "help",
    "version",
    "workdir",
    "remote-lock",
    "verbose",
    "quiet",
    "log-level",
    "log-file",
    "use-json-log",
    "color",
    "progress",
    "stats",
    "stats-log-level",
];

#[test]
fn the_options_are_those_of_the_table() {
    check_file("lib/options.ts", &options_text());
    check_file("lib/node/command/flags.ts", &flags_text());
}

/// Holds a file of the package against what it has to be; `BISYNC_BLESS=1` writes it anew.
pub fn check_file(file: &str, expected: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BISYNC_BLESS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), expected, "renew it with BISYNC_BLESS=1");
}

fn options_text() -> String {
    let mut text = BEGIN.to_owned();
    let options: Vec<&OptionSpec> = OPTIONS.iter().filter(|spec| is_offered(spec)).collect();
    for spec in &options {
        let default = if spec.default.is_empty() { String::new() } else { format!(" Default: `{}`.", spec.default) };
        let _ = writeln!(text, "  /** {}.{default} */\n  {}?: {};", spec.help, camel(spec.name), kind(spec.kind));
    }
    text.push_str("}\n\n/** The names of the options in the engine, and the types that their values have here. */\n");
    text.push_str("export const OPTIONS: Record<keyof Options, readonly [name: string, type: string]> = {\n");
    for spec in options {
        let _ = writeln!(text, "  {}: [\"{}\", {:?}],", camel(spec.name), spec.name, kind(spec.kind).replace('"', "'"));
    }
    text.push_str("};\n");
    text
}

fn flags_text() -> String {
    let mut text = FLAGS_BEGIN.to_owned();
    for group in Group::ALL {
        OPTIONS.iter().filter(|spec| spec.group == group && is_flag(spec)).for_each(|spec| push_flag(&mut text, spec));
    }
    text.push_str(
        "];\n\n/** The options of the program that are not carried out here. */\nexport const NOT_HERE: Flag[] = [\n",
    );
    OPTIONS.iter().filter(|spec| !is_flag(spec)).for_each(|spec| push_flag(&mut text, spec));
    text.push_str("];\n");
    text
}

/// Writes an option as a line of a list.
pub fn push_flag(text: &mut String, spec: &OptionSpec) {
    let short = spec.short.map(|letter| format!(" short: \"{letter}\",")).unwrap_or_default();
    let value = if spec.takes_value() { format!(" value: {:?},", spec.value_name) } else { String::new() };
    let is = |field: &str, is_so: bool| if is_so { format!(" {field}: true,") } else { String::new() };
    let number = is("number", spec.kind.is_number());
    let path = is("path", spec.takes_path());
    let host = is("host", spec.scope == Scope::Host);
    let words = match spec.kind {
        Kind::Choice(words) | Kind::Words(words) => format!(" words: {words:?},"),
        _ => String::new(),
    };
    let default = if spec.default.is_empty() { String::new() } else { format!(" default: {:?},", spec.default) };
    let _ = writeln!(
        text,
        "  {{ name: {:?},{short} kind: {:?},{value}{words}{default}{number}{path}{host} group: {:?}, help: {:?} }},",
        spec.name,
        kind_word(spec.kind),
        spec.group.title(),
        spec.help
    );
}

/// Returns how the command tells kinds apart, as far as it does.
fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Count => "count",
        Kind::Choice(_) => "choice",
        Kind::Words(_) => "words",
        Kind::List => "list",
        Kind::Text => "text",
        Kind::File => "file",
        Kind::Files => "files",
        Kind::Age => "age",
        Kind::Number | Kind::Decimal | Kind::Percentage | Kind::Size | Kind::Duration => "other",
        Kind::Bandwidth | Kind::Order | Kind::Partition => "other",
    }
}

/// Rules are given as lists; reading files is left to whoever has them.
fn is_offered(spec: &OptionSpec) -> bool {
    is_carried_out(spec) && !spec.kind.is_file() && !spec.help.starts_with("Ignored")
}

fn is_flag(spec: &OptionSpec) -> bool {
    // What concerns remotes alone is of no effect on folders, in the program too.
    let is_for_remotes = spec.group == Group::Remotes || spec.name.starts_with("tpslimit");
    is_carried_out(spec) || is_for_remotes || OF_THE_COMMAND.contains(&spec.name)
}

fn is_carried_out(spec: &OptionSpec) -> bool {
    match spec.scope {
        // Where a side keeps old versions, and whether it keeps links, it says itself.
        Scope::Engine if spec.name.starts_with("backup-dir") => false,
        Scope::Engine => !OF_A_SIDE.contains(&spec.name) && !spec.name.starts_with("metadata"),
        Scope::Host => OF_THE_HOST.contains(&spec.name),
    }
}

fn kind(kind: Kind) -> String {
    let any_of = |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ");
    match kind {
        Kind::Flag => "boolean".to_owned(),
        Kind::Count | Kind::Number | Kind::Decimal => "number".to_owned(),
        Kind::Percentage | Kind::Size | Kind::Duration | Kind::Age | Kind::Bandwidth => "number | string".to_owned(),
        Kind::Order | Kind::Partition | Kind::Text | Kind::File => "string".to_owned(),
        Kind::List | Kind::Files => "string[]".to_owned(),
        Kind::Choice(words) => any_of(words),
        Kind::Words(words) => format!("({})[]", any_of(words)),
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('-');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(1);
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}
