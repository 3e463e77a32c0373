//! The values that cross the boundary in both directions.
//!
//! The component and the native host each generate their own types from the same WIT, so both include this file; each
//! calls the generated types `wit`.

use bisync_engine::entry::{FileId, Fingerprint, Found, Hash, Instant, Kind};
use bisync_engine::metadata::{Keeps, Metadata};
use bisync_engine::protocol::{Emptiness, FailureKind};
use bisync_engine::session::StopReason;
use bisync_engine::{event::Level, outcome::Counts, side::Side};

use super::wit;

/// Something came over the boundary that the engine's own types cannot hold: a hash without its algorithm, or a path
/// that could point anywhere but below its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Converts an enum without values in both directions.
macro_rules! same_cases {
    ($name:ident { $($case:ident),+ $(,)? }) => {
        impl From<$name> for wit::$name {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$case => Self::$case,)+
                }
            }
        }

        impl From<wit::$name> for $name {
            fn from(value: wit::$name) -> Self {
                match value {
                    $(wit::$name::$case => Self::$case,)+
                }
            }
        }
    };
}

/// Converts a record of plain numbers in both directions.
macro_rules! same_fields {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl From<$name> for wit::$name {
            fn from($name { $($field),+ }: $name) -> Self {
                Self { $($field),+ }
            }
        }

        impl From<wit::$name> for $name {
            fn from(wit::$name { $($field),+ }: wit::$name) -> Self {
                Self { $($field),+ }
            }
        }
    };
}

same_cases!(Side { One, Two });
same_cases!(Kind { File, Directory, Link, Special, OtherFileSystem });
same_cases!(Emptiness { Empty, NoFiles });
same_cases!(StopReason { Wish, Time });
same_cases!(Level { Error, Notice, Info, Debug });
same_cases!(FailureKind {
    Refused,
    Changed,
    NotFound,
    PermissionDenied,
    ReadOnly,
    NoSpace,
    ImpossibleName,
    WrongKind,
    NotEmpty,
    Elsewhere,
    Stopped,
    Busy,
    Temporary,
    Other,
});
same_fields!(Instant { seconds, nanoseconds });
same_fields!(Keeps { permissions, owner, attributes });
same_fields!(Counts {
    files,
    copied,
    copied_bytes,
    moved,
    deleted,
    touched,
    metadata_set,
    directories_made,
    directories_removed
});

impl From<Metadata> for wit::Metadata {
    fn from(value: Metadata) -> Self {
        Self { pairs: value.pairs.into_vec(), changed: value.changed.map(Into::into) }
    }
}

impl From<wit::Metadata> for Metadata {
    fn from(value: wit::Metadata) -> Self {
        Self { pairs: value.pairs.into_boxed_slice(), changed: value.changed.map(Into::into) }
    }
}

impl From<FileId> for wit::FileId {
    fn from(FileId(id): FileId) -> Self {
        // The upper half; the lower one is what is cut off.
        Self { high: (id >> 64) as u64, low: id as u64 }
    }
}

impl From<wit::FileId> for FileId {
    fn from(id: wit::FileId) -> Self {
        Self((u128::from(id.high) << 64) | u128::from(id.low))
    }
}

impl From<Fingerprint> for wit::Fingerprint {
    fn from(value: Fingerprint) -> Self {
        Self {
            size: value.size,
            modified: value.modified.map(Into::into),
            hash: value.hash.map(|hash| hash.as_str().to_owned()),
            id: value.id.map(Into::into),
        }
    }
}

impl TryFrom<wit::Fingerprint> for Fingerprint {
    type Error = Malformed;

    fn try_from(value: wit::Fingerprint) -> Result<Self, Malformed> {
        let hash = value.hash.map(|text| Hash::parse(&text).ok_or(Malformed)).transpose()?;
        Ok(Self { size: value.size, modified: value.modified.map(Into::into), hash, id: value.id.map(Into::into) })
    }
}

impl From<Found> for wit::Found {
    fn from(value: Found) -> Self {
        Self { kind: value.kind.into(), fingerprint: value.fingerprint.into() }
    }
}

impl TryFrom<wit::Found> for Found {
    type Error = Malformed;

    fn try_from(value: wit::Found) -> Result<Self, Malformed> {
        Ok(Self { kind: value.kind.into(), fingerprint: value.fingerprint.try_into()? })
    }
}
