// What a person drops on the page: a folder of this computer, or a file.

type Item = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemDirectoryHandle | null> };

/** Returns what was dropped. It has to be asked for at once: nothing is left of it after the event. */
export function dropped({ dataTransfer }: DragEvent): Promise<FileSystemDirectoryHandle | null> | File | null | undefined {
  const item: Item | undefined = [...(dataTransfer?.items ?? [])].find(({ kind }) => kind === "file");
  if (!item?.webkitGetAsEntry()?.isDirectory) return item?.getAsFile();
  if (!item.getAsFileSystemHandle) throw new Error("this browser gives pages no folders of this computer");
  return item.getAsFileSystemHandle();
}
