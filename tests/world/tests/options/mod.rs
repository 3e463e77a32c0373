//! A scenario for each option that the engine carries out, in a function of its name, in the file of its group: each fails when the
//! option is ignored. Those that a host carries out are in `tests/suite/options`, whose test looks for all of them.

mod backup;
mod compare;
mod conflicts;
mod filter;
mod names;
mod recovery;
mod run;
mod safety;
mod transfer;
