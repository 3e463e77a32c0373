import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { COMMAND, PROGRAM, withProgram, world, worlds, worldsOf } from "./worlds.js";

test("the command says and does what the program does", withProgram, (context) => {
  const { both, write, remove } = worlds(context);
  const plain = (...flags: string[]) => both("one", "two", "--checkers=1", "--transfers=1", ...flags);
  write("one/a.txt", "a");
  write("one/sub/b\n.txt", "b".repeat(2000));
  write("two/c.txt", "c");
  assert.equal(plain("-n").status, 0);
  assert.equal(plain().status, 0);
  assert.equal(plain("-v").status, 0);
  write("one/a.txt", "one", 1_700_000_000);
  write("two/a.txt", "two!", 1_700_000_005);
  remove("two/sub");
  write("rules", "\ufeff- c.txt\n");
  assert.equal(plain("-n", "--force", "--filters-file", "rules").status, 0);
  assert.equal(plain("-v", "--force", "--conflict-resolve", "newer", "--conflict-loser=pathname").status, 0);
  ["c.txt", "a.txt"].forEach((name) => remove(`one/${name}`));
  assert.equal(plain("--max-delete=10").status, 1);
  assert.equal(plain("--max-delete=10", "-q").status, 1);
  const forced = plain("--force", "--max-transfer=1k");
  assert.equal(forced.status, 0, forced.stdout);
  assert.equal(plain("--error-on-no-transfer").status, 9);
  assert.equal(plain("--check-access", "--lockout").status, 7);
  assert.equal(plain("--lockout").status, 7);
  assert.equal(plain("--resync", "-vv").status, 0);
  for (const wrong of [["--max-delte=5"], ["--max-delete=x"], ["-q", "-v"], ["-Z"], ["--max-delete"], ["--filter=x"]]) {
    assert.equal(plain(...wrong).status, 2, wrong.join(" "));
  }
  assert.equal(both("one").status, 2);
  for (const paths of [["", "two"], ["one", ""], ["", ""], [""]]) assert.equal(both(...paths).status, 2, paths.join());
  assert.equal(plain("-n", "--force", "--backup-dir=", "--backup-dir1=", "--log-file=").status, 0);
  write("one/d/new.txt", "new");
  assert.equal(plain("--explain", "d/new.txt").status, 0);
  assert.equal(plain("-n", "--force=false", "-vf- *.md").status, 0);
  assert.equal(plain("--log-file", "nowhere/log").status, 1);
  assert.equal(plain("--filters-file", "nowhere").status, 1);
  assert.equal(both("apply", "nowhere").status, 1);
  for (const wrong of [["apply"], ["apply", "a", "b"], ["apply", "--force", "a"], ["aply"], ["pairs", "a"]]) assert.equal(both(...wrong).status, 2);
});

test("an empty path is not the current directory", (context) => {
  const { home, command, write, tree } = world(context);
  const elsewhere = mkdtempSync(join(tmpdir(), "bisync-elsewhere-"));
  context.after(() => rmSync(elsewhere, { recursive: true }));
  write("one/a.txt", "a");
  write(".config/bisync/config.toml", `[pair.work]\npath1 = ""\npath2 = "${elsewhere}"\n`);
  const before = tree(".");
  for (const [path, line] of [["Path1", ["", elsewhere]], ["Path2", [elsewhere, ""]], ["Path1", ["work"]]] as const) {
    const { status, stderr } = command(...line);
    assert.deepEqual([status, stderr], [2, `error: ${path} is empty: give a directory\n`]);
  }
  const { status, stderr } = command("one", elsewhere, "--plan-out=");
  assert.deepEqual([status, stderr], [2, "error: `--plan-out` needs the name of a file\n"]);
  assert.deepEqual([tree("."), readdirSync(elsewhere), readdirSync(home).sort()], [before, [], [".config", "one", "two"]]);
  // Where the listings are kept is not left open: an empty directory counts as none.
  assert.equal(command("one", "two", "--workdir=").status, 0);
  assert.match(command("one", "two", "--workdir=").stdout, /nothing to do|in step/);
  assert.deepEqual(readdirSync(home).sort(), [".config", ".local", "one", "two"]);
});

