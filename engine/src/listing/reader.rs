//! Bytes of a listing -> entries.

use std::cmp::Ordering;
use std::fmt;

use crate::entry::{Entry, Fingerprint, Found, Hash, Kind};
use crate::path::{PathError, RelPath};
use crate::pull::Pull;

use super::lines::{Line, Lines};
use super::quote::{self, QuoteError};
use super::{HEADER, time};

/// Why a listing cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read listing line {line}: {problem}")]
pub struct ListingError {
    /// The number of the line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: ListingProblem,
}

/// What is wrong with a line of a listing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingProblem {
    /// The file is empty; even a listing without entries has a header.
    #[error("the file is empty")]
    Empty,
    /// Something comes before the header, or the file ends without one.
    #[error("the header `{HEADER} …` is missing")]
    NoHeader,
    /// The file ends within the line.
    #[error("the file ends in the middle of it")]
    Truncated,
    /// The line is longer than any that a listing has.
    #[error("it is too long")]
    TooLong,
    /// The line is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// The line ends before this field.
    #[error("{0} is missing")]
    Missing(Field),
    /// The first field is neither `-` nor `d`.
    #[error("kind `{0}` is neither `-` nor `d`")]
    Kind(String),
    /// The size is neither a number of bytes nor -1.
    #[error("size `{0}` is neither a number of bytes nor `-1`")]
    Size(String),
    /// The hash is neither `-` nor an algorithm and a value.
    #[error("hash `{0}` is neither `algorithm:value` nor `-`")]
    Hash(String),
    /// The hash is of another algorithm than the hashes before it.
    #[error("hash `{found}` is not of the algorithm `{expected}` of the lines before")]
    OtherAlgorithm {
        /// The algorithm of the lines before.
        expected: String,
        /// The hash.
        found: String,
    },
    /// The reserved field is not `-`.
    #[error("id `{0}` is not `-`")]
    Id(String),
    /// The time is none, or none that exists.
    #[error("time `{0}` is not like `2006-01-02T15:04:05.000000000-0700`")]
    Time(String),
    /// The path is not quoted as it should be.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The path is none below the root of a side.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The path is empty.
    #[error("path is empty")]
    EmptyPath,
    /// The path was listed before.
    #[error("path {0:?} is listed twice")]
    Duplicate(RelPath),
    /// The path sorts before the one in the line before.
    #[error("path {path:?} is not in order after {previous:?}")]
    Unsorted {
        /// The path of the line before.
        previous: String,
        /// The path.
        path: RelPath,
    },
}

/// A field of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The size.
    Size,
    /// The hash.
    Hash,
    /// The reserved field.
    Id,
    /// The modification time.
    Time,
    /// The path.
    Path,
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Size => "size",
            Self::Hash => "hash",
            Self::Id => "id",
            Self::Time => "time",
            Self::Path => "path",
        })
    }
}

/// Reads a listing that arrives in pieces.
///
/// Pull entries until the answer is [`Pull::Wait`], then feed the next piece, or finish after the last one:
///
/// ```
/// use bisync_engine::listing::Reader;
/// use bisync_engine::pull::Pull;
///
/// let mut reader = Reader::default();
/// reader.feed(b"# bisync listing v1 from 2006-01-02T22:04:05.000000000+0000\n");
/// reader.feed(b"-        5 - - 2006-01-02T22:04:05.000000000+0000 \"a.t");
/// assert_eq!(reader.pull(), Ok(Pull::Wait));
/// reader.feed(b"xt\"\n");
/// reader.finish();
/// assert!(matches!(reader.pull(), Ok(Pull::Item(entry)) if entry.path.as_str() == "a.txt"));
/// assert_eq!(reader.pull(), Ok(Pull::End));
/// ```
///
/// Unlike rclone, which passes over a damaged line, it takes damage anywhere for damage of the whole: a path that is
/// missing from a prior listing would look like a new one.
#[derive(Debug, Default)]
pub struct Reader {
    lines: Lines,
    lines_read: u64,
    header_seen: bool,
    /// The path of the line before; empty before the first.
    previous: String,
    /// The algorithm of the hashes so far; empty before the first hash.
    algorithm: String,
}

impl Reader {
    /// Takes the next piece of the listing.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }

    /// Returns how many bytes were fed and not used yet.
    pub fn buffered(&self) -> usize {
        self.lines.buffered()
    }

    /// Marks the end of the listing.
    pub fn finish(&mut self) {
        self.lines.finish();
    }

