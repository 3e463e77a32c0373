//! A scenario for each option, in a function of its name, in the file of its group: each fails when the option is ignored.

use std::fs;
use std::path::Path;

use bisync_engine::options::OPTIONS;

mod backup;
mod compare;
mod conflicts;
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/options");
    let lacks = OPTIONS.iter().filter_map(|spec| {
        let file = format!("{}.rs", spec.group.scenarios());
        let function = format!("\n#[test]\nfn {}() {{", spec.name.replace('-', "_"));
        let text = fs::read_to_string(folder.join(&file)).unwrap_or_default();
        (!text.contains(&function)).then(|| format!("--{} in {file}", spec.name))
    });
    let lacks: Vec<String> = lacks.collect();
    assert!(lacks.is_empty(), "no scenario for {}", lacks.join(", "));
}
