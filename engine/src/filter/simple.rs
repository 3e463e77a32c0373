//! Globs without a regular expression in them, matched directly.
//!
//! Nearly every rule that people write is one of these, and a path is tested against all rules: this is many times
//! faster than a regular expression.

use super::class::Class;
use super::fold::fold;

/// A glob of which the braces have been multiplied out.
#[derive(Debug, Clone)]
pub(super) struct SimpleGlob(Vec<Branch>);

#[derive(Debug, Clone)]
struct Branch {
    span: Span,
    pieces: Vec<Piece>,
}

/// What a branch has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    /// The whole path.
    Path,
    /// Its last name.
    Name,
    /// The path, or what follows one of its slashes.
    End,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    /// `?`: a character that is no `/`.
    One,
    /// `*`: characters that are no `/`.
    Star,
    /// `**`: any characters.
    DoubleStar,
    Class(Class),
}

/// More alternatives than this are left to a regular expression.
const MOST_BRANCHES: usize = 64;
/// Braces nested deeper than this are left to a regular expression.
const MOST_DEPTH: usize = 8;
/// More stars than this are left to a regular expression, whose time does not multiply with each of them.
const MOST_STARS: usize = 3;

impl SimpleGlob {
    /// Reads a well-formed glob; `None` when it takes a regular expression to match it.
    pub(super) fn parse(glob: &str, ignore_case: bool) -> Option<Self> {
        // A regular expression, or an escaped brace before another one, which rclone takes for the same.
        if glob.contains("{{") {
            return None;
        }
        let (anchored, rest) = glob.strip_prefix('/').map_or((false, glob), |rest| (true, rest));
        let alternatives = Reader { rest, ignore_case }.alternatives(0)?;
        alternatives.into_iter().map(|pieces| Branch::new(pieces, anchored)).collect::<Option<_>>().map(Self)
    }

    /// Returns true when the glob matches `path`, which is folded when the glob ignores case.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|branch| branch.matches(path))
    }
}

impl Branch {
    fn new(pieces: Vec<Piece>, anchored: bool) -> Option<Self> {
        let stars = pieces.iter().filter(|piece| matches!(piece, Piece::Star | Piece::DoubleStar)).count();
        let crosses = pieces.iter().any(|piece| match piece {
            Piece::Literal(text) => text.contains('/'),
            Piece::Class(class) => class.contains('/'),
            Piece::DoubleStar => true,
            Piece::One | Piece::Star => false,
        });
        let span = match pieces.first() {
            // What `**` matches after a slash, it also matches with all that comes before.
            Some(Piece::DoubleStar) => Span::Path,
            _ if anchored => Span::Path,
            _ if crosses => Span::End,
            _ => Span::Name,
        };
        (stars <= MOST_STARS).then_some(Self { span, pieces })
    }

    fn matches(&self, path: &str) -> bool {
        if let Some(Piece::Literal(end)) = self.pieces.last()
            && !path.ends_with(end)
        {
            return false;
        }
        let after = |slash: usize| path.get(slash + 1..).is_some_and(|end| matches(&self.pieces, end));
        match (self.span, memchr::memrchr(b'/', path.as_bytes())) {
            (Span::Path, _) | (Span::Name | Span::End, None) => matches(&self.pieces, path),
            (Span::Name, Some(slash)) => after(slash),
            (Span::End, Some(_)) => {
                matches(&self.pieces, path) || memchr::memchr_iter(b'/', path.as_bytes()).any(after)
            }
        }
    }
}

/// Returns true when `pieces` match all of `text`.
fn matches(pieces: &[Piece], text: &str) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return text.is_empty() };
    match piece {
        Piece::Literal(literal) => text.strip_prefix(literal.as_str()).is_some_and(|after| matches(rest, after)),
        Piece::One => after_one(text, |character| character != '/').is_some_and(|after| matches(rest, after)),
        Piece::Class(class) => {
            after_one(text, |character| class.contains(character)).is_some_and(|after| matches(rest, after))
        }
        Piece::Star => matches_after_stretch(rest, text, text.find('/').unwrap_or(text.len())),
        Piece::DoubleStar => matches_after_stretch(rest, text, text.len()),
    }
}

