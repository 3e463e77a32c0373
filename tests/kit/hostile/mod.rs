//! Input that nobody means well with. Each target takes arbitrary bytes, makes input of them, and panics when the engine does what it
//! never may: panic, not end, follow a path out of its root, or refuse something without saying what.

mod conversation;
mod texts;

use crate::random::Random;

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

impl Target {
    /// Makes input: one of the samples with some bytes changed, or nothing but arbitrary bytes.
    pub fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes: Vec<u8> = match self.samples {
            [] => Vec::new(),
            samples => random.pick(samples).as_bytes().to_vec(),
        };
        if self.samples.is_empty() || random.once_in(20) {
            let numbers = random.below(200);
            bytes = (0..numbers).flat_map(|_| random.number().to_le_bytes()).collect();
        }
        for _ in 0..random.below(6) {
            mutate(&mut bytes, random);
        }
        bytes
    }
}

/// Changes, inserts, repeats or removes something.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const TELLING: &[u8] = b"\0\n\r\t \"'*?[]{}()!+-/.,:;\\#0179aZ\xc3\x28\xff";
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(40)).min(bytes.len());
    match random.below(5) {
        0 => bytes.insert(at, *random.pick(TELLING)),
        1 if at < bytes.len() => bytes[at] = *random.pick(TELLING),
        2 if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(1),
        3 => drop(bytes.drain(at..end)),
        _ => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
    }
}
