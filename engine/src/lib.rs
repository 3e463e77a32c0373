//! The pure engine of bisync: it decides everything and does nothing.
//!
//! This crate performs no I/O: it reads no clock, no environment and no random source, it starts no thread and it has no
//! `unsafe`. Listings go in as data, and out come requests, which a host carries out and answers.

pub mod entry;
pub mod event;
pub mod outcome;
pub mod path;
pub mod protocol;
pub mod session;
pub mod side;
