//! What becomes of symbolic links.

use super::{Options, OptionsError};

/// What becomes of symbolic links. A host shows them to the engine accordingly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    /// They take no part.
    #[default]
    Skip,
    /// They take part as files of the name with `.rclonelink`, as in rclone; what they lead to is the content.
    Translate,
    /// What they lead to takes part in their place.
    Follow,
}

impl Links {
    /// Says what the options want.
    ///
    /// # Errors
    /// Fails when they want both to keep links and to follow them.
    pub fn of(options: &Options) -> Result<Self, OptionsError> {
        match (options.flag("links"), options.flag("copy-links")) {
            (true, true) => {
                let problem = "`--links` keeps links as links".to_owned();
                Err(OptionsError::Contradiction { option: "copy-links", problem })
            }
            (true, false) => Ok(Self::Translate),
            (false, true) => Ok(Self::Follow),
            (false, false) => Ok(Self::Skip),
        }
    }
}
