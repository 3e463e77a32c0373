//! The tests of the whole.

mod hard_cases;
mod hosts;
mod options;
mod properties;
mod real;
mod scenarios;