test("a variable that is not UTF-8 is refused, as in the program", withProgram, (context) => {
  const { home } = world(context);
  for (const name of ["BISYNC_EXCLUDE", "RCLONE_MAX_DELETE", "BISYNC_WORKDIR"]) {
    const [ours, theirs] = [["node", COMMAND], [PROGRAM]].map((program) => {
      const shell = ["-c", `${name}=$(printf 'a\\377'); export ${name}; exec "$@"`, "sh", ...program, "one", "two"];
      const { status, stdout, stderr } = spawnSync("sh", shell, { cwd: home, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home } });
      return { status, stdout, stderr };
    });
    assert.deepEqual(ours, theirs);
    assert.equal(ours?.status, 2);
  }
});

test("options come from variables and from the file, as in the program", withProgram, (context) => {
  const { both, write, variable } = worlds(context);
  write("one/a.txt", "a");
  write("one/b.tmp", "b");
  write("one/sub/c,d.md", "c");
  const plain = (...flags: string[]) => both("one", "two", "--checkers=1", "-n", ...flags);
  const variables: [name: string, value: string, status: number][] = [
    ["BISYNC_EXCLUDE", "*.tmp,*.md", 0],
    ["RCLONE_EXCLUDE", '*.tmp,"c,d.md"', 0],
    ["BISYNC_EXCLUDE", '"*.""tmp"x,{a},,', 0],
    ["BISYNC_EXCLUDE", '*.tmp\n*.md', 0],
    ["BISYNC_EXCLUDE", '\n"*.t\nmp"\r\n\n*.md,a*\n', 0],
    ["BISYNC_FILTER", '+ "a" ,- b*', 0],
    ["BISYNC_EXCLUDE", '"*.tmp', 2],
    ["BISYNC_VERBOSE", "2", 0],
    ["RCLONE_QUIET", "true", 0],
    ["BISYNC_MAX_DELETE", "half", 2],
    ["RCLONE_FORCE", "yes", 2],
    ["RCLONE_FILTER_FROM", "/no/such", 1],
    ["BISYNC_MAX_DELTE", "5", 0],
    ["BISYNC_NO_FORCE", "1", 0],
    ["BISYNC_SEEDS", "1", 0],
    ["RCLONE_MAX_DELTE", "5", 0],
    ["BISYNC_HELP", "true", 0],
    ["BISYNC_FORCE", "", 0],
    ["BISYNC_DEFAULTS_FILE", "nowhere.toml", 1],
  ];
  for (const [name, value, status] of variables) {
    variable(name, value);
    const { status: seen, stderr } = plain();
    assert.equal(seen, status, `${name}=${value}: ${stderr}`);
  }
  for (const [name, value] of [["BISYNC_EXCLUDE", "*.tmp,*.md"], ["RCLONE_QUIET", "true"], ["BISYNC_MAX_DELETE", "half"]] as const) {
    variable(name, value);
    assert.equal(plain("-v", "--exclude=a*", "--max-delete=20").status, 0);
  }
  variable("BISYNC_LOG_LEVEL", "ERROR");
  const files: [text: string, status: number][] = [
    ["[defaults]\nexclude = ['*.tmp', '*.md']\nverbose = 1\nmax-delete = 25\n", 0],
    ["[defaults]\nfilters-file = 'rules'\ntpslimit = 0.5\ncolor = 'never'\n", 0],
    ["[defaults]\nmin-age = 2026-01-31\nmax-age = 2020-01-01T10:00:00\ncompare = ['size', 'checksum']\n", 0],
    ["[defaults]\nmax-size = '1k'\nretries = 4\nforce = false\ncheck-sync = false\n", 0],
    ["defaults = { force = true }\npair.p.path1 = 'x'\npair.p.path2 = 'y'\n", 0],
    ["\n[defaults]\n\nmax-delte = 1", 2],
    ["[defaults]\nexclude = [\n  'a',\n  # no more\n  'b',\n]\nno-force = true", 2],
    ["[defaults]\nmax-delete = 'x'", 2],
    ["[defaults]\nforce = 1", 2],
    ["[defaults]\nexclude = 1", 2],
    ["[defaults]\nexclude = [1]", 2],
    ["[defaults]\nbackup-dir = true", 2],
    ["[defaults]\nmax-size = true\n", 2],
    ["[defaults]\nforce = true\npath2 = 'x'", 2],
    ["[defaults]\nhelp = true", 2],
    ["[defaults]\nfilter-from = ['rules', 'none']\n", 1],
    ["force = true", 2],
    ["defaults = 1", 2],
    ["[pair]\nwork = 1", 2],
    ["[pair.work]\npath1 = 'a'", 2],
    ["[pair.work]\npath1 = 1", 2],
    ["[pair.pairs]\n", 2],
    ["[pair.'a b']\n", 2],
    ["[pair.\"a:b\"]\n", 2],
  ];
  write(".config/bisync/rules", "- *.tmp\n");
  for (const [text, status] of files) {
    write(".config/bisync/config.toml", text);
    const { status: seen, stderr } = plain();
    assert.equal(seen, status, `${text}: ${stderr}`);
    if (status === 0) plain("--exclude=a*", "--max-delete=20", "--size-only");
  }
  assert.equal(plain("--defaults-file=").status, 0);
  for (const { status, stderr } of worldsOf(context, (world) => world.write(".config/bisync/config.toml", "\n[defaults\n"))) {
    assert.equal(status, 2);
    assert.match(stderr, /^bisync: `~\/.config\/bisync\/config.toml` line 2: /);
  }
});

