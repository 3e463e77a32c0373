// Both versions of a file, side by side: text with its differences, images as they are.

import type { Side } from "bisync";
import { diffLines } from "diff";

import type { Decision, SideName } from "./plan-lines.js";

/** More is not shown, in bytes: of text, and of images. */
const MOST = 200_000;
const MOST_OF_IMAGE = 20_000_000;
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
  const type = IMAGES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  const contents = await Promise.all(SIDES.map((side) => read(sides[side], path, type ? MOST_OF_IMAGE : MOST))).catch((error: unknown) => {
    // What is wrong is said in the page.
    dialog.close();
    throw error;
  });
  const shown = type ? contents.map((content) => image(content, type)) : texts(contents);
  SIDES.forEach((side, index) => {
    const part = document.createElement("div");
    const heading = document.createElement("h3");
    const version = now?.[side];
    const time = version?.modified === undefined ? "no time" : new Date(version.modified).toLocaleString();
    heading.textContent = `${side === "path1" ? "Path1" : "Path2"}: ${version?.size ?? "?"} bytes, ${time}`;
    part.append(heading, shown[index] as HTMLElement);
    if (!type && contents[index]?.isCut) part.append(`Only the first ${MOST} bytes are shown.`);
    versions.append(part);
  });
}

function texts(contents: Content[]): HTMLElement[] {
  const [one = "", two = ""] = contents.map(({ bytes }) => new TextDecoder().decode(bytes));
  if (one.includes("\0") || two.includes("\0")) return contents.map(() => plain("It is no text."));
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

/** What is in a file, or the beginning of it. */
interface Content {
  bytes: Uint8Array<ArrayBuffer>;
  isCut: boolean;
}

async function read(side: Side, path: string, most: number): Promise<Content> {
  const parts: BlobPart[] = [];
  let length = 0;
  const found = await side.describe(path);
  if (found?.kind !== "file") throw new Error(`${path} is gone: show the plan again`);
  for await (const chunk of side.read(path, found.fingerprint)) {
    parts.push(chunk.slice());
    length += chunk.length;
    if (length > most) break;
  }
  return { bytes: new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(0, most), isCut: length > most };
}

function image({ bytes, isCut }: Content, type: string): HTMLElement {
  if (isCut) return plain("It is too large to be shown.");
  const shown = document.createElement("img");
  shown.alt = "the image as it is there";
  shown.src = URL.createObjectURL(new Blob([bytes], { type }));
  shown.addEventListener("load", () => URL.revokeObjectURL(shown.src));
  return shown;
}

function plain(text: string): HTMLElement {
  const shown = document.createElement("pre");
  shown.textContent = text;
  return shown;
}