fn after_one(text: &str, accepts: impl Fn(char) -> bool) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().filter(|character| accepts(*character)).map(|_| characters.as_str())
}

/// Returns true when `pieces` match what follows some stretch of `text` that is at most `longest` bytes long.
fn matches_after_stretch(pieces: &[Piece], text: &str, longest: usize) -> bool {
    match pieces {
        [] => longest == text.len(),
        [Piece::Literal(end)] => text.strip_suffix(end.as_str()).is_some_and(|stretch| stretch.len() <= longest),
        [Piece::Literal(next), ..] => {
            let first = next.bytes().next().unwrap_or_default();
            let candidates = memchr::memchr_iter(first, text.as_bytes()).take_while(|at| *at <= longest);
            candidates.filter_map(|at| text.get(at..)).any(|after| matches(pieces, after))
        }
        _ => (0..=longest).filter_map(|length| text.get(length..)).any(|after| matches(pieces, after)),
    }
}

/// What is left of a glob to read.
struct Reader<'glob> {
    rest: &'glob str,
    ignore_case: bool,
}

impl Reader<'_> {
    /// Reads alternatives up to the `}` that ends them, or a whole glob.
    fn alternatives(&mut self, depth: usize) -> Option<Vec<Vec<Piece>>> {
        if depth > MOST_DEPTH {
            return None;
        }
        let mut complete = Vec::new();
        // What the alternative that is being read has become so far: each brace in it multiplies it.
        let mut current = vec![Vec::new()];
        while let Some(character) = self.next() {
            match character {
                '}' if depth > 0 => break,
                ',' if depth > 0 => {
                    complete.append(&mut current);
                    current.push(Vec::new());
                }
                '{' => {
                    let inner = self.alternatives(depth + 1)?;
                    if current.len() * inner.len() > MOST_BRANCHES {
                        return None;
                    }
                    current = current.iter().flat_map(|head| inner.iter().map(|tail| joined(head, tail))).collect();
                }
                _ => {
                    let piece = self.piece(character)?;
                    current.iter_mut().for_each(|pieces| push(pieces, piece.clone()));
                }
            }
        }
        complete.append(&mut current);
        (complete.len() <= MOST_BRANCHES).then_some(complete)
    }

    /// Reads the piece that begins with `first`.
    fn piece(&mut self, first: char) -> Option<Piece> {
        Some(match first {
            '*' => match self.rest.strip_prefix('*') {
                Some(rest) => {
                    self.rest = rest;
                    Piece::DoubleStar
                }
                None => Piece::Star,
            },
            '?' => Piece::One,
            '[' => {
                let (class, after) = Class::parse(self.rest, self.ignore_case)?;
                // With brackets among brackets, the glob and RE2 may not agree about where the class ends.
                let between = self.rest.strip_suffix(after)?.strip_suffix(']')?;
                if between.contains(['[', ']']) {
                    return None;
                }
                self.rest = after;
                Piece::Class(class)
            }
            '\\' => {
                let escaped = self.next()?;
                match escaped {
                    _ if escaped.is_ascii_punctuation() || escaped == ' ' => self.literal(escaped),
                    'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                        let (class, _) = Class::perl(&format!("\\{escaped}"), self.ignore_case)?;
                        Piece::Class(class)
                    }
                    _ => return None,
                }
            }
            _ => self.literal(first),
        })
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn literal(&self, character: char) -> Piece {
        Piece::Literal(if self.ignore_case { fold(character) } else { character }.to_string())
    }
}

/// Adds a piece; literals that follow each other become one.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Literal(last)), Piece::Literal(more)) => last.push_str(&more),
        (_, piece) => pieces.push(piece),
    }
}

fn joined(head: &[Piece], tail: &[Piece]) -> Vec<Piece> {
    let mut pieces = head.to_vec();
    tail.iter().for_each(|piece| push(&mut pieces, piece.clone()));
    pieces
}
