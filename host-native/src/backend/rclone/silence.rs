//! Calls that get no answer.

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// The connection could not be made, or broke off.
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
    /// It is there, and answers nothing.
    #[error("it hangs")]
    Hangs,
}

impl Silence {
    /// Says whether what was asked for has not begun.
    pub fn is_before_it_began(&self) -> bool {
        match self {
            Self::Broken(error) => error.is_connect(),
            Self::Hangs => false,
        }
    }
}
