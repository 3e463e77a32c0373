//! Scenarios written down for hosts in other languages: what a run found, and the plan that the engine makes of it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bisync_engine::session::{PlanUse, Session};
use bisync_engine::session_name::PLAN;
use bisync_engine::side::Side;
use serde_json::{Value, json};

use crate::host::{converse, opening, options};
use crate::random::Random;
use crate::world::{File, World};

/// Writes a file named after the test into `folder`, for the run that is about to begin.
pub fn record(folder: &Path, world: &World, text: &str, seed: u64) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{} {count}", thread::current().name().unwrap_or("main").replace("::", " "));
    let mut planned = world.clone();
    let mut opening = opening(options(text), world, Random::new(seed).number());
    opening.plan = Some(PlanUse::Write { roots: opening.paths.clone() });
    let mut found = json!({
        "options": options(text),
        "now": opening.now.seconds,
        "run": opening.run.to_string(),
        "path1": side(world, Side::One),
        "path2": side(world, Side::Two),
        "state": world.state.iter().map(|(name, blob)| json!([name, blob])).collect::<Vec<_>>(),
    });
    found["expected"] = match Session::open(opening) {
        Err(refused) => json!({ "refused": refused.to_string() }),
        Ok(mut session) => {
            let Some(run) = converse(&mut session, &mut planned, seed, usize::MAX) else { return };
            let plan = planned.state.get(PLAN).map(|plan| String::from_utf8_lossy(plan).into_owned());
            json!({ "exitCode": run.outcome.exit_code, "headline": run.outcome.headline, "plan": plan.unwrap_or_default() })
        }
    };
    fs::write(folder.join(format!("{name}.json")), found.to_string()).unwrap();
}

fn side(world: &World, side: Side) -> Value {
    let (nature, tree) = (&world.natures[side], &world.sides[side]);
    let file = |(path, file): (&String, &File)| {
        let found = nature.fingerprint(file, true);
        json!({
            "path": path,
            "content": file.content,
            "size": found.size,
            "modified": found.modified,
            "hash": found.hash.map(|hash| hash.as_str().to_owned()),
            "id": file.id,
        })
    };
    json!({
        "timePrecisionNs": nature.precision_ns,
        "setsTime": nature.sets_time,
        "hasHashes": nature.has_hashes,
        "ignoresCase": nature.ignores_case,
        "decomposes": nature.decomposes,
        "files": tree.files.iter().map(file).collect::<Vec<_>>(),
        "directories": tree.directories,
        "links": tree.links,
        "broken": world.broken[side],
    })
}
