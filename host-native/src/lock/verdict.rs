//! Whether a lock that was found still has an owner.

use std::fmt;
use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How much later than the lock a process must have begun to be certainly another one than its owner.
///
/// The kernel counts starts from boot, and the clock may have been set since.
const START_SLACK: SignedDuration = SignedDuration::from_secs(2);

/// Who has the kernel lock on the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelLock {
    /// We got it.
    Ours,
    /// A living process has it.
    Theirs,
    /// The file system has no kernel locks.
    Unsupported,
}

/// What a lock file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Who made it.
    Owner(Owner),
    /// Nothing that makes sense.
    Unreadable,
}

/// Who made a lock, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The number of the process.
    pub process: u32,
    /// Where it runs; `None` in a lock of rclone's.
    pub machine: Option<Machine>,
    /// When the lock was last renewed.
    pub renewed: Option<Timestamp>,
    /// When it expires.
    pub expires: Option<Timestamp>,
}

/// A machine, from one start to the next. Containers on it share the start, but not the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The name in the network.
    pub host: String,
    /// The kernel's name for the time since its start, where it has one.
    pub boot: Option<String>,
}

/// What is known of a process of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// There is none of that number.
    Gone,
    /// There is one, and no more is known.
    Alive,
    /// There is one, and it began then.
    Began(Timestamp),
}

/// All that is known about a lock file.
#[derive(Debug)]
pub struct Found {
    /// What it says.
    pub record: Record,
    /// Whether this process has just made it.
    pub fresh: bool,
    /// Who has the kernel lock on it.
    pub kernel: KernelLock,
}

/// Whether a lock may be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has it.
    Free,
    /// It was left behind, for this reason.
    Stale(String),
    /// This process has it.
    Held(String),
}

impl Found {
    /// Decides whether the lock may be taken; `process` says what is known of a process of this machine.
    pub fn verdict(&self, here: &Machine, now: Timestamp, process: impl Fn(u32) -> Process) -> Verdict {
        match (&self.record, self.kernel) {
            (Record::Owner(owner), KernelLock::Theirs) => Verdict::Held(owner.to_string()),
            (Record::Unreadable, KernelLock::Theirs) => Verdict::Held("an unknown process".to_owned()),
            // RACE: rclone empties its lock file for a moment when it renews it.
            (Record::Unreadable, KernelLock::Ours | KernelLock::Unsupported) => match self.fresh {
                true => Verdict::Free,
                false => Verdict::Stale("it cannot be read, and nobody holds it".to_owned()),
            },
            (Record::Owner(owner), KernelLock::Ours) => owner.verdict(true, here, now, process),
            (Record::Owner(owner), KernelLock::Unsupported) => owner.verdict(false, here, now, process),
        }
    }
}

impl Owner {
    /// Decides about a lock that no kernel lock protects; `let_go` says that the kernel would know of one.
    fn verdict(&self, let_go: bool, here: &Machine, now: Timestamp, process: impl Fn(u32) -> Process) -> Verdict {
        let number = self.process;
        let ended = || Verdict::Stale(format!("process {number} has ended"));
        if let Some(expires) = self.expires.filter(|expires| *expires < now) {
            return Verdict::Stale(format!("it expired at {expires:.0}"));
        }
        if let Some(there) = &self.machine {
            let same_boot = there.boot.is_some() && there.boot == here.boot;
            let same_host = there.host == here.host;
            match (same_boot, same_host) {
                (false, false) => return Verdict::Held(self.to_string()),
                (false, true) if there.boot.is_some() && here.boot.is_some() => return ended(),
                // This program always holds the kernel lock, where there is one.
                (true, _) | (_, true) if let_go => return ended(),
                (true, _) | (_, true) => {}
            }
        }
        match process(number).can_own(self.renewed) {
            true => Verdict::Held(self.to_string()),
            false => ended(),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {}", self.process)?;
        self.machine.as_ref().map_or(Ok(()), |machine| write!(formatter, " on `{}`", machine.host))
    }
}

impl Record {
    /// Reads a lock file. A bare number is a lock that rclone is just about to complete.
    pub fn parse(bytes: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Self::Unreadable };
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let time = |field: &str| text(field).and_then(|text| text.parse::<Timestamp>().ok());
        let bare = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let Some(process) = text("PID").and_then(|text| text.parse().ok()).or(bare) else { return Self::Unreadable };
        let boot = text("Boot").map(str::to_owned);
        let machine = text("Host").map(|host| Machine { host: host.to_owned(), boot });
        Self::Owner(Owner { process, machine, renewed: time("TimeRenewed"), expires: time("TimeExpires") })
    }
}

impl Machine {
    /// Returns the machine that we run on.
    pub fn this() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|boot| boot.trim().to_owned());
        Self { host: rustix::system::uname().nodename().to_string_lossy().into_owned(), boot }
    }
}

impl Process {
    /// Finds out about a process of this machine.
    pub fn of(number: u32) -> Self {
        let Some(process) = i32::try_from(number).ok().and_then(rustix::process::Pid::from_raw) else {
            return Self::Gone;
        };
        if rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH) {
            return Self::Gone;
        }
        began(number).map_or(Self::Alive, Self::Began)
    }

    /// Whether it may be the one that wrote something then: it is there, and did not begin later.
    pub fn can_own(self, written: Option<Timestamp>) -> bool {
        match (self, written) {
            (Self::Gone, _) => false,
            (Self::Began(began), Some(written)) => began.duration_since(written) <= START_SLACK,
            (Self::Began(_), None) | (Self::Alive, _) => true,
        }
    }
}

