//! What can be wrong with a rule, wherever it stands.

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// A rule of `--filter` has no sign.
    #[error("starts with neither `+ ` nor `- `, and is not `!`")]
    Sign,
    /// Only `*` and `**` have a meaning.
    #[error("has more than two `*` in a row")]
    TooManyStars,
    /// A class ends that did not begin.
    #[error("has a `]` without a `[` before it")]
    UnopenedClass,
    /// A class does not end.
    #[error("has a `[` without a `]` after it, or with a `/` between them")]
    UnclosedClass,
    /// A class holds a reversed range, an unknown name or nothing.
    #[error("has a character class that cannot be read")]
    BadClass,
    /// Alternatives do not begin or do not end.
    #[error("has a `{{` or `}}` without its counterpart")]
    Braces,
    /// A regular expression does not end.
    #[error("has a `{{{{` without `}}}}` after it")]
    UnclosedRegexp,
    /// There is nothing to escape.
    #[error("ends with a `\\` that escapes nothing")]
    LoneEscape,
    /// A regular expression cannot be read.
    #[error("is no pattern: {message} (read as the regular expression `{regexp}`)")]
    Regexp {
        /// The whole regular expression that the pattern stands for.
        regexp: String,
        /// What the regular expression engine says.
        message: String,
    },
}
