//! What all servers have in common that are spoken to over HTTP: the client, what is tried again, how long is waited, and what is shown of it.

mod body;
mod client;
mod dump;
mod incoming;
mod ranges;
mod retry;
pub mod xml;

pub use body::{BodySender, streamed};
pub use client::{Client, ClientError, builder};
pub use dump::Dump;
pub use incoming::{Incoming, feed, hexadecimal};
pub use ranges::{RANGE, Ranges};
pub use retry::{Tries, is_temporary, is_waited_for};
