//! What a host needs to know of the state beyond the conversation: how its blobs are called, and what a journal becomes.

use bisync_engine::session::{forget_commit, keep_run};
use bisync_engine::session_name::StateNames;
use bisync_engine::side::Pair;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use super::written;

/// Some of the names of the blobs of a pair; of two, the first one is that of Path1.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Names<'a> {
    listing: [&'a str; 2],
    old: [&'a str; 2],
    error: [&'a str; 2],
    journal: &'a str,
    journal_new: &'a str,
    metadata: &'a str,
}

/// Returns the names of what is kept of a pair, as JSON.
#[wasm_bindgen(js_name = stateNames)]
pub fn state_names(one: &str, two: &str) -> String {
    let StateNames { listing, old, error, journal, journal_new, metadata, .. } = &StateNames::new(Pair::new(one, two));
    let [listing, old, error] = [listing, old, error].map(|names| [names.one.as_str(), names.two.as_str()]);
    written(&Names { listing, old, error, journal, journal_new, metadata })
}

/// Returns a journal that names the same runs and finishes none.
#[wasm_bindgen(js_name = forgetCommit)]
pub fn forget_the_commit(journal: &[u8]) -> Vec<u8> {
    forget_commit(journal)
}

/// Returns a journal that names a run as well.
#[wasm_bindgen(js_name = keepRun)]
pub fn keep_the_run(journal: &[u8], run: u64) -> Vec<u8> {
    keep_run(journal, run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_state() {
        let names = state_names("/a/", "/b/");
        assert_eq!(
            names,
            "{\"listing\":[\"a..b.path1.lst\",\"a..b.path2.lst\"],\"old\":[\"a..b.path1.lst-old\",\"a..b.path2.lst-old\"],\
             \"error\":[\"a..b.path1.lst-err\",\"a..b.path2.lst-err\"],\"journal\":\"a..b.journal\",\
             \"journalNew\":\"a..b.journal-new\",\"metadata\":\"a..b.metadata\"}"
        );
    }
}
