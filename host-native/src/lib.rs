//! The native host of bisync.

pub mod backend;
