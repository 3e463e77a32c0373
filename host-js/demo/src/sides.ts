// The folders that a person can choose.

import { browserFolder, memoryFolder, type MemoryFolder, type Side } from "bisync";

declare global {
  interface Window {
    showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
  }
}

/** Fills a fieldset with what can be chosen, and gives a function that returns what was. */
export function chooser(fieldset: HTMLElement, name: string): { chosen(): Promise<Side>; set(side: Side, words: string): void } {
  const kind = document.createElement("select");
  kind.setAttribute("aria-label", `What ${name} is`);
  kind.append(new Option("storage of this browser", "own"), new Option("memory of this page", "memory"));
  if (window.showDirectoryPicker) kind.prepend(new Option("folder of this computer", "picked"));
  kind.value = "own";
  const folder = document.createElement("input");
  folder.type = "text";
  folder.value = name.toLowerCase();
  folder.setAttribute("aria-label", `Name of the folder of ${name}`);
  const pick = document.createElement("button");
  pick.type = "button";
  pick.textContent = "Choose…";
  pick.hidden = true;
  const row = document.createElement("p");
  row.className = "row";
  row.append(kind, folder, pick);
  fieldset.append(row);

  const memory: MemoryFolder = memoryFolder(name);
  let given: Side | undefined;
  let picked: Side | undefined;
  const show = () => {
    folder.hidden = kind.value !== "own";
    pick.hidden = kind.value !== "picked";
  };
  kind.addEventListener("change", () => {
    given = undefined;
    kind.querySelector("option[value=given]")?.remove();
    show();
  });
  pick.addEventListener("click", async () => {
    try {
      const handle = await window.showDirectoryPicker?.({ mode: "readwrite" });
      if (!handle) return;
      picked = browserFolder(handle);
      pick.textContent = handle.name;
    } catch (error) {
      // Whoever closes the picker has chosen nothing.
      if ((error as DOMException).name !== "AbortError") throw error;
    }
  });
  show();
  return {
    async chosen() {
      if (given) return given;
      if (kind.value === "memory") return memory;
      if (kind.value === "picked") {
        if (!picked) throw new Error(`choose a folder for ${name}`);
        return picked;
      }
      const path = folder.value.trim();
      if (!path || path.includes("/")) throw new Error(`give the folder of ${name} a name without /`);
      const root = await navigator.storage.getDirectory();
      return browserFolder(await root.getDirectoryHandle(path, { create: true }), path);
    },
    set(side, words) {
      given = side;
      kind.querySelector("option[value=given]")?.remove();
      kind.prepend(new Option(words, "given"));
      kind.value = "given";
      show();
    },
  };
}
