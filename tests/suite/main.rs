//! The tests of the whole.

mod properties;
mod real;
mod scenarios;
