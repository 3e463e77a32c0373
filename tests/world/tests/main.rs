//! What must hold of the engine, in worlds in memory.

mod crashes;
mod hard_cases;
mod hostile;
mod metadata;
mod plans;
mod properties;
mod scenarios;
