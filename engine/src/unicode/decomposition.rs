//! What characters are made of: letters of a base and its marks, and syllables of Hangul.

use std::sync::LazyLock;

use crate::sorting::sort_by_key;

use super::columns::take_column;

/// What a character is made of: one or two others.
pub type Parts = (char, Option<char>);

/// What characters are made of, and what becomes of two that follow each other.
pub struct Decompositions {
    /// Sorted by the character.
    parts: Vec<(char, Parts)>,
    /// Sorted by the pair.
    wholes: Vec<((char, char), char)>,
    /// Where a class of combining marks begins, that ends where the next one does; sorted.
    classes: Vec<(char, u8)>,
}

/// The database of Unicode.
pub static DECOMPOSITIONS: LazyLock<Decompositions> = LazyLock::new(|| {
    Decompositions::read(include_bytes!("tables/decompositions.bin"), include_bytes!("tables/classes.bin"))
});

impl Decompositions {
    /// Reads both tables. What is no character is left out: a test holds the tables to be whole.
    fn read(mut decompositions: &[u8], mut classes: &[u8]) -> Self {
        let [characters, firsts, seconds, not_composed] = std::array::from_fn(|_| take_column(&mut decompositions));
        let [begins, of] = std::array::from_fn(|_| take_column(&mut classes));
        let mut parts = Vec::with_capacity(characters.len());
        let mut wholes = Vec::with_capacity(characters.len());
        for ((character, first), second) in characters.into_iter().zip(firsts).zip(seconds) {
            let (Some(whole), Some(first)) = (char::from_u32(character), char::from_u32(first)) else { continue };
            let second = char::from_u32(second).filter(|second| *second != '\0');
            parts.push((whole, (first, second)));
            if let (Some(second), Err(_)) = (second, not_composed.binary_search(&character)) {
                wholes.push(((first, second), whole));
            }
        }
        sort_by_key(&mut wholes, |(parts, _)| *parts);
        let class = |(begin, class)| Some((char::from_u32(begin)?, class as u8));
        Self { parts, wholes, classes: begins.into_iter().zip(of).filter_map(class).collect() }
    }

    /// Returns what a character is made of.
    pub fn parts(&self, whole: char) -> Option<Parts> {
        let found = self.parts.binary_search_by_key(&whole, |(whole, _)| *whole).ok();
        found.and_then(|at| self.parts.get(at)).map(|(_, parts)| *parts).or_else(|| syllable_parts(whole))
    }

    /// Returns the character that two make when they follow each other.
    pub fn whole(&self, first: char, second: char) -> Option<char> {
        let found = self.wholes.binary_search_by_key(&(first, second), |(parts, _)| *parts).ok();
        found.and_then(|at| self.wholes.get(at)).map(|(_, whole)| *whole).or_else(|| syllable(first, second))
    }

    /// Returns the class of a combining mark: marks of different classes may stand in any order. 0 for what is none.
    pub fn class(&self, character: char) -> u8 {
        let after = self.classes.partition_point(|(begin, _)| *begin <= character);
        after.checked_sub(1).and_then(|at| self.classes.get(at)).map_or(0, |(_, class)| *class)
    }
}

// The syllables of Hangul lie in the order of their letters, of which the last one may be missing.
const SYLLABLE: u32 = 0xac00;
const LEADING: u32 = 0x1100;
const VOWEL: u32 = 0x1161;
/// One before the first: no letter is one of them.
const TRAILING: u32 = 0x11a7;
const LEADINGS: u32 = 19;
const VOWELS: u32 = 21;
const TRAILINGS: u32 = 28;

fn syllable_parts(whole: char) -> Option<Parts> {
    let index = u32::from(whole).checked_sub(SYLLABLE).filter(|index| *index < LEADINGS * VOWELS * TRAILINGS)?;
    let (first, second) = match index % TRAILINGS {
        0 => (LEADING + index / TRAILINGS / VOWELS, VOWEL + index / TRAILINGS % VOWELS),
        trailing => (u32::from(whole) - trailing, TRAILING + trailing),
    };
    Some((char::from_u32(first)?, Some(char::from_u32(second)?)))
}

fn syllable(first: char, second: char) -> Option<char> {
    let below = |character: char, base, count| u32::from(character).checked_sub(base).filter(|index| *index < count);
    if let (Some(leading), Some(vowel)) = (below(first, LEADING, LEADINGS), below(second, VOWEL, VOWELS)) {
        return char::from_u32(SYLLABLE + (leading * VOWELS + vowel) * TRAILINGS);
    }
    let open = below(first, SYLLABLE, LEADINGS * VOWELS * TRAILINGS).filter(|index| index % TRAILINGS == 0)?;
    let trailing = below(second, TRAILING, TRAILINGS).filter(|trailing| *trailing > 0)?;
    char::from_u32(SYLLABLE + open + trailing)
}
