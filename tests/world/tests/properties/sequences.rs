//! Many runs, of which most go wrong, between edits of all kinds: over the whole of them nothing is lost, and nothing rises again.

use std::collections::BTreeSet;

use bisync_engine::entry::Fingerprint;
use bisync_engine::protocol::Verb;
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{run, run_by, show};
use bisync_world::model::files;
use bisync_world::nature::Nature;
use bisync_world::random::Random;
use bisync_world::schedule::Schedule;
use bisync_world::trees::{Contents, NAMES, edit};
use bisync_world::world::World;

use super::seeds;

/// After the last fault so many runs may be needed until there is nothing to do.
const RUNS: usize = 3;

const OPTIONS: [&str; 9] = [
    "--force",
    "--force --create-empty-src-dirs",
    "--force --conflict-resolve=newer",
    "--force --remove-empty-dirs --check-first",
    "--force --conflict-loser=pathname --conflict-resolve=path1",
    "--force --inplace",
    "--force --inplace --conflict-resolve=older --check-first",
    "--force --max-backlog=2",
    "--force --conflict-suffix=mine,yours",
];

/// A person's knowledge of what there must be.
#[derive(Debug, Default)]
struct Memory {
    /// Written once, and never since overwritten or deleted by anybody.
    alive: BTreeSet<String>,
    /// What a side deleted or overwrote since all was quiet.
    deleted: Pair<BTreeSet<String>>,
    /// What was moved, written or deleted on a side since then.
    touched: Pair<BTreeSet<String>>,
    contents: Option<Contents>,
    /// What happened, for the reader of a failure.
    log: String,
}

impl Memory {
    fn edit(&mut self, world: &mut World, side: Side, random: &mut Random) {
        let before = files(world)[side].clone();
        let mut contents = self.contents.take().unwrap_or(Contents::New(100));
        world.clock += 3;
        edit(world, side, random, &NAMES, &mut contents);
        self.contents = Some(contents);
        let after = files(world)[side].clone();
        let differ = before.iter().filter(|(path, content)| after.get(*path) != Some(content));
        let gone: BTreeSet<String> = differ.map(|(_, (content, _))| content.clone()).collect();
        let come = after.iter().filter(|(path, content)| before.get(*path) != Some(content));
        let come: BTreeSet<String> = come.map(|(_, (content, _))| content.clone()).collect();
        if !gone.is_empty() || !come.is_empty() {
            self.log.push_str(&format!("{side}: {gone:?} goes, {come:?} comes\n"));
        }
        let kept: BTreeSet<&String> = after.values().map(|(content, _)| content).collect();
        for content in &come {
            if !gone.contains(content) {
                self.alive.insert(content.clone());
            }
        }
        for content in gone.iter().filter(|content| !come.contains(*content)) {
            self.alive.remove(content);
            if !kept.contains(content) && !self.touched[side].contains(content) {
                self.deleted[side].insert(content.clone());
            }
        }
        self.forget_what_is_back(world, side, &gone, &come);
        self.touched[side].extend(gone.into_iter().chain(come));
    }

    /// A file that was moved back to where the listing still has it is the version of the last run, as if it had never been
    /// away: when the other side replaces that version, it goes.
    fn forget_what_is_back(&mut self, world: &World, side: Side, gone: &BTreeSet<String>, come: &BTreeSet<String>) {
        if gone.is_disjoint(come) {
            return;
        }
        let listed = super::listed(world, side);
        for (path, file) in &world.sides[side].files {
            let is_back = |version: &Fingerprint| version.is_still(&world.natures[side].fingerprint(file, false));
            if come.contains(&file.content) && listed.get(path).is_some_and(is_back) {
                self.alive.remove(&file.content);
            }
        }
    }

    /// All is quiet: what one side deleted and the other left alone is to be gone, once it is quiet again.
    fn begin(&mut self) {
        self.deleted = Pair::default();
        self.touched = Pair::default();
    }

    fn doomed(&self) -> BTreeSet<String> {
        let of = |side: Side| self.deleted[side].difference(&self.touched[side.other()]).cloned();
        Side::BOTH.into_iter().flat_map(of).collect()
    }

    #[track_caller]
    fn check_nothing_is_lost(&self, world: &World, seed: u64) {
        let there: BTreeSet<String> = Side::BOTH.iter().flat_map(|side| world.contents(*side).into_values()).collect();
        let lost: Vec<_> = self.alive.difference(&there).collect();
        assert!(lost.is_empty(), "seed {seed}: lost {lost:?}\n{}\nnow\n{}", self.log, show(world));
    }
}

