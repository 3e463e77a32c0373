import { BisyncError } from "../error.js";
import { got, openDatabase, transact } from "./database.js";
import { inBrowser } from "./failure.js";

const FOLDERS = "folders";

/**
 * Remembers which folder a name stands for, and throws the code `usage` when it is another one now.
 *
 * Listings are found by the names of both sides. Those of another folder that happens to have the same name would say that
 * all of its files were deleted from this one.
 */
export async function checkKnown(root: FileSystemDirectoryHandle, name: string): Promise<void> {
  await inBrowser(name, async () => {
    const database = await openDatabase("bisync folders", [FOLDERS]);
    try {
      const find = () => transact(database, "readonly", (store) => got<FileSystemDirectoryHandle | undefined>(store(FOLDERS).get(name)));
      const known = await find();
      if (!known) await transact(database, "readwrite", (store) => got(store(FOLDERS).put(root, name)));
      else if (!(await known.isSameEntry(root))) {
        throw new BisyncError("usage", "another folder of this name was synchronised before: give each a name of its own", { path: name });
      }
    } finally {
      database.close();
    }
  });
}
