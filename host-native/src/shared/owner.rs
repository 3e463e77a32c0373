//! Who made a lock that several machines see, and whether it can still be alive.

use std::fmt;
use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::lock::{Machine, Process};

/// A lock that cannot be read lasts so long.
const LASTS: Duration = Duration::from_secs(180);

/// No lock lasts longer than this.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Whoever made a lock so lately may be about to give it up.
const NEW: SignedDuration = SignedDuration::from_secs(10);

/// Who made a lock, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The name of the machine in the network; empty when it is not known.
    host: String,
    /// The number of the process.
    process: u32,
    /// Where that number means something; `None` where nothing tells.
    realm: Option<String>,
    /// When the lock was renewed, by the clock of that machine.
    renewed: Option<Timestamp>,
    /// How long it lasts when it is not renewed.
    pub lasts: Duration,
}

/// Whether the owner of a lock is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// It is to be believed.
    Alive,
    /// It has ended, for this reason.
    Ended(String),
    /// Only watching tells.
    Unknown,
}

impl Owner {
    /// Returns what this process writes into its lock.
    pub fn this(lasts: Duration) -> Self {
        let Machine { host, boot } = Machine::this();
        // Two containers of one machine have the same start, and may have the same name.
        let processes = fs::read_link("/proc/self/ns/pid").ok();
        let realm = boot.zip(processes).map(|(boot, processes)| format!("{boot} {}", processes.display()));
        Self { host, process: std::process::id(), realm, renewed: Some(Timestamp::now()), lasts }
    }

    /// Writes it down.
    pub fn to_text(&self) -> String {
        let text = json!({
            "host": self.host,
            "process": self.process,
            "realm": self.realm,
            "renewed": self.renewed.map(|renewed| renewed.to_string()),
            "lastsSeconds": self.lasts.as_secs(),
        });
        format!("{text}\n")
    }

    /// Reads what [`to_text`](Self::to_text) wrote. What cannot be read is not known.
    pub fn parse(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let number = |field: &str| value.get(field).and_then(Value::as_u64);
        Self {
            host: text("host").unwrap_or_default().to_owned(),
            process: number("process").and_then(|number| u32::try_from(number).ok()).unwrap_or_default(),
            realm: text("realm").map(str::to_owned),
            renewed: text("renewed").and_then(|text| text.parse().ok()),
            lasts: number("lastsSeconds").map_or(LASTS, Duration::from_secs).clamp(Duration::from_secs(1), LONGEST),
        }
    }

    /// Whether it may not know yet that it is not alone.
    pub fn is_new(&self, now: Timestamp) -> bool {
        self.renewed.is_some_and(|renewed| now.duration_since(renewed).abs() <= NEW)
    }

    /// Says whether it is alive.
    pub fn life(&self, now: Timestamp) -> Life {
        self.life_beside(&Self::this(self.lasts), now, Process::of)
    }

    /// Says whether it is alive, as `here` sees it; `process` says what is known of a process there.
    fn life_beside(&self, here: &Self, now: Timestamp, process: impl Fn(u32) -> Process) -> Life {
        if self.realm.is_some() && self.realm == here.realm {
            return match process(self.process).can_own(self.renewed) {
                true => Life::Alive,
                false => Life::Ended(format!("process {} has ended", self.process)),
            };
        }
        let lasts = SignedDuration::try_from(self.lasts).unwrap_or(SignedDuration::MAX);
        match self.renewed {
            Some(renewed) if now.duration_since(renewed).abs() <= lasts => Life::Alive,
            Some(_) | None => Life::Unknown,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.is_empty() {
            return formatter.write_str("an unknown machine");
        }
        write!(formatter, "process {} on `{}`", self.process, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(realm: &str) -> Owner {
        Owner {
            host: "box".into(),
            process: 7,
            realm: (!realm.is_empty()).then(|| realm.into()),
            renewed: "2026-01-01T12:00:00Z".parse().ok(),
            lasts: Duration::from_secs(180),
        }
    }

    #[test]
    fn an_owner_is_read_as_it_was_written() {
        let this = Owner::this(Duration::from_secs(120));
        assert_eq!(Owner::parse(this.to_text().as_bytes()), this);
        assert_eq!(this.life(Timestamp::now()), Life::Alive);
    }

    #[test]
    fn what_cannot_be_read_is_watched() {
        for text in ["", "{\"host\":", "7", "{}"] {
            let owner = Owner::parse(text.as_bytes());
            assert_eq!((owner.life(Timestamp::now()), owner.lasts), (Life::Unknown, LASTS), "{text}");
        }
        assert_eq!(Owner::parse(br#"{"lastsSeconds":99999999999}"#).lasts, LONGEST);
    }

    #[test]
    fn clocks_of_others_are_believed_only_where_a_lock_is_new() {
        let check = |lock: &str, process: Process, now: &str, expected: Life| {
            let life = owner(lock).life_beside(&owner("boot 1"), now.parse().unwrap(), |_| process);
            assert_eq!(life, expected, "{lock} {process:?} {now}");
        };
        let ended = || Life::Ended("process 7 has ended".into());
        let (soon, late, before) = ("2026-01-01T12:03:00Z", "2026-01-01T12:03:01Z", "2026-01-01T11:56:59Z");
        check("boot 2", Process::Gone, soon, Life::Alive);
        check("boot 2", Process::Alive, late, Life::Unknown);
        check("boot 2", Process::Alive, before, Life::Unknown);
        check("", Process::Gone, soon, Life::Alive);
        // This machine knows its own processes.
        check("boot 1", Process::Gone, soon, ended());
        check("boot 1", Process::Alive, late, Life::Alive);
        check("boot 1", Process::Began("2026-01-01T12:00:09Z".parse().unwrap()), soon, ended());
    }
}
