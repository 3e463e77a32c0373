//! The plan file: a plan as text, to be read by people and programs, and to be carried out later.
//!
//! Lines of JSON. The first one says what the plan is for, the last one how long it is, and each one between is a decision.
//! `docs/plan-format.md` describes them.

mod reading;
mod version;

use serde::{Serialize, Serializer};

use crate::entry::Instant;
use crate::json::{Json, JsonError};
use crate::merge::Row;
use crate::metadata::{Metadata, Pairs};
use crate::path::RelPath;
use crate::side::Pair;
use crate::walk::Now;

use super::{Choice, Phase, Planned};
use version::Version;
pub use version::time;

/// The version of the format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;
/// The first line is at most so long, in bytes: the options in it hold whole files of rules.
const LONGEST_HEADER: usize = 16 << 20;
/// Every other line is at most so long, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// The first line: what a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The version of the format.
    #[serde(rename = "bisync-plan")]
    pub format: u32,
    /// When the plan was made.
    #[serde(serialize_with = "time::serialize")]
    pub made: Instant,
    /// Both paths as a host opens them.
    pub roots: Pair<String>,
    /// Both paths as the state's names are made from them.
    pub paths: Pair<String>,
    /// The options, as names without dashes and values, in the order given.
    pub options: Vec<(String, String)>,
    /// The first line of each listing of the last run: a run in between changes them. `None` where there was none.
    pub listings: Pair<Option<String>>,
    /// Whether the plan goes on from these listings; otherwise it starts anew.
    pub has_base: bool,
}

/// A decision as a line.
///
/// The fields of [`RowLine`] stand here again: what serde flattens, it writes by way of a map.
#[derive(Debug, Serialize)]
struct Line {
    path: RelPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<RelPath>,
    #[serde(skip_serializing_if = "is_empty")]
    base: Pair<Option<Version>>,
    #[serde(skip_serializing_if = "is_empty")]
    now: Pair<Option<Version>>,
    #[serde(skip_serializing_if = "has_none")]
    metadata: Pair<Option<Pairs>>,
    /// What is done, in words. Not read.
    does: Vec<String>,
    /// Why, in words. Not read.
    why: String,
    choice: Choice,
    phase: Phase,
}

/// A row as JSON.
#[derive(Debug, Serialize)]
struct RowLine {
    path: RelPath,
    /// The name on side two, where it is spelled differently.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<RelPath>,
    /// What the last run recorded.
    #[serde(skip_serializing_if = "is_empty")]
    base: Pair<Option<Version>>,
    /// What is there now.
    #[serde(skip_serializing_if = "is_empty")]
    now: Pair<Option<Version>>,
    /// The metadata of that, where it is carried over.
    #[serde(skip_serializing_if = "has_none")]
    metadata: Pair<Option<Pairs>>,
}

/// The last line.
#[derive(Debug, Serialize)]
struct End {
    /// How many decisions there are.
    decisions: u64,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanLine {
    /// What the plan is for.
    Header(Header),
    /// A decision.
    Decision(Box<Planned>),
    /// The plan is complete.
    End,
}

/// Why a text is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A line that cannot be read.
    #[error("line {line} of the plan cannot be read: {problem}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A version that this program does not know.
    #[error("the plan has format {0}, and this program reads format {FORMAT}")]
    Format(u32),
    /// The end is missing.
    #[error("the plan is cut off after line {0}")]
    CutOff(u64),
    /// Lines are missing, or there are too many.
    #[error("the plan says that it has {said} decisions, and has {found}")]
    Count {
        /// What the last line says.
        said: u64,
        /// How many there are.
        found: u64,
    },
}

/// Writes the first line.
pub fn write_header(out: &mut Vec<u8>, header: &Header) {
    write_line(out, header);
}

/// Writes a decision, with what it does and why in words.
pub fn write_decision(out: &mut Vec<u8>, planned: &Planned, does: Vec<String>, why: String) {
    let RowLine { path, alias, base, now, metadata } = (*planned.row).clone().into();
    let (choice, phase) = (planned.choice.clone(), planned.phase);
    let line = Line { path, alias, base, now, metadata, does, why, choice, phase };
    write_line(out, &line);
}

/// Writes the last line.
pub fn write_end(out: &mut Vec<u8>, decisions: u64) {
    write_line(out, &End { decisions });
}

fn write_line(out: &mut Vec<u8>, line: &impl Serialize) {
    // Writing to a vector fails only for maps whose keys are no texts, and there are none.
    let _ = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}

/// Reads a plan in parts.
#[derive(Debug, Default)]
pub struct PlanReader {
    buffer: Vec<u8>,
    at: usize,
    lines: u64,
    decisions: u64,
    is_complete: bool,
}

