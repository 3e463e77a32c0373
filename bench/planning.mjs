// As planning.rs, for the npm package: node bench/planning.mjs FILES STATE.

import { bisync, folderState } from "../host-js/dist/node.js";

const FILES_IN_A_DIRECTORY = 100;
const [files, state] = [Number(process.argv[2]), process.argv[3]];
const never = async () => {
  throw new Error("this is not asked for");
};

function imaginary(name) {
  const numbered = (length, make) => Array.from({ length }, (_, index) => make(index));
  const directory = { kind: "directory", fingerprint: {} };
  return {
    name,
    open: async () => ({ timePrecisionNs: 1, setsTime: true, hashes: [], slowHashes: false, caseInsensitive: false }),
    async *list(path) {
      if (path === "") {
        yield numbered(Math.ceil(files / FILES_IN_A_DIRECTORY), (number) => ({ name: `d${String(number).padStart(6, "0")}`, ...directory }));
        return;
      }
      const first = Number(path.slice(1)) * FILES_IN_A_DIRECTORY;
      yield numbered(Math.min(FILES_IN_A_DIRECTORY, files - first), (index) => {
        const size = first + index;
        const modified = { seconds: 1_700_000_000 + size, nanoseconds: 123_456_789 };
        return { name: `file-${String(size).padStart(7, "0")}.txt`, kind: "file", fingerprint: { size, modified } };
      });
    },
    describe: async (path) => (path === "" ? directory : undefined),
    read: never,
    write: never,
    move: never,
    remove: never,
    makeDirectory: never,
    removeDirectory: never,
    setTime: never,
    flush: async () => {},
  };
}

const report = await bisync(imaginary("one/"), imaginary("two/"), { state: folderState(state) }).report;
if (report.exitCode !== 0) throw new Error(report.headline);
