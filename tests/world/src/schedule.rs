//! In what order requests are carried out and answered, and what goes wrong: a function of a seed.

use bisync_engine::item::Item;
use bisync_engine::path::RelPath;
use bisync_engine::protocol::{Failure, FailureKind, Reply, Request, Staging, Verb};
use bisync_engine::side::Side;

use crate::random::Random;
use crate::world::World;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The request of this number among those of its kind, from 0.
    Nth(Operation, usize, Fate),
    /// Every request about this path or what is below it.
    At(Side, String, FailureKind),
    /// A side takes so many more bytes, and no file that is longer.
    Full(Side, usize),
    /// Every request of a kind, once in so many times.
    Often(Operation, usize, Fate),
}

/// Kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A directory is listed.
    List,
    /// A path or two are looked at.
    Look,
    /// A file is copied.
    Copy,
    /// A file is moved within its side.
    Move,
    /// A file or a directory is removed.
    Remove,
    /// A directory is made, or a time set.
    Make,
    /// A side is flushed.
    Flush,
    /// The state store is read.
    ReadState,
    /// The state store is changed.
    WriteState,
}

/// What comes of a request that does not go well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing was done.
    Failed(FailureKind),
    /// It was done, but the host heard of a failure: the connection broke before the answer came.
    Unheard,
    /// A listing breaks off after its first part; a write after half of its bytes.
    Half,
}

/// When a run does not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The process is killed; what it did stays.
    Kill,
    /// The power fails; what was not flushed may be lost.
    Power,
}

/// Someone who works on the sides while a run goes on; called before each request is carried out.
pub type Intruder<'a> = &'a mut dyn FnMut(&mut World, &Verb);

/// The course of a run.
pub struct Schedule<'a> {
    /// Where all chance comes from.
    pub random: Random,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// After so many requests the run dies.
    pub death: Option<(usize, Death)>,
    /// Someone else.
    pub intruder: Option<Intruder<'a>>,
    /// Whether anything went wrong.
    pub has_failed: bool,
    counts: [usize; 9],
}

impl<'a> Schedule<'a> {
    /// Nothing goes wrong, but that the run is killed after so many requests.
    pub fn plain(seed: u64, requests: usize) -> Self {
        let death = (requests < usize::MAX).then_some((requests, Death::Kill));
        let random = Random::new(seed ^ 1);
        Self { random, faults: Vec::new(), death, intruder: None, has_failed: false, counts: [0; 9] }
    }

    /// Some things go wrong, any, as the seed says; `paths` are those that may be affected.
    pub fn random(seed: u64, paths: &[&str]) -> Self {
        let mut random = Random::new(seed ^ 0x00fa_0175);
        let mut schedule = Self::plain(seed, usize::MAX);
        for _ in 0..random.below(4) {
            let operation = *random.pick(&OPERATIONS);
            let side = *random.pick(&Side::BOTH);
            schedule.faults.push(match random.below(6) {
                0 => Fault::At(side, (*random.pick(paths)).into(), FailureKind::PermissionDenied),
                1 => Fault::Full(side, random.below(12)),
                2 => Fault::Often(operation, 2 + random.below(4), fate(&mut random)),
                _ => Fault::Nth(operation, random.below(8), fate(&mut random)),
            });
        }
        if random.once_in(3) {
            let death = if random.once_in(2) { Death::Kill } else { Death::Power };
            schedule.death = Some((random.below(60), death));
        }
        schedule
    }

    /// Whether the run dies before its next request; then what was under way is left half done.
    pub fn ends(&mut self, done: usize, waiting: &[Request], world: &mut World) -> bool {
        let Some((_, death)) = self.death.filter(|(requests, _)| done >= *requests) else { return false };
        for request in waiting {
            if let (Verb::CopyFile(copy), true) = (&request.verb, self.random.once_in(2)) {
                match &copy.staging {
                    Staging::Temporary(path) => self.leave_half(world, copy.from, &copy.path, path),
                    Staging::InPlace => world.leave_half(copy, &mut self.random),
                }
            }
        }
        if death == Death::Power {
            world.lose_power(&mut self.random);
        }
        true
    }

    /// Carries out a request, or does not. Returns what is answered, one after the other.
    pub fn perform(&mut self, world: &mut World, verb: Verb) -> Vec<Reply> {
        if let Some(intruder) = &mut self.intruder {
            intruder(world, &verb);
        }
        let fate = self.fate(&verb);
        self.has_failed |= fate.is_some();
        match fate {
            None => self.in_parts(world.perform(verb)),
            Some(Fate::Failed(kind)) => vec![failed(kind)],
            Some(Fate::Unheard) => {
                world.perform(verb);
                vec![failed(FailureKind::Temporary)]
            }
            Some(Fate::Half) => match verb {
                Verb::ListDirectory { .. } => match world.perform(verb) {
                    Reply::Page { mut items, .. } => {
                        items.truncate(items.len() / 2);
                        vec![Reply::Page { items, last: false }, failed(FailureKind::Temporary)]
                    }
                    other => vec![other],
                },
                Verb::WriteState { name, offset, bytes } => {
                    let bytes = bytes[..bytes.len() / 2].to_vec();
                    world.perform(Verb::WriteState { name, offset, bytes });
                    vec![failed(FailureKind::NoSpace)]
                }
                Verb::CopyFile(copy) if copy.staging == Staging::InPlace => {
                    world.leave_half(&copy, &mut self.random);
                    vec![failed(FailureKind::Temporary)]
                }
                _ => vec![failed(FailureKind::Temporary)],
            },
        }
    }

