//! What an option is: its name, what it takes, and who it concerns.

/// Describes one option. [`OPTIONS`](super::OPTIONS) lists them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// The name without dashes.
    pub name: &'static str,
    /// The letter of the short form, if there is one.
    pub short: Option<char>,
    /// What values it takes.
    pub kind: Kind,
    /// The value when the option is not given, as text; empty when there is none or when others decide it.
    pub default: &'static str,
    /// Under which heading help shows it.
    pub group: Group,
    /// How help names the value; empty for flags.
    pub value_name: &'static str,
    /// What it does, in one line; empty without the feature `help`.
    pub help: &'static str,
    /// Who carries it out.
    pub scope: Scope,
}

/// What values an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On or off; on when it has no value.
    Flag,
    /// How often it was given. A number as value adds that many.
    Count,
    /// A whole number.
    Number,
    /// A number, with a fraction or without.
    Decimal,
    /// A percentage, with or without `%`.
    Percentage,
    /// A size in bytes, in KiB when it has no unit; or `off`.
    Size,
    /// A length of time, in seconds when it has no unit; or `off`.
    Duration,
    /// A length of time before now, or a date; or `off`.
    Age,
    /// A limit of bandwidth, or a timetable of them, see [`Timetable`](super::Timetable).
    Bandwidth,
    /// An order of files, see [`Order`](super::Order).
    Order,
    /// A share of all files, such as `1/4`.
    Partition,
    /// Any text.
    Text,
    /// Any text; every occurrence adds one.
    List,
    /// A file's name and its content, see [`FileText`](super::FileText).
    File,
    /// A file's name and its content; every occurrence adds one.
    Files,
    /// One of these words, in any case.
    Choice(&'static [&'static str]),
    /// Some of these words, in any case, separated by commas.
    Words(&'static [&'static str]),
}

/// Who carries an option out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The engine: the host passes it on as it is, the content of files added.
    Engine,
    /// The host.
    Host,
}

/// The headings of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the titles say it")]
pub enum Group {
    Run,
    Compare,
    Conflicts,
    Names,
    Safety,
    Recovery,
    Filter,
    Backup,
    Transfer,
    Remotes,
    Output,
}

impl Group {
    /// All headings, in the order in which help shows them.
    pub const ALL: [Self; 11] = [
        Self::Run,
        Self::Compare,
        Self::Conflicts,
        Self::Names,
        Self::Filter,
        Self::Safety,
        Self::Recovery,
        Self::Backup,
        Self::Transfer,
        Self::Remotes,
        Self::Output,
    ];

    /// Returns the heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Run => "Running",
            Self::Compare => "Telling versions apart",
            Self::Conflicts => "Conflicts",
            Self::Names => "Directories and names",
            Self::Safety => "Safety",
            Self::Recovery => "State and recovery",
            Self::Filter => "Choosing files",
            Self::Backup => "Backups",
            Self::Transfer => "Copying",
            Self::Remotes => "Remotes",
            Self::Output => "Output",
        }
    }

    /// Returns the file in `tests/suite/options` that holds a scenario for each option of this group, without `.rs`.
    pub fn scenarios(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Compare => "compare",
            Self::Conflicts => "conflicts",
            Self::Names => "names",
            Self::Safety => "safety",
            Self::Recovery => "recovery",
            Self::Filter => "filter",
            Self::Backup => "backup",
            Self::Transfer => "transfer",
            Self::Remotes => "remotes",
            Self::Output => "output",
        }
    }
}

impl OptionSpec {
    pub(super) const fn new(name: &'static str, kind: Kind, group: Group, help: &'static str) -> Self {
        let value_name = kind.value_name();
        let help = if cfg!(feature = "help") { help } else { "" };
        Self { name, short: None, kind, default: "", group, value_name, help, scope: Scope::Engine }
    }

