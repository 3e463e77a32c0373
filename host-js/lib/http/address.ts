import { BisyncError } from "../error.js";

/** Reads an address that an option gives; throws the code `usage` when it is none of HTTP. */
export function addressOf(text: string, option: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The cause would hold the password of the address.
    throw unusable(option, "is no whole address");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw unusable(option, "has to begin with `https://` or `http://`");
  return url;
}

/** Says what is wrong with the address that an option gives. */
export function unusable(option: string, words: string): BisyncError {
  return new BisyncError("usage", `\`${option}\` ${words}`, { path: option });
}