    /// A listing comes in any order and any number of parts.
    fn in_parts(&mut self, reply: Reply) -> Vec<Reply> {
        let Reply::Page { mut items, last: true } = reply else { return vec![reply] };
        for index in (1..items.len()).rev() {
            items.swap(index, self.random.below(index + 1));
        }
        let rest: Vec<Item> = items.split_off(self.random.below(items.len() + 1));
        if rest.is_empty() || self.random.once_in(2) {
            items.extend(rest);
            return vec![Reply::Page { items, last: true }];
        }
        if self.random.once_in(4) {
            // A listing that broke off, and what it told is not all true any more.
            let broken = Reply::Page { items: items.clone(), last: false };
            items.extend(rest);
            return vec![broken, Reply::Anew, Reply::Page { items, last: true }];
        }
        vec![Reply::Page { items, last: false }, Reply::Page { items: rest, last: true }]
    }

    fn fate(&mut self, verb: &Verb) -> Option<Fate> {
        let operation = Operation::of(verb);
        let number = self.counts[operation as usize];
        self.counts[operation as usize] += 1;
        let random = &mut self.random;
        self.faults.iter_mut().find_map(|fault| match fault {
            Fault::Nth(kind, wanted, fate) => (*kind == operation && *wanted == number).then_some(*fate),
            Fault::At(side, path, kind) => is_about(verb, *side, path).then_some(Fate::Failed(*kind)),
            Fault::Full(side, left) => match verb {
                Verb::CopyFile(copy) if copy.from.other() == *side => {
                    let size = usize::try_from(copy.source.size.unwrap_or_default()).unwrap_or_default();
                    match left.checked_sub(size) {
                        Some(rest) => {
                            *left = rest;
                            None
                        }
                        None => Some(Fate::Failed(FailureKind::NoSpace)),
                    }
                }
                _ => None,
            },
            Fault::Often(kind, times, fate) => (*kind == operation && random.once_in(*times)).then_some(*fate),
        })
    }

    fn leave_half(&mut self, world: &mut World, from: Side, path: &RelPath, staged: &RelPath) {
        let to = from.other();
        let target = staged.as_str();
        let above_is_file =
            target.match_indices('/').any(|(end, _)| world.sides[to].files.contains_key(&target[..end]));
        if let (Some(file), false) = (world.sides[from].files.get(path.as_str()), above_is_file) {
            let half = file.content[..file.content.len() / 2].to_owned();
            world.write(to, target, &half);
        }
    }
}

const OPERATIONS: [Operation; 9] = [
    Operation::List,
    Operation::Look,
    Operation::Copy,
    Operation::Move,
    Operation::Remove,
    Operation::Make,
    Operation::Flush,
    Operation::ReadState,
    Operation::WriteState,
];

impl Operation {
    /// Returns the kind of a request.
    pub fn of(verb: &Verb) -> Self {
        match verb {
            Verb::ListDirectory { .. } => Self::List,
            Verb::Describe { .. } | Verb::SameContent { .. } => Self::Look,
            Verb::CopyFile(_) => Self::Copy,
            Verb::MoveFile(_) => Self::Move,
            Verb::DeleteFile { .. } | Verb::RemoveDirectory { .. } => Self::Remove,
            Verb::MakeDirectory { .. } | Verb::SetTime { .. } | Verb::SetMetadata(_) => Self::Make,
            Verb::Flush { .. } => Self::Flush,
            Verb::ReadState { .. } => Self::ReadState,
            Verb::WriteState { .. } | Verb::ReplaceState { .. } | Verb::KeepState { .. } | Verb::RemoveState { .. } => {
                Self::WriteState
            }
        }
    }
}

fn fate(random: &mut Random) -> Fate {
    match random.below(4) {
        0 => Fate::Failed(FailureKind::Busy),
        1 => Fate::Failed(FailureKind::Temporary),
        2 => Fate::Unheard,
        _ => Fate::Half,
    }
}

fn failed(kind: FailureKind) -> Reply {
    Reply::Failed(Failure { kind, message: "it was made to fail".into() })
}

/// Whether a request concerns a path of a side, or what is below it.
fn is_about(verb: &Verb, side: Side, path: &str) -> bool {
    let is_at = |other: &RelPath| {
        other.as_str().strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match verb {
        Verb::ListDirectory { side: on, path, .. }
        | Verb::Describe { side: on, path }
        | Verb::DeleteFile { side: on, path, .. }
        | Verb::MakeDirectory { side: on, path }
        | Verb::RemoveDirectory { side: on, path, .. }
        | Verb::SetTime { side: on, path, .. } => *on == side && is_at(path),
        Verb::SameContent { one, two, .. } => is_at(if side == Side::One { &one.0 } else { &two.0 }),
        Verb::CopyFile(copy) => is_at(if copy.from == side { &copy.path } else { &copy.target }),
        Verb::MoveFile(moved) => moved.side == side && (is_at(&moved.path) || is_at(&moved.target)),
        Verb::SetMetadata(set) => is_at(if set.from == side { &set.path } else { &set.target }),
        Verb::Flush { .. } => false,
        Verb::ReadState { .. }
        | Verb::WriteState { .. }
        | Verb::ReplaceState { .. }
        | Verb::KeepState { .. }
        | Verb::RemoveState { .. } => false,
    }
}
