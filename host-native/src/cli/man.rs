//! The manual page, written from the table of options.

use bisync_engine::options::commands::{CONFIGURATION, EXIT_CODES, SUMMARY, Word};
use bisync_engine::options::{Group, OPTIONS};
use roff::{Roff, bold, italic, roman};

use super::help::label;

/// Returns the page as roff.
pub fn man() -> String {
    let mut page = Roff::new();
    page.control("TH", ["BISYNC", "1"]);
    page.control("SH", ["NAME"]).text([roman("bisync - keeps two directories in step")]);
    page.control("SH", ["SYNOPSIS"]);
    page.text([bold("bisync"), roman(" "), italic("PATH1"), roman(" "), italic("PATH2"), roman(" [options]")]);
    page.control("br", []).text([bold("bisync"), roman(" "), italic("NAME"), roman(" [options]")]);
    for word in Word::ALL {
        page.control("br", []).text([bold(format!("bisync {}", word.name())), roman(word.operands())]);
    }
    page.control("SH", ["DESCRIPTION"]).text([roman(SUMMARY)]);
    page.control("PP", []).text([roman(CONFIGURATION)]);
    page.control("SH", ["COMMANDS"]);
    for word in Word::ALL {
        page.control("TP", []).text([bold(word.name()), roman(word.operands())]);
        page.text([roman(format!("{}.", word.summary()))]);
        for line in word.details().lines() {
            page.control("br", []).text([roman(line)]);
        }
        for spec in word.own_options() {
            page.control("br", [])
                .text([bold(format!("--{}", spec.name)), roman(format!(" {}: {}", spec.value_name, spec.help))]);
        }
    }
    page.control("SH", ["OPTIONS"]);
    for group in Group::ALL {
        page.control("SS", [group.title()]);
        for spec in OPTIONS.iter().filter(|spec| spec.group == group) {
            page.control("TP", []).text([bold(label(spec).trim_start())]).text([roman(spec.description())]);
        }
    }
    page.control("SH", ["EXIT STATUS"]).text([roman(EXIT_CODES)]);
    page.control("SH", ["FILES"]);
    page.control("TP", []).text([bold("~/.config/bisync/config.toml")]).text([roman("Defaults and pairs.")]);
    page.control("TP", []).text([bold("~/.local/state/bisync")]).text([roman("The listings of the last runs.")]);
    page.control("SH", ["SEE ALSO"]).text([bold("rclone"), roman("(1)")]);
    page.render()
}
