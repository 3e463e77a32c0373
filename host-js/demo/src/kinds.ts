// The kinds of folders that a person can choose, and what each is opened with.

import { browserFolder, memoryFolder, s3, type Side, webdav } from "bisync";

declare global {
  interface Window {
    showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
  }
}

/** Something to be filled in. */
export interface Field {
  name: string;
  label: string;
  /** What stands there before anything is filled in. */
  value?: string;
  placeholder?: string;
  isSecret?: boolean;
  isOptional?: boolean;
}

/** A kind of folders. */
export interface Kind {
  label: string;
  fields: Field[];
  /** Whether a server of another origin has to allow what this page asks of it. */
  isRemote?: boolean;
  /** Opens the folder; `picked` is the directory that was chosen, where one is. */
  open(values: Record<string, string>, picked: FileSystemDirectoryHandle | undefined): Promise<Side>;
}

/** The kinds that there are here. `name` is that of the side: `Path1`. */
export function kindsOf(name: string): Record<string, Kind> {
  const memory = memoryFolder(name);
  const own: Field = { name: "folder", label: "Folder", value: name.toLowerCase() };
  return {
    ...(window.showDirectoryPicker && { picked: { label: "folder of this computer", fields: [], open: openPicked } }),
    own: { label: "storage of this browser", fields: [own], open: openOwn },
    memory: { label: "memory of this page", fields: [], open: async () => memory },
    webdav: {
      label: "WebDAV server",
      isRemote: true,
      fields: [
        { name: "url", label: "Address", placeholder: "https://example.com/dav/folder" },
        { name: "user", label: "User", isOptional: true },
        { name: "password", label: "Password", isSecret: true, isOptional: true },
      ],
      open: async ({ url = "", user, password }) => webdav({ url, ...(user && { user }), ...(password && { password }) }),
    },
    s3: {
      label: "S3 bucket",
      isRemote: true,
      fields: [
        { name: "endpoint", label: "Endpoint", placeholder: "https://s3.eu-central-1.amazonaws.com" },
        { name: "bucket", label: "Bucket" },
        { name: "prefix", label: "Folder", isOptional: true },
        { name: "accessKeyId", label: "Access key" },
        { name: "secretAccessKey", label: "Secret key", isSecret: true },
        { name: "region", label: "Region", value: "us-east-1" },
      ],
      open: async ({ endpoint = "", region = "", bucket = "", prefix = "", accessKeyId = "", secretAccessKey = "" }) =>
        s3({ endpoint, region, bucket, prefix, accessKeyId, secretAccessKey }),
    },
  };
}

async function openPicked(_: Record<string, string>, picked: FileSystemDirectoryHandle | undefined): Promise<Side> {
  if (!picked) throw new Error("choose a folder first");
  return browserFolder(picked);
}

async function openOwn({ folder = "" }: Record<string, string>): Promise<Side> {
  if (folder.includes("/")) throw new Error("the folder needs a name without /");
  const root = await navigator.storage.getDirectory();
  return browserFolder(await root.getDirectoryHandle(folder, { create: true }), folder);
}