test("pairs have names, as in the program", withProgram, (context) => {
  const { both, write, variable, read } = worlds(context);
  assert.equal(both("work").status, 2);
  assert.equal(both("pairs").stdout, "");
  const pairs = "[pair.work]\npath1 = '~/one'\npath2 = '~/two'\nfilters-file = 'rules'\nverbose = 1\n[pair.'ö']\npath1 = '/x'\npath2 = '~/y'\n";
  write(".config/bisync/config.toml", `[defaults]\nmax-delete = 10\n${pairs}`);
  write(".config/bisync/rules", "- *.tmp\n");
  write("one/a.txt", "a");
  write("one/b.tmp", "b");
  write("dots.toml", "[pair.a]\npath1 = 'link/../x/./'\npath2 = '~/../y'\n[pair.b]\npath1 = '~//x'\npath2 = '~'\n");
  assert.match(both("pairs", "--defaults-file=dots.toml").stdout, /a {2}~\/link\/\.\.\/x\/\.\/ {2}~\/\.\.\/y\n/);
  write("empty.toml", "[pair.empty]\npath1 = 'one'\npath2 = ''\n");
  assert.equal(both("empty", "--defaults-file=empty.toml").status, 2);
  assert.match(both("pairs").stdout, /work {2}~\/one {2}~\/two\n/);
  assert.equal(both("wrok").status, 2);
  assert.equal(both("work/").status, 2);
  assert.equal(both("work", "-n").status, 0);
  assert.equal(both("work").status, 0);
  assert.equal(read("two/a.txt"), "a");
  assert.equal(read("two/b.tmp"), undefined);
  variable("BISYNC_QUIET", "true");
  assert.equal(both("work").stdout, "");
  variable("BISYNC_DEFAULTS_FILE", "other.toml");
  write("other.toml", "[pair.other]\npath1 = 'one'\npath2 = 'two'\n");
  assert.equal(both("other").status, 0);
  assert.equal(both("work", "--defaults-file", ".config/bisync/config.toml").status, 0);
});

