//! The journal: what the next run must know of a run that was killed.
//!
//! A text of lines. `run 0123456789abcdef` names a run whose temporary files may be left. `commit` says that both new
//! listings are complete, and only have to be given their names.

/// What a journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// Runs that did not end.
    pub runs: Vec<u64>,
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
                None if line == "commit" => journal.is_committing = true,
                Some(_) | None => {}
            }
        }
        journal
    }

    /// Writes the journal.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        for run in &self.runs {
            text.push_str(&format!("run {run:016x}\n"));
        }
        if self.is_committing {
            text.push_str("commit\n");
        }
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_survives_being_written_and_cut_off() {
        let journal = Journal { runs: vec![1, u64::MAX], is_committing: true };
        let bytes = journal.to_bytes();
        assert_eq!(Journal::parse(&bytes), journal);
        for length in 0..bytes.len() {
            let cut = Journal::parse(&bytes[..length]);
            assert!(!cut.is_committing, "{length}");
            assert!(cut.runs.iter().all(|run| journal.runs.contains(run)), "{length}");
        }
    }
}