/// P4, P5, P6, P11, P16, P17 over sequences of runs with faults, crashes and somebody else at work.
#[test]
fn p4_p5_p6_p11_p16_p17_hold_over_many_runs() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = World::default();
        let mut memory = Memory::default();
        if random.once_in(2) {
            world.natures = Pair::from_fn(|_| Nature::random(&mut random));
            memory.contents = Some(Contents::NewSize(0));
        }
        let options = *random.pick(&OPTIONS);
        memory.log = format!("{options} {:?}\n", world.natures);
        // What both sides have not agreed on yet may rise again.
        let mut has_base = false;
        for step in 0..4 + random.below(10) {
            for side in Side::BOTH {
                (0..random.below(4)).for_each(|_| memory.edit(&mut world, side, &mut random));
            }
            if random.once_in(8) {
                world.clock += *random.pick(&[1_000_000, -100_000]) + 2 * step as i64;
            }
            memory.log.push_str(&format!("step {step}\n{}", show(&world)));
            if random.once_in(4) {
                settle(&mut world, options, seed, &memory.log);
                memory.check_nothing_is_lost(&world, seed);
                if has_base {
                    check_nothing_rose(&memory, &world, seed);
                }
                memory.begin();
                has_base = true;
                continue;
            }
            go_wrong(&mut world, &mut memory, &mut random, options);
            memory.check_nothing_is_lost(&world, seed);
        }
        memory.log.push_str(&format!("at last\n{}", show(&world)));
        settle(&mut world, options, seed, &memory.log);
        memory.check_nothing_is_lost(&world, seed);
        if has_base {
            check_nothing_rose(&memory, &world, seed);
        }
    }
}

/// A run in which anything may happen.
fn go_wrong(world: &mut World, memory: &mut Memory, random: &mut Random, options: &str) {
    let mut schedule = Schedule::random(random.number(), &NAMES);
    memory.log.push_str(&format!("{:?} {:?}\n", schedule.faults, schedule.death));
    let mut stranger = Random::new(random.number());
    let often = if stranger.once_in(3) { 15 } else { usize::MAX };
    let mut intrude = |world: &mut World, _: &Verb| {
        if stranger.once_in(often) {
            let side = *stranger.pick(&Side::BOTH);
            memory.edit(world, side, &mut stranger);
            // What somebody wrote is known to be on the disk, and all that was before it.
            world.watch_power();
        }
    };
    schedule.intruder = Some(&mut intrude);
    world.watch_power();
    let run = run_by(world, options, &mut schedule).unwrap();
    world.unflushed = None;
    let said = run.map(|run| (run.outcome.headline, run.events));
    for event in said.iter().flat_map(|(_, events)| events) {
        memory.log.push_str(&format!("    {:?}: {}\n", event.path, event.text));
    }
    memory.log.push_str(&format!("{:?}\n", said.map(|(headline, _)| headline)));
    super::check_base(world, 0, &memory.log);
}

/// Quiet runs until there is nothing to do: within the bound, both sides agree, and both listings say what both sides have.
fn settle(world: &mut World, options: &str, seed: u64, log: &str) {
    for number in 0.. {
        let run = run(world, options, seed + number).unwrap();
        assert_eq!(
            run.outcome.exit_code,
            0,
            "seed {seed}: {:?}\n{log}\nnow\n{}{:?}",
            run.outcome,
            show(world),
            world.sides
        );
        let counts = run.outcome.counts.map(|counts| {
            counts.copied
                + counts.deleted
                + counts.moved
                + counts.touched
                + counts.directories_made
                + counts.directories_removed
        });
        if counts == Pair::new(0, 0) {
            break;
        }
        assert!(number < RUNS as u64, "seed {seed}: no end: {}\n{log}\nnow\n{}", run.outcome.headline, show(world));
    }
    assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}\n{log}");
    super::check_base(world, seed, log);
    for side in Side::BOTH {
        let listed: Vec<String> = super::listed(world, side).into_keys().collect();
        let there: Vec<String> = world.contents(side).into_keys().collect();
        assert_eq!(listed, there, "seed {seed}: the listing of {side}\n{log}");
    }
}

fn check_nothing_rose(memory: &Memory, world: &World, seed: u64) {
    let there: BTreeSet<String> = Side::BOTH.iter().flat_map(|side| world.contents(*side).into_values()).collect();
    let risen: Vec<_> = memory.doomed().into_iter().filter(|content| there.contains(content)).collect();
    assert!(risen.is_empty(), "seed {seed}: {risen:?} rose again\n{}\nnow\n{}", memory.log, show(world));
}
