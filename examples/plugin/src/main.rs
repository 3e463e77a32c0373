//! The engine of bisync as a plugin: it runs in a sandbox, and brings two folders in memory in step.
//!
//! `cargo run --manifest-path examples/plugin/Cargo.toml`, after `cargo build --package bisync` has built the component.

mod folder;
mod host;
mod state;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use host::protocol::Instant;
use host::{Host, Limits, Pair, Run};

/// Where the build of bisync leaves the component.
const COMPONENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/guest/bisync_engine.component.wasm");

fn main() -> Result<(), Box<dyn Error>> {
    let host = Host::load(Path::new(COMPONENT))?;
    let mut pair = Pair::default();

    println!("# a first run");
    pair.one.write("list", "tea", 100);
    pair.two.write("shopping", "rice", 100);
    synchronise(&host, &mut pair)?;

    println!("\n# both changed the list, and one renamed the other file");
    pair.one.write("list", "coffee", 200);
    pair.two.write("list", "milk", 300);
    pair.two.rename("shopping", "groceries");
    synchronise(&host, &mut pair)
}

/// Runs once and prints what is said, and what there is afterwards.
fn synchronise(host: &Host, pair: &mut Pair) -> Result<(), Box<dyn Error>> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = Instant { seconds: since_1970.as_secs() as i64, nanoseconds: since_1970.subsec_nanos() };
    // The standard library seeds every hasher at random.
    let run = Run { now, number: RandomState::new().build_hasher().finish() };
    let outcome = host.run(pair, &[], Limits::default(), run, |event| {
        println!("- {}: {}", event.path.as_deref().unwrap_or("run"), event.text);
    })?;
    println!("{}", outcome.headline);
    println!("Path1: {:?}\nPath2: {:?}", pair.one.contents(), pair.two.contents());
    Ok(())
}
