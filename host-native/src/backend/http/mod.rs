//! What all servers have in common that are spoken to over HTTP: the client, what is tried again, and how long is waited.

mod body;
mod client;
mod incoming;
mod retry;
pub mod xml;

pub use body::{BodySender, streamed};
pub use client::{Client, ClientError, builder};
pub use incoming::{Incoming, feed, hexadecimal};
pub use retry::is_temporary;
