//! Completion of the command line.
//!
//! A shell gets a few lines that ask the program itself what could stand at the cursor: `bisync __complete WORD...`, the last
//! word being the one to complete. So all shells offer the same, the named pairs too, and everything comes from the table;
//! what clap_complete writes is fixed when it is written, and would bring a second parser.

use bisync_engine::options::commands::Word;
use bisync_engine::options::{Kind, OPTIONS, OptionSpec, find};

use super::configuration::Configuration;

/// The word that asks for completions. No shell offers it.
pub const ASK: &str = "__complete";

/// The shells that are known.
pub const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// Returns the script for a shell.
pub fn script(shell: &str) -> Option<&'static str> {
    match shell {
        "bash" => Some(include_str!("completions/bisync.bash")),
        "zsh" => Some(include_str!("completions/bisync.zsh")),
        "fish" => Some(include_str!("completions/bisync.fish")),
        _ => None,
    }
}

/// What could stand at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Candidates {
    /// What the shell is to offer besides: `words` for nothing, `files` or `directories`.
    besides: &'static str,
    /// Words and what they mean.
    words: Vec<(String, String)>,
}

/// Answers a shell: a line that says what else to offer, and a line for each word, with a tab before its meaning.
pub fn answer(words: &[String], configuration: &Configuration) -> String {
    let (current, before) = words.split_last().map_or(("", words), |(current, before)| (current.as_str(), before));
    let Candidates { besides, mut words } = candidates(current, before, configuration);
    words.retain(|(word, _)| word.starts_with(current) || current == "=");
    words.iter().fold(format!("{besides}\n"), |text, (word, meaning)| format!("{text}{word}\t{meaning}\n"))
}

fn candidates(current: &str, before: &[String], configuration: &Configuration) -> Candidates {
    let (word, has_operand) = command(before);
    // bash takes `--name=value` apart.
    let (name, typed, prefix) = match (before, current) {
        ([.., name, equals], typed) if equals == "=" => (Some(name.as_str()), typed, String::new()),
        ([.., name], "=") => (Some(name.as_str()), "", String::new()),
        (before, current) => match current.split_once('=').filter(|_| current.starts_with("--")) {
            Some((name, typed)) => (Some(name), typed, format!("{name}=")),
            None => (before.last().map(String::as_str), current, String::new()),
        },
    };
    let has_equals = !prefix.is_empty() || current == "=" || before.last().is_some_and(|word| word == "=");
    if let Some(spec) = name.and_then(|name| option(name, word))
        && (spec.takes_value() || has_equals)
    {
        return values(spec, typed, &prefix, configuration);
    }
    let pairs = || {
        configuration.pairs.iter().map(|(name, pair)| {
            (name.clone(), format!("{} and {}", pair.paths.one.to_string_lossy(), pair.paths.two.to_string_lossy()))
        })
    };
    let words = |words: Vec<(String, String)>, besides| Candidates { besides, words };
    let meant = |spec: &OptionSpec| (format!("--{}", spec.name), spec.help.to_owned());
    match word {
        _ if current.starts_with('-') => {
            let taken = OPTIONS.iter().filter(|spec| word.is_none_or(|word| word.takes(spec) || spec.name == "help"));
            let own = word.map(Word::own_options).unwrap_or_default();
            words(own.iter().chain(taken).map(meant).collect(), "words")
        }
        Some(Word::Completions) if !has_operand => {
            words(SHELLS.map(|shell| (shell.to_owned(), String::new())).to_vec(), "words")
        }
        Some(Word::Explain) if !has_operand => words(pairs().collect(), "directories"),
        Some(Word::Apply | Word::Explain | Word::FilterTest) => words(Vec::new(), "files"),
        Some(Word::Pairs | Word::Remotes | Word::Completions | Word::Man) => words(Vec::new(), "words"),
        None if !has_operand => {
            let commands = Word::ALL.map(|word| (word.name().to_owned(), word.summary().to_owned()));
            words(pairs().chain(commands).collect(), "directories")
        }
        None => words(Vec::new(), "directories"),
    }
}

