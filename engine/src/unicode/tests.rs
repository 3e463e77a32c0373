use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::columns::push_column;
use super::{composed, is_printed};

#[test]
fn the_tables_are_those_of_unicode() {
    for (name, expected) in [("decompositions", decompositions()), ("classes", classes()), ("printed", printed())] {
        let path = format!("{}/src/unicode/tables/{name}.bin", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("BISYNC_BLESS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == expected, "{path}: renew it with BISYNC_BLESS=1");
    }
}

fn all() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// The characters but the syllables of Hangul, what they are made of, and those of two that are not made of these again.
fn decompositions() -> Vec<u8> {
    let mut made_of = HashMap::new();
    for character in all() {
        made_of.entry(character.nfd().collect::<Vec<_>>()).or_insert(character);
    }
    let [mut characters, mut firsts, mut seconds, mut not_composed] = [const { Vec::new() }; 4];
    for character in all().filter(|character| !('\u{ac00}'..='\u{d7a3}').contains(character)) {
        let mut parts = Vec::new();
        decompose_canonical(character, |part| parts.push(part));
        if parts == [character] {
            continue;
        }
        // The last part, and the one character that all before it make: the tables say what is made of two.
        let last = parts.pop().unwrap();
        let (first, second) = match parts[..] {
            [] => (last, '\0'),
            [first] => (first, last),
            _ => (made_of[&parts], last),
        };
        characters.push(character.into());
        firsts.push(first.into());
        seconds.push(second.into());
        if second != '\0' && [first, second].into_iter().nfc().ne([character]) {
            not_composed.push(character.into());
        }
    }
    table(&[characters, firsts, seconds, not_composed])
}

fn classes() -> Vec<u8> {
    let changes = changes(|character| canonical_combining_class(character).into());
    let (begins, classes) = changes.into_iter().unzip();
    table(&[begins, classes])
}

fn printed() -> Vec<u8> {
    let changes = changes(|character| (character > '\x7f' && is_printed_by_category(character)).into());
    table(&[changes.into_iter().map(|(begin, _)| begin).collect()])
}

/// Where a property changes, and what it is from there on. It is 0 at the beginning.
fn changes(property: impl Fn(char) -> u32) -> Vec<(u32, u32)> {
    let mut last = 0;
    let changed = |character| {
        let now = property(character);
        (std::mem::replace(&mut last, now) != now).then_some((character.into(), now))
    };
    all().filter_map(changed).collect()
}

fn table(columns: &[Vec<u32>]) -> Vec<u8> {
    let mut table = Vec::new();
    columns.iter().for_each(|column| push_column(&mut table, column));
    table
}

fn is_printed_by_category(character: char) -> bool {
    match character.general_category_group() {
        GeneralCategoryGroup::Letter
        | GeneralCategoryGroup::Mark
        | GeneralCategoryGroup::Number
        | GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol => true,
        GeneralCategoryGroup::Separator | GeneralCategoryGroup::Other => character == ' ',
    }
}

#[test]
fn what_is_printed_is_what_has_such_a_category() {
    for character in all() {
        assert_eq!(is_printed(character), is_printed_by_category(character), "{character:?}");
    }
}

fn check(text: &str) {
    assert_eq!(composed(text), text.nfc().collect::<String>(), "{}", text.escape_unicode());
}

#[test]
fn every_character_is_composed_as_unicode_says() {
    for character in all() {
        check(&character.to_string());
        check(&character.nfd().collect::<String>());
    }
}

#[test]
fn texts_are_composed_as_unicode_says() {
    check("");
    check("Pl\u{fc}schb\u{e4}r");
    check("a\u{300}");
    check("\u{300}\u{301}a");
    check("a\u{327}\u{301}\u{300}b\u{301}\u{327}");
    check("\u{1100}\u{1161}\u{11a7}\u{11a8}\u{ac01}\u{11a8}");
    check("\u{9c7}\u{334}\u{9be}");
    // Characters that compose with something, marks of all kinds, and others, in any order.
    let parts: Vec<char> = all()
        .filter(|character| canonical_combining_class(*character) > 0 || character.nfd().count() > 1)
        .flat_map(|character| character.nfd().chain([character]).collect::<Vec<_>>())
        .collect();
    let mut random = 1_u64;
    for _ in 0..200_000 {
        let mut text = String::new();
        for _ in 0..6 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let marks = &parts[(random >> 40) as usize % parts.len()];
            text.push(if random >> 33 & 3 == 0 { 'a' } else { *marks });
        }
        check(&text);
    }
}
