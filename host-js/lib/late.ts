// A run stays in the journal when it has ended and a temporary file of it may still appear, so that the next run looks for that.

import { keepRun, stateNames } from "./engine.js";
import type { PairNames, StateStore } from "./state.js";

/** A journal is shorter than this, in bytes. */
const LONGEST = 1 << 16;

/** Names the run in the journal of a pair. */
export async function keepInJournal(state: StateStore, { path1, path2 }: PairNames, run: bigint): Promise<void> {
  const { journal, journalNew } = stateNames(path1, path2);
  const before = (await state.read(journal, 0, LONGEST)) ?? new Uint8Array();
  await state.write(journalNew, 0, keepRun(before, run));
  await state.replace(journalNew, journal);
}
