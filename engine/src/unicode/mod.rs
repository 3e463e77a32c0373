//! The parts of Unicode that the engine needs: which spellings are the same text, and which characters are printable.
//!
//! The tables are those of Unicode's database, written small: a page downloads them with the engine. `tests` writes them, and holds what
//! is made of them against the crates that have the whole database.

mod columns;
mod composed;
mod decomposition;
mod printed;
#[cfg(test)]
mod tests;

pub use composed::composed;
pub use printed::is_printed;
