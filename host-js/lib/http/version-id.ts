const OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x1000000000000000000013bn;

/**
 * Returns a number for what a server calls a version (`ETag`) of what it has at a place: FNV-1a of 128 bits. Servers that make the tag of size
 * and time, or of the content, give two files the same one: the place tells them apart.
 *
 * Some servers call a version weak as long as it is young: that makes no other version of it.
 */
export function idOf(etag: string, place: string): bigint | undefined {
  const plain = plainEtag(etag);
  if (plain === "") return undefined;
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(`${plain}\0${place}`)) hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * PRIME);
  return hash || 1n;
}

/** Returns what a server calls a version, without quotes, which some leave out. */
export function plainEtag(etag: string): string {
  return etag.trim().replace(/^W\//, "").replace(/^"|"$/g, "");
}
