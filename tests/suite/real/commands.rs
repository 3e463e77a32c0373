//! Commands besides a run.

use std::path::Path;
use std::process::{Command, Stdio};

use bisync_tests::real::folders::read_tree;
use bisync_tests::real::home::Home;
use bisync_tests::real::program::{self, Ended};

fn bisync(home: &Home, arguments: &[&str]) -> Ended {
    program::run(&program::bisync(), &home.at(""), arguments)
}

#[test]
fn commands_say_what_they_take() {
    let home = Home::with(&[("pairs/a", "1")]);
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let ended = bisync(&home, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.all());
        assert!(ended.all().contains(expected), "{arguments:?}: {}", ended.all());
    };
    check(&["--help"], 0, "bisync COMMAND --help");
    check(&["filter-test", "--help"], 0, "--root DIR");
    check(&["pairs", "two"], 2, "`bisync pairs` takes no `two`; for a folder of that name write `./pairs`");
    check(&["./pairs", "two"], 0, "1 copied");
    check(&["pairs", "--force"], 2, "takes no `--force`");
    check(&["completions"], 2, "an argument is missing: `bisync completions bash|zsh|fish`");
    check(&["completions", "tcsh"], 2, "none for `tcsh`");
    check(&["filter-test", "--exclude=[", "a"], 2, "rule `[` of `--exclude`");
    check(&["filter-test", "../a"], 2, "`../a` does not lie below the root");
    check(&["filter-test", "--pair=x", "a"], 2, "no pair is named `x`");
    check(&["pair"], 2, "did you mean the command `pairs`?");
}

#[test]
fn filter_test_explains() {
    let home = Home::with(&[
        ("one/big", "12345"),
        ("one/small", "1"),
        ("one/d/.no", ""),
        ("rules", "- *.bak\n+ /k/**\n- /*\n"),
    ]);
    let check = |arguments: &[&str], expected: &[&str]| {
        let ended = bisync(&home, &[&["filter-test"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.all());
        assert_eq!(ended.output.lines().collect::<Vec<_>>(), expected, "{arguments:?}");
    };
    check(
        &["--filters-file=rules", "a", "k/b.bak", "k/b", "k/"],
        &[
            "a        excluded by rule `- /*` in line 3 of `rules`",
            "k/b.bak  excluded by rule `- *.bak` in line 1 of `rules`",
            "k/b      included by rule `+ /k/**` in line 2 of `rules`",
            "k/       included by rule `+ /k/**` in line 2 of `rules`",
        ],
    );
    check(&["--exclude=/d/", "d/x"], &["d/x  excluded with directory `d` by rule `/d/` of `--exclude`"]);
    check(&["--min-size=2b", "small"], &["small  included: no rule matches"]);
    check(&["--min-size=2b", "--root=one", "small"], &["small  excluded: smaller than `--min-size`"]);
    check(
        &["--exclude-if-present=.no", "--root=one", "d", "big"],
        &[
            "d    excluded with directory `d`: it holds `.no` (`--exclude-if-present`)",
            "big  included: no rule matches",
        ],
    );
    std::os::unix::fs::symlink("big", home.at("one/link")).unwrap();
    check(&["--root=one", "link"], &["link  excluded: a symbolic link"]);
    check(&["--root=one", "--max-size=2b", "--copy-links", "link"], &["link  excluded: larger than `--max-size`"]);
    check(
        &["--root=one", "--links", "--exclude=*.rclonelink", "link"],
        &["link  excluded by rule `*.rclonelink` of `--exclude`"],
    );
    check(
        &["--hash-filter=@/3", "a", "k/"],
        &["a   included: no rule matches, in runs that choose its share", "k/  included: no rule matches"],
    );
    home.write("marked", "\u{feff}# the first line\na\n");
    check(&["--exclude-from=marked", "a"], &["a  excluded by rule `a` in line 2 of `marked`"]);
    home.write("marked", "\u{feff}a\n");
    check(&["--exclude-from=marked", "a"], &["a  excluded by rule `a` in line 1 of `marked`"]);
    home.write("config/bisync/config.toml", "[pair.p]\npath1='/a'\npath2='/b'\nexclude=['x']\n");
    check(&["--pair=p", "x"], &["x  excluded by rule `x` of `--exclude`"]);
}

/// What takes part is what `rclone lsf` lists.
#[test]
fn filter_test_agrees_with_rclone() {
    let Some(rclone) = program::rclone() else { return };
    let home = Home::default();
    for path in ["a.jpg", "b.txt", "d/a.jpg", "d/e/b.txt", "d/e/A.JPG", "g/d/é.txt", "g/.x", "h/no", "h/i/j", "big.txt"]
    {
        home.write(&format!("one/{path}"), if path == "big.txt" { "0123456789" } else { "1" });
    }
    home.write("rules", "- /d/e/**\n+ *.jpg\n+ /g/**\n- *\n");
    let paths: Vec<String> = read_tree(&home.at("one")).keys().map(ToString::to_string).collect();
    let with_slash = |path: &String| if home.at("one").join(path).is_dir() { format!("{path}/") } else { path.clone() };
    let paths: Vec<String> = paths.iter().filter(|path| !path.is_empty()).map(with_slash).collect();
    for flags in [
        "",
        "--exclude=*.jpg",
        "--include=*.txt",
        "--filter-from=rules",
        "--exclude=/d/",
        "--exclude=d/**",
        "--ignore-case --include=*.jpg",
        "--max-depth=2",
        "--max-size=5b",
        "--min-size=5b",
        "--exclude-if-present=no",
        "--include=/d/e/*.txt",
    ] {
        let flags: Vec<String> = flags.split(' ').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
        let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let ours = [strings(&["filter-test", "--root=one"]), flags.clone(), paths.clone()].concat();
        let ours = program::run(&program::bisync(), &home.at(""), &ours);
        assert_eq!(ours.code, Some(0), "{}", ours.all());
        let verdicts = paths.iter().zip(ours.output.lines());
        let mut included: Vec<&str> =
            verdicts.filter(|(_, line)| line.contains("  included")).map(|(path, _)| path.as_str()).collect();
        included.sort_unstable();
        let theirs = program::run(&rclone, &home.at(""), &[strings(&["lsf", "-R", "one"]), flags.clone()].concat());
        let mut listed: Vec<&str> = theirs.output.lines().collect();
        // What is in a directory at the limit takes no part, and here neither does the directory.
        listed.retain(|path| flags != ["--max-depth=2"] || !path.ends_with('/') || path.matches('/').count() < 2);
        listed.sort_unstable();
        assert_eq!(included, listed, "{flags:?}: {}\n{}", theirs.errors, ours.output);
    }
}

/// Runs a script in a shell, if there is one, with `bisync` on the path.
fn in_shell(home: &Home, shell: &str, script: &str) -> Option<String> {
    if !Path::new("/usr/bin").join(shell).exists() && !Path::new("/bin").join(shell).exists() {
        eprintln!("skipped: `{shell}` is not installed");
        return None;
    }
    let program = program::bisync();
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command: Command = program::command(Path::new(shell), &home.at(""));
    command.env("PATH", path).args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = program::wait(program::start(&mut command), shell);
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""), "{shell}: {}", ended.all());
    Some(ended.output)
}

