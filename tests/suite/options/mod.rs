//! A scenario for each option that a host carries out, in a function of its name, in the file of its group: each fails when the option
//! is ignored. Those of the engine are in `tests/world/tests/options`.

use std::fs;
use std::path::Path;

use bisync_engine::options::OPTIONS;

mod filter;
mod names;
mod output;
mod recovery;
mod remotes;
mod run;
mod safety;
mod transfer;

#[test]
fn every_option_has_a_scenario() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lacks = OPTIONS.iter().filter_map(|spec| {
        let file = format!("{}.rs", spec.group.scenarios());
        let function = format!("\n#[test]\nfn {}() {{", spec.name.replace('-', "_"));
        let contains =
            |folder| fs::read_to_string(tests.join(folder).join(&file)).is_ok_and(|text| text.contains(&function));
        let is_there = ["suite/options", "world/tests/options"].into_iter().any(contains);
        (!is_there).then(|| format!("--{} in {file}", spec.name))
    });
    let lacks: Vec<String> = lacks.collect();
    assert!(lacks.is_empty(), "no scenario for {}", lacks.join(", "));
}
