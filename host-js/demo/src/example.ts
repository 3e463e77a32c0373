// Two folders in memory that were in step, and were both worked in since.

import { bisync, memoryFolder, type MemoryFolder, type StateStore } from "bisync";

const BEFORE = new Date("2026-01-05T09:00:00Z");
const drawing = (colour: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 80"><rect width="120" height="80" fill="#eee"/><circle cx="60" cy="40" r="28" fill="${colour}"/></svg>`;

/** Makes both folders, with what is remembered of them in `state`. */
export async function example(state: StateStore): Promise<{ one: MemoryFolder; two: MemoryFolder }> {
  const [one, two] = [memoryFolder("laptop"), memoryFolder("phone")];
  one.put("notes/shopping.txt", "tea\nrice\nbread\n", BEFORE);
  one.put("notes/ideas.md", "# Ideas\n\n- a boat\n", BEFORE);
  one.put("pictures/logo.svg", drawing("#888"), BEFORE);
  one.put("pictures/draft.svg", drawing("#bbb"), BEFORE);
  one.put("letters/2025/to-anna.txt", "Dear Anna,\n", BEFORE);
  // What is remembered of an example before this one counts no more.
  await bisync(one, two, { state, resync: true }).report;
  one.put("notes/shopping.txt", "tea\nrice\nbread\nmilk\n", new Date("2026-01-07T18:30:00Z"));
  two.put("notes/shopping.txt", "coffee\nrice\nbread\n", new Date("2026-01-08T07:10:00Z"));
  one.put("pictures/logo.svg", drawing("#0b6e5f"), new Date("2026-01-06T10:00:00Z"));
  two.put("pictures/logo.svg", drawing("#b3361f"), new Date("2026-01-06T11:00:00Z"));
  two.delete("pictures/draft.svg");
  two.put("notes/ideas.md", "# Ideas\n\n- a boat\n- a smaller boat\n", new Date("2026-01-08T08:00:00Z"));
  one.put("letters/2026/to-bela.txt", "Dear Béla,\n", new Date("2026-01-08T20:00:00Z"));
  return { one, two };
}
