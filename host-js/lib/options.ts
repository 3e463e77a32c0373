// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the engine's table of options.

/** The options of a run, named as rclone's remote control names them. */
export interface Options {
  /** Start anew: make both sides hold all files of either; Path1 wins where they differ. */
  resync?: boolean;
  /** Start anew, and let this version win where files differ. Default: `none`. */
  resyncMode?: "none" | "path1" | "path2" | "newer" | "older" | "larger" | "smaller";
  /** Show what would be done, and change nothing. */
  dryRun?: boolean;
  /** Change nothing, and say what is known of a path and what follows. */
  explain?: string[];
  /** What tells versions apart; overrides --checksum, --size-only and --ignore-size (without them: size,modtime). */
  compare?: ("size" | "modtime" | "checksum")[];
  /** Tell versions apart by size and checksum. */
  checksum?: boolean;
  /** Tell versions apart by size alone. */
  sizeOnly?: boolean;
  /** Do not tell versions apart by size. */
  ignoreSize?: boolean;
  /** Times that differ by less than this are the same. Default: `1ns`. */
  modifyWindow?: number | string;
  /** Keep no checksums in the listings. */
  ignoreListingChecksum?: boolean;
  /** Use no checksums on a side that has to read whole files for them. */
  noSlowHash?: boolean;
  /** Use slow checksums only between the sides, not to find what changed. */
  slowHashSyncOnly?: boolean;
  /** Compute checksums from the content where a side offers none. */
  downloadHash?: boolean;
  /** Which version wins when both sides changed a file. Default: `none`. */
  conflictResolve?: "none" | "path1" | "path2" | "newer" | "older" | "larger" | "smaller";
  /** What becomes of the other: renamed with a number, renamed by its side, or deleted. Default: `num`. */
  conflictLoser?: "num" | "pathname" | "delete";
  /** What is appended to a renamed loser; two with a comma between for Path1 and Path2; may hold dates: {DateOnly}. Default: `conflict`. */
  conflictSuffix?: string;
  /** Put suffixes before the extension: a.conflict1.txt. */
  suffixKeepExtension?: boolean;
  /** Carry over the making and removing of empty directories. */
  createEmptySrcDirs?: boolean;
  /** Remove all empty directories on both sides at the end. */
  removeEmptyDirs?: boolean;
  /** Take names that differ only by case for the same. */
  ignoreCaseSync?: boolean;
  /** Rename files on Path2 whose names differ only by case from those on Path1. */
  fixCase?: boolean;
  /** Take names that differ only by Unicode form for different. */
  noUnicodeNormalization?: boolean;
  /** Say nothing about symbolic links that are skipped. */
  skipLinks?: boolean;
  /** A rule: + PATTERN includes, - PATTERN excludes, ! forgets all before. */
  filter?: string[];
  /** Take only files that match. */
  include?: string[];
  /** Leave out files that match. */
  exclude?: string[];
  /** Patterns match whatever the case. */
  ignoreCase?: boolean;
  /** Leave out directories that hold a file of this name. */
  excludeIfPresent?: string[];
  /** Leave out files smaller than this. Default: `off`. */
  minSize?: number | string;
  /** Leave out files larger than this. Default: `off`. */
  maxSize?: number | string;
  /** Leave out files modified later than this. Default: `off`. */
  minAge?: number | string;
  /** Leave out files modified earlier than this. Default: `off`. */
  maxAge?: number | string;
  /** Descend so many levels; 1 is the top alone, -1 all. Default: `-1`. */
  maxDepth?: number;
  /** Take the share K of N equal shares of all files; @/N: any of them. */
  hashFilter?: string;
  /** Stop when more than this share of a side's files is gone. Default: `50`. */
  maxDelete?: number | string;
  /** Go on although too many files were deleted or all were changed. */
  force?: boolean;
  /** Stop unless the check files are found in the same places on both sides. */
  checkAccess?: boolean;
  /** Name of the files for --check-access. Default: `RCLONE_TEST`. */
  checkFilename?: string;
  /** Check that both listings agree at the end; only: check, and do nothing else. Default: `true`. */
  checkSync?: "true" | "false" | "only";
  /** After a critical error, run no more until --resync, as rclone does. */
  lockout?: boolean;
  /** With --lockout: let the next run try again after lesser errors. */
  resilient?: boolean;
  /** With --lockout: take the listings of the run before when these are lost. */
  recover?: boolean;
  /** A lock older than this has expired; 0: never; at least 2m. Default: `0`. */
  maxLock?: number | string;
  /** Keep working files. */
  noCleanup?: boolean;
  /** Append this to the names of files in the backup directory. */
  suffix?: string;
  /** Try so many times what may work when tried again. Default: `3`. */
  retries?: number;
  /** Wait this long before trying again. Default: `0`. */
  retriesSleep?: number | string;
  /** Decide everything before anything is copied. */
  checkFirst?: boolean;
  /** Copy in this order, as in size,descending. */
  orderBy?: string;
  /** Decide so many files ahead of what is copied. Default: `10000`. */
  maxBacklog?: number;
  /** Copy no more than this in all; the next run goes on. Default: `off`. */
  maxTransfer?: number | string;
  /** At a limit: begin nothing more, finish one file (SOFT), or copy what still fits (CAUTIOUS). Default: `HARD`. */
  cutoffMode?: "HARD" | "SOFT" | "CAUTIOUS";
  /** Replace no file that exists on the other side. */
  ignoreExisting?: boolean;
  /** Replace no file; fail where one would have to be. */
  immutable?: boolean;
  /** Copy a changed file although its content may be the same. */
  ignoreTimes?: boolean;
  /** Leave times alone where the contents are the same. */
  noUpdateModtime?: boolean;
  /** Give files in step the same time where the contents are the same. */
  refreshTimes?: boolean;
  /** Carry a moved file over as a move; =false: copy and delete. Default: `true`. */
  trackRenames?: boolean;
  /** What tells a moved file, with its size: its content, its time, its last name. Default: `hash`. */
  trackRenamesStrategy?: ("hash" | "modtime" | "leaf" | "size")[];
  /** Exit with code 9 when nothing was copied. */
  errorOnNoTransfer?: boolean;
  /** List and check so many things at a time. Default: `8`. */
  checkers?: number;
  /** Copy so many files at a time. Default: `4`. */
  transfers?: number;
  /** Write into the file itself rather than to a temporary one. */
  inplace?: boolean;
  /** What the names of temporary files end with. Default: `.partial`. */
  partialSuffix?: string;
  /** Do not check the checksum of what was copied. */
  ignoreChecksum?: boolean;
  /** Try so many times at once what is in use. Default: `10`. */
  lowLevelRetries?: number;
  /** Copy no faster than this a second in all; may depend on the time: 08:00,512k 23:00,off. Default: `off`. */
  bwlimit?: number | string;
  /** Copy no file faster than this a second; the limit of the time when its copy begins. Default: `off`. */
  bwlimitFile?: number | string;
  /** Fetch large files from S3, or by rclone, in so many streams; else ignored with a notice. Default: `4`. */
  multiThreadStreams?: number;
  /** Fetch larger files in several streams; else ignored with a notice. Default: `256Mi`. */
  multiThreadCutoff?: number | string;
  /** Carried out by rclone where it serves a remote; else ignored with a notice. Default: `64Mi`. */
  multiThreadChunkSize?: number | string;
  /** Carried out by rclone where it serves a remote; else ignored with a notice. Default: `128Ki`. */
  multiThreadWriteBufferSize?: number | string;
  /** Let directories that are made keep the time at which they were made. */
  noUpdateDirModtime?: boolean;
  /** Carried out by rclone where it serves a remote; else ignored with a notice. */
  serverSideAcrossConfigs?: boolean;
  /** Carried out by rclone where it serves a remote; else ignored with a notice. Default: `100Ki`. */
  streamingUploadCutoff?: number | string;
}

