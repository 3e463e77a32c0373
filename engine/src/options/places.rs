//! Options from several places, and which of them count.

use super::{OptionSpec, Value};

/// An option with its value, as somebody gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<Origin> {
    /// The option.
    pub spec: &'static OptionSpec,
    /// The value as it was written; of an option that takes a file, the file's name.
    pub value: String,
    /// Where it was given.
    pub origin: Origin,
}

/// Options of which one says no more when the other is given in a place that goes before.
const OPPOSED: &[(&str, &str)] = &[
    ("quiet", "verbose"),
    ("quiet", "log-level"),
    ("verbose", "log-level"),
    ("compare", "checksum"),
    ("compare", "size-only"),
    ("compare", "ignore-size"),
    ("size-only", "checksum"),
    ("size-only", "ignore-size"),
    ("create-empty-src-dirs", "remove-empty-dirs"),
];

/// Brings together what several places say; a place goes before those that follow it.
///
/// Lists add up, and what goes before comes first, as the first rule that matches decides. Of everything else, the first place
/// that gives an option counts alone, for options that are opposed to it too.
pub fn merge<Origin>(places: impl IntoIterator<Item = Vec<Given<Origin>>>) -> Vec<Given<Origin>> {
    let mut merged: Vec<Given<Origin>> = Vec::new();
    for place in places {
        let counts = |given: &Given<Origin>| {
            given.spec.kind.is_list() || !merged.iter().any(|before| overrides(before, given.spec.name))
        };
        let counting: Vec<_> = place.into_iter().filter(counts).collect();
        merged.extend(counting);
    }
    merged
}

fn overrides<Origin>(before: &Given<Origin>, name: &str) -> bool {
    let opposed = |&(one, two): &(&str, &str)| {
        (before.spec.name == one && name == two) || (before.spec.name == two && name == one)
    };
    // What is switched off is opposed to nothing.
    let is_off = Value::parse(before.spec.kind, &before.value) == Some(Value::Flag(false));
    before.spec.name == name || (!is_off && OPPOSED.iter().any(opposed))
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    fn place(text: &str) -> Vec<Given<()>> {
        let given = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or((word, "true"));
            Given { spec: find(name).unwrap(), value: value.to_owned(), origin: () }
        };
        text.split_whitespace().map(given).collect()
    }

    #[test]
    fn what_goes_before_counts() {
        let check = |places: &[&str], expected: &str| {
            let merged = merge(places.iter().map(|text| place(text)));
            assert_eq!(merged, place(expected), "{places:?}");
        };
        check(&["max-delete=1", "max-delete=2 force"], "max-delete=1 force");
        check(&["", "max-delete=1 max-delete=2"], "max-delete=1 max-delete=2");
        check(&["exclude=a", "exclude=b exclude=c"], "exclude=a exclude=b exclude=c");
        check(&["verbose", "verbose=2"], "verbose");
        check(&["verbose", "quiet force"], "verbose force");
        check(&["quiet=false", "verbose"], "quiet=false verbose");
        check(&["quiet", "verbose=2 log-level=INFO"], "quiet");
        check(&["size-only", "compare=checksum"], "size-only");
        check(&["filters-file=a", "filters-file=b"], "filters-file=a");
        // Within one place nothing is opposed: that is for the engine to judge.
        check(&["quiet verbose"], "quiet verbose");
    }
}
