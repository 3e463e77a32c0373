//! Which seeds are tried.

use std::ops::Range;

/// Reads which seeds to try from a variable: `100` for the first hundred, `17..18` for a single one.
///
/// # Panics
/// When the variable holds something else.
pub fn seeds(variable: &str, number: u64) -> Range<u64> {
    let Ok(text) = std::env::var(variable) else { return 0..number };
    let parse =
        |text: &str| text.parse().unwrap_or_else(|_| panic!("{variable} cannot be `{text}`: try `100` or `17..18`"));
    match text.split_once("..") {
        Some((first, end)) => parse(first)..parse(end),
        None => 0..parse(&text),
    }
}
