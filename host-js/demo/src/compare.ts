// Both versions of a file, side by side: text with its differences, images as they are.

import type { Side } from "bisync";
import { diffLines } from "diff";

import type { Decision, SideName } from "./plan-lines.js";

/** More is not shown, in bytes. */
const MOST = 200_000;
const IMAGES: Record<string, string> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml" };
const SIDES: SideName[] = ["path1", "path2"];

/** Opens a dialogue with the versions of a file on both sides. */
export async function compare(dialog: HTMLDialogElement, { path, now }: Decision, sides: Record<SideName, Side>): Promise<void> {
  const title = document.createElement("h2");
  title.textContent = path;
  const versions = document.createElement("div");
  versions.className = "versions";
  const close = document.createElement("button");
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(title, versions, close);
  dialog.showModal();
  const contents = await Promise.all(SIDES.map((side) => read(sides[side], path)));
  const shown = versionsOf(path, contents);
  SIDES.forEach((side, index) => {
    const part = document.createElement("div");
    const heading = document.createElement("h3");
    const version = now?.[side];
    heading.textContent = `${side === "path1" ? "Path1" : "Path2"}: ${version?.size ?? "?"} bytes, ${version?.modified?.slice(0, 19).replace("T", " ") ?? "no time"}`;
    part.append(heading, shown[index] as HTMLElement);
    versions.append(part);
  });
}

function versionsOf(path: string, contents: Uint8Array<ArrayBuffer>[]): HTMLElement[] {
  const type = IMAGES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  if (type) return contents.map((content) => image(content, type));
  const [one = "", two = ""] = contents.map((content) => new TextDecoder().decode(content));
  if (one.includes("\0") || two.includes("\0")) return contents.map((content) => plain(`${content.length} bytes that are no text`));
  const parts = diffLines(one, two);
  return [parts.filter(({ added }) => !added), parts.filter(({ removed }) => !removed)].map((own) => {
    const text = document.createElement("pre");
    for (const { value, added, removed } of own) {
      const part = document.createElement(added || removed ? "mark" : "span");
      part.textContent = value;
      text.append(part);
    }
    return text;
  });
}

async function read(side: Side, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: BlobPart[] = [];
  let length = 0;
  const found = await side.describe(path);
  if (found?.kind !== "file") return new Uint8Array();
  for await (const chunk of side.read(path, found.fingerprint)) {
    parts.push(chunk.slice());
    length += chunk.length;
    if (length > MOST) break;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function image(content: Uint8Array<ArrayBuffer>, type: string): HTMLElement {
  const shown = document.createElement("img");
  shown.alt = "";
  shown.src = URL.createObjectURL(new Blob([content], { type }));
  shown.addEventListener("load", () => URL.revokeObjectURL(shown.src));
  return shown;
}

function plain(text: string): HTMLElement {
  const shown = document.createElement("pre");
  shown.textContent = text;
  return shown;
}
