//! What a side in memory is like: which times it keeps, whether it knows hashes, which names are one to it.

use bisync_engine::entry::{FileId, Fingerprint, Hash, Instant};
use bisync_engine::metadata::Keeps;
use bisync_engine::protocol::Capabilities;
use unicode_normalization::UnicodeNormalization;

use crate::random::Random;
use crate::world::File;

/// The nature of a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nature {
    /// The finest difference of times that it keeps, in nanoseconds; `None` when it keeps none.
    pub precision_ns: Option<u64>,
    /// Whether the time of a file can be set; else it is that of its last write.
    pub sets_time: bool,
    /// Whether it knows hashes.
    pub has_hashes: bool,
    /// Whether it tells sizes; where it does not, they are unknown.
    pub tells_sizes: bool,
    /// Whether it tells the times that it keeps; where it does not, they are unknown.
    pub tells_times: bool,
    /// Whether names that differ only by case are one.
    pub ignores_case: bool,
    /// Whether names are kept in decomposed form, and found in any.
    pub decomposes: bool,
}

impl Default for Nature {
    fn default() -> Self {
        Self {
            precision_ns: Some(1),
            sets_time: true,
            has_hashes: true,
            tells_sizes: true,
            tells_times: true,
            ignores_case: false,
            decomposes: false,
        }
    }
}

impl Nature {
    /// Makes a side unlike others, with names like those of others.
    pub fn random(random: &mut Random) -> Self {
        let precision_ns = *random.pick(&[Some(1), Some(1_000), Some(1_000_000_000), Some(2_000_000_000), None]);
        Self {
            precision_ns,
            sets_time: precision_ns.is_some() && !random.once_in(4),
            has_hashes: !random.once_in(3),
            ..Self::default()
        }
    }

    /// Returns what such a side can do.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            time_precision_ns: self.precision_ns,
            sets_time: self.sets_time,
            hashes: if self.has_hashes { vec!["md5".into()] } else { Vec::new() },
            slow_hashes: true,
            case_insensitive: self.ignores_case,
            keeps: Keeps { permissions: true, ..Keeps::default() },
        }
    }

    /// Returns the time that is kept of this one.
    pub fn rounded(&self, time: Instant) -> Instant {
        let precision = i128::from(self.precision_ns.unwrap_or(1));
        let total = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
        let kept = total - total.rem_euclid(precision);
        let (seconds, nanoseconds) = (kept.div_euclid(1_000_000_000), kept.rem_euclid(1_000_000_000));
        Instant {
            seconds: i64::try_from(seconds).unwrap_or_default(),
            nanoseconds: u32::try_from(nanoseconds).unwrap_or_default(),
        }
    }

    /// Returns what such a side says of a file.
    pub fn fingerprint(&self, file: &File, hash: bool) -> Fingerprint {
        // Any function of the content does for a hash.
        let value = file.content.bytes().fold(17_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Fingerprint {
            size: self.tells_sizes.then_some(file.content.len() as u64),
            modified: self.precision_ns.filter(|_| self.tells_times).map(|_| file.modified),
            hash: (hash && self.has_hashes).then(|| Hash::new("md5", &format!("{value:032x}"))),
            id: Some(FileId(u128::from(file.id))),
        }
    }

    /// Returns the text that all names share which are one to such a side.
    pub fn key(&self, name: &str) -> String {
        let form: String = if self.decomposes { name.nfd().collect() } else { name.to_owned() };
        if self.ignores_case { form.to_lowercase() } else { form }
    }

    /// Returns how a new name is kept.
    pub fn kept(&self, name: &str) -> String {
        if self.decomposes { name.nfd().collect() } else { name.to_owned() }
    }

    /// Whether every name stands for itself alone.
    pub fn is_literal(&self) -> bool {
        !self.ignores_case && !self.decomposes
    }
}
