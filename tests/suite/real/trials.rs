//! A story on servers that is broken off in the middle: what both sides hold before, and what must hold after.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bisync_engine::side::{Pair, Side};
use bisync_tests::real::edits::{Edit, folder};
use bisync_tests::real::folders::{Tree, copy_tree, read_tree};
use bisync_tests::real::placing::{Place, Placing, Servers};
use bisync_tests::real::servers::Protocol;
use bisync_world::random::Random;
use tempfile::TempDir;

use super::breaking_off::{
    both_sides, check, check_in_step, check_nothing_is_half_done, check_nothing_is_lost, edits, first_edits,
    is_of_a_server, run_to_success, side,
};

/// Two homes with the same edits before a run: one is to be met by what breaks, in the other all went well.
pub(super) struct Trial {
    pub(super) broken: PathBuf,
    whole: PathBuf,
    placing: Placing,
    known: Tree,
    /// How long the run took in which all went well.
    pub(super) run_time: Duration,
    _home: TempDir,
}

/// Returns how both sides are written where they are reached by these connections; those without one are in the home itself.
pub(super) fn sides(connections: Pair<Option<String>>) -> Pair<String> {
    Pair::from_fn(|side| match &connections[side] {
        Some(connection) => format!("{connection}:{}", folder(side)),
        None => folder(side).to_owned(),
    })
}

/// Returns how both sides are written where nothing is between them and their servers.
pub(super) fn straight(servers: &Servers) -> Pair<String> {
    sides(Pair::from_fn(|side| Some(servers.server(side)?.connection().to_owned())))
}

impl Trial {
    /// Makes what is there before something breaks; `None` where a server cannot run.
    pub(super) fn begin(rclone: &Path, placing: Placing, random: &mut Random) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let [broken, whole] = ["broken", "whole"].map(|name| home.path().join(name));
        for folder in Side::BOTH.map(folder) {
            fs::create_dir_all(broken.join(folder)).unwrap();
        }
        first_edits(random).into_iter().for_each(|edit| in_whole_seconds(edit).apply(&broken));
        // Some first runs meet what breaks, some later ones.
        if !random.once_in(3) {
            run_well(rclone, placing, &broken)?;
            edits(random).iter().for_each(|edit| edit.apply(&broken));
        }
        let known = both_sides(&broken);
        copy_tree(&broken, &whole);
        let begin = Instant::now();
        run_well(rclone, placing, &whole)?;
        Some(Self { broken, whole, placing, known, run_time: begin.elapsed(), _home: home })
    }

    /// Starts the servers that the run is to meet.
    pub(super) fn serve(&self, rclone: &Path) -> Servers {
        serve(rclone, self.placing, &self.broken).unwrap()
    }

    /// Whatever the moment: no file is half written, and no content is lost.
    pub(super) fn check_nothing_is_half_done(&self, servers: &Servers) {
        check_nothing_is_half_done(&self.known, &self.there(servers), &side(&self.whole, Side::One));
    }

    /// Whatever the moment: no content is lost.
    pub(super) fn check_nothing_is_lost(&self, servers: &Servers) {
        check_nothing_is_lost(&self.there(servers), &side(&self.whole, Side::One));
    }

    fn there(&self, servers: &Servers) -> Tree {
        bring_out(servers);
        both_sides(&self.broken)
    }

    /// Runs, now that nothing breaks, until both sides are in step, and compares them with what a whole run leaves.
    pub(super) fn check_end(&self, servers: &Servers, sides: &Pair<String>) {
        self.check_in_step(servers, sides);
        check(&self.broken, &self.whole, self.keeps_times());
    }

    /// Runs, now that nothing breaks, until both sides are in step and hold all that a whole run leaves.
    pub(super) fn check_in_step(&self, servers: &Servers, sides: &Pair<String>) {
        run_to_success(&self.broken, [&sides.one, &sides.two]);
        bring_out(servers);
        check_in_step(&self.broken, &self.whole, self.keeps_times());
        for side in Side::BOTH.into_iter().filter(|side| self.placing.places[*side] == Place::Here) {
            let tree = read_tree(&self.broken.join(folder(side)));
            assert_eq!(tree.keys().find(|path| is_of_a_server(path)), None, "what a server has for itself came over");
        }
    }

    fn keeps_times(&self) -> bool {
        !self.placing.is_on(&[Protocol::Apache])
    }
}

fn serve(rclone: &Path, placing: Placing, home: &Path) -> Option<Servers> {
    // By its port it is another server: whose listings are there is forgotten.
    for entry in fs::read_dir(home.join("work")).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "pair") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    placing.serve(rclone, home)
}

fn run_well(rclone: &Path, placing: Placing, home: &Path) -> Option<()> {
    let servers = serve(rclone, placing, home)?;
    let sides = straight(&servers);
    run_to_success(home, [&sides.one, &sides.two]);
    bring_out(&servers);
    Some(())
}

fn bring_out(servers: &Servers) {
    Side::BOTH.into_iter().for_each(|side| servers.bring_out(side, folder(side)));
}

/// Changes an edit to one whose time every server keeps that keeps times.
fn in_whole_seconds(mut edit: Edit) -> Edit {
    if let Edit::Write(.., time) = &mut edit {
        time.1 = 0;
    }
    edit
}