/// Returns the command, and whether something stands after it that is no option; without a command, whether anything does.
fn command(before: &[String]) -> (Option<Word>, bool) {
    let (mut word, mut has_operand, mut is_value) = (None, false, false);
    for text in before {
        if is_value || text == "=" {
            is_value = text == "=";
        } else if text.starts_with('-') && text.len() > 1 {
            is_value = option(text, word).is_some_and(OptionSpec::takes_value);
        } else if word.is_none() && !has_operand && Word::find(text).is_some() {
            word = Word::find(text);
        } else {
            has_operand = true;
        }
    }
    (word, has_operand)
}

/// Returns the option that `--name`, or the last letter of `-abc`, stands for.
fn option(text: &str, word: Option<Word>) -> Option<&'static OptionSpec> {
    match text.strip_prefix("--") {
        Some(name) => {
            word.and_then(|word| word.own_options().iter().find(|spec| spec.name == name)).or_else(|| find(name))
        }
        None => {
            let letter = text.strip_prefix('-')?.chars().last()?;
            OPTIONS.iter().find(|spec| spec.short == Some(letter))
        }
    }
}

fn values(spec: &OptionSpec, typed: &str, prefix: &str, configuration: &Configuration) -> Candidates {
    let offered = |values: Vec<String>| {
        let words = values.into_iter().map(|value| (format!("{prefix}{value}"), String::new())).collect();
        Candidates { besides: "words", words }
    };
    match spec.kind {
        Kind::Choice(words) => offered(words.iter().map(|word| (*word).to_owned()).collect()),
        Kind::Words(words) => {
            let (head, used) =
                typed.rsplit_once(',').map_or((String::new(), ""), |(head, _)| (format!("{head},"), head));
            let is_new = |word: &&&str| !used.split(',').any(|used| used == **word);
            offered(words.iter().filter(is_new).map(|word| format!("{head}{word}")).collect())
        }
        Kind::Flag => offered(vec!["true".to_owned(), "false".to_owned()]),
        Kind::Text if spec.name == "pair" => offered(configuration.pairs.keys().cloned().collect()),
        Kind::Text if spec.value_name == "DIR" => Candidates { besides: "directories", words: Vec::new() },
        _ if spec.takes_path() => Candidates { besides: "files", words: Vec::new() },
        // What a person makes up cannot be offered.
        _ => offered(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is offered for a command line whose last word is the one to complete.
    fn check(words: &str, besides: &str, expected: &[&str]) {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let answer = answer(&words, &Configuration::default());
        let mut lines = answer.lines().map(|line| line.split('\t').next().unwrap());
        assert_eq!(lines.next(), Some(besides), "{words:?}");
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{words:?}");
    }

    #[test]
    fn what_fits_is_offered() {
        check("", "directories", &["apply", "explain", "pairs", "remotes", "filter-test", "completions", "man"]);
        check("m", "directories", &["man"]);
        check("one tw", "directories", &[]);
        check("--resync-", "words", &["--resync-mode"]);
        check("one --conflict-resolve n", "words", &["none", "newer"]);
        check("--conflict-loser=n", "words", &["--conflict-loser=num"]);
        check("--conflict-loser = n", "words", &["num"]);
        check("--conflict-loser =", "words", &["num", "pathname", "delete"]);
        check("--compare size,m", "words", &["size,modtime"]);
        check("--force=", "words", &["--force=true", "--force=false"]);
        check(
            "--force ",
            "directories",
            &["apply", "explain", "pairs", "remotes", "filter-test", "completions", "man"],
        );
        check("--workdir ", "directories", &[]);
        check("--filter-from ", "files", &[]);
        check("-vf ", "words", &[]);
        check("completions ", "words", &["bash", "zsh", "fish"]);
        check("completions bash ", "words", &[]);
        check("filter-test --ro", "words", &["--root"]);
        check("filter-test --root ", "directories", &[]);
        check("filter-test x", "files", &[]);
        check("filter-test --exclude man a", "files", &[]);
        check("pairs --def", "words", &["--defaults-file"]);
        check("pairs --res", "words", &[]);
    }
}