impl PlanReader {
    /// Takes the next part of the text.
    pub fn feed(&mut self, part: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(part);
    }

    /// Takes the next line; `None` when more of the text is needed.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn pull(&mut self) -> Result<Option<PlanLine>, PlanError> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', rest) else {
            let longest = if self.lines == 0 { LONGEST_HEADER } else { LONGEST_LINE };
            return match rest.len() > longest {
                true => Err(self.wrong("it is too long")),
                false => Ok(None),
            };
        };
        self.lines += 1;
        self.at += length + 1;
        let text = rest.get(..length).unwrap_or_default();
        if self.is_complete {
            return Err(self.wrong("the plan has ended before"));
        }
        let line = Json::parse(text).map_err(|error| self.unreadable(&error))?;
        if self.lines == 1 {
            let format = reading::format(&line).map_err(|error| self.unreadable(&error))?;
            if format != FORMAT {
                return Err(PlanError::Format(format));
            }
            let header = reading::header(line).map_err(|error| self.unreadable(&error))?;
            return Ok(Some(PlanLine::Header(header)));
        }
        if let Ok(said) = reading::end(&line) {
            self.is_complete = true;
            return match said == self.decisions {
                true => Ok(Some(PlanLine::End)),
                false => Err(PlanError::Count { said, found: self.decisions }),
            };
        }
        let planned = reading::decision(line).map_err(|error| self.unreadable(&error))?;
        self.decisions += 1;
        Ok(Some(PlanLine::Decision(planned.into())))
    }

    /// There is no more text.
    ///
    /// # Errors
    /// Says where the plan was cut off.
    pub fn finish(&self) -> Result<(), PlanError> {
        if self.is_complete { Ok(()) } else { Err(PlanError::CutOff(self.lines)) }
    }

    fn unreadable(&self, error: &JsonError) -> PlanError {
        self.wrong(&error.to_string())
    }

    fn wrong(&self, problem: &str) -> PlanError {
        PlanError::Line { line: self.lines.max(1), problem: problem.to_owned() }
    }
}

fn is_empty(versions: &Pair<Option<Version>>) -> bool {
    versions.one.is_none() && versions.two.is_none()
}

fn has_none(metadata: &Pair<Option<Pairs>>) -> bool {
    metadata.one.is_none() && metadata.two.is_none()
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RowLine::from(self.clone()).serialize(serializer)
    }
}

impl From<Row> for RowLine {
    fn from(Row { path, alias, prior, now, metadata }: Row) -> Self {
        let present = |now| if let Now::Present(found) = now { Some(Version::from(found)) } else { None };
        let metadata = metadata.map(|metadata| Some(metadata?.pairs));
        Self { path, alias, base: prior.map(|prior| prior.map(Version::from)), now: now.map(present), metadata }
    }
}

impl From<RowLine> for Row {
    fn from(RowLine { path, alias, base, now, metadata }: RowLine) -> Self {
        let present = |version: Option<Version>| version.map_or(Now::Absent, |version| Now::Present(version.into()));
        let prior = base.map(|version| version.map(Into::into));
        // When it was changed has been looked at when the plan was made.
        let metadata = metadata.map(|pairs| Some(Box::new(Metadata { pairs: pairs?, changed: None })));
        Self { path, alias, prior, now: now.map(present), metadata }
    }
}

