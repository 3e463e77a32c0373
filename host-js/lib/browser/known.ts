import { BisyncError } from "../error.js";
import { got, openDatabase, transact } from "./database.js";
import { inBrowser } from "./failure.js";
import { pathInOwn } from "./within.js";

const FOLDERS = "folders";

/** A folder as it can be kept: by its path in the page's own storage, or else as the browser keeps it. */
type Lasting = string[] | FileSystemDirectoryHandle;

/**
 * Remembers which folder a name stands for, and throws the code `usage` when it is another one now.
 *
 * Listings are found by the names of both sides. Those of another folder that happens to have the same name would say that
 * all of its files were deleted from this one.
 */
export async function checkKnown(root: FileSystemDirectoryHandle, name: string): Promise<void> {
  await inBrowser(name, async () => {
    // WebKit keeps no handles in a database; its folders are all in the page's own storage.
    const folder: Lasting = (await pathInOwn(root)) ?? root;
    const database = await openDatabase("bisync folders", [FOLDERS]);
    try {
      const find = () => transact(database, "readonly", (store) => got<Lasting | undefined>(store(FOLDERS).get(name)));
      const known = await find();
      if (!known) await transact(database, "readwrite", (store) => got(store(FOLDERS).put(folder, name)));
      else if (!(await isSame(known, folder, root))) {
        throw new BisyncError("usage", "another folder of this name was synchronised before: give each a name of its own", { path: name });
      }
    } finally {
      database.close();
    }
  });
}

async function isSame(known: Lasting, folder: Lasting, root: FileSystemDirectoryHandle): Promise<boolean> {
  // Pages of earlier versions kept all folders as handles.
  if (!Array.isArray(known)) return known.isSameEntry(root);
  return Array.isArray(folder) && known.join("/") === folder.join("/");
}
