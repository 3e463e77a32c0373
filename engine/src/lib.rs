//! The pure engine of bisync: it decides everything and does nothing.
//!
//! This crate performs no I/O: it reads no clock, no environment and no random source, it starts no thread and it has no
//! `unsafe`. Listings go in as data, and out come requests, which a host carries out and answers.

pub mod calendar;
pub mod compare;
pub mod conflict;
pub mod decide;
pub mod delta;
pub mod entry;
pub mod event;
pub mod filter;
pub mod go_time;
pub mod listing;
pub mod merge;
pub mod moves;
pub mod names;
pub mod options;
pub mod outcome;
pub mod path;
pub mod plan;
pub mod protocol;
pub mod pull;
pub mod safety;
pub mod session;
pub mod session_name;
pub mod side;
pub mod suffix;
pub mod temporary;
pub mod walk;
