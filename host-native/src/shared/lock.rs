//! The lock on a folder that runs of several machines respect.
//!
//! Each run creates a file of its own, then lists the files of other runs, and gives way if one of them is alive. If two runs start at
//! once, at least one sees the other. The only requirement on the store is that it lists files that were written. A run shows that it
//! is alive by giving its file the next number. The clock of another machine counts only if it says that a lock is new. A lock that
//! looks old is watched for as long as it lasts, and removed if it does not change.

use std::thread;
use std::time::Duration;

use bisync_engine::entry::Fingerprint;
use bisync_engine::protocol::{Failure, FailureKind};
use bisync_engine::side::Side;
use jiff::Timestamp;

use super::clock::passed;
use super::directory::Directory;
use super::names::Name;
use super::owner::{LONGEST, Life, Owner};
use super::random::random;
use crate::backend::failed;

/// Runs that come at the same moment try again so often.
const TRIES: u32 = 4;

/// How long a lock lasts that is not renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// So long.
    pub lasts: Duration,
}

impl Lease {
    /// Returns what `--max-lock` asks for, a day at most; three minutes without it.
    pub fn new(max_lock: Option<Duration>) -> Self {
        Self { lasts: max_lock.unwrap_or(Duration::from_secs(180)).min(LONGEST) }
    }

    /// A lock is renewed so often.
    fn renewed_every(self) -> Duration {
        self.lasts / 3
    }

    /// Whoever could not renew a lock for so long has lost it, before anybody may take it over.
    pub fn is_sure_for(self) -> Duration {
        self.lasts * 2 / 3
    }
}

/// Why a lock cannot be had.
#[derive(Debug)]
pub enum Unclaimed {
    /// A run has it.
    Held(Owner),
    /// The directory cannot be used.
    Failed(Failure),
}

impl From<Failure> for Unclaimed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The lock on a folder.
pub struct Lock {
    directory: Directory,
    lease: Lease,
    run: u64,
    /// The number of the file that is there.
    count: u64,
    /// The number of the next one: each try has its own, since one that failed may have been done.
    next: u64,
    version: Fingerprint,
    /// When it was last known to be ours, by [`passed`].
    pub renewed: Duration,
}

/// The lock of another run, as it was found.
struct Rival {
    run: u64,
    count: u64,
    version: Fingerprint,
    owner: Owner,
}

impl Rival {
    fn name(&self) -> String {
        Name::Lock { run: self.run, count: self.count }.to_string()
    }
}