test("what is not carried out here is refused wherever it is given, unless it is switched off", (context) => {
  const { command, write, variables, read } = world(context);
  write("one/a.txt", "a");
  write(".config/bisync/config.toml", "[pair.work]\npath1 = '~/one'\npath2 = '~/two'\nmetadata = true\n[pair.cloud]\npath1 = 'cloud:x'\npath2 = '~/two'\n");
  const refused = command("work");
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^bisync: `~\/.config\/bisync\/config.toml` line 4: `--metadata` is not carried out by the command for Node/);
  variables["RCLONE_METADATA"] = "true";
  assert.match(command("one", "two").stderr, /^bisync: variable `RCLONE_METADATA`: `--metadata` is not carried out/);
  assert.match(command("one", "two", "-M").stderr, /^bisync: `--metadata` is not carried out/);
  for (const [remote, ...flags] of [["cloud:x"], [":s3:x"], ["one", "--backup-dir=cloud:x"]] as [string, ...string[]][]) {
    const { status, stderr } = command(remote, "two", "--metadata=false", ...flags);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /is on a remote/);
  }
  assert.match(command("cloud", "--metadata=false").stderr, /`cloud:x` is on a remote/);
  assert.match(command("remotes").stderr, /`bisync remotes` is not carried out by the command for Node, but by the program/);
  const options = [["backup-dir", "cloud:x"]];
  write("plan", `${JSON.stringify({ "bisync-plan": 1, roots: { path1: "/one", path2: "/two" }, paths: { path1: "/one/", path2: "/two/" }, options })}\n`);
  assert.match(command("apply", "plan").stderr, /`cloud:x` is on a remote/);
  assert.equal(read("two/a.txt"), undefined);
  assert.equal(command("work", "--metadata=false").status, 0);
  assert.equal(read("two/a.txt"), "a");
});

test("a person chooses from the plan, as in the program", withProgram, (context) => {
  const { both, write, remove, answer, read } = worlds(context);
  const plain = (...flags: string[]) => both("one", "two", "--checkers=1", "--transfers=1", "-i", ...flags);
  for (const name of ["a", "b\n", "c", "d/e"]) write(`one/${name}`, name);
  answer("what\ny\nn\nYES\n");
  const { status, stderr } = plain();
  assert.equal(status, 0, stderr);
  assert.equal(stderr.split("do it?").length - 1, 5, stderr);
  assert.deepEqual(["a", "b\n", "c", "d/e"].map((name) => read(`two/${name}`)), ["a", undefined, undefined, "d/e"]);
  answer("y\na\n");
  assert.equal(plain("-v", "--resync").status, 0);
  assert.deepEqual(["b\n", "c"].map((name) => read(`two/${name}`)), ["b\n", "c"]);
  answer("");
  remove("one/a");
  write("one/c", "edited", 1_700_000_000);
  assert.equal(plain().status, 0);
  assert.equal(read("two/c"), "c");
  answer("y\nq\n");
  assert.equal(plain("-v").status, 0);
  assert.deepEqual([read("two/a"), read("two/c")], ["a", "edited"]);
  answer("a\n");
  assert.equal(plain("-n").status, 0);
  assert.equal(plain("--plan-out=plan").status, 0);
  assert.equal(plain("--max-delete=0").status, 1);
  assert.equal(read("two/a"), "a");
  assert.equal(plain().status, 0);
  assert.equal(read("two/a"), undefined);
});

test("no other run comes in between while a person thinks", async (context) => {
  const { home, command, write, read } = world(context);
  write("one/a", "a");
  const child = spawn("node", [COMMAND, "one", "two", "--interactive"], { cwd: home, env: { PATH: process.env["PATH"], HOME: home } });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const asked = new Promise<void>((resolve) => child.stderr.on("data", (data: Buffer) => data.includes("do it?") && resolve()));
  await Promise.race([asked, ended]);
  const { status, stderr } = command("one", "two");
  assert.equal(status, 1);
  assert.match(stderr, /another run of these paths is at work/);
  assert.equal(command("one", "two", "-n").status, 0);
  child.stdin.end("y\n");
  assert.equal(await ended, 0);
  assert.equal(read("two/a"), "a");
  assert.equal(command("one", "two").status, 0);
});

