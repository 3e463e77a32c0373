//! What is remembered from one run to the next: blobs by name. They are the engine's, and nobody else looks into them.

use std::collections::BTreeMap;

use crate::host::failure;
use crate::host::protocol::{Failure, FailureKind, ReadState, RenameState, WriteState};

/// A store of blobs in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    blobs: BTreeMap<String, Vec<u8>>,
}

impl State {
    /// Returns a part of a blob, shorter than asked for only at its end; `None` when there is no such blob.
    pub fn read(&self, part: &ReadState) -> Option<Vec<u8>> {
        let blob = self.blobs.get(&part.name)?.iter();
        Some(blob.skip(part.offset as usize).take(part.length as usize).copied().collect())
    }

    /// Writes on at the end of a blob; offset zero begins it anew.
    pub fn write(&mut self, part: WriteState) -> Result<(), Failure> {
        if part.offset == 0 {
            self.blobs.insert(part.name, part.bytes);
            return Ok(());
        }
        // A gap or an overlap would make a listing that says what is not so.
        let blob = self.blobs.get_mut(&part.name).filter(|blob| blob.len() as u64 == part.offset);
        blob.ok_or_else(|| failure(FailureKind::Other, "the blob does not end there"))?.extend(part.bytes);
        Ok(())
    }

    /// Gives a blob another name, in place of the blob that has it. With its own name there is nothing to do here.
    pub fn replace(&mut self, names: RenameState) -> Result<(), Failure> {
        let blob = self.blobs.remove(&names.name).ok_or_else(|| failure(FailureKind::NotFound, "no such blob"))?;
        self.blobs.insert(names.target, blob);
        Ok(())
    }

    /// Gives a blob a second name. From then on they are two: what is written to one does not show in the other.
    pub fn keep(&mut self, names: RenameState) {
        if let Some(blob) = self.blobs.get(&names.name).cloned() {
            self.blobs.insert(names.target, blob);
        }
    }

    /// Removes a blob.
    pub fn remove(&mut self, name: &str) {
        self.blobs.remove(name);
    }
}
