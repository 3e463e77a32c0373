// Worlds in which the command of the package, and the program, are run.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export const COMMAND = new URL("../dist/node/command/bin.js", import.meta.url).pathname;
export const PROGRAM = new URL("../../target/debug/bisync", import.meta.url).pathname;
export const withProgram = { skip: existsSync(PROGRAM) ? false : `the program is not built: ${PROGRAM}` };

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A directory with two folders, `one` and `two`, in which commands run. */
export function world(context: TestContext) {
  const home = mkdtempSync(join(tmpdir(), "bisync-command-"));
  const mounted: string[] = [];
  context.after(() => {
    mounted.forEach((place) => spawnSync("umount", ["-l", place]));
    rmSync(home, { recursive: true });
  });
  mkdirSync(join(home, "one"));
  mkdirSync(join(home, "two"));
  const variables: Record<string, string> = {};
  let input = "";
  const run = (program: string[]) => (...line: string[]): Result => {
    const options = { cwd: home, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home, ...variables }, input } as const;
    const { status, stdout, stderr } = spawnSync(program[0] ?? "", [...program.slice(1), ...line], options);
    // Two worlds differ by where they are.
    return { status, stdout: stdout.replaceAll(home, "~"), stderr: stderr.replaceAll(home, "~") };
  };
  const start = (program: string[]) => (...line: string[]) => {
    const [name = "", ...rest] = program;
    const child = spawn(name, [...rest, ...line], { cwd: home, env: { PATH: process.env["PATH"], HOME: home } });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    let text = "";
    child.stderr.on("data", (data: Buffer) => (text += data.toString()));
    return {
      /** Waits until it has said something on standard error. */
      said: (words: string) =>
        new Promise<void>((resolve, reject) => {
          const look = () => text.includes(words) && resolve();
          child.stderr.on("data", look);
          void ended.then(() => reject(new Error(`it ended, and said ${text}`)));
          look();
        }),
      /** Answers what it asks, and waits for its end; gives the exit code. */
      end(answers: string) {
        child.stdin.end(answers);
        return ended;
      },
      kill() {
        child.kill("SIGKILL");
        return ended;
      },
    };
  };
  return {
    home,
    starting: start(["node", COMMAND]),
    startingProgram: start([PROGRAM]),
    /** The variables of what runs here. */
    variables,
    /** Answers what is asked here from now on. */
    answer: (text: string) => (input = text),
    write(path: string, content: string, seconds = 1_600_000_000) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), content);
      utimesSync(join(home, path), seconds, seconds);
    },
    directory: (path: string) => void mkdirSync(join(home, path), { recursive: true }),
    /** Puts another file system where a directory is, until the test ends; says whether it could. */
    mount(path: string): boolean {
      const place = join(home, path);
      const isMounted = spawnSync("mount", ["-t", "tmpfs", "none", place]).status === 0;
      if (isMounted) mounted.push(place);
      return isMounted;
    },
    /** Makes a file one that is in use, until what is returned is called; says whether it could. */
    occupy(path: string): (() => void) | undefined {
      const place = join(home, path);
      if (spawnSync("mount", ["--bind", place, place]).status !== 0) return undefined;
      mounted.push(place);
      return () => void spawnSync("umount", ["-l", place]);
    },
    /** The time of a file or a directory, in seconds. */
    time: (path: string) => Math.floor(statSync(join(home, path)).mtimeMs / 1000),
    date: (path: string, seconds: number) => utimesSync(join(home, path), seconds, seconds),
    /** What tells a file from every other. */
    inode: (path: string) => statSync(join(home, path)).ino,
    link(path: string, target: string, seconds = 1_600_000_000) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      rmSync(join(home, path), { force: true });
      symlinkSync(target, join(home, path));
      lutimesSync(join(home, path), seconds, seconds);
    },
    /** What lies in a directory: of a file the content, of a link where it leads, of both the time in seconds; and directories that are empty. */
    tree: (path: string) => treeOf(join(home, path)).sort(),
    read: (path: string) => (existsSync(join(home, path)) ? readFileSync(join(home, path), "utf8") : undefined),
    command: run(["node", COMMAND]),
    program: run([PROGRAM]),
  };
}

function treeOf(directory: string, path = ""): string[] {
  return readdirSync(join(directory, path)).flatMap((name) => {
    const inside = join(path, name);
    const place = join(directory, inside);
    const stats = lstatSync(place);
    if (stats.isDirectory()) return readdirSync(place).length === 0 ? [`${inside}/`] : treeOf(directory, inside);
    const holds = stats.isSymbolicLink() ? `-> ${readlinkSync(place)}` : readFileSync(place, "utf8");
    return [`${inside} ${holds} ${Math.floor(stats.mtimeMs / 1000)}`];
  });
}

/** Two worlds, in which the command and the program do the same and have to say the same. */
export function worlds(context: TestContext) {
  const [here, there] = [world(context), world(context)];
  // What is done at the same time ends, and is told, in any order; how fast it was differs.
  const told = (result: Result) => ({ ...result, stderr: result.stderr.replace(/[\d.]+ \w+\/s/g, "… /s").split("\n").sort() });
  return {
    both(...line: string[]) {
      const [ours, theirs] = [here.command(...line), there.program(...line)];
      assert.deepEqual(told(ours), told(theirs), line.join(" "));
      return ours;
    },
    write: (path: string, content: string, seconds?: number) => [here, there].forEach((world) => world.write(path, content, seconds)),
    /** Both, for what has to be done or seen in each by itself. */
    each: [here, there] as const,
    remove: (path: string) => [here, there].forEach(({ home }) => rmSync(join(home, path), { recursive: true })),
    directory: (path: string) => [here, there].forEach((world) => world.directory(path)),
    link: (path: string, target: string, seconds?: number) => [here, there].forEach((world) => world.link(path, target, seconds)),
    /** What lies in a directory, in both worlds. */
    tree(path: string) {
      const [ours, theirs] = [here.tree(path), there.tree(path)];
      assert.deepEqual(ours, theirs, path);
      return ours;
    },
    answer: (text: string) => [here, there].forEach((world) => world.answer(text)),
    /** Gives the one variable that there is. */
    variable: (name: string, value: string) => [here, there].forEach(({ variables }) => {
      for (const other of Object.keys(variables)) delete variables[other];
      variables[name] = value;
    }),
    read(path: string) {
      const [ours, theirs] = [here.read(path), there.read(path)];
      assert.equal(ours, theirs, path);
      return ours;
    },
  };
}

/** What the command and the program say in a world each that is made alike: where a library of each has words of its own. */
export function worldsOf(context: TestContext, make: (made: ReturnType<typeof world>) => void): Result[] {
  const [here, there] = [world(context), world(context)];
  [here, there].forEach(make);
  return [here.command("one", "two"), there.program("one", "two")];
}
