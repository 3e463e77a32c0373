import type { Claim, PairNames, StateStore } from "./state.js";

/** A store with the plan beside it. */
export class PlanState implements StateStore {
  plan: Uint8Array;
  readonly #inner: StateStore;
  #parts: Uint8Array[] = [];

  constructor(inner: StateStore, plan = new Uint8Array()) {
    this.#inner = inner;
    this.plan = plan;
  }

  async namesFor(...asked: Parameters<NonNullable<StateStore["namesFor"]>>): Promise<PairNames> {
    return (await this.#inner.namesFor?.(...asked)) ?? asked[0].own;
  }

  lock(session: string, claim?: Claim) {
    return this.#inner.lock(session, claim);
  }

  async read(name: string, offset: number, length: number) {
    return name === "plan" ? this.plan.slice(offset, offset + length) : this.#inner.read(name, offset, length);
  }

  async write(name: string, offset: number, bytes: Uint8Array) {
    if (name !== "plan-new") return this.#inner.write(name, offset, bytes);
    if (offset === 0) this.#parts = [];
    this.#parts.push(bytes);
  }

  async replace(name: string, target: string) {
    if (name !== "plan-new") return this.#inner.replace(name, target);
    this.plan = new Uint8Array(await new Blob(this.#parts as BlobPart[]).arrayBuffer());
  }

  keep(name: string, target: string) {
    return this.#inner.keep(name, target);
  }

  async remove(name: string) {
    if (name === "plan-new") this.#parts = [];
    else if (name !== "plan") await this.#inner.remove(name);
  }

  async checkApart(root: string) {
    await this.#inner.checkApart?.(root);
  }
}
