//! The tests of the whole.

mod hosts;
mod properties;
mod real;
mod scenarios;
