// Every scenario of the engine's tests, planned in Node: the same plan, byte for byte.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";

import { written } from "../dist/run.js";
import { Events } from "../dist/events.js";
import { BisyncError, memoryState } from "../dist/index.js";
import { recordedSide, type RecordedSide } from "./recorded-side.js";

/** What `tests/world/src/record.rs` writes. */
interface Scenario {
  options: [string, string][];
  /** In seconds since 1970. */
  now: number;
  /** The number that a host draws for a run, in decimal. */
  run: string;
  path1: RecordedSide;
  path2: RecordedSide;
  state: [name: string, blob: number[]][];
  expected: { refused: string } | { exitCode: number; headline: string; plan: string };
}

const REPOSITORY = new URL("../..", import.meta.url).pathname;
const RECORDED = ["options::", "scenarios::", "first_runs::", "hard_cases::", "crashes::"];
/** What this package does not carry out, so that its sides do not tell of it either. */
const LEFT_OUT = ["metadata", "links"];

process.env["TZ"] = "UTC";

/** Has the engine's tests write down what they run. */
function record(folder: string): void {
  const line = ["test", "--quiet", "--workspace", "--test", "world", "--", ...RECORDED, "--skip", "a_large_tree"];
  const { status, stdout, stderr } = spawnSync("cargo", line, {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, BISYNC_RECORD: folder },
  });
  assert.equal(status, 0, stdout + stderr);
}

/** Plans what a scenario runs. */
async function planned({ options, now, run, path1, path2, state: blobs }: Scenario): Promise<Scenario["expected"]> {
  const state = memoryState();
  for (const [name, blob] of blobs) await state.write(name, 0, new Uint8Array(blob));
  mock.method(Date, "now", () => now * 1000);
  mock.method(crypto, "getRandomValues", (numbers: BigUint64Array) => numbers.fill(BigInt(run)));
  try {
    const keeps = (own: string) => options.some(([name]) => name === own || name === "backup-dir");
    const [one, two] = [recordedSide("one/", path1, keeps("backup-dir1")), recordedSide("two/", path2, keeps("backup-dir2"))];
    const order = { one, two, given: options, state };
    const { report, text } = await written(order, new Events());
    return { exitCode: report.exitCode, headline: report.headline, plan: text };
  } catch (error) {
    if (error instanceof BisyncError && error.code === "usage") return { refused: error.message };
    throw error;
  } finally {
    mock.restoreAll();
  }
}

const hasCargo = existsSync(join(REPOSITORY, "Cargo.toml")) && spawnSync("cargo", ["--version"]).status === 0;

test("every scenario has the same plan here", { skip: hasCargo ? false : "there is no cargo to run the scenarios with" }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "bisync-scenarios-"));
  context.after(() => rmSync(folder, { recursive: true }));
  record(folder);
  let decided = 0;
  let refused = 0;
  for (const file of readdirSync(folder).sort()) {
    const scenario = JSON.parse(readFileSync(join(folder, file), "utf8")) as Scenario;
    if (scenario.options.some(([name]) => LEFT_OUT.includes(name))) continue;
    assert.deepEqual(await planned(scenario), scenario.expected, `${file} ${JSON.stringify(scenario.options)}`);
    if ("refused" in scenario.expected) refused += 1;
    else decided += scenario.expected.plan.trimEnd().split("\n").length - 2;
  }
  context.diagnostic(`${decided} decisions, ${refused} refusals`);
  assert.ok(decided > 1000, "the scenarios decide something");
  assert.ok(refused > 0, "and refuse something");
});