#[test]
fn bash_completes() {
    let home = Home::default();
    home.write("config/bisync/config.toml", "[pair.work]\npath1='/a'\npath2='/b'\n");
    let check = |words: &str, expected: &str| {
        let script = format!(
            "source <(bisync completions bash); COMP_WORDS=(bisync {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _bisync; echo \"${{COMPREPLY[*]}}\""
        );
        if let Some(output) = in_shell(&home, "bash", &script) {
            assert_eq!(output.trim_end(), expected, "{words}");
        }
    };
    check("--conflict-resolve ne", "newer");
    check("--conflict-loser = d", "delete");
    check("--resync-", "--resync-mode");
    check("wo", "work");
    check("on", "one");
    check("work tw", "two");
    check("--workdir = o", "one");
    check("completions z", "zsh");
}

#[test]
fn fish_completes() {
    let home = Home::default();
    let script =
        "bisync completions fish | source; complete -C 'bisync --conflict-resolve ne'; complete -C 'bisync on'";
    if let Some(output) = in_shell(&home, "fish", script) {
        assert!(output.contains("newer") && output.contains("one/"), "{output}");
    }
}

#[test]
fn zsh_reads_its_script() {
    let home = Home::default();
    in_shell(
        &home,
        "zsh",
        "bisync completions zsh > _bisync && zsh -n _bisync && autoload -U compinit && compinit -D -u && source ./_bisync && (( $+_comps[bisync] ))",
    );
}

#[test]
fn the_manual_page_has_no_mistakes() {
    let home = Home::default();
    let page = bisync(&home, &["man"]).output;
    assert!(page.contains(".SH OPTIONS") && page.contains("max\\-delete"), "{page}");
    home.write("page", &page);
    // It warns of the date, which is missing so that the page is the same whenever it is written.
    if Path::new("/usr/bin/mandoc").exists() {
        in_shell(&home, "bash", "mandoc -Tlint -W error page");
    }
}