    pub(super) const fn flag(name: &'static str, group: Group, help: &'static str) -> Self {
        Self::new(name, Kind::Flag, group, help)
    }

    pub(super) const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    pub(super) const fn value_name(mut self, value_name: &'static str) -> Self {
        self.value_name = value_name;
        self
    }

    pub(super) const fn host(mut self) -> Self {
        self.scope = Scope::Host;
        self
    }

    /// Returns the help with the words that are values, and the default: `What wins [newer, older] (default: newer)`.
    pub fn description(&self) -> String {
        let words = match self.kind.words() {
            [] => String::new(),
            words => format!(" [{}]", words.join(", ")),
        };
        let default = if self.default.is_empty() { String::new() } else { format!(" (default: {})", self.default) };
        format!("{}{words}{default}", self.help)
    }

    /// Returns true when the option must be followed by a value.
    pub fn takes_value(&self) -> bool {
        !matches!(self.kind, Kind::Flag | Kind::Count)
    }

    /// Returns true when the value names a file or a directory.
    pub fn takes_path(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::Files) || matches!(self.value_name, "DIR" | "FILE")
    }
}

impl Kind {
    /// Returns true when every occurrence of an option adds a value to a list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Files)
    }

    /// Returns true when values are names of files, whose content the host reads.
    pub fn is_file(self) -> bool {
        matches!(self, Self::File | Self::Files)
    }

    /// Returns true when a plain number is a value.
    pub fn is_number(self) -> bool {
        match self {
            Self::Count | Self::Number | Self::Decimal | Self::Percentage => true,
            Self::Size | Self::Duration | Self::Age => true,
            Self::Flag | Self::Bandwidth | Self::Order | Self::Partition => false,
            Self::Text | Self::List | Self::File | Self::Files | Self::Choice(_) | Self::Words(_) => false,
        }
    }

    /// Returns the words that values are made of; none for other kinds.
    pub fn words(self) -> &'static [&'static str] {
        if let Self::Choice(words) | Self::Words(words) = self { words } else { &[] }
    }

    const fn value_name(self) -> &'static str {
        match self {
            Self::Flag | Self::Count => "",
            Self::Number | Self::Decimal => "NUMBER",
            Self::Percentage => "PERCENT",
            Self::Size => "SIZE",
            Self::Duration => "DURATION",
            Self::Age => "AGE",
            Self::Partition => "K/N",
            Self::Text | Self::List => "TEXT",
            Self::File | Self::Files => "FILE",
            Self::Bandwidth => "RATE",
            Self::Order => "ORDER",
            Self::Choice(_) => "WORD",
            Self::Words(_) => "WORD,...",
        }
    }

    /// Says what is accepted, to follow "it takes".
    pub fn accepted(self) -> String {
        match self {
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Count => "a number from 0, or nothing".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Decimal => "a number such as `10` or `0.5`".to_owned(),
            Self::Percentage => "a percentage such as `50`".to_owned(),
            Self::Size => "a size such as `100` (KiB), `512B`, `1.5M`, `2GiB`, or `off`".to_owned(),
            Self::Duration => "a duration such as `90` (seconds), `500ms`, `1h30m`, `2d`, or `off`".to_owned(),
            Self::Age => "an age such as `1h30m`, `7d`, `1y`, a date such as `2026-01-31`, or `off`".to_owned(),
            Self::Partition => "a share such as `1/4`, or `@/4` for any of the four".to_owned(),
            Self::Bandwidth => "a rate such as `512k` or `10M` a second, `off`, `UP:DOWN`, or a timetable such as \
                                `08:00,512k 12:00,10M Sat-09:00,off`"
                .to_owned(),
            Self::Order => "`size`, `name` or `modtime`, also with `,descending` or `,mixed,25`".to_owned(),
            Self::Text | Self::List => "a text".to_owned(),
            Self::File | Self::Files => "a file".to_owned(),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::Words(words) => format!("a list of {}", quoted(words)),
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