test("behind a link, `..` leads to the listings where the system says", withProgram, (context) => {
  const { home, command, program, write, directory, link, variables } = world(context);
  write("one/a", "a");
  directory("real/deep");
  link("link", "real/deep");
  const workdir = "--workdir=link/../listings";
  for (const run of [command, program]) {
    assert.equal(run("one", "two", workdir).status, 0);
    assert.deepEqual(readdirSync(home).sort(), ["link", "one", "real", "two"]);
    const names = readdirSync(join(home, "real/listings")).filter((name) => !name.endsWith(".file-systems"));
    assert.deepEqual(names.sort(), ["one..two.pair", "one..two.path1.lst", "one..two.path2.lst"]);
    rmSync(join(home, "real/listings"), { recursive: true });
  }
  assert.equal(command("one", "two", workdir, "--plan-out=real/plan").status, 0);
  assert.equal(command("apply", "real/plan").status, 0);
  assert.equal(readdirSync(join(home, "real/listings")).length, 2);
  variables["XDG_STATE_HOME"] = join(home, "link") + "/..";
  assert.equal(command("one", "two").status, 0);
  assert.equal(readdirSync(join(home, "real/bisync")).length, 2);
  // As in the program, a relative directory in this variable counts as none.
  variables["XDG_STATE_HOME"] = "real/deep";
  assert.equal(command("one", "two").status, 0);
  assert.deepEqual(readdirSync(join(home, "real/deep")), []);
  // What is missing is made, and `..` leads back from it.
  const inside = command("one", "two", "--workdir=one/none/../state");
  assert.notEqual(inside.status, 0);
  assert.deepEqual(readdirSync(join(home, "one")), ["a"]);
});

test("a person is shown no command to the terminal that is in a name", (context) => {
  const { command, write, answer } = world(context);
  write("one/x\u009b31m", "x");
  assert.equal(command("one", "two").status, 0);
  write("one/x\u009b31m", "one", 1_700_000_000);
  write("two/x\u009b31m", "two!", 1_700_000_001);
  answer("n\n");
  const { status, stderr } = command("one", "two", "--interactive", "--force");
  assert.equal(status, 0, stderr);
  assert.match(stderr, /x\\u\{9b\}31m: .*x\\u\{9b\}31m\.conflict1.*\n {2}do it\?/);
  assert.doesNotMatch(stderr, /\u009b/);
});

test("links are kept, as the program keeps them", withProgram, (context) => {
  const { both, write, link, remove, tree } = worlds(context);
  const run = (status: number, ...flags: string[]) => {
    const { status: seen, stdout, stderr } = both("one", "two", "--checkers=1", "--transfers=1", "--links", "-v", ...flags);
    assert.equal(seen, status, stdout + stderr);
    assert.deepEqual(tree("one"), tree("two"));
    return tree("two");
  };
  write("one/file", "file");
  link("one/near", "file");
  link("one/d/up", "../d");
  link("two/nowhere", "/no/such/\u00e4");
  link("two/d/own", "own");
  assert.equal(both("one", "two", "--checkers=1", "--links", "-n").status, 0);
  assert.deepEqual(run(0), [
    "d/own -> own 1600000000",
    "d/up -> ../d 1600000000",
    "file file 1600000000",
    "near -> file 1600000000",
    "nowhere -> /no/such/\u00e4 1600000000",
  ]);
  // Changed, moved, deleted, and with another time alone.
  link("two/near", "d/up", 1_700_000_000);
  remove("one/nowhere");
  link("one/moved", "/no/such/\u00e4");
  remove("two/d/own");
  link("one/d/up", "../d", 1_650_000_000);
  run(0, "--backup-dir1=kept/1", "--backup-dir2=kept/2");
  assert.ok(tree("kept").some((line) => line.startsWith("1/near.rclonelink file ")), tree("kept").join());
  // A conflict, and what takes the place of something else.
  link("one/near", "one", 1_700_000_001);
  link("two/near", "two", 1_700_000_002);
  remove("one/file");
  link("one/file", "now a link");
  remove("two/d/up");
  write("two/d/up", "now a file");
  run(0);
  run(0, "--conflict-resolve=newer");
  run(0, "--resync", "--checksum");
  // What cannot be told apart is left alone.
  link("one/e/blocked", "a");
  write("one/e/blocked.rclonelink", "b");
  const { stderr } = both("one", "two", "--links", "--checkers=1");
  assert.match(stderr, /`blocked.rclonelink` is there, and stands for a link that is there as well/);
  remove("one/e");
  // A file that is named as a link is one on the other side, if a link can hold it.
  write("two/named.rclonelink", "elsewhere");
  write("two/long.rclonelink", "x".repeat(5000));
  link("one/last", "x");
  both("one", "two", "--links", "-v", "--checkers=1", "--transfers=1");
  assert.ok(tree("two").includes("last -> x 1600000000"));
  assert.ok(tree("one").includes("named -> elsewhere 1600000000"));
});

