//! The tests of the whole.

mod hard_cases;
mod hosts;
mod properties;
mod real;
mod scenarios;
