//! What limits how fast content is copied and requests are made, and how long.

mod pace;
mod passage;
mod requests;

pub use passage::{FilePassage, Held, Passage};
pub use requests::Requests;
