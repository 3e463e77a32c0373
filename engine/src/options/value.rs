//! Reads the text of a value by the kind of its option.

use super::bandwidth::{Timetable, timetable};
use super::decimal::Decimal;
use super::duration::{Age, age, duration_ns};
use super::order::Order;
use super::quantity::{boolean, number, percentage, size};
use super::spec::Kind;
use crate::filter::Partition;

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Count`]: how much this occurrence adds.
    Count(u32),
    /// Of [`Kind::Number`].
    Number(i64),
    /// Of [`Kind::Decimal`]: in thousandths.
    Thousandths(i64),
    /// Of [`Kind::Percentage`]: at most 100.
    Percentage(u8),
    /// Of [`Kind::Size`]: bytes, or `None` when it is off.
    Size(Option<u64>),
    /// Of [`Kind::Duration`]: nanoseconds, or `None` when it is off.
    DurationNs(Option<u64>),
    /// Of [`Kind::Age`].
    Age(Age),
    /// Of [`Kind::Partition`].
    Partition(Partition),
    /// Of [`Kind::Bandwidth`].
    Bandwidth(Timetable),
    /// Of [`Kind::Order`].
    Order(Order),
    /// Of [`Kind::Text`] and [`Kind::List`].
    Text(String),
    /// Of [`Kind::File`] and [`Kind::Files`].
    File(FileText),
    /// Of [`Kind::Choice`]: the word as the table has it.
    Choice(&'static str),
    /// Of [`Kind::Words`]: the words as the table has them, each once, in the order of the table.
    Words(Vec<&'static str>),
}

/// A file that an option names, with its content.
///
/// The engine opens no files. For an option of [`Kind::File`] or [`Kind::Files`] the host reads the file and passes the value
/// `<name>\n<content>`: the name as it was given, a line feed, and everything that the file holds, unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// The name, for messages.
    pub name: String,
    /// The content.
    pub content: String,
}

impl Value {
    /// Reads a value; `None` when it is not what the kind takes.
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Flag => boolean(text).map(Self::Flag),
            Kind::Count if text == "true" => Some(Self::Count(1)),
            Kind::Count => text.parse().ok().map(Self::Count),
            Kind::Number => number(text).map(Self::Number),
            Kind::Decimal => i64::try_from(Decimal::parse(text)?.of(1000)).ok().map(Self::Thousandths),
            Kind::Percentage => percentage(text).map(Self::Percentage),
            Kind::Size => size(text).map(Self::Size),
            Kind::Duration => duration_ns(text).map(Self::DurationNs),
            Kind::Age => age(text).map(Self::Age),
            Kind::Partition => Partition::parse(text).map(Self::Partition),
            Kind::Bandwidth => timetable(text).map(Self::Bandwidth),
            Kind::Order => Order::parse(text).map(Self::Order),
            Kind::Text | Kind::List => Some(Self::Text(text.to_owned())),
            Kind::File | Kind::Files => {
                let (name, content) = text.split_once('\n')?;
                Some(Self::File(FileText { name: name.to_owned(), content: content.to_owned() }))
            }
            Kind::Choice(words) => word(words, text).map(Self::Choice),
            Kind::Words(words) => {
                let given: Option<Vec<_>> = text.split(',').map(|part| word(words, part.trim())).collect();
                let given = given?;
                Some(Self::Words(words.iter().copied().filter(|word| given.contains(word)).collect()))
            }
        }
    }

    /// Returns the text of an option of [`Kind::Text`] or [`Kind::List`].
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns the file of an option of [`Kind::File`] or [`Kind::Files`].
    pub fn as_file(&self) -> Option<&FileText> {
        if let Self::File(file) = self { Some(file) } else { None }
    }
}

fn word(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_kind() {
        let check = |kind, text, expected| assert_eq!(Value::parse(kind, text), expected, "{kind:?} {text:?}");
        let choice = Kind::Choice(&["none", "newer"]);
        let words = Kind::Words(&["size", "modtime", "checksum"]);
        check(Kind::Flag, "false", Some(Value::Flag(false)));
        check(Kind::Count, "true", Some(Value::Count(1)));
        check(Kind::Count, "2", Some(Value::Count(2)));
        check(Kind::Count, "-1", None);
        check(Kind::Decimal, "0.5", Some(Value::Thousandths(500)));
        check(Kind::Decimal, "many", None);
        check(Kind::Text, "", Some(Value::Text(String::new())));
        check(choice, "NEWER", Some(Value::Choice("newer")));
        check(choice, "", None);
        check(choice, "newest", None);
        check(words, "Checksum, size", Some(Value::Words(vec!["size", "checksum"])));
        check(words, "size,size", Some(Value::Words(vec!["size"])));
        check(words, "size,", None);
        check(words, "", None);
        let file = |name: &str, content: &str| {
            Some(Value::File(FileText { name: name.to_owned(), content: content.to_owned() }))
        };
        check(Kind::File, "rules.txt\n- *.tmp\n+ *\n", file("rules.txt", "- *.tmp\n+ *\n"));
        check(Kind::Files, "empty.txt\n", file("empty.txt", ""));
        check(Kind::File, "rules.txt", None);
    }
}
