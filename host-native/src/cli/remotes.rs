//! `bisync remotes`.

use bisync_engine::options::Options;

use super::{CliError, in_columns};
use crate::backend::native::Native;
use crate::backend::open::native;
use crate::environment::Environment;
use crate::remote::{Config, Connection, Target};

/// Lists the remotes of rclone's configuration, each with its kind and who serves it.
///
/// # Errors
/// Says why the configuration cannot be read.
pub fn remotes(options: &Options, environment: &Environment) -> Result<String, CliError> {
    let config = Config::of(options, environment)?;
    let always_rclone = options.word("backend") == Some("rclone");
    let remotes = config.remotes();
    let is_served = |name: &str, native: Native| {
        let connection =
            Connection { target: Target::Named(name.to_owned()), options: Vec::new(), path: String::new() };
        config.remote(&connection).is_ok_and(|remote| (native.lacks)(&remote, environment).is_none())
    };
    let rows = remotes.iter().map(|(name, kind)| {
        let served_by = match kind.as_str() {
            "" => "nobody: it has no type",
            "alias" => "what it leads to",
            kind if native(kind).is_some_and(|native| is_served(name, native)) && !always_rclone => "native",
            _ => "rclone",
        };
        [format!("{name}:").into(), kind.into(), served_by.into()]
    });
    Ok(in_columns(&rows.collect::<Vec<_>>()))
}