/** The names of the options in the engine, and the types that their values have here. */
export const OPTIONS: Record<keyof Options, readonly [name: string, type: string]> = {
  resync: ["resync", "boolean"],
  resyncMode: ["resync-mode", "'none' | 'path1' | 'path2' | 'newer' | 'older' | 'larger' | 'smaller'"],
  dryRun: ["dry-run", "boolean"],
  explain: ["explain", "string[]"],
  compare: ["compare", "('size' | 'modtime' | 'checksum')[]"],
  checksum: ["checksum", "boolean"],
  sizeOnly: ["size-only", "boolean"],
  ignoreSize: ["ignore-size", "boolean"],
  modifyWindow: ["modify-window", "number | string"],
  ignoreListingChecksum: ["ignore-listing-checksum", "boolean"],
  noSlowHash: ["no-slow-hash", "boolean"],
  slowHashSyncOnly: ["slow-hash-sync-only", "boolean"],
  downloadHash: ["download-hash", "boolean"],
  conflictResolve: ["conflict-resolve", "'none' | 'path1' | 'path2' | 'newer' | 'older' | 'larger' | 'smaller'"],
  conflictLoser: ["conflict-loser", "'num' | 'pathname' | 'delete'"],
  conflictSuffix: ["conflict-suffix", "string"],
  suffixKeepExtension: ["suffix-keep-extension", "boolean"],
  createEmptySrcDirs: ["create-empty-src-dirs", "boolean"],
  removeEmptyDirs: ["remove-empty-dirs", "boolean"],
  ignoreCaseSync: ["ignore-case-sync", "boolean"],
  fixCase: ["fix-case", "boolean"],
  noUnicodeNormalization: ["no-unicode-normalization", "boolean"],
  skipLinks: ["skip-links", "boolean"],
  filter: ["filter", "string[]"],
  include: ["include", "string[]"],
  exclude: ["exclude", "string[]"],
  ignoreCase: ["ignore-case", "boolean"],
  excludeIfPresent: ["exclude-if-present", "string[]"],
  minSize: ["min-size", "number | string"],
  maxSize: ["max-size", "number | string"],
  minAge: ["min-age", "number | string"],
  maxAge: ["max-age", "number | string"],
  maxDepth: ["max-depth", "number"],
  hashFilter: ["hash-filter", "string"],
  maxDelete: ["max-delete", "number | string"],
  force: ["force", "boolean"],
  checkAccess: ["check-access", "boolean"],
  checkFilename: ["check-filename", "string"],
  checkSync: ["check-sync", "'true' | 'false' | 'only'"],
  lockout: ["lockout", "boolean"],
  resilient: ["resilient", "boolean"],
  recover: ["recover", "boolean"],
  maxLock: ["max-lock", "number | string"],
  noCleanup: ["no-cleanup", "boolean"],
  suffix: ["suffix", "string"],
  retries: ["retries", "number"],
  retriesSleep: ["retries-sleep", "number | string"],
  checkFirst: ["check-first", "boolean"],
  orderBy: ["order-by", "string"],
  maxBacklog: ["max-backlog", "number"],
  maxTransfer: ["max-transfer", "number | string"],
  cutoffMode: ["cutoff-mode", "'HARD' | 'SOFT' | 'CAUTIOUS'"],
  ignoreExisting: ["ignore-existing", "boolean"],
  immutable: ["immutable", "boolean"],
  ignoreTimes: ["ignore-times", "boolean"],
  noUpdateModtime: ["no-update-modtime", "boolean"],
  refreshTimes: ["refresh-times", "boolean"],
  trackRenames: ["track-renames", "boolean"],
  trackRenamesStrategy: ["track-renames-strategy", "('hash' | 'modtime' | 'leaf' | 'size')[]"],
  errorOnNoTransfer: ["error-on-no-transfer", "boolean"],
  checkers: ["checkers", "number"],
  transfers: ["transfers", "number"],
  inplace: ["inplace", "boolean"],
  partialSuffix: ["partial-suffix", "string"],
  ignoreChecksum: ["ignore-checksum", "boolean"],
  lowLevelRetries: ["low-level-retries", "number"],
  bwlimit: ["bwlimit", "number | string"],
  bwlimitFile: ["bwlimit-file", "number | string"],
  multiThreadStreams: ["multi-thread-streams", "number"],
  multiThreadCutoff: ["multi-thread-cutoff", "number | string"],
  multiThreadChunkSize: ["multi-thread-chunk-size", "number | string"],
  multiThreadWriteBufferSize: ["multi-thread-write-buffer-size", "number | string"],
  noUpdateDirModtime: ["no-update-dir-modtime", "boolean"],
  serverSideAcrossConfigs: ["server-side-across-configs", "boolean"],
  streamingUploadCutoff: ["streaming-upload-cutoff", "number | string"],
};
