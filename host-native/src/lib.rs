//! The native host of bisync.

pub mod backend;
pub mod cli;
pub mod component;
pub mod driver;
pub mod environment;
mod errno;
pub mod failure;
pub mod limits;
pub mod lock;
pub mod paths;
pub mod remote;
pub mod report;
pub mod run;
pub mod shared;
pub mod state;
pub mod watch;
