//! The journal: what the next run must know of a run that was killed.
//!
//! A text of lines. `run 0123456789abcdef` names a run whose temporary files may be left. `looked 0123456789abcdef` names one after which a
//! run has looked for them: the next one does so once more, because a server may finish an upload late. `in-place` says that other blobs
//! name files which may be half written. `commit` says that both new listings are complete, and only have to be given their names.

/// So many runs are remembered, the last ones.
const RUNS: usize = 100;

/// What a journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// Runs that did not end, or that failed in part, the oldest first.
    pub runs: Vec<u64>,
    /// Of runs before them, those whose temporary files were looked for once.
    pub looked: Vec<u64>,
    /// Whether files may be half written in place.
    pub has_halves: bool,
    /// Whether the new listings are complete.
    pub is_committing: bool,
}

impl Journal {
    /// Reads a journal. Lines that say nothing known are skipped: a journal that was cut off says less, never something else.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut journal = Self::default();
        let text = String::from_utf8_lossy(bytes);
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            match line.split_once(' ') {
                Some(("run", run)) => journal.runs.extend(u64::from_str_radix(run, 16)),
                Some(("looked", run)) => journal.looked.extend(u64::from_str_radix(run, 16)),
                None if line == "in-place" => journal.has_halves = true,
                None if line == "commit" => journal.is_committing = true,
                Some(_) | None => {}
            }
        }
        journal
    }

    /// Names a run that begins.
    pub fn add(&mut self, run: u64) {
        self.runs.drain(..(self.runs.len() + 1).saturating_sub(RUNS));
        self.runs.push(run);
    }

    /// Says whether temporary files of a run are looked for.
    pub fn names(&self, run: u64) -> bool {
        self.runs.contains(&run) || self.looked.contains(&run)
    }

    /// Says whether it tells the next run nothing.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.looked.is_empty() && !self.has_halves
    }

    /// Writes the journal.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        for run in &self.looked {
            text.push_str(&format!("looked {run:016x}\n"));
        }
        for run in &self.runs {
            text.push_str(&format!("run {run:016x}\n"));
        }
        if self.has_halves {
            text.push_str("in-place\n");
        }
        if self.is_committing {
            text.push_str("commit\n");
        }
        text.into_bytes()
    }
}

/// Returns a journal that names the same runs and finishes none: for a host that puts other listings in the place of those which a
/// killed run was about to install.
pub fn forget_commit(journal: &[u8]) -> Vec<u8> {
    Journal { is_committing: false, ..Journal::parse(journal) }.to_bytes()
}

/// Returns a journal that names a run as well: for a host that knows, when the run has ended, that temporary files of it may still appear.
pub fn keep_run(journal: &[u8], run: u64) -> Vec<u8> {
    let mut journal = Journal::parse(journal);
    if !journal.runs.contains(&run) {
        journal.add(run);
    }
    journal.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_runs_are_forgotten() {
        let mut journal = Journal::default();
        (0..250).for_each(|run| journal.add(run));
        assert_eq!(journal.runs, (150..250).collect::<Vec<_>>());
    }

    #[test]
    fn a_commit_can_be_forgotten() {
        let journal = Journal { runs: vec![1, 2], looked: vec![3], has_halves: true, is_committing: true };
        let expected = Journal { is_committing: false, ..journal.clone() };
        assert_eq!(Journal::parse(&forget_commit(&journal.to_bytes())), expected);
        assert_eq!(forget_commit(b""), b"");
    }

    #[test]
    fn a_run_is_kept_once() {
        let journal = Journal { runs: vec![1], has_halves: true, is_committing: true, ..Journal::default() };
        let expected = Journal { runs: vec![1, 2], ..journal.clone() };
        let kept = keep_run(&journal.to_bytes(), 2);
        assert_eq!(Journal::parse(&kept), expected);
        assert_eq!(keep_run(&kept, 2), kept);
        assert_eq!(Journal::parse(&keep_run(b"", 3)).runs, [3]);
    }

    #[test]
    fn a_journal_survives_being_written_and_cut_off() {
        let journal = Journal { runs: vec![1, u64::MAX], looked: vec![7], has_halves: true, is_committing: true };
        let bytes = journal.to_bytes();
        assert_eq!(Journal::parse(&bytes), journal);
        for length in 0..bytes.len() {
            let cut = Journal::parse(&bytes[..length]);
            assert!(!cut.is_committing, "{length}");
            assert!(cut.runs.iter().all(|run| journal.runs.contains(run)), "{length}");
            assert!(cut.looked.iter().all(|run| journal.looked.contains(run)), "{length}");
        }
    }
}
