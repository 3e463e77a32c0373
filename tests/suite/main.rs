//! The tests of the whole.

mod crashes;
mod hard_cases;
mod hosts;
mod options;
mod plans;
mod properties;
mod real;
mod scenarios;