impl Lock {
    /// Claims the lock. `say` is told when a lock is watched or taken away, which may take as long as it lasts.
    ///
    /// # Errors
    /// Returns who has it, or why the directory cannot be used.
    pub fn claim(directory: &Directory, lease: Lease, say: &mut dyn FnMut(String)) -> Result<Self, Unclaimed> {
        let mut tries = 0;
        loop {
            directory.make()?;
            let lock = Self::write(directory.clone(), lease)?;
            let rivals = match lock.rivals() {
                Ok(rivals) => rivals,
                Err(failure) => {
                    lock.release();
                    return Err(failure.into());
                }
            };
            let Some(rival) = rivals.into_iter().next() else { return Ok(lock) };
            lock.release();
            match rival.owner.life(Timestamp::now()) {
                Life::Ended(why) => {
                    directory.remove(&rival.name(), &rival.version)?;
                    say(format!("took over a lock on {} that was left behind: {why}", directory.side));
                }
                Life::Unknown => watch(directory, &rival, say)?,
                // It may be about to give way to us, as we do to it.
                Life::Alive if rival.count == 0 && rival.owner.is_new(Timestamp::now()) && tries < TRIES => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(200 + random() % 1800));
                }
                Life::Alive => return Err(Unclaimed::Held(rival.owner)),
            }
        }
    }

    fn write(directory: Directory, lease: Lease) -> Result<Self, Failure> {
        let (run, renewed) = (random(), passed());
        let version =
            directory.create(&Name::Lock { run, count: 0 }.to_string(), &Owner::this(lease.lasts).to_text())?;
        Ok(Self { directory, lease, run, count: 0, next: 1, version, renewed })
    }

    /// Returns the locks of other runs, of each run the last one first.
    fn rivals(&self) -> Result<Vec<Rival>, Failure> {
        for _ in 0..TRIES {
            if let Some(rivals) = self.try_rivals()? {
                return Ok(rivals);
            }
        }
        Err(failed(FailureKind::Busy, "the locks there change all the time"))
    }

    /// Returns the locks of other runs; `None` when one of them went, or became another, while they were read.
    fn try_rivals(&self) -> Result<Option<Vec<Rival>>, Failure> {
        let mut rivals = Vec::new();
        for (name, version) in self.directory.list()? {
            let Some(Name::Lock { run, count }) = Name::parse(&name) else { continue };
            if run == self.run {
                continue;
            }
            match self.directory.read(&name, &version) {
                Ok(bytes) => rivals.push(Rival { run, count, version, owner: Owner::parse(&bytes) }),
                Err(Failure { kind: FailureKind::NotFound | FailureKind::Changed | FailureKind::Refused, .. }) => {
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            }
        }
        rivals.sort_by_key(|rival| std::cmp::Reverse(rival.count));
        Ok(Some(rivals))
    }

    /// Says that the run lives, when it is time to. Returns false when the lock is lost.
    pub fn renew(&mut self) -> bool {
        let since = passed().saturating_sub(self.renewed);
        since < self.lease.renewed_every() || self.prove().unwrap_or(since < self.lease.is_sure_for())
    }

    /// Says that the run lives, and returns whether the lock was still there.
    ///
    /// # Errors
    /// Fails when that cannot be said.
    pub fn prove(&mut self) -> Result<bool, Failure> {
        let began = passed();
        let name = |count| Name::Lock { run: self.run, count }.to_string();
        let (last, next) = (name(self.count), name(self.next));
        self.next += 1;
        let version = self.directory.create(&next, &Owner::this(self.lease.lasts).to_text())?;
        match self.directory.take_away(&last, &self.version) {
            Ok(()) => {}
            Err(Failure { kind: FailureKind::NotFound | FailureKind::Refused, .. }) => {
                // Somebody took it for dead, and may be at work already.
                let _ = self.directory.remove(&next, &version);
                return Ok(false);
            }
            Err(failure) => {
                let _ = self.directory.remove(&next, &version);
                return Err(failure);
            }
        }
        (self.count, self.version, self.renewed) = (self.next - 1, version, began);
        Ok(true)
    }

    /// Returns whose folder is locked.
    pub fn side(&self) -> Side {
        self.directory.side
    }

    /// Gives the lock up. What cannot be removed is taken over when it no longer lasts.
    pub fn release(&self) {
        let _ = self.directory.remove(&Name::Lock { run: self.run, count: self.count }.to_string(), &self.version);
        if self.next > 1 {
            // A try that failed may have been done.
            for (name, version) in self.directory.list().unwrap_or_default() {
                if matches!(Name::parse(&name), Some(Name::Lock { run, .. }) if run == self.run) {
                    let _ = self.directory.remove(&name, &version);
                }
            }
        }
    }
}

/// Watches a lock for as long as it lasts, and removes it when it is not renewed.
fn watch(directory: &Directory, rival: &Rival, say: &mut dyn FnMut(String)) -> Result<(), Unclaimed> {
    let lasts = rival.owner.lasts;
    say(format!(
        "a lock on {} looks left behind by {}: it is watched for {} s before it is taken over",
        directory.side,
        rival.owner,
        lasts.as_secs()
    ));
    let begin = passed();
    while passed().saturating_sub(begin) < lasts {
        thread::sleep((lasts / 20).min(Duration::from_secs(10)));
        let locks = directory.list()?.into_keys().filter_map(|name| Name::parse(&name));
        let counts = locks.filter_map(|name| match name {
            Name::Lock { run, count } if run == rival.run => Some(count),
            Name::Lock { .. } | Name::Mark(..) | Name::Part(..) => None,
        });
        match counts.max() {
            Some(count) if count == rival.count => {}
            Some(_) => return Err(Unclaimed::Held(rival.owner.clone())),
            None => return Ok(()),
        }
    }
    directory.remove(&rival.name(), &rival.version)?;
    say(format!("took over a lock on {} that was left behind by {}", directory.side, rival.owner));
    Ok(())
}

