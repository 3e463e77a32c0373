//! The entries of a directory, packed closely: a directory stays in memory until its last page has come, and may have millions of names.
//!
//! Most entries have neither hash nor metadata, and all entries of a directory have the same parents. So an entry stores only its name and
//! the attributes of its version: about half the size of the path and the fingerprint that are made from them later in the stream.

use super::{Now, Seen};
use crate::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use crate::metadata::Metadata;
use crate::path::RelPath;

/// A step of the stream through a directory.
#[derive(Debug)]
pub(super) enum Step {
    /// Something is there.
    Take(Seen),
    /// What is in a directory comes next.
    Enter(RelPath),
}

/// Steps, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Packed {
    names: String,
    steps: Vec<PackedStep>,
}

/// Where the name of a step is, and what there is to know of what is there. What is not known is zero.
#[derive(Debug)]
struct PackedStep {
    start: usize,
    end: usize,
    what: What,
    id: [u8; 16],
    has_size: bool,
    size: u64,
    has_time: bool,
    seconds: i64,
    nanoseconds: u32,
    more: Option<Box<More>>,
}

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Enter,
    Nothing,
    Untracked,
    Present(Kind),
}

/// What few entries have.
#[derive(Debug)]
struct More {
    hash: Option<Hash>,
    metadata: Option<Box<Metadata>>,
}

impl Packed {
    /// Makes room for so many more steps.
    pub fn reserve(&mut self, steps: usize) {
        self.steps.reserve(steps);
    }

    /// Gives back the room that nothing is in.
    pub fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.steps.shrink_to_fit();
    }

    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Adds a step.
    pub fn push(&mut self, step: Step) {
        let start = self.names.len();
        let (path, what, fingerprint, metadata) = match step {
            Step::Enter(path) => (path, What::Enter, Fingerprint::default(), None),
            Step::Take(Seen { path, now, metadata }) => match now {
                Now::Absent => (path, What::Nothing, Fingerprint::default(), metadata),
                Now::Untracked => (path, What::Untracked, Fingerprint::default(), metadata),
                Now::Present(Found { kind, fingerprint }) => (path, What::Present(kind), fingerprint, metadata),
            },
        };
        self.names.push_str(path.name());
        let Fingerprint { size, modified, hash, id } = fingerprint;
        self.steps.push(PackedStep {
            start,
            end: self.names.len(),
            what,
            id: id.map_or(0, |FileId(id)| id).to_ne_bytes(),
            has_size: size.is_some(),
            size: size.unwrap_or_default(),
            has_time: modified.is_some(),
            seconds: modified.map_or(0, |time| time.seconds),
            nanoseconds: modified.map_or(0, |time| time.nanoseconds),
            more: (hash.is_some() || metadata.is_some()).then(|| Box::new(More { hash, metadata })),
        });
    }

    /// Returns the name that a step is about, and what it is.
    pub fn get(&self, place: usize) -> Option<(&str, What)> {
        let step = self.steps.get(place)?;
        Some((self.names.get(step.start..step.end)?, step.what))
    }

    /// Makes a step say of what is there that it takes no part.
    pub fn untrack(&mut self, place: usize) {
        if let Some(step) = self.steps.get_mut(place) {
            step.what = What::Untracked;
        }
    }

    /// Takes a step out, which is in this directory. What is rare about it is known only once.
    pub fn take(&mut self, place: usize, directory: &RelPath) -> Option<Step> {
        let step = self.steps.get_mut(place)?;
        let path = directory.child(self.names.get(step.start..step.end)?);
        let (hash, metadata) = step.more.take().map_or((None, None), |more| (more.hash, more.metadata));
        let id = u128::from_ne_bytes(step.id);
        let modified = Instant { seconds: step.seconds, nanoseconds: step.nanoseconds };
        let fingerprint = Fingerprint {
            size: step.has_size.then_some(step.size),
            modified: step.has_time.then_some(modified),
            hash,
            id: (id > 0).then_some(FileId(id)),
        };
        let now = match step.what {
            What::Enter => return Some(Step::Enter(path)),
            What::Nothing => Now::Absent,
            What::Untracked => Now::Untracked,
            What::Present(kind) => Now::Present(Found { kind, fingerprint }),
        };
        Some(Step::Take(Seen { path, now, metadata }))
    }
}
