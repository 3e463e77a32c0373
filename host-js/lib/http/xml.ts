import type { XmlElement } from "@rgrove/parse-xml";

import { BisyncError } from "../error.js";

/** An element of an XML document. */
export interface Element {
  /** The address of its namespace; empty when it has none. */
  namespace: string;
  /** Its name without a prefix. */
  name: string;
  children: Element[];
  /** The text directly in it. */
  text: string;
}

/** Reads a document, all of it or nothing: one that breaks off throws. */
export async function parse(text: string, path: string): Promise<Element> {
  // It comes when it is needed: whoever has neither WebDAV nor S3 does not load it.
  const { parseXml } = await import("@rgrove/parse-xml");
  try {
    const { root } = parseXml(text);
    if (!root) throw new Error("it is empty");
    return elementOf(root, { xml: "http://www.w3.org/XML/1998/namespace" });
  } catch (cause) {
    throw new BisyncError("temporary", "the server's answer cannot be read: it is no whole XML document", { path, cause });
  }
}

function elementOf(element: XmlElement, outer: Record<string, string>): Element {
  const spaces = { ...outer };
  for (const [name, value] of Object.entries(element.attributes)) {
    if (name === "xmlns") spaces[""] = value;
    else if (name.startsWith("xmlns:")) spaces[name.slice(6)] = value;
  }
  const colon = element.name.indexOf(":");
  const prefix = colon < 0 ? "" : element.name.slice(0, colon);
  const children: Element[] = [];
  let text = "";
  for (const child of element.children) {
    if (child.type === "element") children.push(elementOf(child as XmlElement, spaces));
    else if (child.type === "text" || child.type === "cdata") text += (child as unknown as { text: string }).text;
  }
  return { namespace: spaces[prefix] ?? "", name: element.name.slice(colon + 1), children, text };
}

/** Returns the children of this name, in any namespace. */
export function all(element: Element, name: string): Element[] {
  return element.children.filter((child) => child.name === name);
}

/** Returns the text of the first child of this name; `undefined` when there is none. */
export function textIn(element: Element, name: string): string | undefined {
  return all(element, name)[0]?.text;
}

/** Writes text so that it stands for itself in a document. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
