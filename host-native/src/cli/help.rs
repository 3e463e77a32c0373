//! The help.

use std::io;

use bisync_engine::options::commands::{CONFIGURATION, EXIT_CODES, OUTPUT, SUMMARY, Word};
use bisync_engine::options::{Group, OPTIONS, OptionSpec};

/// A label that stands on one line with its text has at most so many characters.
const LONGEST_LABEL: usize = 35;

/// Returns how wide the help may be.
pub(super) fn width() -> usize {
    let terminal = rustix::termios::tcgetwinsize(io::stdout()).map(|size| usize::from(size.ws_col));
    terminal.ok().filter(|columns| *columns > 0).unwrap_or(100).min(120)
}

/// Returns the help, in lines of at most `width` characters where words allow it.
pub fn help(width: usize) -> String {
    let usage = "Usage: bisync PATH1 PATH2 [options]\n       bisync NAME [options]\n";
    let mut help = format!("{SUMMARY}\n\n{usage}");
    for word in Word::ALL {
        help.push_str(&format!("       bisync {}{}\n", word.name(), word.operands()));
    }
    help.push_str("\nCommands (more with `bisync COMMAND --help`):\n");
    for word in Word::ALL {
        help.push_str(&format!("  {:<13}{}\n", word.name(), word.summary()));
    }
    let labels: Vec<String> = OPTIONS.iter().map(label).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or_default();
    // A label that is longer gets a line of its own, so that the text of all others has room.
    let indent = longest.min(LONGEST_LABEL) + 4;
    for group in Group::ALL {
        help.push_str(&format!("\n{}:\n", group.title()));
        for (spec, label) in OPTIONS.iter().zip(&labels).filter(|(spec, _)| spec.group == group) {
            let lines = wrap(&spec.description(), width.saturating_sub(indent).max(30));
            let has_own_line = label.chars().count() > LONGEST_LABEL;
            if has_own_line {
                help.push_str(&format!("  {label}\n"));
            }
            for (index, line) in lines.iter().enumerate() {
                let label = if index == 0 && !has_own_line { label } else { "" };
                help.push_str(&format!("  {label:<column$}{line}\n", column = indent - 2));
            }
        }
    }
    [CONFIGURATION, OUTPUT, EXIT_CODES]
        .iter()
        .for_each(|text| help.push_str(&format!("\n{}\n", wrap(text, width).join("\n"))));
    help
}

/// Returns the help of a command.
pub(super) fn of_command(word: Word) -> String {
    let details: Vec<_> = word.details().lines().map(|line| wrap(line, width()).join("\n")).collect();
    let usage = format!("Usage: bisync {}{}", word.name(), word.operands());
    let mut help = format!("{}.\n\n{usage}\n\n{}\n", word.summary(), details.join("\n"));
    for spec in word.own_options() {
        help.push_str(&format!("\n  --{} {:<6}{}", spec.name, spec.value_name, spec.help));
    }
    if !word.own_options().is_empty() {
        help.push('\n');
    }
    help
}

pub(super) fn label(spec: &OptionSpec) -> String {
    let short = spec.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    let value = if spec.takes_value() { format!(" {}", spec.value_name) } else { String::new() };
    format!("{short}--{}{value}", spec.name)
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `BISYNC_BLESS=1` writes the file anew.
    #[test]
    fn the_help_is_as_reviewed() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/help.txt");
        let help = help(100);
        if std::env::var_os("BISYNC_BLESS").is_some() {
            std::fs::write(golden, &help).unwrap();
        }
        assert_eq!(help, std::fs::read_to_string(golden).unwrap());
        assert!(help.lines().all(|line| line.chars().count() <= 100));
    }
}
