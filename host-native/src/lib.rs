//! The native host of bisync.
