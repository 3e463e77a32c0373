//! The pure engine of bisync: it decides everything and does nothing.
//!
//! This crate performs no I/O: it reads no clock, no environment and no random source, it starts no thread and it has no
//! `unsafe`. Listings go in as data, and out come requests, which a host carries out and answers.
//!
//! [`session::Session`] is the only type with state. A host drives it with one loop:
//!
//! ```
//! use bisync_engine::protocol::{Capabilities, Reply, Verb};
//! use bisync_engine::session::{Opening, Session};
//! use bisync_engine::side::Pair;
//!
//! let opening = Opening {
//!     options: vec![("dry-run".into(), "true".into())],
//!     paths: Pair::new("one/".into(), "two/".into()),
//!     capabilities: Pair::from_fn(|_| Capabilities::default()),
//!     now: bisync_engine::entry::Instant { seconds: 0, nanoseconds: 0 },
//!     utc_offset_seconds: 0,
//!     run: 1,
//!     plan: None,
//! };
//! let mut session = Session::open(opening)?;
//! let outcome = loop {
//!     let turn = session.turn();
//!     if let Some(outcome) = turn.outcome {
//!         break outcome;
//!     }
//!     for request in turn.requests {
//!         // Two empty sides, and nothing in the state store.
//!         let reply = match request.verb {
//!             Verb::ListDirectory { .. } => Reply::Page { items: Vec::new(), last: true },
//!             Verb::ReadState { .. } => Reply::State(None),
//!             _ => Reply::Done(None),
//!         };
//!         session.supply(request.id, reply)?;
//!     }
//! };
//! assert_eq!(outcome.headline, "Dry run: nothing to do. Nothing was changed.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod calendar;
pub mod compare;
pub mod conflict;
pub mod decide;
pub mod delta;
pub mod entry;
pub mod event;
pub mod filter;
pub mod go_time;
pub mod item;
pub mod json;
pub mod link_name;
pub mod listing;
pub mod merge;
pub mod metadata;
pub mod moves;
pub mod names;
mod numbered;
pub mod options;
pub mod outcome;
pub mod path;
mod path_map;
pub mod plan;
pub mod protocol;
pub mod pull;
pub mod reserved;
pub mod safety;
pub mod session;
pub mod session_name;
pub mod side;
mod sorting;
pub mod spelling;
pub mod suffix;
pub mod temporary;
mod unicode;
pub mod walk;
