//! Options: from names and texts to [`Settings`] in which everything is decided.
//!
//! One table lists all options. [`Options::parse`] checks names and values against it; [`Settings::resolve`] looks at what both
//! sides can do, derives what follows, and refuses what contradicts itself. Hosts take their help and their own options from
//! the same table.
//!
//! ```
//! use bisync_engine::options::Options;
//!
//! let options = Options::parse(&[("max-delete".to_owned(), "75%".to_owned())]).unwrap();
//! assert_eq!(options.percentage("max-delete"), Some(75));
//! let error = Options::parse(&[("max-delte".to_owned(), "75".to_owned())]).unwrap_err();
//! assert_eq!(error.to_string(), "unknown option `--max-delte`; did you mean `--max-delete`?");
//! ```

mod bandwidth;
#[cfg(feature = "help")]
pub mod commands;
mod compare;
mod copying;
mod decimal;
mod duration;
mod filter;
mod filter_test;
mod links;
mod markdown;
mod nearest;
mod order;
mod places;
mod quantity;
mod settings;
mod spec;
mod table;
mod value;

pub use bandwidth::{Bandwidth, Timetable, WEEK_MINUTES};
pub use copying::{Copying, Cutoff, TransferLimit};
pub use duration::Age;
pub use filter::FilterSettings;
pub use filter_test::{FilterTest, NotBelow};
pub use links::Links;
pub use markdown::markdown;
pub use nearest::nearest;
pub use order::{Direction, Order, OrderKey};
pub use places::{Given, merge};
pub use settings::{CheckSync, ConflictPolicy, EmptyDirectories, NamePolicy, Settings};
pub use spec::{Group, Kind, OptionSpec, Scope};
pub use table::{OPTIONS, find};
pub use value::{FileText, Value};

/// Options that were given, in the order in which they were given, with their values checked.
///
/// Where an option was given more than once, the last one counts, but for lists and counts. Where it was not given, its
/// default in the table counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    given: Vec<(&'static OptionSpec, Value)>,
}

/// What is wrong with the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// There is no such option.
    #[error("unknown option `--{option}`{}", meant_option(option, *.nearest))]
    Unknown {
        /// The option as given.
        option: String,
        /// An option of a similar name.
        nearest: Option<&'static str>,
    },
    /// The option does not take this value.
    #[error("`--{option}` cannot be `{value}`: it takes {accepted}{}", meant(*.nearest, ""))]
    Value {
        /// The option.
        option: &'static str,
        /// The value as given.
        value: String,
        /// What is accepted.
        accepted: String,
        /// A similar value that is accepted.
        nearest: Option<&'static str>,
    },
    /// The option contradicts others, or the sides cannot do it.
    #[error("cannot use `--{option}`: {problem}")]
    Contradiction {
        /// The option.
        option: &'static str,
        /// Why not.
        problem: String,
    },
}

impl OptionsError {
    /// Returns the option that is at fault, without dashes.
    pub fn option(&self) -> &str {
        match self {
            Self::Unknown { option, .. } => option,
            Self::Value { option, .. } | Self::Contradiction { option, .. } => option,
        }
    }
}

fn meant(word: Option<&str>, dashes: &str) -> String {
    word.map(|word| format!("; did you mean `{dashes}{word}`?")).unwrap_or_default()
}

/// Says whether one name is the other with `no-` before it.
pub fn is_opposite(one: &str, other: &str) -> bool {
    one.strip_prefix("no-") == Some(other) || other.strip_prefix("no-") == Some(one)
}

/// Asks for the option that was probably meant, with its sense: `--no-force` is not `--force`.
fn meant_option(option: &str, nearest: Option<&str>) -> String {
    match nearest.filter(|nearest| is_opposite(option, nearest)) {
        None => meant(nearest, "--"),
        Some(nearest) if find(nearest).is_some_and(|spec| spec.kind == Kind::Flag) => {
            format!("; did you mean `--{nearest}=false`?")
        }
        Some(_) => String::new(),
    }
}

