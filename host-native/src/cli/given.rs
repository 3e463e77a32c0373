//! What becomes of the values that were given.

use std::io::{self, Read};

use bisync_engine::options::Options;

use super::error::CliError;
use super::origin::Given;

/// Reads the files that options name and checks all values: the result is what the engine takes.
///
/// # Errors
/// Says what is wrong with the first wrong value, and where it was given.
pub fn check(given: &[Given]) -> Result<Vec<(String, String)>, CliError> {
    given.iter().map(|given| checked(given).map_err(|error| error.given_at(&given.origin))).collect()
}

fn checked(given: &Given) -> Result<(String, String), CliError> {
    let Given { spec, value, .. } = given;
    // Elsewhere nothing is as good as not given; here it would make a run of what is to change nothing.
    if spec.name == "plan-out" && value.is_empty() {
        return Err(CliError::NoValue { name: spec.name, value_name: "FILE" });
    }
    // The engine opens no files: it takes the name, a line feed and the content.
    let text = if spec.kind.is_file() {
        let content = if value == "-" { io::read_to_string(io::stdin().lock()) } else { read_text(value) };
        let content = content.map_err(|error| CliError::File { option: spec.name, name: value.clone(), error })?;
        format!("{value}\n{content}")
    } else {
        value.clone()
    };
    let option = [(spec.name.to_owned(), text)];
    Options::parse(&option)?;
    let [option] = option;
    Ok(option)
}

fn read_text(name: &str) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(name)?.read_to_string(&mut text)?;
    // Some editors begin a file with a mark, which is no part of its first rule.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}
