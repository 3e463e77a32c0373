//! A scenario for each option, in a function of its name, in the file of its group: each fails when the option is ignored.

mod backup;
mod compare;
mod conflicts;
mod filter;
mod names;
mod output;
mod recovery;
mod run;
mod safety;
mod transfer;
