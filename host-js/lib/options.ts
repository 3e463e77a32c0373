// Written by `BISYNC_BLESS=1 cargo test -p bisync-js` from the engine's table of options.

/** The options of a run, named as rclone's remote control names them. */
export interface Options {
  /** Start over: copy missing files in both directions; Path1 wins where files differ. */
  resync?: boolean;
  /** Start over; this version wins where files differ. Default: `none`. */
  resyncMode?: "none" | "path1" | "path2" | "newer" | "older" | "larger" | "smaller";
  /** Show what a run would do, and change nothing. */
  dryRun?: boolean;
  /** Change nothing; show what is known about a path, and what a run would do. */
  explain?: string[];
  /** What tells versions apart; overrides --checksum, --size-only and --ignore-size (without them: size,modtime). */
  compare?: ("size" | "modtime" | "checksum")[];
  /** Tell versions apart by size and checksum. */
  checksum?: boolean;
  /** Tell versions apart by size alone. */
  sizeOnly?: boolean;
  /** Do not tell versions apart by size. */
  ignoreSize?: boolean;
  /** Times that differ by less than this count as equal. Default: `1ns`. */
  modifyWindow?: number | string;
  /** Keep no checksums in the listings. */
  ignoreListingChecksum?: boolean;
  /** Do not use checksums on a side that must read whole files to compute them. */
  noSlowHash?: boolean;
  /** Use slow checksums only to compare both sides, not to detect changes. */
  slowHashSyncOnly?: boolean;
  /** Read files to compute checksums where a side offers none. */
  downloadHash?: boolean;
  /** Which version wins when both sides changed a file. Default: `none`. */
  conflictResolve?: "none" | "path1" | "path2" | "newer" | "older" | "larger" | "smaller";
  /** What happens to the other version: renamed with a number, renamed after its side, or deleted. Default: `num`. */
  conflictLoser?: "num" | "pathname" | "delete";
  /** Suffix of a renamed loser; two, separated by a comma, for Path1 and Path2; may contain dates: {DateOnly}. Default: `conflict`. */
  conflictSuffix?: string;
  /** Put suffixes before the extension: a.conflict1.txt. */
  suffixKeepExtension?: boolean;
  /** Synchronise directories too: create and remove empty ones on the other side. */
  createEmptySrcDirs?: boolean;
  /** Remove all empty directories on both sides at the end. */
  removeEmptyDirs?: boolean;
  /** Treat names that differ only by case as the same. */
  ignoreCaseSync?: boolean;
  /** Rename files on Path2 whose names differ only by case from those on Path1. */
  fixCase?: boolean;
  /** Treat names that differ only by Unicode form as different. */
  noUnicodeNormalization?: boolean;
  /** Skip symbolic links without a notice. */
  skipLinks?: boolean;
  /** A rule: + PATTERN includes, - PATTERN excludes, ! discards all rules before it. */
  filter?: string[];
  /** Include only files that match. */
  include?: string[];
  /** Exclude files that match. */
  exclude?: string[];
  /** Ignore case when matching patterns. */
  ignoreCase?: boolean;
  /** Exclude directories that contain a file of this name. */
  excludeIfPresent?: string[];
  /** Exclude files smaller than this. Default: `off`. */
  minSize?: number | string;
  /** Exclude files larger than this. Default: `off`. */
  maxSize?: number | string;
  /** Exclude files modified later than this. Default: `off`. */
  minAge?: number | string;
  /** Exclude files modified earlier than this. Default: `off`. */
  maxAge?: number | string;
  /** Number of directory levels to descend; 1: only the top, -1: all. Default: `-1`. */
  maxDepth?: number;
  /** Include only share K of N equal shares of all files; @/N: a random share. */
  hashFilter?: string;
  /** Stop when more than this percentage of a side's files was deleted. Default: `50`. */
  maxDelete?: number | string;
  /** Continue although too many files were deleted, all changed, or a side is empty. */
  force?: boolean;
  /** Stop unless both sides have the check files in the same places. */
  checkAccess?: boolean;
  /** Name of the files for --check-access. Default: `RCLONE_TEST`. */
  checkFilename?: string;
  /** Check at the end that both listings agree; only: check, and do nothing else. Default: `true`. */
  checkSync?: "true" | "false" | "only";
  /** After a critical error, refuse to run until --resync, as rclone does. */
  lockout?: boolean;
  /** With --lockout: let the next run try again after less serious errors. */
  resilient?: boolean;
  /** Use the previous run's listings when the current ones are missing. */
  recover?: boolean;
  /** A lock expires after this long; 0: never; minimum 2m. Default: `0`. */
  maxLock?: number | string;
  /** Keep working files. */
  noCleanup?: boolean;
  /** Suffix of the names of files in the backup directory. */
  suffix?: string;
  /** Number of attempts after temporary errors. Default: `3`. */
  retries?: number;
  /** Pause between these attempts. Default: `0`. */
  retriesSleep?: number | string;
  /** Finish all decisions before the first copy. */
  checkFirst?: boolean;
  /** Copy files in this order, for example size,descending. */
  orderBy?: string;
  /** Number of files decided ahead of the copies. Default: `10000`. */
  maxBacklog?: number;
  /** Copy no more than this in total; the next run continues. Default: `off`. */
  maxTransfer?: number | string;
  /** At --max-transfer: start no file beyond it (HARD), exceed it by one (SOFT), skip what does not fit (CAUTIOUS). Default: `HARD`. */
  cutoffMode?: "HARD" | "SOFT" | "CAUTIOUS";
  /** Do not replace files that exist on the other side. */
  ignoreExisting?: boolean;
  /** Never replace a file; report an error for that file instead. */
  immutable?: boolean;
  /** Copy a changed file even if its content may be the same. */
  ignoreTimes?: boolean;
  /** Do not set times of files whose contents are the same. */
  noUpdateModtime?: boolean;
  /** Also set equal times on files in step whose contents are the same. */
  refreshTimes?: boolean;
  /** Carry over a moved file as a move; =false: as a copy and a delete. Default: `true`. */
  trackRenames?: boolean;
  /** How a moved file is recognised, besides its size: by its content, time or file name. Default: `hash`. */
  trackRenamesStrategy?: ("hash" | "modtime" | "leaf" | "size")[];
  /** Exit with code 9 when nothing was copied. */
  errorOnNoTransfer?: boolean;
  /** Number of listings and checks at a time. Default: `8`. */
  checkers?: number;
  /** Number of files copied at a time. Default: `4`. */
  transfers?: number;
  /** Write directly into the target file instead of a temporary file. */
  inplace?: boolean;
  /** Suffix of the names of temporary files. Default: `.partial`. */
  partialSuffix?: string;
  /** Do not verify the checksums of copied files. */
  ignoreChecksum?: boolean;
  /** Number of quick attempts for a request, or for a file in use. Default: `10`. */
  lowLevelRetries?: number;
  /** Copy at most this much per second in total; may depend on the time of day: 08:00,512k 23:00,off. Default: `off`. */
  bwlimit?: number | string;
  /** Copy at most this much per second of each file; the limit when its copy starts counts. Default: `off`. */
  bwlimitFile?: number | string;
  /** Number of streams for a large download from S3 or by rclone; otherwise ignored with a notice. Default: `4`. */
  multiThreadStreams?: number;
  /** Download files larger than this in several streams; otherwise ignored with a notice. Default: `256Mi`. */
  multiThreadCutoff?: number | string;
  /** Passed to rclone for remotes it serves; otherwise ignored with a notice. Default: `64Mi`. */
  multiThreadChunkSize?: number | string;
  /** Passed to rclone for remotes it serves; otherwise ignored with a notice. Default: `128Ki`. */
  multiThreadWriteBufferSize?: number | string;
  /** Do not set the times of directories that a run creates. */
  noUpdateDirModtime?: boolean;
  /** Passed to rclone for remotes it serves; otherwise ignored with a notice. */
  serverSideAcrossConfigs?: boolean;
  /** Passed to rclone for remotes it serves; otherwise ignored with a notice. Default: `100Ki`. */
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