    /// Returns the next entry, in path order.
    ///
    /// # Errors
    /// Tells the first line that is damaged; nothing that is read after an error has a meaning.
    pub fn pull(&mut self) -> Result<Pull<Entry>, ListingError> {
        loop {
            let line = match self.lines.take() {
                Line::Whole(line) => line,
                Line::Wait => return Ok(Pull::Wait),
                Line::TooLong => {
                    return Err(ListingError { line: self.lines_read + 1, problem: ListingProblem::TooLong });
                }
                Line::End([]) if self.header_seen => return Ok(Pull::End),
                Line::End(rest) => {
                    let problem = match rest {
                        [] if self.lines_read == 0 => ListingProblem::Empty,
                        [] => ListingProblem::NoHeader,
                        _ => ListingProblem::Truncated,
                    };
                    return Err(ListingError { line: self.lines_read + 1, problem });
                }
            };
            self.lines_read += 1;
            let failed = |problem| ListingError { line: self.lines_read, problem };
            if line.is_empty() || line.starts_with(b"#") {
                self.header_seen |= line.starts_with(HEADER.as_bytes());
                continue;
            }
            if !self.header_seen {
                return Err(failed(ListingProblem::NoHeader));
            }
            let entry = parse(line).map_err(failed)?;
            check_order(&mut self.previous, &entry.path).map_err(failed)?;
            check_algorithm(&mut self.algorithm, entry.found.fingerprint.hash.as_ref()).map_err(failed)?;
            return Ok(Pull::Item(entry));
        }
    }
}

fn parse(line: &[u8]) -> Result<Entry, ListingProblem> {
    let line = std::str::from_utf8(line).map_err(|_| ListingProblem::NotUtf8)?;
    let (kind, rest) = line.split_once(' ').ok_or(ListingProblem::Missing(Field::Size))?;
    let (size, rest) = word(rest.trim_start_matches(' '), Field::Size)?;
    let (hash, rest) = word(rest, Field::Hash)?;
    let (id, rest) = word(rest, Field::Id)?;
    let (time, path) = word(rest, Field::Time)?;
    if path.is_empty() {
        return Err(ListingProblem::Missing(Field::Path));
    }

    let kind = match kind {
        "-" => Kind::File,
        "d" => Kind::Directory,
        _ => return Err(ListingProblem::Kind(kind.to_owned())),
    };
    if id != "-" {
        return Err(ListingProblem::Id(id.to_owned()));
    }
    let fingerprint = Fingerprint {
        size: parse_size(size)?,
        modified: time::parse(time).ok_or_else(|| ListingProblem::Time(time.to_owned()))?,
        hash: parse_hash(hash)?,
        id: None,
    };
    let path = RelPath::parse(&quote::unquote(path)?)?;
    if path.is_root() {
        return Err(ListingProblem::EmptyPath);
    }
    Ok(Entry { path, found: Found { kind, fingerprint } })
}

/// Splits off a field. One that begins with a quote is the path, so that this field is missing.
fn word(rest: &str, field: Field) -> Result<(&str, &str), ListingProblem> {
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if word.is_empty() || word.starts_with('"') {
        return Err(ListingProblem::Missing(field));
    }
    Ok((word, rest))
}

fn parse_size(size: &str) -> Result<Option<u64>, ListingProblem> {
    if size == "-1" {
        return Ok(None);
    }
    // The parser would take a plus.
    let parsed = if size.starts_with('+') { None } else { size.parse().ok() };
    parsed.map(Some).ok_or_else(|| ListingProblem::Size(size.to_owned()))
}

fn parse_hash(hash: &str) -> Result<Option<Hash>, ListingProblem> {
    if hash == "-" {
        return Ok(None);
    }
    Hash::parse(hash).map(Some).ok_or_else(|| ListingProblem::Hash(hash.to_owned()))
}

fn check_order(previous: &mut String, path: &RelPath) -> Result<(), ListingProblem> {
    match path.as_str().cmp(previous.as_str()) {
        Ordering::Greater => {
            previous.clear();
            previous.push_str(path.as_str());
            Ok(())
        }
        Ordering::Equal => Err(ListingProblem::Duplicate(path.clone())),
        Ordering::Less => Err(ListingProblem::Unsorted { previous: previous.clone(), path: path.clone() }),
    }
}

fn check_algorithm(expected: &mut String, hash: Option<&Hash>) -> Result<(), ListingProblem> {
    let Some(hash) = hash else { return Ok(()) };
    if expected.is_empty() {
        expected.push_str(hash.algorithm());
    }
    if hash.algorithm() == expected {
        return Ok(());
    }
    Err(ListingProblem::OtherAlgorithm { expected: expected.clone(), found: hash.as_str().to_owned() })
}
