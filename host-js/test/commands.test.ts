// What the command does besides keeping two paths in step: the same as the program.

import assert from "node:assert/strict";
import { test } from "node:test";

import { withProgram, world, worlds } from "./worlds.js";

test("paths are explained, as by the program", withProgram, (context) => {
  const { both, write, tree } = worlds(context);
  write("one/a.txt", "a");
  write("one/d/b", "b");
  write("two/d/b", "changed", 1_700_000_000);
  write(".config/bisync/config.toml", "[pair.work]\npath1 = '~/one'\npath2 = '~/two'\nexclude = ['*.txt']\n");
  const explain = (status: number, ...line: string[]) => {
    const result = both("explain", ...line);
    assert.equal(result.status, status, `${line.join(" ")}: ${result.stderr}`);
    return result.stdout;
  };
  assert.match(explain(0, "one", "two", "a.txt", "d/b"), /^a\.txt: [^]*^d\/b: /m);
  assert.match(explain(0, "work", "a.txt"), /a\.txt: .*excluded/);
  for (const path of ["one/a.txt", "./two/d/b", "./a.txt", "d/b/", "one/d/b", "two/./d/b", "none"]) explain(0, "./one", "two", path);
  for (const path of ["one//d/b", "./one/d/b", "./d/b"]) explain(0, "one/", "./two", path);
  for (const path of ["..", "one", "one/d//b", "/a.txt", "", "d/../a.txt", "one/../a.txt"]) explain(2, "one", "two", path);
  explain(0, "one", "two", "a.txt", "-v", "--exclude=a.txt", "--dry-run");
  for (const line of [["one", "two"], ["work"], [], ["one", "two", "a.txt", "--plan-out=x"], ["one", "two", "a.txt", "--max-delte=1"]]) explain(2, ...line);
  assert.deepEqual(tree("two"), ["d/b changed 1700000000"]);
});

test("which paths take part is told, as by the program", withProgram, (context) => {
  const { both, write, link, directory } = worlds(context);
  write("one/a.txt", "a");
  write("one/big", "x".repeat(3000));
  write("one/d/b", "b");
  write("one/d/.no", "");
  directory("one/e");
  link("one/link", "big");
  link("one/broken", "nowhere");
  write("rules", "- *.bak\n+ /k/**\n- /*\n");
  write(".config/bisync/config.toml", "[defaults]\nmax-depth = 5\n[pair.p]\npath1 = '/a'\npath2 = '/b'\nexclude = ['x']\n");
  const check = (status: number, ...line: string[]) => {
    const result = both("filter-test", ...line);
    assert.equal(result.status, status, `${line.join(" ")}: ${result.stderr}`);
    return result.stdout;
  };
  assert.equal(check(0, "--filters-file=rules", "a", "k/b.bak", "\u00e4\n/"), "a        excluded by rule `- /*` in line 3 of `rules`\nk/b.bak  excluded by rule `- *.bak` in line 1 of `rules`\n\u00e4\u240a/      included: no rule matches\n");
  assert.match(check(0, "--root=one", "--exclude-if-present=.no", "d/b", "d/b/c", "d", "e", "a.txt", "none", ".", "./a.txt"), /^d\/b +excluded with directory `d`: it holds/);
  assert.match(check(0, "--root=one/", "--max-size=1k", "--min-age=1d", "big", "a.txt"), /^big +excluded: larger/);
  assert.match(check(0, "--root=one", "link", "broken"), /^link +excluded: a symbolic link\nbroken +excluded: a symbolic link/);
  assert.match(check(0, "--root=one", "--copy-links", "--max-size=1k", "link", "broken"), /^link +excluded: larger[^]*broken +included/);
  assert.match(check(0, "--root=one", "--links", "--exclude=*.rclonelink", "link", "big"), /^link +excluded by rule/);
  assert.match(check(0, "--hash-filter=@/3", "a", "k/"), /in runs that choose its share/);
  assert.match(check(0, "--pair=p", "x", "1/2/3/4/5/6"), /^x +excluded by rule `x`[^]*deeper than/);
  for (const line of [["--pair=none", "x"], [], ["--root"], ["/a"], ["../a"], ["a//b"], ["--exclude=[", "a"], ["--resync", "a"], ["--files-from=rules", "--exclude=x", "a"]]) check(2, ...line);
  for (const line of [["--root", "one", "filter-test", "a"], ["--root=one", "filter-test", "a"], ["one", "two", "--pair=p"]]) assert.equal(both(...line).status, 2);
});

