// Content on its way.

import type { SideName } from "./protocol.js";

/** Passes content on. `then` is done before it ends well. */
export async function* ending(content: AsyncIterable<Uint8Array>, then: () => Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield* content;
  await then();
}

/** Says whether two contents are the same, byte for byte, or that of `half` is the beginning of the other. Stops reading at the first difference. */
export async function sameContent(one: AsyncIterable<Uint8Array>, two: AsyncIterable<Uint8Array>, half?: SideName): Promise<boolean> {
  const [left, right] = [one[Symbol.asyncIterator](), two[Symbol.asyncIterator]()];
  let [here, there] = [new Uint8Array(), new Uint8Array()] as [Uint8Array, Uint8Array];
  const more = async (source: AsyncIterator<Uint8Array>, rest: Uint8Array): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const { done, value } = await source.next();
      if (done) break;
      rest = value;
    }
    return rest;
  };
  try {
    for (;;) {
      [here, there] = await Promise.all([more(left, here), more(right, there)]);
      const length = Math.min(here.length, there.length);
      if (length === 0) return half ? (half === "path1" ? here : there).length === 0 : here.length === there.length;
      for (let at = 0; at < length; at += 1) if (here[at] !== there[at]) return false;
      [here, there] = [here.subarray(length), there.subarray(length)];
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()]);
  }
}
