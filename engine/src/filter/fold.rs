//! Names without their case.

use std::borrow::Cow;

/// Returns the one character that stands for `character` and for all that differ from it only by case.
///
/// This is Unicode's simple folding: one character for one character, so that `ß` stays what it is.
pub(super) fn fold(character: char) -> char {
    fn single(mut mapped: impl ExactSizeIterator<Item = char>, or: char) -> char {
        if mapped.len() == 1 { mapped.next().unwrap_or(or) } else { or }
    }
    match character {
        _ if character.is_ascii() => character.to_ascii_lowercase(),
        // The Turkish letters fold to nothing but themselves.
        'İ' | 'ı' => character,
        _ => {
            let upper = single(character.to_uppercase(), character);
            single(upper.to_lowercase(), upper)
        }
    }
}

/// Returns `text` with each character folded.
pub(super) fn fold_text(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| fold(character) == character) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(fold).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_differ_by_case_fold_to_one() {
        for same in ["aA", "éÉ", "kK\u{212a}", "sSſ", "σςΣ", "µμΜ", "ßẞ", "ǆǅǄ", "жЖ"] {
            let folded: Vec<char> = same.chars().map(fold).collect();
            assert!(folded.windows(2).all(|pair| pair[0] == pair[1]), "{same}: {folded:?}");
        }
        assert_ne!(fold('ı'), fold('I'));
        assert_eq!(fold_text("Straße"), "straße");
    }
}