/// Returns when a process began, where `/proc` tells.
fn began(number: u32) -> Option<Timestamp> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The program's name stands in parentheses and may hold anything; field 22 is the 20th after it.
    let ticks: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot: i64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()?;
    let seconds = i64::try_from(ticks.checked_div(rustix::param::clock_ticks_per_second())?).ok()?;
    Timestamp::from_second(boot.checked_add(seconds)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENEWED: &str = "2026-01-01T12:00:00Z";

    fn machine(host: &str, boot: &str) -> Machine {
        Machine { host: host.into(), boot: (!boot.is_empty()).then(|| boot.into()) }
    }

    /// `lock` is the machine that a lock names, if any; `process` is what this machine knows of process 7.
    fn check(lock: Option<Machine>, kernel: KernelLock, process: Process, expected: &str) {
        let record = Record::Owner(Owner {
            process: 7,
            machine: lock,
            renewed: RENEWED.parse().ok(),
            expires: "2026-01-01T13:00:00Z".parse().ok(),
        });
        let found = Found { record, fresh: false, kernel };
        let now = "2026-01-01T12:30:00Z".parse().unwrap();
        let verdict = match found.verdict(&machine("here", "b1"), now, |_| process) {
            Verdict::Free => "free".to_owned(),
            Verdict::Stale(why) => why,
            Verdict::Held(owner) => format!("held by {owner}"),
        };
        assert_eq!(verdict, expected, "{found:?} {process:?}");
    }

    #[test]
    fn locks_of_this_program() {
        use KernelLock::{Ours, Theirs, Unsupported};
        let here = || Some(machine("here", "b1"));
        check(here(), Theirs, Process::Gone, "held by process 7 on `here`");
        check(here(), Ours, Process::Alive, "process 7 has ended");
        check(here(), Unsupported, Process::Alive, "held by process 7 on `here`");
        check(here(), Unsupported, Process::Gone, "process 7 has ended");
        // The machine was started anew.
        check(Some(machine("here", "b0")), Unsupported, Process::Alive, "process 7 has ended");
        check(Some(machine("here", "")), Ours, Process::Alive, "process 7 has ended");
        check(Some(machine("here", "")), Unsupported, Process::Alive, "held by process 7 on `here`");
        // Another container on this machine, and another machine.
        check(Some(machine("box", "b1")), Ours, Process::Alive, "process 7 has ended");
        check(Some(machine("box", "b1")), Unsupported, Process::Alive, "held by process 7 on `box`");
        check(Some(machine("there", "b9")), Ours, Process::Gone, "held by process 7 on `there`");
        check(Some(machine("there", "")), Ours, Process::Gone, "held by process 7 on `there`");
    }

    #[test]
    fn locks_of_rclone() {
        let began = |text: &str| Process::Began(text.parse().unwrap());
        check(None, KernelLock::Ours, Process::Gone, "process 7 has ended");
        check(None, KernelLock::Ours, Process::Alive, "held by process 7");
        check(None, KernelLock::Ours, began("2026-01-01T11:00:00Z"), "held by process 7");
        check(None, KernelLock::Ours, began("2026-01-01T12:00:01Z"), "held by process 7");
        check(None, KernelLock::Ours, began("2026-01-01T12:00:09Z"), "process 7 has ended");
    }

    #[test]
    fn an_expired_lock_is_stale_unless_the_kernel_knows_better() {
        let check = |kernel, expected| {
            let text = br#"{"Session":"s","PID":"7","TimeRenewed":"2026-01-01T12:00:00.123456789+02:00",
                "TimeExpires":"2026-01-01T12:02:00.123456789+02:00"}"#;
            let found = Found { record: Record::parse(text), fresh: false, kernel };
            let now = "2026-01-01T10:03:00Z".parse().unwrap();
            assert_eq!(found.verdict(&machine("here", "b1"), now, |_| Process::Alive), expected);
        };
        check(KernelLock::Theirs, Verdict::Held("process 7".into()));
        check(KernelLock::Ours, Verdict::Stale("it expired at 2026-01-01T10:02:00Z".into()));
    }

    #[test]
    fn a_lock_that_cannot_be_read() {
        let check = |text: &str, fresh, kernel, expected: Option<Verdict>| {
            let found = Found { record: Record::parse(text.as_bytes()), fresh, kernel };
            let verdict = found.verdict(&machine("here", "b1"), Timestamp::now(), |_| Process::Gone);
            let expected = expected.unwrap_or_else(|| Verdict::Stale("it cannot be read, and nobody holds it".into()));
            assert_eq!(verdict, expected, "{text:?} {fresh} {kernel:?}");
        };
        check("", true, KernelLock::Ours, Some(Verdict::Free));
        check("", false, KernelLock::Ours, None);
        check("", true, KernelLock::Theirs, Some(Verdict::Held("an unknown process".into())));
        check("{\"PID\":", false, KernelLock::Unsupported, None);
        check("{\"PID\":\"x\"}", false, KernelLock::Ours, None);
        check("7", false, KernelLock::Ours, Some(Verdict::Stale("process 7 has ended".into())));
    }

    #[test]
    fn this_process_is_alive() {
        assert_ne!(Process::of(std::process::id()), Process::Gone);
        assert_eq!(Process::of(0), Process::Gone);
        assert_eq!(Process::of(u32::MAX), Process::Gone);
    }
}
