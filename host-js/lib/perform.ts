// Carries out what the engine asks of the sides.

import { ending, sameContent } from "./content.js";
import { BisyncError } from "./error.js";
import { beginMd5, hexadecimal } from "./md5.js";
import type { Passage } from "./passage.js";
import type { CopyFile, Disposal, Reply, SideName, Verb } from "./protocol.js";
import type { References } from "./references.js";
import type { Fingerprint, Found, Item, Side } from "./side.js";
import { checked, checkedContent, checkPage } from "./told.js";

/** Both folders of a run, and what belongs to them. */
export interface Sides {
  folders: Record<SideName, Side>;
  /** The hash algorithms that each offers. */
  hashes: Record<SideName, string[]>;
  /** What is looked at before a file is copied. */
  references: References;
  /** What the content of every copied file passes through. */
  passage: Passage;
  /** Whether directories that were made get the times of those of the other side. */
  directoryTimes: boolean;
  /** Names a temporary file beside a path, for a side that does not write in place. */
  temporaryBeside(path: string): string;
}

/** Carries out a verb that concerns a side; of a listing the pages are given by `list`. */
export async function perform(verb: Verb, sides: Sides): Promise<Reply> {
  const { folders, passage } = sides;
  switch (verb.verb) {
    case "describe": {
      const there = await folders[verb.side].describe(verb.path);
      return { described: there ? checked(there, verb.path) : null };
    }
    case "sameContent":
      return { same: await sameContent(read(folders.path1, verb.one, passage), read(folders.path2, verb.two, passage), verb.half) };
    case "copyFile":
      return done(await copyFile(verb, sides));
    case "moveFile":
      return done(checked(await folders[verb.side].move(verb.path, verb.expect, verb.target, verb.temporary), verb.target));
    case "deleteFile":
      await kept(folders[verb.side], verb.path, verb.expect, verb.disposal);
      await folders[verb.side].remove(verb.path, verb.expect);
      return done();
    case "makeDirectory":
      return done(checked(await folders[verb.side].makeDirectory(verb.path), verb.path));
    case "removeDirectory":
      await (verb.emptiness === "empty" ? folders[verb.side].removeDirectory(verb.path) : treeRemoved(folders[verb.side], verb.path));
      return done();
    case "setTime":
      return done(checked(await folders[verb.side].setTime(verb.path, verb.expect, verb.modified, sides.temporaryBeside(verb.path)), verb.path));
    case "flush":
      await folders[verb.side].flush(sides.directoryTimes ? folders[verb.side === "path1" ? "path2" : "path1"] : undefined);
      return done();
    default:
      throw notHere();
  }
}

/** Lists a directory, page by page. */
export async function* list(side: SideName, path: string, hash: string | undefined, { folders, hashes, passage }: Sides): AsyncGenerator<Item[]> {
  const isComputed = hash === COMPUTED && !hashes[side].includes(hash);
  for await (const page of folders[side].list(path, hash)) {
    checkPage(page, path);
    if (isComputed) {
      for (const item of page) await addHash(folders[side], path === "" ? item.name : `${path}/${item.name}`, item, passage);
    }
    yield page;
  }
}

/**
 * Says whether a copy changes a file where it is. When it fails, the file is not what was expected any more, and a second try would only hide why the
 * first one failed.
 */
export function rewrites(verb: Verb, folders: Sides["folders"]): boolean {
  if (verb.verb !== "copyFile" || verb.staging !== "inPlace" || verb.expect === "absent") return false;
  return folders[verb.from === "path1" ? "path2" : "path1"].writesInPlace === true;
}

/** The hash that is computed from the content where a side offers none: for `--download-hash`. */
const COMPUTED = "md5";

const notHere = () => new BisyncError("other", "this is not possible here");
const done = (found?: Found): Reply => ({ done: found ?? null });

async function copyFile(copy: CopyFile, { folders, references, passage, temporaryBeside }: Sides): Promise<Found> {
  const [from, to] = copy.from === "path1" ? [folders.path1, folders.path2] : [folders.path2, folders.path1];
  const elsewhere = await references.find(copy, from);
  const { side, path, source } = elsewhere ? { side: elsewhere.side, path: copy.target, source: elsewhere.version } : { side: from, path: copy.path, source: copy.source };
  const expect = copy.expect === "absent" ? undefined : copy.expect.exactly;
  const keep = async () => expect && kept(to, copy.target, expect, copy.disposal);
  const inPlace = copy.staging === "inPlace" && to.writesInPlace === true;
  const temporary = copy.staging === "inPlace" ? temporaryBeside(copy.target) : copy.staging.temporary;
  // What is written in place is gone with the first byte: it is kept before.
  if (inPlace) await keep();
  let isRead = false;
  const content = ending(passage.copied(read(side, [path, source], passage), to.isServer === true), async () => {
    if (!inPlace) await keep();
    isRead = true;
  });
  const options = { expect, temporary, modified: source.modified, verify: copy.verify, ...(inPlace && { inPlace }) };
  const written = checked(await to.write(copy.target, content, options), copy.target);
  if (isRead) return written;
  // Another try would find what was written in the place of what is expected.
  throw new BisyncError("other", "the side says that it wrote the file, and did not read all of it", { path: copy.target });
}

/** Reads a file. What comes from a server is held to the limit for that. */
function read(side: Side, [path, version]: [path: string, version: Fingerprint], passage: Passage): AsyncIterable<Uint8Array> {
  const content = side.read(path, version);
  return checkedContent(side.isServer ? passage.received(content) : content, version, path);
}

/** Keeps a file that is about to be replaced or deleted, where that is wanted. */
async function kept(side: Side, path: string, expect: Fingerprint, disposal: Disposal): Promise<void> {
  if (disposal === "discard") return;
  if (!side.keep) throw notHere();
  await side.keep(path, expect, disposal.backup);
}

/** Adds the hash of a file's content; none when the file cannot be read now. */
async function addHash(side: Side, path: string, { kind, fingerprint }: Item, passage: Passage): Promise<void> {
  if (kind !== "file" || fingerprint.hash !== undefined) return;
  try {
    const sum = await beginMd5();
    for await (const chunk of read(side, [path, { ...fingerprint }], passage)) sum.update(chunk);
    fingerprint.hash = `${COMPUTED}:${hexadecimal(sum.digest())}`;
  } catch (error) {
    if (!(error instanceof BisyncError)) throw error;
  }
}

/** Removes a directory and all below it, after having seen that there is nothing but directories. */
async function treeRemoved(side: Side, path: string): Promise<void> {
  if (side.removeTree) return side.removeTree(path);
  const directories = [path];
  for (const directory of directories) {
    try {
      for await (const page of side.list(directory, undefined)) {
        for (const { name, kind } of page) {
          if (kind !== "directory") throw new BisyncError("notEmpty", "there are files in it");
          directories.push(`${directory}/${name}`);
        }
      }
    } catch (error) {
      if (directory === path && error instanceof BisyncError && error.code === "notFound") return;
      throw error;
    }
  }
  for (const directory of directories.reverse()) await side.removeDirectory(directory);
}
