//! What may be copied, in which order, and how much.

use super::Options;
use super::order::Order;
use crate::moves::MoveSigns;

/// What may be copied, in which order, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copying {
    /// Files that exist on the other side are never replaced.
    pub ignore_existing: bool,
    /// It is an error when one would have to be replaced.
    pub immutable: bool,
    /// A changed file is copied even when its content may be the same.
    pub ignore_times: bool,
    /// Where the contents are the same, times are left as they are.
    pub no_update_modtime: bool,
    /// Files in step whose times differ are compared, and get the same time.
    pub refresh_times: bool,
    /// Everything is decided before anything is copied.
    pub check_first: bool,
    /// So many decisions are made ahead of what is carried out: at least 1.
    pub max_backlog: usize,
    /// Content is written into the target itself rather than to a temporary file.
    pub in_place: bool,
    /// What was written is hashed where the source's hash is known.
    pub verify: bool,
    /// In which order files are copied; `None` for path order.
    pub order: Option<Order>,
    /// At most so many bytes are copied.
    pub limit: Option<TransferLimit>,
    /// Whether a run that copies nothing ends with an exit code of its own.
    pub error_on_no_transfer: bool,
}

/// How much may be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferLimit {
    /// In bytes, both sides together.
    pub bytes: u64,
    /// What becomes of what would go beyond it.
    pub cutoff: Cutoff,
}

/// What becomes of the file that would go beyond a limit. Half a file is of no use, so none is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cutoff {
    /// It is not begun, and neither is anything after it.
    Hard,
    /// It is copied whole, and nothing after it is begun.
    Soft,
    /// It is passed over, and what still fits is copied.
    Cautious,
}

impl Copying {
    /// Returns whether no file may ever be replaced.
    pub fn keeps_existing(&self) -> bool {
        self.ignore_existing || self.immutable
    }

    /// Reads the options.
    pub(super) fn resolve(options: &Options) -> Self {
        let cutoff = match options.word("cutoff-mode") {
            Some("SOFT") => Cutoff::Soft,
            Some("CAUTIOUS") => Cutoff::Cautious,
            _ => Cutoff::Hard,
        };
        Self {
            ignore_existing: options.flag("ignore-existing"),
            immutable: options.flag("immutable"),
            ignore_times: options.flag("ignore-times"),
            no_update_modtime: options.flag("no-update-modtime"),
            refresh_times: options.flag("refresh-times"),
            check_first: options.flag("check-first"),
            max_backlog: usize::try_from(options.number("max-backlog").unwrap_or(1).max(1)).unwrap_or(usize::MAX),
            in_place: options.flag("inplace"),
            verify: !options.flag("ignore-checksum"),
            order: options.order("order-by"),
            limit: options.size("max-transfer").map(|bytes| TransferLimit { bytes, cutoff }),
            error_on_no_transfer: options.flag("error-on-no-transfer"),
        }
    }
}

/// Reads what tells a move; `None` when moves are not looked for.
pub(super) fn moves(options: &Options) -> Option<MoveSigns> {
    let signs = options.words("track-renames-strategy").unwrap_or_default();
    let has = |word| signs.contains(&word);
    let signs = MoveSigns { content: has("hash"), modified: has("modtime"), name: has("leaf") };
    Some(signs).filter(|_| options.flag("track-renames"))
}
