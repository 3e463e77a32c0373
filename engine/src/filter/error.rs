//! Why a filter cannot be made.

use super::problem::RuleProblem;
use super::source::Origin;

/// Why a filter cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A rule cannot be read.
    #[error("{origin} {problem}")]
    Rule {
        /// The rule and where it stands.
        origin: Origin,
        /// What is wrong with it.
        problem: RuleProblem,
    },
    /// A list of files replaces every other filter, as in rclone.
    #[error("the list of files `{file}` cannot be combined with any other filter")]
    ListWithFilters {
        /// The name of the list.
        file: String,
    },
    /// No file can be both old enough and new enough.
    #[error("`--min-age` is larger than `--max-age`, so that no file is included")]
    Ages,
}
