//! The tests of the whole.

mod backends;
mod crashes;
mod hard_cases;
mod hostile;
mod hosts;
mod metadata;
mod options;
mod plans;
mod properties;
mod real;
mod scenarios;
