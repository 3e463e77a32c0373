//! The common part of all servers reached over HTTP: the client, retries, pauses, and `--dump headers`.

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
