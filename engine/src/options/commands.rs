//! What the program does besides keeping two paths in step, and the sentences that its help and its manual page share. Only with
//! the feature `help`: a host that has no command line need not carry them.

use super::{Group, Kind, OptionSpec, Scope};

/// What the program does.
pub const SUMMARY: &str = "Keeps two directories in step, in both directions.";

/// Where options come from.
pub const CONFIGURATION: &str = "Options come from the command line, else from variables (BISYNC_MAX_DELETE=10, then \
    RCLONE_MAX_DELETE=10), else from ~/.config/bisync/config.toml: those of [pair.NAME] for the run of that pair, then [defaults].";

/// Where what is shown goes to.
pub const OUTPUT: &str = "The result, and the plan of a dry run, go to standard output; messages to standard error.";

/// What the exit codes mean.
pub const EXIT_CODES: &str = "Exit codes: 0 in step; 1 something failed, or a safety limit stopped the run; 2 wrong usage; 7 critical; 8 --max-transfer \
     was reached; 9 nothing was copied (--error-on-no-transfer); 10 --max-duration was over.";

/// A command: the first word that is no option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Carries out a plan.
    Apply,
    /// Says what is known of paths, and what would happen.
    Explain,
    /// Lists the named pairs.
    Pairs,
    /// Lists the remotes of rclone's configuration.
    Remotes,
    /// Says which paths take part.
    FilterTest,
    /// Writes a script for a shell.
    Completions,
    /// Writes the manual page.
    Man,
}

/// The options of `filter-test` alone.
static FILTER_TEST: [OptionSpec; 2] = [
    OptionSpec {
        name: "root",
        short: None,
        kind: Kind::Text,
        default: "",
        group: Group::Filter,
        value_name: "DIR",
        help: "Look below this directory for kinds, sizes, times and marker files",
        scope: Scope::Host,
    },
    OptionSpec {
        name: "pair",
        short: None,
        kind: Kind::Text,
        default: "",
        group: Group::Filter,
        value_name: "NAME",
        help: "Take the rules of this pair",
        scope: Scope::Host,
    },
];

impl Word {
    /// All commands, in the order in which help shows them.
    pub const ALL: [Self; 7] =
        [Self::Apply, Self::Explain, Self::Pairs, Self::Remotes, Self::FilterTest, Self::Completions, Self::Man];

    /// Returns the command of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Explain => "explain",
            Self::Pairs => "pairs",
            Self::Remotes => "remotes",
            Self::FilterTest => "filter-test",
            Self::Completions => "completions",
            Self::Man => "man",
        }
    }

    /// Returns what follows the name.
    pub fn operands(self) -> &'static str {
        match self {
            Self::Pairs | Self::Remotes | Self::Man => "",
            Self::Apply => " [options] FILE",
            Self::Explain => " [options] PATH1 PATH2 PATH...",
            Self::FilterTest => " [options] PATH...",
            Self::Completions => " bash|zsh|fish",
        }
    }

    /// Says what it does, in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Apply => "Carry out a plan that --plan-out wrote",
            Self::Explain => "Say of each path what it was and is on both sides, and what would happen",
            Self::Pairs => "List the pairs of the configuration file",
            Self::Remotes => "List the remotes of rclone's configuration",
            Self::FilterTest => "Say of each path whether it takes part, and which rule decides",
            Self::Completions => "Write a script that completes the command line in a shell",
            Self::Man => "Write the manual page",
        }
    }

    /// Says more about it.
    pub fn details(self) -> &'static str {
        match self {
            Self::Apply => {
                "Each action is carried out only where what it expects is still there; the others are named. Options are those of \
                 the plan; those for output and speed can be given."
            }
            Self::Explain => {
                "Nothing is changed. Paths are relative to the root of the pair, or lie below Path1 or Path2. A pair's name may \
                 stand for both of its paths. Options are those of a run."
            }
            Self::Pairs => "Each line holds the name, Path1 and Path2. `bisync NAME` keeps that pair in step.",
            Self::Remotes => {
                "Each line holds the name, the kind, and who serves it: this program itself (native), or the rclone that is \
                 installed. A folder of a remote is written `name:path`."
            }
            Self::FilterTest => {
                "Paths are relative to the root of the pair, and a directory has a `/` at its end. Nothing has to exist; \
                 with --root, what exists there is looked at. All options that choose files are taken, as in a run."
            }
            Self::Completions => {
                "bash: source <(bisync completions bash), in ~/.bashrc\n\
                 zsh:  source <(bisync completions zsh), in ~/.zshrc after compinit\n\
                 fish: bisync completions fish | source, in ~/.config/fish/config.fish"
            }
            Self::Man => "To read it: bisync man | man -l -",
        }
    }

    /// Returns the options that only this command has.
    pub fn own_options(self) -> &'static [OptionSpec] {
        match self {
            Self::FilterTest => &FILTER_TEST,
            Self::Apply | Self::Explain | Self::Pairs | Self::Remotes | Self::Completions | Self::Man => &[],
        }
    }

    /// Says whether the command takes an option of the table.
    pub fn takes(self, spec: &OptionSpec) -> bool {
        match self {
            Self::FilterTest => {
                spec.group == Group::Filter || matches!(spec.name, "links" | "copy-links" | "defaults-file")
            }
            Self::Apply => {
                spec.scope == Scope::Host
                    && !matches!(spec.name, "plan-out" | "interactive" | "workdir" | "defaults-file")
            }
            Self::Explain => spec.name != "plan-out",
            Self::Pairs => spec.name == "defaults-file",
            Self::Remotes => matches!(spec.name, "config" | "password-command" | "backend" | "defaults-file"),
            Self::Completions | Self::Man => false,
        }
    }
}
