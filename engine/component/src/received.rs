//! What the host sends, as the engine's own types.

use bisync_engine::entry::Found;
use bisync_engine::item::Item;
use bisync_engine::protocol::{Capabilities, Failure, Reply};
use bisync_engine::session::{Opening, PlanUse};
use bisync_engine::side::Pair;

use super::values::Malformed;
use super::wit;

impl From<wit::Opening> for Opening {
    fn from(value: wit::Opening) -> Self {
        Self {
            options: value.options,
            paths: Pair::new(value.paths.one, value.paths.two),
            capabilities: Pair::new(value.capabilities.one.into(), value.capabilities.two.into()),
            now: value.now.into(),
            utc_offset_seconds: value.utc_offset_seconds,
            run: value.run,
            plan: value.plan.map(Into::into),
        }
    }
}

impl From<wit::PlanUse> for PlanUse {
    fn from(value: wit::PlanUse) -> Self {
        match value {
            wit::PlanUse::Write(roots) => Self::Write { roots: Pair::new(roots.one, roots.two) },
            wit::PlanUse::Apply => Self::Apply,
        }
    }
}

impl From<wit::Capabilities> for Capabilities {
    fn from(value: wit::Capabilities) -> Self {
        Self {
            time_precision_ns: value.time_precision_ns,
            sets_time: value.sets_time,
            hashes: value.hashes,
            slow_hashes: value.slow_hashes,
            case_insensitive: value.case_insensitive,
            keeps: value.keeps.into(),
        }
    }
}

impl TryFrom<wit::Reply> for Reply {
    type Error = Malformed;

    fn try_from(value: wit::Reply) -> Result<Self, Malformed> {
        let found = |found: Option<wit::Found>| found.map(Found::try_from).transpose();
        Ok(match value {
            wit::Reply::Page(page) => Self::Page {
                items: page.items.into_iter().map(Item::try_from).collect::<Result<_, _>>()?,
                last: page.last,
            },
            wit::Reply::Anew => Self::Anew,
            wit::Reply::Described(there) => Self::Described(found(there)?),
            wit::Reply::Same(same) => Self::Same(same),
            wit::Reply::Done(there) => Self::Done(found(there)?),
            wit::Reply::State(bytes) => Self::State(bytes),
            wit::Reply::Failed(failure) => {
                Self::Failed(Failure { kind: failure.kind.into(), message: failure.message })
            }
        })
    }
}

impl TryFrom<wit::Item> for Item {
    type Error = Malformed;

    fn try_from(value: wit::Item) -> Result<Self, Malformed> {
        Ok(Self { name: value.name, found: value.found.try_into()?, metadata: value.metadata.map(Into::into) })
    }
}
