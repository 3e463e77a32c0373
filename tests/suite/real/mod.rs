//! The real program on real folders.

mod against_rclone;
mod kill;
mod program;
mod settings;
mod takeover;
mod trouble;
