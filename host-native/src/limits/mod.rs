//! What limits how fast content is copied, and how long.

mod pace;
mod passage;

pub use passage::{FilePassage, Passage};
