/** A point in time, in UTC: whole seconds since 1970, and nanoseconds after that second. */
export interface Instant {
  seconds: number;
  nanoseconds: number;
}

/** What there can be at a path. Only files and directories take part. */
export type Kind = "file" | "directory" | "link" | "special" | "otherFileSystem";

/** What identifies a version of a file; what a side does not know is left out. */
export interface Fingerprint {
  /** In bytes. */
  size?: number;
  /** Time of the last modification. */
  modified?: Instant;
  /** The algorithm and the value in hexadecimal: `md5:378840336ab14afa9c6b8d887e68a340`. */
  hash?: string;
  /** What tells the file from every other; below 2^128, never zero. Some sides give it another one when it is renamed. */
  id?: bigint;
}

/** What was found at a path. */
export interface Found {
  kind: Kind;
  fingerprint: Fingerprint;
}

/** A name in a directory, and what was found there. */
export interface Item extends Found {
  name: string;
}

/** What a side can do. */
export interface Capabilities {
  /** The finest difference of times that it keeps, in nanoseconds; left out when it has no times. */
  timePrecisionNs?: number;
  /** Whether a modification time can be set. */
  setsTime: boolean;
  /** The hash algorithms that it offers, best first. */
  hashes: string[];
  /** Whether a hash costs reading the whole file. */
  slowHashes: boolean;
  /** Whether names that differ only by case name the same file. */
  caseInsensitive: boolean;
  /** Whether a directory stays when nothing is in it; left out, it does. Where keys are all there is, it does not. */
  keepsEmptyDirectories?: boolean;
}

/** How a file is written. */
export interface WriteOptions {
  /** What has to be at the path: this version, or nothing (`undefined`). */
  expect: Fingerprint | undefined;
  /** A path in the same directory where the content may be written until it is complete. */
  temporary: string;
  /** The time that the file gets, where the side can set it. */
  modified: Instant | undefined;
  /** The hash that the written content must have, of an algorithm that the side offers. */
  verify: string | undefined;
  /** The file itself is written into, by a side that says that it can (`writesInPlace`). What breaks off then leaves half a file. */
  inPlace?: boolean;
}

/**
 * One of two folders: a store of files by path. Paths are names joined by `/`; the empty path is the root.
 *
 * Every method that replaces or destroys something is told what it has to find there. When it finds something else it
 * changes nothing and throws a `BisyncError` with the code `refused`; `isStill` compares versions.
 */
export interface Side {
  /** What the names of the state are made from; the same in every run. */
  readonly name: string;
  /** What rclone would make those names from; left out, `name`. Several folders may have it in common. */
  readonly nameAsGiven?: string;
  /** Returns the name of where the folder really is, whatever links lead there: two runs of one pair are kept apart by it. Left out, it is `name`. */
  realName?(): Promise<string>;
  /** Where the folder is, as plans and messages say it; left out, `name`. */
  readonly root?: string;
  /** Whether content comes from a server and goes there: for limits of bandwidth each way. */
  readonly isServer?: boolean;
  /** Whether a file can be written where it is: the option `inplace`. */
  readonly writesInPlace?: boolean;
  /** Says what the side can do; throws when it cannot be used. Called before everything else. */
  open(): Promise<Capabilities>;
  /** Lists a directory without its subdirectories, in pages and in any order, each name once (one that comes twice takes no part); with this hash, if one is named. */
  list(path: string, hash: string | undefined): AsyncIterable<Item[]>;
  /** Says what there is at a path; `undefined` when there is nothing. */
  describe(path: string): Promise<Found | undefined>;
  /** Reads this version of a file. When it is no longer that one, at the end too, it throws the code `changed`. */
  read(path: string, version: Fingerprint): AsyncIterable<Uint8Array>;
  /** Writes a file all at once or not at all, with missing parents, when `content` was read to its end. When reading it throws, nothing is changed. */
  write(path: string, content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Found>;
  /**
   * Moves this version of a file to where nothing may be, with missing parents. At `temporary`, beside the target, what has to be copied may be written until it
   * is complete.
   */
  move(path: string, expect: Fingerprint, target: string, temporary?: string): Promise<Found>;
  /** Deletes this version of a file. */
  remove(path: string, expect: Fingerprint): Promise<void>;
  /** Makes a directory and its missing parents; one that is there is fine. */
  makeDirectory(path: string): Promise<Found>;
  /** Removes an empty directory; one that is gone is fine. Throws the code `notEmpty` when it is not empty. */
  removeDirectory(path: string): Promise<void>;
  /** Sets the time of this version of a file. At `temporary`, beside it, what has to be written anew for that may be written until it is complete. */
  setTime(path: string, expect: Fingerprint, modified: Instant, temporary?: string): Promise<Found>;
  /**
   * Removes a directory in which there is nothing but directories, however deep, or throws the code `notEmpty`; one that is gone is fine. A side has it where a
   * directory may be listed that does not lie where it is shown: what is behind a link stays.
   */
  removeTree?(path: string): Promise<void>;
  /**
   * Makes everything that was written durable. Before that, directories that were made get the times of those of the other side, if it is named and both keep
   * such times.
   */
  flush(other?: Side): Promise<void>;
  /**
   * Removes what a server has finished too late at paths that were given as `temporary`, of names that begin so; says whether more may still appear there: the next
   * runs then look. Called at the end of the run that gave those names.
   */
  removeLate?(beginning: string): Promise<boolean>;
  /**
   * Copies this version of a file to where old versions are kept, under the path `backup`, in the place of what is there. A side that has it is asked to
   * before each file is replaced or deleted.
   */
  keep?(path: string, expect: Fingerprint, backup: string): Promise<void>;
  /** Where `keep` keeps them, as plans say it. */
  readonly backups?: string | undefined;
  /**
   * What becomes of symbolic links where they take part: they are files whose names end in `.rclonelink`, and which hold where they lead (`keep`); or what they lead
   * to takes part (`follow`).
   */
  readonly links?: "keep" | "follow" | undefined;
  /** Throws the code `usage` when the other side is the same folder or lies inside, or the reverse. */
  checkApart?(other: Side): Promise<void>;
}

/** Says whether `observed` is still the version `expected`: size, time and id are the same where both are known. */
export function isStill(expected: Fingerprint, observed: Fingerprint): boolean {
  const [one, two] = [expected.modified, observed.modified];
  const agree = <T>(one: T | undefined, two: T | undefined) => one === undefined || two === undefined || one === two;
  return (
    agree(expected.size, observed.size) &&
    agree(expected.id, observed.id) &&
    (!one || !two || (one.seconds === two.seconds && one.nanoseconds === two.nanoseconds))
  );
}
