//! Hashes the contents of files.

use bisync_engine::entry::{Fingerprint, Hash};
use bisync_engine::protocol::{Failure, FailureKind};
use md5::{Digest, Md5};
use rustix::fd::OwnedFd;
use rustix::io::read;
use sha1::Sha1;

use super::links::Form;
use super::source::{BLOCK, Opened, Source};
use crate::backend::failed;
use crate::errno::failure;

/// The algorithms, best first: the fastest.
const ALL: [Algorithm; 2] = [Algorithm::Md5, Algorithm::Sha1];

/// A hash algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5, what rclone compares local files by.
    Md5,
    /// SHA-1.
    Sha1,
}

impl Algorithm {
    /// Returns the names of all algorithms, best first.
    pub fn names() -> Vec<String> {
        ALL.iter().map(|algorithm| algorithm.name().to_owned()).collect()
    }

    /// Reads a name.
    ///
    /// # Errors
    /// Fails when there is no such algorithm here.
    pub fn parse(name: &str) -> Result<Self, Failure> {
        let found = ALL.into_iter().find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| failed(FailureKind::Other, &format!("there is no hash `{name}` here")))
    }

    /// Returns the hash of a file, which has to stay what it is.
    pub fn hash(self, source: &Source) -> Result<Hash, Failure> {
        let value = match self {
            Self::Md5 => digest::<Md5>(source),
            Self::Sha1 => digest::<Sha1>(source),
        };
        Ok(Hash::new(self.name(), &value?))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }
}

/// Returns the hash of what a name stands for, a file that is `version`.
///
/// `None` when it cannot be read or does not stay that version: an unknown hash, which never counts as a difference.
pub fn hash_of(
    directory: &OwnedFd,
    name: &[u8],
    form: Form,
    algorithm: Algorithm,
    version: &Fingerprint,
) -> Option<Hash> {
    algorithm.hash(&Source::open_at(directory, name, form, version).ok()?).ok()
}

fn digest<D: Digest>(source: &Source) -> Result<String, Failure> {
    let mut digest = D::new();
    match &source.content {
        Opened::File(file) => digest_file(file, source.size(), &mut digest)?,
        Opened::Link(target) => digest.update(target),
    }
    source.verify()?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn digest_file(file: &OwnedFd, size_bytes: u64, digest: &mut impl Digest) -> Result<(), Failure> {
    let mut buffer = Vec::with_capacity(usize::try_from(size_bytes).map_or(BLOCK, |size| size.clamp(1, BLOCK)));
    while read(file, rustix::buffer::spare_capacity(&mut buffer)).map_err(failure)? > 0 {
        digest.update(&buffer);
        buffer.clear();
    }
    Ok(())
}
