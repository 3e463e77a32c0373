// The kinds of folders that a person can choose, and what each is opened with.

import { browserFolder, memoryFolder, s3, type Side, webdav } from "bisync";

declare global {
  interface Window {
    showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
  }
  interface FileSystemDirectoryHandle {
    requestPermission(descriptor: { mode: "readwrite" }): Promise<PermissionState>;
  }
}

const SERVER = "The server has to allow requests from this page (CORS). What you type goes to that server alone.";

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
  /** What a person should know of it. */
  hint?: string;
  /** Why it cannot be chosen here. */
  missing?: string | undefined;
  /** Opens the folder; `picked` is the directory that was chosen, where one is. */
  open(values: Record<string, string>, picked: FileSystemDirectoryHandle | undefined): Promise<Side>;
}

/** The kinds that there are here. `name` is that of the side: `Path1`. */
export function kindsOf(name: string): Record<string, Kind> {
  const memory = memoryFolder(name);
  const own: Field = { name: "folder", label: "Folder", value: name.toLowerCase() };
  return {
    picked: { label: "folder of this computer", fields: [], hint: "Or drop a folder here.", missing: canPick() ? undefined : "not in this browser", open: openPicked },
    own: { label: "storage of this browser", fields: [own], missing: canStore() ? undefined : "not in this browser", open: openOwn },
    memory: { label: "memory of this page", fields: [], open: async () => memory },
    webdav: {
      label: "WebDAV server",
      hint: SERVER,
      fields: [
        { name: "url", label: "Address", placeholder: "https://example.com/dav/folder" },
        { name: "user", label: "User", isOptional: true },
        { name: "password", label: "Password", isSecret: true, isOptional: true },
      ],
      open: async ({ url = "", user, password }) => webdav({ url, ...(user && { user }), ...(password && { password }) }),
    },
    s3: {
      label: "S3 bucket",
      hint: SERVER,
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

/** Whether this browser gives pages folders of this computer: Firefox and Safari do not. */
function canPick(): boolean {
  return window.showDirectoryPicker !== undefined;
}

/** Whether pages keep files in this browser: Safari writes them since version 26. */
function canStore(): boolean {
  return "storage" in navigator && "getDirectory" in navigator.storage && "createWritable" in FileSystemFileHandle.prototype;
}

async function openPicked(_: Record<string, string>, picked: FileSystemDirectoryHandle | undefined): Promise<Side> {
  if (!picked) throw new Error("choose a folder first");
  return browserFolder(picked);
}

async function openOwn({ folder = "" }: Record<string, string>): Promise<Side> {
  if (folder.includes("/")) throw new Error("the folder needs a name without /");
  const root = await navigator.storage.getDirectory().catch((cause: Error) => {
    throw new Error(`this browser gives the page no storage, as in private windows: ${cause.message}`, { cause });
  });
  return browserFolder(await root.getDirectoryHandle(folder, { create: true }), folder);
}
