//! The modules at the top of each crate stand on each other, and never in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that a module uses, each with a place where it does.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn no_modules_use_each_other_in_a_circle() {
    for crate_name in ["engine", "host-native"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_name).join("src");
        let mut files = Vec::new();
        read_sources(&root, &mut files);
        let uses = uses(files.iter().map(|(path, text)| (path.strip_prefix(&root).unwrap(), text.as_str())));
        assert!(uses.len() > 5 && uses.values().any(|used| used.len() > 5), "{crate_name} is not understood: {uses:?}");
        assert_eq!(circle(&uses), None, "the modules of `{crate_name}` use each other in a circle");
    }
}

#[test]
fn circles_are_found() {
    let check = |sources: &[(&str, &str)], expected: Option<&str>| {
        let uses = uses(sources.iter().map(|(path, text)| (Path::new(path), *text)));
        assert_eq!(circle(&uses).as_deref(), expected, "{sources:?}");
    };
    let by_name = ("a.rs", "use crate::b::B;\n");
    check(&[by_name, ("b.rs", "use crate::c::C;\n"), ("c.rs", "")], None);
    let found = Some("a -> b (a.rs:1) -> c (b.rs:1) -> a (c/d.rs:2)");
    check(&[by_name, ("b.rs", "use crate::c::C;\n"), ("c/d.rs", "\nfn f(a: crate::a::A) {}\n")], found);
    let found = Some("a -> b (a.rs:1) -> a (b/mod.rs:1)");
    check(&[by_name, ("b/mod.rs", "use crate::{\n    d::{self, a},\n    a,\n};\n")], found);
    check(&[by_name, ("b/mod.rs", "use super::a::A;\n")], found);
    check(&[by_name, ("b/mod.rs", "use crate::{d::{self, a}};\n")], None);
    let found = Some("a -> b (a.rs:1) -> a (b/c.rs:2)");
    check(&[by_name, ("b/c.rs", "mod d {\n    use super::super::super::a::A;\n}\n")], found);
    check(&[by_name, ("b/c.rs", "mod d {\n    use super::super::a::A;\n}\nuse super::a::A;\n")], None);
    // Documents and tests may speak of what they like.
    check(&[by_name, ("b.rs", "//! See [`crate::a::A`].\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n")], None);
    check(&[by_name, ("b/tests.rs", "use crate::a::A;\n"), ("b/tests/c.rs", "use crate::a::A;\n")], None);
}

fn read_sources(directory: &Path, files: &mut Vec<(PathBuf, String)>) {
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Returns which modules use which, from the sources of a crate as rustfmt writes them.
fn uses<'a>(sources: impl Iterator<Item = (&'a Path, &'a str)>) -> Uses {
    let mut uses = Uses::new();
    let mut found = Vec::new();
    for (path, text) in sources {
        let names: Vec<&str> = path.iter().map(|name| name.to_str().unwrap().trim_end_matches(".rs")).collect();
        if names.contains(&"tests") || matches!(names[..], ["lib" | "main"]) {
            continue;
        }
        uses.entry(names[0].to_owned()).or_default();
        let depth = names.iter().filter(|name| **name != "mod").count();
        for (line, used) in used_names(text, depth) {
            found.push((names[0].to_owned(), used, format!("{}:{line}", path.display())));
        }
    }
    for (user, used, place) in found {
        // What else is at the top of a crate is no module.
        if user != used && uses.contains_key(&used) {
            uses.get_mut(&user).unwrap().entry(used).or_insert(place);
        }
    }
    uses
}

/// Returns the names at the top of the crate that a source file uses, each with its line. `depth` says how deep the file's module lies.
fn used_names(text: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // Modules in the file that the line is in: the indentation of each, and whether it is for tests.
    let mut inside: Vec<(usize, bool)> = Vec::new();
    let mut is_for_tests = false;
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let rest = &text[start..];
        start += line.len();
        let indentation = line.len() - line.trim_start().len();
        let code = line.trim();
        inside.pop_if(|(of_module, _)| code == "}" && *of_module == indentation);
        if code.trim_start_matches("pub ").starts_with("mod ") && code.ends_with('{') {
            inside.push((indentation, is_for_tests));
        }
        is_for_tests = code == "#[cfg(test)]";
        if code.starts_with("//") || inside.iter().any(|(_, is_for_tests)| *is_for_tests) {
            continue;
        }
        let to_the_top = "super::".repeat(depth + inside.len());
        for way in ["crate::", &to_the_top] {
            for (at, _) in line.match_indices(way) {
                let before = &line[..at];
                if !before.ends_with("super::") && !before.ends_with(|last: char| last.is_alphanumeric() || last == '_')
                {
                    found.extend(first_names(&rest[at + way.len()..]).into_iter().map(|name| (number, name)));
                }
            }
        }
    }
    found
}

/// Returns the first name of a path, or that of each path in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|next| next.is_alphanumeric() || *next == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth, mut begins) = (Vec::new(), 0, true);
    for (at, next) in group.char_indices() {
        match next {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && !next.is_whitespace() => {
                names.push(name(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

/// Returns a circle, if there is one, with the places where each module uses the next.
fn circle(uses: &Uses) -> Option<String> {
    let mut done = BTreeSet::new();
    uses.keys().find_map(|module| circle_from(module, uses, &mut Vec::new(), &mut done))
}

fn circle_from<'a>(
    module: &'a str,
    uses: &'a Uses,
    way: &mut Vec<(&'a str, &'a str)>,
    done: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if let Some(begin) = way.iter().position(|(on_way, _)| *on_way == module) {
        let steps = way[begin..].iter().map(|(on_way, place)| (*on_way, *place)).collect::<Vec<_>>();
        let next = |at: usize| steps.get(at + 1).map_or(module, |(next, _)| next);
        let told = steps.iter().enumerate().map(|(at, (_, place))| format!(" -> {} ({place})", next(at)));
        return Some(format!("{module}{}", told.collect::<String>()));
    }
    if !done.insert(module) {
        return None;
    }
    for (used, place) in &uses[module] {
        way.push((module, place));
        if let Some(found) = circle_from(used, uses, way, done) {
            return Some(found);
        }
        way.pop();
    }
    None
}
