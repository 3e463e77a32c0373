//! Input that nobody means well with. Each target takes arbitrary bytes, makes input of them, and panics when the engine does what it
//! never may: panic, not end, follow a path out of its root, or refuse something without saying what.

mod conversation;
mod texts;

use bisync_engine::entry::Instant;
use bisync_engine::metadata::Keeps;
use bisync_engine::protocol::Capabilities;
use bisync_engine::session::Opening;
use bisync_engine::side::Pair;

/// A piece of the engine that takes input from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, also that of its fuzz target.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
    /// Input from which to begin.
    samples: &'static [&'static str],
}

/// Everything that takes input from outside.
pub const TARGETS: &[Target] = &[
    Target { name: "listing", feed: texts::listing, samples: texts::LISTINGS },
    Target { name: "options", feed: texts::options, samples: texts::OPTION_LINES },
    Target { name: "filters", feed: texts::filters, samples: texts::RULES },
    Target { name: "plan", feed: texts::plan, samples: texts::PLANS },
    Target { name: "conversation", feed: conversation::conversation, samples: &[] },
];

/// Feeds the target of this name.
///
/// # Panics
/// When there is no such target, or when the engine does what it never may.
pub fn feed(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target `{name}`"));
    (target.feed)(bytes);
}

impl Target {
    /// Makes input of numbers that `number` gives: one of the samples with some bytes changed, or nothing but arbitrary bytes.
    pub fn input(&self, mut number: impl FnMut() -> u64) -> Vec<u8> {
        let mut below = |limit: usize| usize::try_from(number() % limit.max(1) as u64).unwrap_or_default();
        let mut bytes: Vec<u8> = match self.samples {
            [] => Vec::new(),
            samples => samples[below(samples.len())].as_bytes().to_vec(),
        };
        if self.samples.is_empty() || below(20) == 0 {
            bytes = (0..below(1600)).map(|_| below(256) as u8).collect();
        }
        for _ in 0..below(6) {
            mutate(&mut bytes, &mut below);
        }
        bytes
    }
}

/// Changes, inserts, repeats or removes something.
fn mutate(bytes: &mut Vec<u8>, below: &mut dyn FnMut(usize) -> usize) {
    const TELLING: &[u8] = b"\0\n\r\t \"'*?[]{}()!+-/.,:;\\#0179aZ\xc3\x28\xff";
    let at = below(bytes.len() + 1);
    let end = (at + below(40)).min(bytes.len());
    match below(5) {
        0 => bytes.insert(at, TELLING[below(TELLING.len())]),
        1 if at < bytes.len() => bytes[at] = TELLING[below(TELLING.len())],
        2 if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(1),
        3 => drop(bytes.drain(at..end)),
        _ => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
    }
}

/// What a session with these options has to know.
fn opening(options: Vec<(String, String)>) -> Opening {
    let capabilities = Capabilities {
        time_precision_ns: Some(1),
        sets_time: true,
        hashes: vec!["md5".into()],
        slow_hashes: true,
        case_insensitive: false,
        keeps: Keeps { permissions: true, owner: true, attributes: true },
    };
    Opening {
        options,
        paths: Pair::new("one/".into(), "two/".into()),
        capabilities: Pair::new(capabilities.clone(), capabilities),
        now: Instant { seconds: 1_000_000, nanoseconds: 0 },
        utc_offset_seconds: 0,
        run: 1,
        plan: None,
    }
}