test("each command has its help, and takes what the program's takes", withProgram, (context) => {
  const { both, write } = worlds(context);
  write("folder/a", "a");
  for (const name of ["apply", "explain", "pairs", "filter-test", "completions", "man"]) {
    assert.match(both(name, "--help").stdout, new RegExp(`Usage: bisync ${name}`));
    assert.equal(both(name, "--resync").status, 2);
  }
  for (const shell of ["bash", "zsh", "fish"]) assert.match(both("completions", shell).stdout, /__complete/);
  for (const line of [["completions"], ["completions", "tcsh"], ["completions", "bash", "zsh"], ["man", "x"], ["pairs", "--config=x"]]) assert.equal(both(...line).status, 2);
});

test("completions and the manual page are those of the program without what is not carried out here", withProgram, (context) => {
  const { command, program, write } = world(context);
  write(".config/bisync/config.toml", "[pair.work]\npath1 = '~/one'\npath2 = 'two'\n[pair.also]\npath1 = 'a'\npath2 = 'b'\n");
  // A shell sorts what is offered.
  const offered = (run: typeof command, words: string[]) => {
    const [besides = "", ...lines] = run("__complete", ...words).stdout.split("\n");
    return [besides, ...lines.sort()];
  };
  const known = new Set(offered(command, ["--"]));
  const absent = offered(program, ["--"]).filter((line) => !known.has(line)).map((line) => line.split("\t", 1)[0] ?? "");
  assert.ok(absent.includes("--metadata") && absent.length < 40, absent.join());
  for (const option of absent) {
    // As a dry run each of them is one run.
    const value = program("one", "two", "--dry-run", option).stderr.includes("needs a value") ? ["/dev/null"] : [];
    assert.match(command("one", "two", option, ...value).stderr, new RegExp(`\`${option}\` (is not carried out|cannot be)`));
  }
  const lines = [
    "", "m", "wo", "one tw", "--resync-", "one --conflict-resolve n", "--conflict-loser=n", "--conflict-loser = n", "--conflict-loser =", "--compare size,m", "--compare=",
    "--force=", "--force = t", "--force ", "--workdir ", "--workdir=x", "--filter-from ", "-vf ", "-n ", "-", "completions ", "completions bash ", "completions --", "filter-test --ro",
    "filter-test --root ", "filter-test --pair ", "filter-test --pair=w", "filter-test x", "filter-test --exclude man a", "explain ", "explain work ", "explain --plan", "apply ", "apply --", "pairs --def",
    "pairs --res", "pairs ", "man ", "one explain ", "--order-by ", "= x", "--none ",
  ];
  for (const line of lines) {
    const [ours, theirs] = [command, program].map((run) => offered(run, line.split(" ")));
    assert.deepEqual(ours, theirs?.filter((line) => ![...absent, "remotes"].includes(line.split("\t", 1)[0] ?? "")), line);
  }
  assert.equal(command("__complete").stdout, program("__complete").stdout.replace(/^remotes\t.*\n/m, ""));

  const quoted = (text: string) => text.replaceAll("-", "\\\\-");
  const entries = absent.map((option) => new RegExp(`^\\.TP\n\\\\fB(\\S+, )?${quoted(option)}( \\S+)?\\\\fR\n.*\n`, "m"));
  const commands = [/^\.br\n\\fBbisync remotes\\fR\n/m, /^\.TP\n\\fBremotes\\fR\n.*\n\.br\n.*\n/m];
  const page = [...entries, ...commands].reduce((page, entry) => {
    assert.match(page, entry);
    return page.replace(entry, "");
  }, program("man").stdout);
  assert.equal(command("man").stdout, page);
});
