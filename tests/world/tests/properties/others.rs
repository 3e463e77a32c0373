//! Others are at work: between listing and action, at the same hub, on a side that cannot tell names apart.

use std::collections::BTreeSet;

use bisync_engine::protocol::{Expect, Verb};
use bisync_engine::side::{Pair, Side};
use bisync_world::host::{run, run_by, show};
use bisync_world::nature::Nature;
use bisync_world::random::Random;
use bisync_world::schedule::Schedule;
use bisync_world::trees::{Contents, NAMES, edit};
use bisync_world::world::{Tree, World};

use super::{FORCE, all_contents, run_ok, seeds, world_in_step};

/// P15: what somebody writes at the very place of an action, just before it, is still there.
#[test]
fn p15_what_somebody_else_writes_in_between_survives() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut world = world_in_step(&mut random, seed, FORCE);
        let mut contents = Contents::New(100);
        for side in Side::BOTH {
            (0..4).for_each(|_| edit(&mut world, side, &mut random, &NAMES[..8], &mut contents));
        }
        let mut written = BTreeSet::new();
        let mut intrude = |world: &mut World, verb: &Verb| {
            let Some((side, path)) = place(verb).filter(|_| random.once_in(3)) else { return };
            let tree = &world.sides[side];
            let is_blocked = path.match_indices('/').any(|(end, _)| tree.files.contains_key(&path[..end]));
            if is_blocked || tree.directories.contains(path) {
                return;
            }
            // Somebody who overwrites what they themselves wrote loses it.
            if let Some(file) = tree.files.get(path) {
                written.remove(&file.content);
            }
            let content = format!("by somebody else {}", written.len() + 1000 * path.len());
            world.write(side, path, &content);
            written.insert(content);
        };
        let mut schedule = Schedule::plain(seed, usize::MAX);
        schedule.intruder = Some(&mut intrude);
        run_by(&mut world, FORCE, &mut schedule).unwrap();
        let kept = all_contents(&world);
        assert!(written.is_subset(&kept), "seed {seed}: {:?}\n{}", written.difference(&kept), show(&world));
        run_ok(&mut world, FORCE, seed);
        let kept = all_contents(&world);
        assert!(written.is_subset(&kept), "seed {seed}: {:?}\n{}", written.difference(&kept), show(&world));
        assert_eq!(world.contents(Side::One), world.contents(Side::Two), "seed {seed}");
    }
}

/// Where an action replaces or deletes something, or puts something.
fn place(verb: &Verb) -> Option<(Side, &str)> {
    match verb {
        Verb::CopyFile(copy) => match copy.expect {
            Expect::Absent | Expect::Exactly(_) => Some((copy.from.other(), copy.target.as_str())),
        },
        Verb::MoveFile(moved) => Some((moved.side, moved.target.as_str())),
        Verb::DeleteFile { side, path, .. } | Verb::SetTime { side, path, .. } => Some((*side, path.as_str())),
        _ => None,
    }
}

/// P22: names that a side cannot tell apart are reported, never overwritten, and what is done about them ends.
#[test]
fn p22_names_that_collide_lose_nothing_and_come_to_rest() {
    let names = ["A", "a", "b", "B", "caf\u{e9}", "cafe\u{301}", "d/x", "D/x", "d/X", "D/y", "caf\u{e9}/z", "n"];
    for seed in seeds() {
        let mut random = Random::new(seed);
        let folding = Nature { ignores_case: random.once_in(2), decomposes: random.once_in(2), ..Nature::default() };
        let mut world = World { natures: Pair::new(Nature::default(), folding), ..World::default() };
        let mut number = 0;
        for round in 0..3 {
            for side in Side::BOTH {
                for _ in 0..random.below(4) {
                    let path = *random.pick(&names);
                    let spelled = world.spelled(side, path);
                    let tree = &world.sides[side];
                    let is_free = !tree.files.contains_key(&spelled) && !tree.directories.contains(&spelled);
                    let is_blocked =
                        spelled.match_indices('/').any(|(end, _)| tree.files.contains_key(&spelled[..end]));
                    if is_free && !is_blocked {
                        number += 1;
                        world.write(side, path, &format!("{number}"));
                    }
                }
            }
            let written: BTreeSet<String> = (1..=number).map(|number: usize| number.to_string()).collect();
            let text = show(&world);
            for again in 0..4 {
                let run = run(&mut world, FORCE, seed + again).unwrap();
                let kept = all_contents(&world);
                assert!(written.is_subset(&kept), "seed {seed} {round}\n{text}\nnow\n{}", show(&world));
                let counts = run.outcome.counts.map(|counts| counts.copied + counts.deleted + counts.moved);
                assert!(again < 3 || counts == Pair::new(0, 0), "seed {seed}: no rest\n{text}\nnow\n{}", show(&world));
                // What is not in step was said.
                let same = world.contents(Side::One).len() == world.contents(Side::Two).len();
                assert!(same || run.outcome.exit_code == 1, "seed {seed}: not reported\n{text}\nnow\n{}", show(&world));
            }
        }
    }
}

/// P23, P24: clients that share a hub, some of which run while another does, agree after few rounds, and nothing is lost.
#[test]
fn p23_p24_clients_of_one_hub_agree() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let mut clients = vec![World::default(); 2 + random.below(2)];
        let (mut hub, mut clock) = (Tree::default(), 0);
        let mut contents = Contents::New(0);
        for _ in 0..3 {
            for client in &mut clients {
                for _ in 0..random.below(3) {
                    client.clock = clock;
                    edit(client, Side::One, &mut random, &NAMES[..6], &mut contents);
                    clock = client.clock;
                }
            }
            let first = random.below(clients.len());
            let (mut one, mut two) = (clients[first].clone(), clients[(first + 1) % clients.len()].clone());
            let at = random.below(40);
            let (mut count, number) = (0, random.number());
            // The other client's whole run takes place at some point of this one.
            let mut intrude = |world: &mut World, _: &Verb| {
                count += 1;
                if count == at {
                    two.sides.two = world.sides.two.clone();
                    run(&mut two, FORCE, number).unwrap();
                    world.sides.two = two.sides.two.clone();
                }
            };
            one.sides.two = hub;
            let mut schedule = Schedule::plain(seed, usize::MAX);
            schedule.intruder = Some(&mut intrude);
            run_by(&mut one, FORCE, &mut schedule).unwrap();
            hub = one.sides.two.clone();
            let second = (first + 1) % clients.len();
            (clients[first], clients[second]) = (one, two);
        }
        let there = |clients: &[World], hub: &Tree| {
            let mut all: BTreeSet<String> =
                clients.iter().flat_map(|client| client.contents(Side::One).into_values()).collect();
            all.extend(hub.files.values().map(|file| file.content.clone()));
            all
        };
        let before = there(&clients, &hub);
        // Every client knows of every other after two rounds; a third lets conflicts come to rest.
        for round in 0..3 {
            for client in &mut clients {
                client.sides.two = hub;
                run_ok(client, FORCE, seed + round);
                hub = client.sides.two.clone();
            }
        }
        for client in &clients {
            assert_eq!(client.contents(Side::One), clients[0].contents(Side::One), "seed {seed}");
        }
        assert!(there(&clients, &hub).is_subset(&before), "seed {seed}");
    }
}
