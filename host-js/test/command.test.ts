import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

const COMMAND = new URL("../dist/node/command/bin.js", import.meta.url).pathname;
const PROGRAM = new URL("../../target/debug/bisync", import.meta.url).pathname;
const withProgram = { skip: existsSync(PROGRAM) ? false : `the program is not built: ${PROGRAM}` };

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A directory with two folders, `one` and `two`, in which commands run. */
function world(context: TestContext) {
  const home = mkdtempSync(join(tmpdir(), "bisync-command-"));
  context.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, "one"));
  mkdirSync(join(home, "two"));
  const run = (program: string[]) => (...line: string[]): Result => {
    const options = { cwd: home, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home } } as const;
    const { status, stdout, stderr } = spawnSync(program[0] ?? "", [...program.slice(1), ...line], options);
    return { status, stdout, stderr };
  };
  return {
    home,
    write(path: string, content: string, seconds = 1_600_000_000) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), content);
      utimesSync(join(home, path), seconds, seconds);
    },
    read: (path: string) => (existsSync(join(home, path)) ? readFileSync(join(home, path), "utf8") : undefined),
    command: run(["node", COMMAND]),
    program: run([PROGRAM]),
  };
}

test("the command says and does what the program does", withProgram, (context) => {
  const [here, there] = [world(context), world(context)];
  const both = (...line: string[]) => {
    const [ours, theirs] = [here.command(...line), there.program(...line)];
    assert.deepEqual(ours, theirs, line.join(" "));
    return ours;
  };
  const write = (path: string, content: string, seconds?: number) => [here, there].forEach((world) => world.write(path, content, seconds));
  const remove = (path: string) => [here, there].forEach(({ home }) => rmSync(join(home, path), { recursive: true }));
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
  write("one/d/new.txt", "new");
  assert.equal(plain("--explain", "d/new.txt").status, 0);
  assert.equal(plain("-n", "--force=false", "-vf- *.md").status, 0);
  assert.equal(plain("--log-file", "nowhere/log").status, 1);
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
  assert.equal(program("one", "two", "--links", "--plan-out", "plan").status, 0);
  const { status, stderr } = command("apply", "plan");
  assert.equal(status, 2, stderr);
  assert.match(stderr, /`--links` is not carried out by the command for Node/);
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
  assert.doesNotMatch(stdout, /--links/);
  assert.ok(stdout.split("\n").every((line) => line.length <= 100));
  assert.match(command("one", "two", "--links").stderr, /`--links` is not carried out by the command for Node/);
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
