//! The tests of the whole: real folders, servers and terminals, and the engine as a component.

mod backends;
mod circles;
mod hosts;
mod options;
mod real;