test("a run whose time is over has an exit code of its own", (context) => {
  const { command, write, read } = world(context);
  // Each is saved on the disk: no time is enough for that.
  for (let index = 0; index < 200; index += 1) write(`one/${index}`, "x");
  const { status, stdout } = command("one", "two", "--max-duration=1ns", "--transfers=1");
  assert.equal(status, 10, stdout);
  assert.equal(command("one", "two", "--max-duration=off").status, 0);
  assert.equal(read("two/199"), "x");
});

test("a plan is written, and carried out", (context) => {
  const { command, write, read } = world(context);
  write("one/a.txt", "a");
  write("notes", "notes");
  assert.equal(command("one", "two", "--plan-out", "notes").status, 2);
  assert.equal(read("notes"), "notes");
  assert.equal(command("one", "two", "--plan-out", "plan").status, 0);
  assert.equal(read("two/a.txt"), undefined);
  assert.equal(command("apply", "notes").status, 2);
  assert.equal(command("apply", "plan", "--force").status, 2);
  assert.equal(command("apply", "plan", "--interactive").status, 2);
  const { status, stdout } = command("apply", "plan");
  assert.equal(status, 0, stdout);
  assert.equal(read("two/a.txt"), "a");
});

test("a plan that cannot be made replaces none", (context) => {
  const { home, command, write, read } = world(context);
  for (const name of ["a", "b", "c"]) write(`one/${name}`, name);
  assert.equal(command("one", "two").status, 0);
  write("one/d", "d");
  assert.equal(command("one", "two", "--plan-out", "plan").status, 0);
  const before = read("plan");
  for (const name of ["a", "b", "c"]) rmSync(join(home, "two", name));
  assert.equal(command("one", "two", "--plan-out", "plan").status, 1);
  assert.equal(read("plan"), before);
});

test("a reader who goes away ends no run", { skip: process.platform === "win32" }, async (context) => {
  const { home, read, write } = world(context);
  const count = 400;
  for (let index = 0; index < count; index += 1) write(`one/${index}.txt`, `content ${index}`);
  const child = spawn("node", [COMMAND, "one", "two", "-v"], { cwd: home, env: { PATH: process.env["PATH"], HOME: home } });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  child.stderr.once("data", () => [child.stdout, child.stderr].forEach((stream) => stream.destroy()));
  assert.equal(await ended, 0);
  for (let index = 0; index < count; index += 1) assert.equal(read(`two/${index}.txt`), `content ${index}`);
});

test("a plan with options that are not carried out here is refused", withProgram, (context) => {
  const { command, program, write, read } = world(context);
  write("one/a.txt", "a");
  assert.equal(program("one", "two", "--metadata", "--plan-out", "plan").status, 0);
  const { status, stderr } = command("apply", "plan");
  assert.equal(status, 2, stderr);
  assert.match(stderr, /`--metadata` is not carried out by the command for Node/);
  assert.equal(read("two/a.txt"), undefined);
});

