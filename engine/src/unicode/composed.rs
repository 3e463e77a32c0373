//! The one spelling of a text that all its spellings share (NFC of Unicode's annex 15).

use std::borrow::Cow;

use crate::sorting::sort_by_key;

use super::decomposition::{DECOMPOSITIONS, Decompositions};

/// Below this one no character is a mark or made of what would not be made one again.
const FIRST_MARK: char = '\u{300}';

/// Returns `text` with its characters composed.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| character < FIRST_MARK) {
        return Cow::Borrowed(text);
    }
    let known = &*DECOMPOSITIONS;
    let mut characters = Vec::with_capacity(text.len());
    text.chars().for_each(|character| decompose(known, character, &mut characters));
    // Marks of different classes may stand in any order: this one. Those of one class keep theirs.
    sort_by_key(&mut characters, |character| (character.bases, character.class));
    Cow::Owned(compose(known, &characters))
}

/// A character that is made of no others.
struct Atom {
    character: char,
    /// 0 for what is no mark.
    class: u8,
    /// How many characters up to this one are no marks.
    bases: usize,
}

/// Adds what a character is made of in the end.
fn decompose(known: &Decompositions, character: char, out: &mut Vec<Atom>) {
    match known.parts(character) {
        None => {
            let class = known.class(character);
            let bases = out.last().map_or(0, |last| last.bases) + usize::from(class == 0);
            out.push(Atom { character, class, bases });
        }
        Some((first, second)) => {
            decompose(known, first, out);
            second.into_iter().for_each(|second| decompose(known, second, out));
        }
    }
}

/// Makes one of each base and the marks that it can take in.
fn compose(known: &Decompositions, characters: &[Atom]) -> String {
    let mut text = String::with_capacity(characters.len());
    // The last character that is no mark, the marks after it that it did not take in, and the class of the last of those.
    let mut base = None;
    let mut marks = String::new();
    let mut last = 0;
    for &Atom { character, class, .. } in characters {
        // What stands between them keeps a mark of its own class, and whatever is no mark, from the base.
        let is_next = last == 0 || last < class;
        if let Some(whole) = base.filter(|_| is_next).and_then(|base| known.whole(base, character)) {
            base = Some(whole);
        } else if class == 0 {
            text.extend(base.replace(character));
            text.push_str(&std::mem::take(&mut marks));
            last = 0;
        } else {
            marks.push(character);
            last = class;
        }
    }
    text.extend(base);
    text + &marks
}
