// A page of any browser, as far as tests use one.

/** A page in which something is done; what goes in and comes out is data. */
export interface Tab {
  evaluate<T>(work: () => T | Promise<T>): Promise<T>;
  evaluate<T, G>(work: (given: G) => T | Promise<T>, given: G): Promise<T>;
  close(): Promise<void>;
}
