//! A world in memory, in which the engine runs as with any host: all that goes wrong there goes wrong as a seed says.

pub mod durability;
pub mod host;
pub mod model;
pub mod nature;
pub mod random;
pub mod record;
pub mod scenario;
pub mod schedule;
pub mod seeds;
pub mod trees;
pub mod world;
