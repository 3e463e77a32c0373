//! The real program on real folders.

mod against_rclone;
mod backups;
mod breaking_off;
mod broken;
mod busy;
mod commands;
mod configured;
mod dying;
mod followed;
mod gone;
mod in_place;
mod kill;
mod logins;
mod machines;
mod on_remotes;
mod pairs;
mod program;
mod remotes;
mod restarted;
mod secrets;
mod settings;
mod strange_names;
mod takeover;
mod times_on_s3;
mod trials;
mod trouble;