impl Options {
    /// Checks names without dashes and values as text; a flag without a value has the value `true`.
    ///
    /// # Errors
    /// Names the first option that does not exist or does not take its value, what is accepted, and what was probably meant.
    pub fn parse(options: &[(String, String)]) -> Result<Self, OptionsError> {
        let given = options.iter().map(|(name, text)| {
            let spec = find(name).ok_or_else(|| OptionsError::Unknown {
                option: name.clone(),
                nearest: nearest(name, OPTIONS.iter().map(|spec| spec.name)),
            })?;
            let value = Value::parse(spec.kind, text).ok_or_else(|| bad_value(spec, text))?;
            Ok((spec, value))
        });
        Ok(Self { given: given.collect::<Result<_, _>>()? })
    }

    /// Returns all options that were given, in order.
    pub fn given(&self) -> impl Iterator<Item = (&'static OptionSpec, &Value)> {
        self.given.iter().map(|(spec, value)| (*spec, value))
    }

    /// Returns every value that was given for an option, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Value> {
        self.given.iter().filter(move |(spec, _)| spec.name == name).map(|(_, value)| value)
    }

    /// Returns true when the option was given, with whatever value.
    pub fn is_given(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Returns whether a flag is on.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Flag(true)))
    }

    /// Returns how often an option of [`Kind::Count`] was given.
    pub fn count(&self, name: &str) -> u32 {
        let counts =
            self.all(name).filter_map(|value| if let Value::Count(count) = value { Some(*count) } else { None });
        counts.fold(0, u32::saturating_add)
    }

    /// Returns the value of an option of [`Kind::Number`].
    pub fn number(&self, name: &str) -> Option<i64> {
        if let Value::Number(number) = self.value(name)? { Some(number) } else { None }
    }

    /// Returns the value of an option of [`Kind::Decimal`], in thousandths.
    pub fn thousandths(&self, name: &str) -> Option<i64> {
        if let Value::Thousandths(number) = self.value(name)? { Some(number) } else { None }
    }

    /// Returns the value of an option of [`Kind::Percentage`].
    pub fn percentage(&self, name: &str) -> Option<u8> {
        if let Value::Percentage(percent) = self.value(name)? { Some(percent) } else { None }
    }

    /// Returns the value of an option of [`Kind::Size`] in bytes; `None` when it is off.
    pub fn size(&self, name: &str) -> Option<u64> {
        if let Value::Size(size) = self.value(name)? { size } else { None }
    }

    /// Returns the value of an option of [`Kind::Duration`] in nanoseconds; `None` when it is off.
    pub fn duration_ns(&self, name: &str) -> Option<u64> {
        if let Value::DurationNs(duration_ns) = self.value(name)? { duration_ns } else { None }
    }

    /// Returns the value of an option of [`Kind::Age`].
    pub fn age(&self, name: &str) -> Age {
        if let Some(Value::Age(age)) = self.value(name) { age } else { Age::Off }
    }

    /// Returns the value of an option of [`Kind::Bandwidth`].
    pub fn bandwidth(&self, name: &str) -> Timetable {
        if let Some(Value::Bandwidth(timetable)) = self.value(name) { timetable } else { Timetable::default() }
    }

    /// Returns the value of an option of [`Kind::Order`].
    pub fn order(&self, name: &str) -> Option<Order> {
        if let Value::Order(order) = self.value(name)? { Some(order) } else { None }
    }

    /// Returns the value of an option of [`Kind::Partition`].
    pub fn partition(&self, name: &str) -> Option<crate::filter::Partition> {
        if let Value::Partition(partition) = self.value(name)? { Some(partition) } else { None }
    }

    /// Returns the value of an option of [`Kind::Text`]; `None` when it is empty.
    pub fn text(&self, name: &str) -> Option<String> {
        if let Value::Text(text) = self.value(name)? { Some(text).filter(|text| !text.is_empty()) } else { None }
    }

    /// Returns the value of an option of [`Kind::Choice`].
    pub fn word(&self, name: &str) -> Option<&'static str> {
        if let Value::Choice(word) = self.value(name)? { Some(word) } else { None }
    }

    /// Returns the value of an option of [`Kind::Words`].
    pub fn words(&self, name: &str) -> Option<Vec<&'static str>> {
        if let Value::Words(words) = self.value(name)? { Some(words) } else { None }
    }

    /// Returns the value of an option of [`Kind::File`].
    pub fn file(&self, name: &str) -> Option<FileText> {
        if let Value::File(file) = self.value(name)? { Some(file) } else { None }
    }

    /// The last value given, else the default.
    fn value(&self, name: &str) -> Option<Value> {
        let default = || find(name).and_then(|spec| Value::parse(spec.kind, spec.default));
        self.all(name).last().cloned().or_else(default)
    }
}

