import { BisyncError, isStill, type Fingerprint, type Found, type Instant, type Side } from "../dist/index.js";

/** A side of a scenario, as it was before a run. */
export interface RecordedSide {
  timePrecisionNs: number | null;
  setsTime: boolean;
  hasHashes: boolean;
  ignoresCase: boolean;
  decomposes: boolean;
  files: { path: string; content: string; size: number | null; modified: Instant | null; hash: string | null; id: number }[];
  directories: string[];
  links: string[];
  /** Paths that cannot be opened. */
  broken: string[];
}

/** Makes a side to be looked at: a plan changes nothing. Where old versions are wanted, it keeps them. */
export function recordedSide(name: string, recorded: RecordedSide, keeps: boolean): Side {
  const { files, directories, links, broken } = recorded;
  const isLiteral = !recorded.ignoresCase && !recorded.decomposes;
  const key = (name: string) => {
    const form = recorded.decomposes ? name.normalize("NFD") : name;
    return recorded.ignoresCase ? form.toLowerCase() : form;
  };
  const paths = [...files.map(({ path }) => path), ...directories, ...links];
  const spelled = (path: string) => (isLiteral ? path : (paths.find((known) => key(known) === key(path)) ?? path));
  const version = (file: RecordedSide["files"][number], hash: boolean): Fingerprint => ({
    ...(file.size !== null && { size: file.size }),
    ...(file.modified && { modified: file.modified }),
    ...(hash && file.hash !== null && { hash: file.hash }),
    id: BigInt(file.id),
  });
  const found = (path: string, hash: boolean): Found | undefined => {
    const file = files.find((file) => file.path === path);
    if (file) return { kind: "file", fingerprint: version(file, hash) };
    if (directories.includes(path)) return { kind: "directory", fingerprint: {} };
    return links.includes(path) ? { kind: "link", fingerprint: {} } : undefined;
  };
  const changes = async (): Promise<never> => {
    throw new Error("a plan changes nothing");
  };
  return {
    name,
    open: async () => ({
      ...(recorded.timePrecisionNs !== null && { timePrecisionNs: recorded.timePrecisionNs }),
      setsTime: recorded.setsTime,
      hashes: recorded.hasHashes ? ["md5"] : [],
      slowHashes: true,
      caseInsensitive: recorded.ignoresCase,
    }),
    async *list(given, hash) {
      const path = spelled(given);
      if (broken.includes(path)) throw new BisyncError("permissionDenied", "permission denied");
      if (path !== "" && !directories.includes(path)) throw new BisyncError("notFound", "no such directory");
      const prefix = path === "" ? "" : `${path}/`;
      const here = paths.filter((known) => known.startsWith(prefix) && !known.includes("/", prefix.length));
      yield here.map((known) => ({ name: known.slice(prefix.length), ...(found(known, hash !== undefined) as Found) }));
    },
    describe: async (path) => found(spelled(path), false),
    async *read(path, expected) {
      const file = files.find((file) => file.path === path);
      if (!file || !isStill(expected, version(file, false))) throw new BisyncError("changed", "it has changed in the meantime");
      yield new TextEncoder().encode(file.content);
    },
    write: changes,
    move: changes,
    remove: changes,
    makeDirectory: changes,
    removeDirectory: changes,
    setTime: changes,
    flush: changes,
    ...(keeps && { keep: changes }),
  };
}
