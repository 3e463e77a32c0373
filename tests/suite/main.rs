//! The tests of the whole.

mod properties;
mod scenarios;