/// Returns the header of a plan whose text begins so.
///
/// # Errors
/// Says why it is none.
pub fn header(text: &[u8]) -> Result<Header, PlanError> {
    let mut reader = PlanReader::default();
    reader.feed(text);
    match reader.pull()? {
        Some(PlanLine::Header(header)) => Ok(header),
        Some(PlanLine::Decision(_) | PlanLine::End) | None => Err(PlanError::CutOff(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{FileId, Fingerprint, Found, Hash, Kind};
    use crate::plan::Reason;
    use crate::side::Side;

    fn planned(path: &str, choice: Choice) -> Planned {
        let fingerprint = Fingerprint {
            size: Some(5),
            modified: Some(Instant { seconds: 1_136_239_445, nanoseconds: 7 }),
            hash: Hash::parse("md5:00"),
            id: Some(FileId(u128::MAX - 5)),
        };
        let mut row = Row::at(RelPath::parse(path).unwrap());
        row.now.one = Now::Present(Found { kind: Kind::File, fingerprint: fingerprint.clone() });
        let pairs = [("mode".to_owned(), "100644".to_owned())].into();
        row.metadata.two = Some(Box::new(Metadata { pairs, changed: None }));
        row.prior.two = Some(Found { kind: Kind::Directory, fingerprint: Fingerprint::default() });
        Planned::new(row, choice)
    }

    fn text() -> (Vec<Planned>, Vec<u8>) {
        let path = RelPath::parse("ä/b").unwrap();
        let old = planned("old", Choice::Adopt).row;
        let choices = [
            Choice::Adopt,
            Choice::Forget(Reason::Excluded),
            Choice::Carry { from: Side::Two, target: None, reason: Reason::Moved(Side::One, path.clone()) },
            Choice::Remove(Side::One),
            Choice::Touch {
                on: Side::One,
                modified: Instant { seconds: 1, nanoseconds: 2 },
                metadata_of: Some(Side::One),
                reason: Reason::Same,
            },
            Choice::SetMetadata { on: Side::One, reason: Reason::Metadata(Side::Two) },
            Choice::Follow { side: Side::One, old: old.clone(), target: Some(path.clone()) },
            Choice::Respell(old),
            Choice::FixCase(path.clone()),
            Choice::Conflict { winner: None, names: Pair::new(Some(path.clone()), None).into() },
            Choice::StepAside { side: Side::Two, name: path.clone(), reason: Reason::HalfWritten(Side::Two) },
            Choice::ReplaceDirectory(Side::One),
            Choice::MakeDirectory { on: Side::One, target: None },
            Choice::RemoveDirectory { on: Side::One, reason: Reason::EmptyDirectory },
            Choice::Leftover(Side::Two),
        ];
        let plan: Vec<_> = choices.into_iter().map(|choice| planned("a b/c", choice)).collect();
        let mut out = Vec::new();
        write_header(&mut out, &sample_header());
        for planned in &plan {
            write_decision(&mut out, planned, vec!["copy to Path2".into()], "new on Path1".into());
        }
        write_end(&mut out, plan.len() as u64);
        (plan, out)
    }

    fn sample_header() -> Header {
        Header {
            format: FORMAT,
            made: Instant { seconds: 1_136_239_445, nanoseconds: 0 },
            roots: Pair::new("/a".into(), "/b".into()),
            paths: Pair::new("/a/".into(), "/b/".into()),
            options: vec![("max-delete".into(), "10".into())],
            listings: Pair::new(Some("# x".into()), None),
            has_base: true,
        }
    }

    fn read(text: &[u8], part: usize) -> Result<Vec<Planned>, PlanError> {
        let mut reader = PlanReader::default();
        let mut plan = Vec::new();
        for part in text.chunks(part) {
            reader.feed(part);
            while let Some(line) = reader.pull()? {
                match line {
                    PlanLine::Header(header) => assert_eq!(header, sample_header()),
                    PlanLine::Decision(planned) => plan.push(*planned),
                    PlanLine::End => {}
                }
            }
        }
        reader.finish()?;
        Ok(plan)
    }

    #[test]
    fn what_is_written_is_read() {
        let (plan, text) = text();
        for part in [1, 7, 1 << 20] {
            assert_eq!(read(&text, part).as_ref(), Ok(&plan));
        }
        assert_eq!(header(&text), Ok(sample_header()));
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let (_, bytes) = text();
        let text = String::from_utf8(bytes).unwrap();
        let check = |from: &str, to: &str, expected: &str| {
            assert!(text.contains(from), "{from}");
            let error = read(text.replacen(from, to, 1).as_bytes(), 100).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("\"bisync-plan\":1", "\"bisync-plan\":2", "format 2");
        check("\"path\":\"a b/c\"", "\"path\":\"../c\"", "line 2 of the plan cannot be read");
        check("\"path\":\"a b/c\"", "\"path\":7", "line 2");
        check("\"path\":\"a b/c\"", "\"path\":\"\"", "line 2 of the plan cannot be read: a path is empty");
        check("\"decisions\":15", "\"decisions\":12", "says that it has 12 decisions, and has 15");
        check("{\"decisions\":15}\n", "", "cut off after line 16");
        check("2006-01-02T22:04:05.000000007Z", "yesterday", "line 2");
        check("{\"decisions\":15}\n", "{\"decisions\":15}\n{}\n", "ended before");
        for misspelt in ["size", "modified", "hash", "id", "now", "base", "why", "target"] {
            check(&format!("\"{misspelt}\":"), &format!("\"{misspelt}s\":"), &format!("unknown field `{misspelt}s`"));
        }
        for misspelt in ["path", "choice", "phase", "kind", "roots", "made", "on", "from", "reason"] {
            check(&format!("\"{misspelt}\":"), &format!("\"{misspelt}s\":"), &format!("missing field `{misspelt}`"));
        }
        check("\"has_base\":true", "\"has_base\":true,\"more\":1", "unknown field `more`");
        check("\"path1\":\"/a\"", "\"path1\":\"/a\",\"path1\":\"/b\"", "duplicate field `path1`");
        check("\"path1\":\"/a\"", "\"path\":\"/a\"", "line 1");
        check("\"adopt\"", "\"carry\"", "unknown variant `carry`");
    }
}
