//! What else is known about a path when it is decided.

use crate::filter::Filter;
use crate::options::Settings;
use crate::path::RelPath;
use crate::walk::Blind;

use super::reading::Reading;

/// What does not stand in the row of a path.
pub struct Surroundings<'a> {
    /// What was asked for.
    pub settings: &'a Settings,
    /// The rules for paths.
    pub filter: &'a Filter,
    /// The rows as they come.
    pub reading: &'a Reading,
}

impl Surroundings<'_> {
    /// Says why nothing is known of a path, if that is so.
    pub fn blind_at(&self, path: &RelPath) -> Option<Blind> {
        self.reading.blind_at(path)
    }
}
