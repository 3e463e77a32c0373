//! `lib/node/command/commands.ts`, written from the engine's table of commands, and `scripts.ts`, which holds the program's scripts for shells.

use std::fmt::Write;

use bisync_engine::options::OPTIONS;
use bisync_engine::options::commands::{CONFIGURATION, EXIT_CODES, OUTPUT, SUMMARY, Word};

use super::options_file::{check_file, push_flag};

const BEGIN: &str = "\
// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the engine's table of commands.

import type { Command } from \"./table.js\";

";

const SCRIPTS: &str = "\
// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the program's scripts, which ask whatever has the name `bisync`.

/** What completes the command line, by the shell's name. */
export const SCRIPTS: Record<string, string> = {
";

#[test]
fn the_commands_are_those_of_the_table() {
    check_file("lib/node/command/commands.ts", &commands_text());
}

#[test]
fn the_scripts_are_those_of_the_program() {
    let mut text = SCRIPTS.to_owned();
    for shell in ["bash", "zsh", "fish"] {
        let path = format!("{}/../host-native/src/cli/completions/bisync.{shell}", env!("CARGO_MANIFEST_DIR"));
        let script = std::fs::read_to_string(path).unwrap();
        let _ = writeln!(text, "  {shell}: {},", serde_json::to_string(&script).unwrap());
    }
    text.push_str("};\n");
    check_file("lib/node/command/scripts.ts", &text);
}

fn commands_text() -> String {
    let mut text = BEGIN.to_owned();
    for (name, sentence) in
        [("SUMMARY", SUMMARY), ("CONFIGURATION", CONFIGURATION), ("OUTPUT", OUTPUT), ("EXIT_CODES", EXIT_CODES)]
    {
        let _ = writeln!(text, "export const {name} = {sentence:?};");
    }
    text.push_str("\n/** What is done besides keeping two paths in step. */\nexport const COMMANDS: Command[] = [\n");
    Word::ALL.into_iter().filter(|word| is_here(*word)).for_each(|word| push_command(&mut text, word));
    text.push_str("];\n\n/** The commands of the program that are not carried out here. */\nexport const NOT_HERE_EITHER: Command[] = [\n");
    Word::ALL.into_iter().filter(|word| !is_here(*word)).for_each(|word| push_command(&mut text, word));
    text.push_str("];\n");
    text
}

/// Remotes are reached by the program alone.
fn is_here(word: Word) -> bool {
    word != Word::Remotes
}

fn push_command(text: &mut String, word: Word) {
    let taken: Vec<&str> = OPTIONS.iter().filter(|spec| word.takes(spec)).map(|spec| spec.name).collect();
    let _ = writeln!(
        text,
        "  {{\n    name: {:?},\n    operands: {:?},\n    summary: {:?},\n    details: {:?},\n    takes: {taken:?},",
        word.name(),
        word.operands(),
        word.summary(),
        word.details()
    );
    text.push_str("    own: [");
    if !word.own_options().is_empty() {
        text.push('\n');
        word.own_options().iter().for_each(|spec| {
            text.push_str("    ");
            push_flag(text, spec);
        });
        text.push_str("    ");
    }
    text.push_str("],\n  },\n");
}
