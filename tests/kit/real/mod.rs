//! What the tests on real folders share: folders, edits, programs, and random cases.

pub mod cases;
pub mod differences;
pub mod disk;
pub mod edits;
pub mod flags;
pub mod folders;
pub mod home;
pub mod interposed;
pub mod placing;
pub mod processes;
pub mod program;
pub mod proxy;
pub mod request;
pub mod servers;
pub mod terminal;
pub mod watched;
