import type { Fetch } from "../http/client.js";

/** Where a folder in a bucket is, and who asks. */
export interface S3Options {
  /** The address of the server: `https://s3.eu-central-1.amazonaws.com`. */
  endpoint: string;
  region: string;
  /** The bucket, which has to be there. */
  bucket: string;
  /** The folder in the bucket; without one, all of it. */
  prefix?: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Whether the bucket stands in the path of addresses, as most servers take it (`true` when left out), or before the server's name. */
  pathStyle?: boolean;
  /** Files of more bytes than this are uploaded in parts of this size: 8 MiB when left out, 5 MiB at least on most servers. Two parts of a file are in memory at a time. */
  partSize?: number;
  /** Objects of more bytes than this are copied in parts of this size when they are moved or get a time: 4 GiB when left out. */
  copyPartSize?: number;
  /** What makes the requests, in place of the platform's `fetch`. */
  fetch?: Fetch;
}
