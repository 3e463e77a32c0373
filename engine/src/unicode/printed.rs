//! Which characters are printed as they are.

use std::sync::LazyLock;

use super::columns::take_column;

/// Where what is printed begins and ends, in turn; sorted.
static BOUNDARIES: LazyLock<Vec<u32>> = LazyLock::new(|| take_column(&mut &include_bytes!("tables/printed.bin")[..]));

/// Returns true for letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_printed(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\x7f' => false,
        _ => BOUNDARIES.partition_point(|boundary| *boundary <= character.into()) % 2 == 1,
    }
}
