//! The real program on real folders.

mod against_rclone;
mod busy;
mod commands;
mod kill;
mod on_remotes;
mod program;
mod remotes;
mod settings;
mod takeover;
mod trouble;
