// MD5, which S3 takes for checksums and no browser computes.

/** A checksum under way. */
export interface Md5 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Begins a checksum. */
export async function beginMd5(): Promise<Md5> {
  // It comes when it is needed: whoever has no S3 does not load it.
  const { md5 } = await import("@noble/hashes/legacy.js");
  return md5.create();
}

/** Returns the checksum of bytes as a header has it, in base 64. */
export async function encodedMd5(bytes: Uint8Array): Promise<string> {
  const md5 = await beginMd5();
  md5.update(bytes);
  return base64(md5.digest());
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Returns the bytes of hexadecimal digits. */
export function fromHexadecimal(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
