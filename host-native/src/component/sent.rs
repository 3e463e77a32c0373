//! What the host sends, as the types of the WIT.

use bisync_engine::item::Item;
use bisync_engine::protocol::{Capabilities, Failure, Reply};
use bisync_engine::session::{Opening, PlanUse};

use super::wit;

impl From<Opening> for wit::Opening {
    fn from(value: Opening) -> Self {
        Self {
            options: value.options,
            paths: wit::Texts { one: value.paths.one, two: value.paths.two },
            capabilities: wit::CapabilitiesOfSides {
                one: value.capabilities.one.into(),
                two: value.capabilities.two.into(),
            },
            now: value.now.into(),
            utc_offset_seconds: value.utc_offset_seconds,
            run: value.run,
            plan: value.plan.map(Into::into),
        }
    }
}

impl From<PlanUse> for wit::PlanUse {
    fn from(value: PlanUse) -> Self {
        match value {
            PlanUse::Write { roots } => Self::Write(wit::Texts { one: roots.one, two: roots.two }),
            PlanUse::Apply => Self::Apply,
        }
    }
}

impl From<Capabilities> for wit::Capabilities {
    fn from(value: Capabilities) -> Self {
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

impl From<Reply> for wit::Reply {
    fn from(value: Reply) -> Self {
        match value {
            Reply::Page { items, last } => {
                Self::Page(wit::Page { items: items.into_iter().map(Into::into).collect(), last })
            }
            Reply::Anew => Self::Anew,
            Reply::Described(found) => Self::Described(found.map(Into::into)),
            Reply::Same(same) => Self::Same(same),
            Reply::Done(found) => Self::Done(found.map(Into::into)),
            Reply::State(bytes) => Self::State(bytes),
            Reply::Failed(Failure { kind, message }) => Self::Failed(wit::Failure { kind: kind.into(), message }),
        }
    }
}

impl From<Item> for wit::Item {
    fn from(value: Item) -> Self {
        Self { name: value.name, found: value.found.into(), metadata: value.metadata.map(Into::into) }
    }
}
