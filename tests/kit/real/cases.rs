//! Random cases: flags, and rounds of edits and runs.

use bisync_engine::side::Side;

use super::differences::Avoided;
use super::edits::{Edit, Time};
use super::flags::Flags;
use bisync_world::random::Random;

/// Some edits, then a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// What is done first.
    pub edits: Vec<Edit>,
    /// Flags of this run alone.
    pub flags: Vec<String>,
}

/// What both programs go through. The first round runs with [`Flags::resync`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Flags of all runs.
    pub flags: Flags,
    /// The rounds.
    pub rounds: Vec<Round>,
}

const DIRECTORIES: [&str; 5] = ["", "", "d/", "d/e f/", "ü.d/"];

const NAMES: [&str; 12] = [
    "a.txt",
    "b",
    "g.tar.gz",
    "end.",
    "..two",
    "sp ace.md",
    "é.txt",
    ".hidden",
    "UP.TXT",
    "q\"uo'te.txt",
    "a.txt.conflict1",
    "100%.gz",
];

/// A file that is never edited, so that neither side is empty or wholly changed.
const KEPT: &str = "kept/kept.txt";

/// When that file was written: within both limits of ages.
const KEPT_TIME: Time = Time(1_678_000_000, 0);

/// What `--exclude-if-present` looks for. It is never edited, because rclone takes what comes to be left out for deleted.
const MARKER: &str = "marked/.marker";

/// Symbolic links and where they lead: a file and a directory that are never edited; with `--links` half of them elsewhere.
const LINKS: [(&str, &str); 3] = [("ln", "kept/kept.txt"), ("d/ln", "../kept/kept.txt"), ("lnd", "kept")];
const ELSEWHERE: [&str; 4] = ["nowhere", "a.txt", "../d", "/"];

/// When the first edit is made. Edits lie ten seconds apart.
const BEGIN: u64 = 1_700_000_000;

/// A random case in the making.
struct Maker {
    random: Random,
    avoided: Avoided,
    names: Vec<String>,
    clock: u64,
    longest: usize,
}

impl Case {
    /// Makes the case of a seed.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let flags = Flags::random(&mut random);
        let mut names: Vec<String> =
            (0..2 + random.below(8)).map(|_| format!("{}{}", random.pick(&DIRECTORIES), random.pick(&NAMES))).collect();
        names.sort();
        names.dedup();
        let rounds = 1 + random.below(4);
        let avoided = Avoided::with(&flags);
        let mut maker = Maker { random, avoided, names, clock: BEGIN, longest: 25 };
        let mut all = vec![maker.first_round(&flags)];
        all.extend((0..rounds).map(|_| maker.round(&flags)));
        if !avoided.renames && !flags.has("--force") {
            // Renames look like deletes to rclone.
            let mut flags = flags.clone();
            flags.always.push("--max-delete=100".into());
            return Self { flags, rounds: all };
        }
        Self { flags, rounds: all }
    }

    /// Returns every case that leaves out one flag, one round or one edit.
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        for round in (1..self.rounds.len()).rev() {
            let mut case = self.clone();
            let mut removed = case.rounds.remove(round);
            smaller.push(case.clone());
            if let Some(next) = case.rounds.get_mut(round) {
                // The edits stay, the run goes.
                removed.edits.append(&mut next.edits);
                next.edits = removed.edits;
                smaller.push(case);
            }
        }
        for flag in 0..self.flags.always.len() {
            let mut case = self.clone();
            // Without this one it would be another difference, one that is known.
            if case.flags.always.remove(flag) == "--max-delete=100" {
                continue;
            }
            smaller.push(case);
        }
        if self.flags.resync != "--resync" {
            let mut case = self.clone();
            case.flags.resync = "--resync".into();
            smaller.push(case);
        }
        for round in 0..self.rounds.len() {
            for edit in 0..self.rounds[round].edits.len() {
                if matches!(&self.rounds[round].edits[edit], Edit::Write(_, path, ..) if path == KEPT) {
                    continue;
                }
                let mut case = self.clone();
                case.rounds[round].edits.remove(edit);
                smaller.push(case);
            }
            for flag in 0..self.rounds[round].flags.len() {
                let mut case = self.clone();
                case.rounds[round].flags.remove(flag);
                smaller.push(case);
            }
        }
        smaller
    }
}