test("the program carries out a plan of the command, and the reverse", withProgram, (context) => {
  const { command, program, write, read } = world(context);
  write("one/a.txt", "a");
  assert.equal(command("one", "two", "--plan-out", "plan").status, 0);
  assert.match(program("apply", "plan").stdout, /1 copied/);
  write("one/b.txt", "b");
  assert.equal(program("one", "two", "--plan-out", "plan").status, 0);
  assert.match(command("apply", "plan").stdout, /1 copied/);
  assert.equal(read("two/b.txt"), "b");
});

test("the first signal ends a run in good order", { skip: process.platform === "win32" }, async (context) => {
  const { home, command, read, write } = world(context);
  const count = 400;
  for (let index = 0; index < count; index += 1) write(`one/${index}.txt`, `content ${index}`);
  const child = spawn("node", [COMMAND, "one", "two", "-v", "--transfers=1"], { cwd: home, env: { PATH: process.env["PATH"], HOME: home } });
  let text = "";
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdout.on("data", (data: Buffer) => (text += data.toString()));
  child.stderr.on("data", (data: Buffer) => {
    if (!text.includes("copied") && data.includes("copied")) child.kill("SIGINT");
    text += data.toString();
  });
  assert.equal(await ended, 1, text);
  assert.match(text, /Stopped before the end/);
  const { status, stdout } = command("one", "two");
  assert.equal(status, 0, stdout);
  for (let index = 0; index < count; index += 1) assert.equal(read(`two/${index}.txt`), `content ${index}`);
});

test("the help names what can be given", (context) => {
  const { command } = world(context);
  const { status, stdout } = command("--help");
  assert.equal(status, 0);
  assert.match(stdout, /-n, --dry-run/);
  assert.doesNotMatch(stdout, /--metadata/);
  assert.ok(stdout.split("\n").every((line) => line.length <= 100));
  const reason = /is not carried out by the command for Node, but by the program bisync: Node can neither read nor write extended attributes$/m;
  for (const option of ["--metadata", "--metadata-filter=+ a=b"]) {
    const { status, stderr } = command("one", "two", option);
    assert.equal(status, 2);
    assert.match(stderr, reason);
  }
});

test("what is replaced or deleted is kept, as the program keeps it", withProgram, (context) => {
  const trees = [world(context), world(context)].map(({ write, read, command, program, home }, index) => {
    const run = (...more: string[]) => (index === 0 ? command : program)("one", "two", "--workdir=work", "--backup-dir1=kept/1", "--backup-dir2=kept/2", "--suffix=.old", ...more);
    write("one/a.txt", "a");
    write("one/d/b\u0301 \n.txt", "b", 1_500_000_000);
    write("one/c.txt", "c");
    assert.equal(run().status, 0);
    write("one/a.txt", "edited", 1_700_000_000);
    rmSync(join(home, "two/d"), { recursive: true });
    assert.equal(run("--plan-out=plan").status, 0);
    const applied = (index === 0 ? command : program)("apply", "plan");
    assert.equal(applied.status, 0, applied.stdout + applied.stderr);
    assert.equal(statSync(join(home, "kept/1/d/b\u0301 \n.txt.old")).mtimeMs, 1_500_000_000_000);
    write("two/a.txt", "edited again", 1_700_000_009);
    assert.equal(run().status, 0);
    const inside = run("--backup-dir1=one/inside");
    assert.match(inside.stderr, /backup/);
    assert.notEqual(inside.status, 0);
    return ["kept/1/a.txt.old", "kept/1/d/b\u0301 \n.txt.old", "kept/2/a.txt.old", "kept/2/c.txt.old", "one/a.txt", "two/a.txt"].map(read);
  });
  assert.deepEqual(trees[0], trees[1]);
  assert.deepEqual(trees[0], ["edited", "b", "a", undefined, "edited again", "edited again"]);
});
