//! What must hold of the engine, in worlds in memory.

mod crashes;
mod first_runs;
mod hard_cases;
mod hostile;
mod in_place;
mod metadata;
mod options;
mod plans;
mod properties;
mod scenarios;