impl Maker {
    fn first_round(&mut self, flags: &Flags) -> Round {
        let mut edits = Vec::new();
        if flags.has("--force") || flags.has_rules() || flags.draws_links() || !self.random.once_in(8) {
            // Twenty bytes are within both limits of sizes.
            let (content, time) = ("k".repeat(20), KEPT_TIME);
            edits.extend(Side::BOTH.map(|side| Edit::Write(side, KEPT.into(), content.clone(), time)));
        }
        if let Some(name) = &flags.check_name.clone() {
            edits.extend(self.write_both(name, true));
            if self.random.once_in(4) {
                edits.extend(self.write_both(&format!("d/{name}"), true));
            }
        }
        if flags.has("--exclude-if-present") {
            edits.extend(self.write_both(MARKER, true));
            edits.push(self.write(Side::One, "marked/one"));
        }
        for name in self.names.clone() {
            match self.random.below(6) {
                0 => edits.push(self.write(Side::One, &name)),
                1 => edits.push(self.write(Side::Two, &name)),
                2 => {
                    let same_time = self.random.once_in(2);
                    edits.extend(self.write_both(&name, same_time));
                }
                3 => edits.extend([self.write(Side::One, &name), self.write(Side::Two, &name)]),
                _ => edits.extend(self.write_both(&name, true)),
            }
        }
        if self.random.once_in(3) {
            edits.push(Edit::MakeDirectory(self.side(), "empty/deep".into()));
        }
        if flags.draws_links() {
            for link in LINKS {
                edits.extend(self.link(flags, link));
            }
        }
        self.refer(flags, &mut edits);
        Round { edits, flags: vec![flags.resync.clone()] }
    }

    /// Links on one side or both, or none at all.
    fn link(&mut self, flags: &Flags, (path, target): (&str, &str)) -> Vec<Edit> {
        let target =
            if flags.has("--links") && self.random.once_in(2) { *self.random.pick(&ELSEWHERE) } else { target };
        let link = |time, side| Edit::Link(side, path.into(), target.into(), time);
        let time = self.time(path);
        match self.random.below(4) {
            // Renamed with its directory, the one in `d` would lead nowhere; through `lnd` the kept file would be deleted.
            _ if path != "ln" && flags.has("--copy-links") => Vec::new(),
            0 => vec![link(time, Side::One)],
            1 => vec![link(time, Side::Two)],
            2 => Side::BOTH.map(|side| link(time, side)).into(),
            _ => Vec::new(),
        }
    }

    /// Half of what is written in a round is in the reference directory too; some with another content.
    fn refer(&mut self, flags: &Flags, edits: &mut Vec<Edit>) {
        if !flags.has("--compare-dest") {
            return;
        }
        for edit in edits.clone() {
            if let Edit::Write(_, path, content, time) = edit
                && self.random.once_in(2)
            {
                let content = if self.random.once_in(4) { self.content(&path) } else { content };
                edits.push(Edit::Refer(path, content, time));
            }
        }
    }

    fn round(&mut self, flags: &Flags) -> Round {
        let mut edits = Vec::new();
        for _ in 0..self.random.below(7) {
            self.edit(flags, &mut edits);
        }
        if flags.draws_links() && self.random.once_in(2) {
            let link = *self.random.pick(&LINKS);
            let side = self.side();
            edits.push(Edit::Delete(side, link.0.into()));
            edits.extend(self.link(flags, link));
        }
        self.refer(flags, &mut edits);
        let flags = match self.random.below(16) {
            0 | 1 => vec!["--dry-run".to_owned()],
            2 => vec![flags.resync.clone()],
            3 => vec!["--check-sync=only".to_owned()],
            _ => Vec::new(),
        };
        Round { edits, flags }
    }

