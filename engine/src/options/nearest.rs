//! The word that somebody probably meant.

/// Returns the word that is fewest edits away from `text`, when that is few enough to be a slip.
pub fn nearest<'words>(text: &str, words: impl IntoIterator<Item = &'words str>) -> Option<&'words str> {
    let text = text.to_lowercase();
    let limit = text.chars().count().div_ceil(3);
    let (distance, word) =
        words.into_iter().map(|word| (distance(&text, word), word)).min_by_key(|(edits, _)| *edits)?;
    (distance <= limit).then_some(word)
}

/// Counts the characters to insert, delete or replace to make one text of the other (Levenshtein's distance).
fn distance(one: &str, two: &str) -> usize {
    // `row` holds the distances from a prefix of `one` to every prefix of `two`.
    let mut row: Vec<usize> = (0..=two.chars().count()).collect();
    for (index, from) in one.chars().enumerate() {
        let (mut diagonal, mut left) = (index, index + 1);
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (cell, to) in cells.zip(two.chars()) {
            let above = *cell;
            left = (diagonal + usize::from(from != to)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let words = ["resync", "resync-mode", "resilient", "newer", "older"];
        let check = |text, expected| assert_eq!(nearest(text, words), expected, "{text}");
        check("resnyc", Some("resync"));
        check("resync_mode", Some("resync-mode"));
        check("NEWR", Some("newer"));
        check("resilent", Some("resilient"));
        check("bandwidth", None);
        check("", None);
    }

    #[test]
    fn distance_counts_edits() {
        let check = |one, two, expected| assert_eq!(distance(one, two), expected, "{one} {two}");
        check("", "", 0);
        check("", "abc", 3);
        check("abc", "", 3);
        check("kitten", "sitting", 3);
        check("über", "uber", 1);
    }
}
