//! What the tests on real folders share.

pub mod real;
