// Names where files are kept, which are bytes, and names in listings, which are text: as host-native/src/backend/local/names.rs.

const QUOTE = "‛";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns true when nothing in a name can need quoting. */
function isPlain(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte !== 0x7f && byte !== 0xe2);
}

/** Returns the name that a listing has for a name in bytes. */
export function nameOf(name: Uint8Array): string {
  if (!isPlain(name)) return quote(name);
  return decode(name) ?? quote(name);
}

/** Returns the bytes of a path in a listing; `undefined` when it is that of no bytes. */
export function bytesOf(path: string): Uint8Array | undefined {
  const bytes = encoder.encode(path);
  if (isPlain(bytes)) return bytes;
  const unquoted: number[] = [];
  for (const [index, name] of path.split("/").entries()) {
    const part = unquote(name);
    if (quote(Uint8Array.from(part)) !== name) return undefined;
    if (index > 0) unquoted.push(0x2f);
    unquoted.push(...part);
  }
  return Uint8Array.from(unquoted);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Splits a name into characters; what is not UTF-8 comes as single bytes. */
function characters(name: Uint8Array): (string | number)[] {
  const split: (string | number)[] = [];
  for (let at = 0; at < name.length; ) {
    const first = name[at] as number;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = at + length <= name.length ? decode(name.subarray(at, at + length)) : undefined;
    split.push(character ?? first);
    at += character === undefined ? 1 : length;
  }
  return split;
}

function quote(name: Uint8Array): string {
  const split = characters(name);
  const whole = split.join("");
  const quotesDots = whole === "‛．" || whole === "‛．‛．";
  let quoted = "";
  for (let at = 0; at < split.length; at += 1) {
    const character = split[at] as string | number;
    if (typeof character === "number") {
      quoted += quoteBytes([character]);
    } else if (character === QUOTE && !quotesDots) {
      const next = split[at + 1];
      if (next === QUOTE || next === "／" || next === "␀") {
        quoted += QUOTE + next;
        at += 1;
      } else {
        quoted += quoteBytes(encoder.encode(QUOTE));
      }
    } else {
      quoted += symbolOf(character) ?? (controlOf(character) === undefined ? character : QUOTE + character);
    }
  }
  return quoted;
}

function unquote(name: string): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < name.length; at += 1) {
    const character = String.fromCodePoint(name.codePointAt(at) as number);
    const next = name[at + 1];
    if (character !== QUOTE) {
      bytes.push(...encoder.encode(controlOf(character) ?? character));
      at += character.length - 1;
    } else if (next !== undefined && controlOf(next) !== undefined) {
      bytes.push(...encoder.encode(next));
      at += 1;
    } else if (/^[89A-Fa-f][0-9A-Fa-f]/.test(name.slice(at + 1))) {
      bytes.push(Number.parseInt(name.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(...encoder.encode(QUOTE));
      if (next === QUOTE) {
        bytes.push(...encoder.encode(QUOTE));
        at += 1;
      }
    }
  }
  return bytes;
}

function quoteBytes(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => QUOTE + byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}

function symbolOf(character: string): string | undefined {
  const code = character.charCodeAt(0);
  if (code >= 1 && code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : undefined;
}

function controlOf(symbol: string): string | undefined {
  const code = symbol.charCodeAt(0);
  if (code > 0x2400 && code < 0x2420) return String.fromCharCode(code - 0x2400);
  return symbol === "␡" ? "\x7f" : undefined;
}
