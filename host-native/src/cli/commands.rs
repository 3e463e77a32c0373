//! What the program does besides keeping two paths in step.

/// A command: the first word that is no option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Lists the named pairs.
    Pairs,
}

impl Word {
    /// All commands, in the order in which help shows them.
    pub const ALL: [Self; 1] = [Self::Pairs];

    /// Returns the command of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pairs => "pairs",
        }
    }
}
