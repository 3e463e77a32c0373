import { s3Folder } from "./s3/folder.js";
import type { S3Options } from "./s3/options.js";
import type { Side } from "./side.js";

export type { S3Options };

/**
 * Makes a side of a folder in a bucket of S3, or of what speaks it.
 *
 * Names, times and checksums are those that rclone writes and reads. There are no directories: one is there while something is in it. The
 * time stands in the metadata of each object and has to be asked for, once for each version.
 */
export function s3(options: S3Options): Side {
  return s3Folder(options);
}