#[cfg(test)]
pub mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::runtime::{Builder, Runtime};

    use super::*;
    use crate::backend::local::{Local, Sight};

    const LEASE: Lease = Lease { lasts: Duration::from_secs(60) };
    /// A lock of another machine, whose clock is behind, that lasts a second.
    const THEIRS: &str = r#"{"host":"box","process":7,"renewed":"2020-01-01T00:00:00Z","lastsSeconds":1}"#;

    pub fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    pub fn directory(folder: &Path, runtime: &Runtime) -> Directory {
        let local = Local::open(folder, None, Sight::default()).unwrap();
        Directory::new(Side::Two, String::new(), Arc::new(local), runtime.handle().clone())
    }

    fn claim(directory: &Directory, said: &mut Vec<String>) -> Result<Lock, String> {
        Lock::claim(directory, LEASE, &mut |text| said.push(text)).map_err(|unclaimed| match unclaimed {
            Unclaimed::Held(owner) => owner.to_string(),
            Unclaimed::Failed(failure) => panic!("{failure}"),
        })
    }

    #[test]
    fn one_run_at_a_time() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let mut said = Vec::new();
        let mut lock = claim(&directory, &mut said).unwrap();
        // One that has been renewed is at work; it gives way to nobody.
        assert!(lock.prove().unwrap());
        let owner = claim(&directory, &mut said).err().unwrap();
        assert!(owner.starts_with(&format!("process {} on ", std::process::id())), "{owner}");
        lock.release();
        claim(&directory, &mut said).unwrap().release();
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(directory.list().unwrap().len(), 0);
    }

    #[test]
    fn of_many_that_come_at_once_one_has_it() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let (inside, had) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        let mut lock = match Lock::claim(&directory, LEASE, &mut |_| ()) {
                            Ok(lock) => lock,
                            Err(Unclaimed::Held(_)) => continue,
                            // They may also change so often that they cannot be read.
                            Err(Unclaimed::Failed(failure)) if failure.kind == FailureKind::Busy => continue,
                            Err(Unclaimed::Failed(failure)) => panic!("{failure}"),
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two runs are at work");
                        had.fetch_add(1, Ordering::SeqCst);
                        for _ in 0..5 {
                            assert!(lock.prove().unwrap(), "nobody takes it away");
                        }
                        inside.fetch_sub(1, Ordering::SeqCst);
                        lock.release();
                    }
                });
            }
        });
        assert!(had.into_inner() > 0);
    }

    #[test]
    fn a_lock_that_looks_old_is_watched() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let name = |count| Name::Lock { run: 1, count }.to_string();
        directory.make().unwrap();
        let mut version = directory.create(&name(0), THEIRS).unwrap();
        thread::scope(|scope| {
            let other = directory.clone();
            let claimed = scope.spawn(move || claim(&other, &mut Vec::new()).map(drop));
            let mut count = 0;
            while !claimed.is_finished() {
                let next = directory.create(&name(count + 1), THEIRS).unwrap();
                directory.take_away(&name(count), &version).unwrap();
                (version, count) = (next, count + 1);
                thread::sleep(Duration::from_millis(20));
            }
            // It is renewed, whatever its clock says.
            assert_eq!(claimed.join().unwrap().err().unwrap(), "process 7 on `box`");
        });
        let mut said = Vec::new();
        claim(&directory, &mut said).unwrap().release();
        let [watched, taken] = &said[..] else { panic!("{said:?}") };
        assert!(watched.contains("is watched for 1 s") && taken.starts_with("took over"), "{said:?}");
    }

    #[test]
    fn a_lock_that_was_taken_away_is_lost() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let mut lock = claim(&directory, &mut Vec::new()).unwrap();
        assert!(lock.renew(), "it is not time yet");
        for (name, version) in directory.list().unwrap() {
            directory.take_away(&name, &version).unwrap();
        }
        assert!(lock.renew(), "nobody asks before it is time");
        lock.lease.lasts = Duration::ZERO;
        assert!(!lock.renew());
        assert_eq!(directory.list().unwrap().len(), 0);
    }

    #[test]
    fn what_cannot_be_renewed_is_lost_before_it_ends() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
        let directory = directory(folder.path(), &runtime);
        let mut lock = claim(&directory, &mut Vec::new()).unwrap();
        std::fs::remove_dir_all(folder.path().join(".bisync")).unwrap();
        std::fs::write(folder.path().join(".bisync"), "in the way").unwrap();
        lock.lease.lasts = Duration::from_secs(3600);
        assert!(lock.renew());
        lock.lease.lasts = Duration::ZERO;
        assert!(!lock.renew());
    }
}
