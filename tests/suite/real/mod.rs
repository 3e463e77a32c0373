//! The real program on real folders.

mod against_rclone;
mod breaking_off;
mod broken;
mod busy;
mod commands;
mod dying;
mod kill;
mod logins;
mod machines;
mod on_remotes;
mod program;
mod remotes;
mod settings;
mod takeover;
mod times_on_s3;
mod trouble;