    fn edit(&mut self, flags: &Flags, edits: &mut Vec<Edit>) {
        let side = self.side();
        let name = self.name();
        match self.random.below(14) {
            0..=2 => edits.push(self.write(side, &name)),
            3 => edits.extend([self.write(Side::One, &name), self.write(Side::Two, &name)]),
            4 => {
                let same_time = self.random.once_in(2);
                edits.extend(self.write_both(&name, same_time));
            }
            5 | 6 if !self.avoided.equal_sizes => {
                let time = self.time(&name);
                edits.push(Edit::Touch(side, name, time));
            }
            7 if !self.avoided.renames => {
                let to = self.name();
                if !self.avoided.changing_class || is_big(&name) == is_big(&to) {
                    edits.push(Edit::Rename(side, name, to));
                }
            }
            8 if !self.avoided.renames && !self.avoided.directories => {
                let to = *self.random.pick(&["moved", "ü.d/in", "d/e f/deep er"]);
                let from = *self.random.pick(&["d", "ü.d", "d/e f"]);
                edits.push(Edit::Rename(side, from.into(), to.into()));
            }
            9 => edits.push(Edit::MakeDirectory(side, (*self.random.pick(&["empty", "d/new/er", "ü.d"])).into())),
            10 if !self.avoided.directories => {
                edits.push(Edit::Delete(side, (*self.random.pick(&["empty", "d/e f", "moved", "empty/deep"])).into()))
            }
            11 if flags.check_name.is_some() && self.random.once_in(3) => {
                edits.extend(flags.check_name.clone().map(|name| Edit::Delete(side, name)));
            }
            12 => edits.extend(Side::BOTH.map(|side| Edit::Delete(side, name.clone()))),
            _ => edits.push(Edit::Delete(side, name)),
        }
    }

    fn side(&mut self) -> Side {
        *self.random.pick(&Side::BOTH)
    }

    fn name(&mut self) -> String {
        self.random.pick(&self.names).clone()
    }

    fn write(&mut self, side: Side, name: &str) -> Edit {
        let (content, time) = (self.content(name), self.time(name));
        Edit::Write(side, name.into(), content, time)
    }

    fn write_both(&mut self, name: &str, same_time: bool) -> [Edit; 2] {
        let (content, time) = (self.content(name), self.time(name));
        let other = if same_time || self.avoided.equal_sizes { time } else { self.time(name) };
        [(Side::One, time), (Side::Two, other)]
            .map(|(side, time)| Edit::Write(side, name.into(), content.clone(), time))
    }

    /// Few contents, so that equal ones occur; two of each size, so that sizes alone do not tell them apart.
    fn content(&mut self, name: &str) -> String {
        let letter = *self.random.pick(&["a", "b"]);
        let length = if self.avoided.equal_sizes {
            self.longest += 1;
            if self.avoided.changing_class && !is_big(name) { self.longest % 19 } else { self.longest }
        } else if self.avoided.changing_class {
            if is_big(name) { 25 + self.random.below(2) } else { self.random.below(3) }
        } else {
            self.random.below(4)
        };
        letter.repeat(length)
    }

    /// A time that no other edit has: mostly now, sometimes long ago; with and without a fraction of a second.
    fn time(&mut self, name: &str) -> Time {
        self.clock += 10;
        let is_old = if self.avoided.changing_class { is_big(name) } else { self.random.once_in(4) };
        let seconds = if is_old { self.clock - 50_000_005 } else { self.clock };
        let nanoseconds =
            if self.random.once_in(2) { 0 } else { u32::try_from(self.random.below(1_000_000_000)).unwrap() };
        Time(seconds, nanoseconds)
    }
}

/// Says which class of sizes and ages a name has when classes are kept.
fn is_big(name: &str) -> bool {
    name.rsplit('/').next().unwrap_or_default().len().is_multiple_of(2)
}