fn bad_value(spec: &OptionSpec, text: &str) -> OptionsError {
    let nearest = match spec.kind {
        Kind::Choice(words) => nearest(text, words.iter().copied()),
        Kind::Words(words) => text
            .split(',')
            .find(|part| Value::parse(spec.kind, part).is_none())
            .and_then(|part| nearest(part.trim(), words.iter().copied())),
        Kind::Flag => nearest(text, ["true", "false"]),
        Kind::Count | Kind::Number | Kind::Percentage | Kind::Size | Kind::Duration | Kind::Age => None,
        Kind::Partition => None,
        Kind::Decimal | Kind::Bandwidth => None,
        Kind::Order | Kind::Text | Kind::List | Kind::File | Kind::Files => None,
    };
    OptionsError::Value { option: spec.name, value: text.to_owned(), accepted: spec.kind.accepted(), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[(&str, &str)]) -> Result<Options, OptionsError> {
        let options: Vec<_> = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Options::parse(&options)
    }

    #[test]
    fn errors_name_what_is_wrong_and_what_was_meant() {
        let check = |name, value, expected: &str| {
            let error = parse(&[(name, value)]).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.option(), name);
        };
        check("resnc", "true", "unknown option `--resnc`; did you mean `--resync`?");
        check("drive-pacer", "1M", "unknown option `--drive-pacer`");
        check("no-force", "true", "unknown option `--no-force`; did you mean `--force=false`?");
        check("cleanup", "true", "unknown option `--cleanup`; did you mean `--no-cleanup=false`?");
        check("no-max-delete", "true", "unknown option `--no-max-delete`");
        check("force", "yes", "`--force` cannot be `yes`: it takes `true` or `false`");
        check(
            "conflict-loser",
            "nmu",
            "`--conflict-loser` cannot be `nmu`: it takes one of `num`, `pathname`, `delete`",
        );
        check(
            "check-sync",
            "onyl",
            "`--check-sync` cannot be `onyl`: it takes one of `true`, `false`, `only`; did you mean `only`?",
        );
        check(
            "compare",
            "size,modtme",
            "`--compare` cannot be `size,modtme`: it takes a list of `size`, `modtime`, `checksum`; did you mean `modtime`?",
        );
        check("max-delete", "half", "`--max-delete` cannot be `half`: it takes a percentage such as `50`");
        check("filters-file", "rules.txt", "`--filters-file` cannot be `rules.txt`: it takes a file");
    }

    #[test]
    fn the_last_value_counts() {
        let options =
            parse(&[("force", "true"), ("max-delete", "10"), ("force", "false"), ("max-delete", "20")]).unwrap();
        assert!(!options.flag("force"));
        assert_eq!(options.percentage("max-delete"), Some(20));
        assert!(options.is_given("force"));
        assert!(!options.is_given("resync"));
    }

    #[test]
    fn lists_and_counts_add_up() {
        let options = parse(&[("verbose", "true"), ("exclude", "a"), ("verbose", "1"), ("exclude", "b")]).unwrap();
        assert_eq!(options.count("verbose"), 2);
        let texts: Vec<_> = options.all("exclude").collect();
        assert_eq!(texts, [&Value::Text("a".to_owned()), &Value::Text("b".to_owned())]);
    }

    #[test]
    fn defaults_come_from_the_table() {
        let options = Options::default();
        assert_eq!(options.number("checkers"), Some(8));
        assert_eq!(options.number("transfers"), Some(4));
        assert_eq!(options.percentage("max-delete"), Some(50));
        assert_eq!(options.duration_ns("modify-window"), Some(1));
        assert_eq!(options.size("max-size"), None);
        assert_eq!(options.word("color"), Some("auto"));
        assert_eq!(options.words("compare"), None);
        assert_eq!(options.text("backup-dir"), None);
    }
}
